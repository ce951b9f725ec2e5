package validation

import (
	"errors"
	"fmt"
	"strings"

	"tocsin/shared/smn"
)

var headerNamePattern = smn.Pattern(`^[xX]-[A-Za-z0-9]+(-[A-Za-z0-9]+)*$`)

// checkExtensionHeader says which of the rules for custom headers is broken. The
// texts never repeat a value: values are often credentials.
func checkExtensionHeader(header map[string]string) error {
	if len(header) > smn.MaxHeaders {
		return fmt.Errorf("extension.header has %d pairs; at most %d are allowed", len(header), smn.MaxHeaders)
	}
	size := 0
	seen := make(map[string]bool, len(header))
	for name, value := range header {
		size += len(name) + len(value)
		lower := strings.ToLower(name)
		switch {
		case !headerNamePattern().MatchString(name):
			return errors.New("names in extension.header begin with x- and hold letters, digits and single hyphens")
		case strings.HasPrefix(lower, "x-smn"):
			return errors.New("names in extension.header that begin with x-smn are reserved")
		case strings.HasPrefix(lower, "x-tocsin"):
			return errors.New("names in extension.header that begin with x-tocsin are reserved")
		case seen[lower]:
			return errors.New("names in extension.header must differ, whatever their case")
		case !IsHeaderValue(value):
			return errors.New("values in extension.header hold printable ASCII characters and spaces only")
		}
		seen[lower] = true
	}
	if size > smn.MaxHeaderBytes {
		return fmt.Errorf("extension.header has %d characters in all; at most %d are allowed", size, smn.MaxHeaderBytes)
	}
	return nil
}

// IsHeaderValue says whether s is printable ASCII and spaces, and so can be the
// value of a header as it is.
func IsHeaderValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
