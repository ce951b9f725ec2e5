package validation

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"tocsin/shared/smn"
)

var (
	filterNamePattern  = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)
	filterValuePattern = regexp.MustCompile(`^[A-Za-z0-9_\p{Han}]+$`)
)

// isFilterName: what a filter policy or a message attribute can be called.
func isFilterName(s string) bool {
	return len(s) <= smn.MaxFilterName && filterNamePattern.MatchString(s) && !strings.HasPrefix(s, "smn_")
}

// isFilterValue: what a filter policy can ask for and a message attribute can hold.
func isFilterValue(s string) bool {
	return utf8.RuneCountInString(s) <= smn.MaxFilterValue && filterValuePattern.MatchString(s)
}

// checkFilterPolicies says which of the rules for filter policies is broken.
func checkFilterPolicies(policies []smn.FilterPolicy) error {
	if len(policies) == 0 || len(policies) > smn.MaxFilterPolicies {
		return fmt.Errorf("a subscription has 1 to %d filter policies", smn.MaxFilterPolicies)
	}
	names := make(map[string]bool, len(policies))
	for _, p := range policies {
		switch {
		case !isFilterName(p.Name):
			return fmt.Errorf("the name of a filter policy has at most %d lower-case letters and digits, in parts joined by single underscores, and does not begin with smn_", smn.MaxFilterName)
		case names[p.Name]:
			return errors.New("the names of filter policies must differ")
		case len(p.StringEquals) == 0 || len(p.StringEquals) > smn.MaxFilterValues:
			return fmt.Errorf("string_equals holds 1 to %d values", smn.MaxFilterValues)
		}
		names[p.Name] = true
		values := make(map[string]bool, len(p.StringEquals))
		for _, value := range p.StringEquals {
			if !isFilterValue(value) || values[value] {
				return fmt.Errorf("the values in string_equals have 1 to %d letters (Latin or Chinese), digits and underscores, and differ", smn.MaxFilterValue)
			}
			values[value] = true
		}
	}
	return nil
}
