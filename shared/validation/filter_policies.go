package validation

import (
	"errors"
	"fmt"
	"strings"

	"tocsin/shared/smn"
)

// checkFilterPolicies says which of the rules for filter policies is broken.
func checkFilterPolicies(policies []smn.FilterPolicy) error {
	if len(policies) == 0 || len(policies) > smn.MaxFilterPolicies {
		return fmt.Errorf("a subscription has 1 to %d filter policies", smn.MaxFilterPolicies)
	}
	names := make(map[string]bool, len(policies))
	for _, p := range policies {
		switch {
		case !isAttributeName(p.Name) || strings.HasPrefix(p.Name, "smn_"):
			return fmt.Errorf("the name of a filter policy has at most %d lower-case letters and digits, in parts joined by single underscores, and does not begin with smn_", smn.MaxAttributeName)
		case names[p.Name]:
			return errors.New("the names of filter policies must differ")
		case len(p.StringEquals) == 0 || len(p.StringEquals) > smn.MaxFilterValues:
			return fmt.Errorf("string_equals holds 1 to %d values", smn.MaxFilterValues)
		}
		names[p.Name] = true
		values := make(map[string]bool, len(p.StringEquals))
		for _, value := range p.StringEquals {
			if !isAttributeValue(value) || values[value] {
				return fmt.Errorf("the values in string_equals have 1 to %d Latin or Chinese letters, digits and underscores, and differ", smn.MaxAttributeValue)
			}
			values[value] = true
		}
	}
	return nil
}
