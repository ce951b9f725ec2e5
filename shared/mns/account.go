package mns

import "strings"

// An account is a project. Its id has 16 digits, ours 32 hex characters.
const (
	accountDigits = 16
	padding       = "0000000000000000"
)

// AccountID is a project as MNS names it: 16 digits if the id of the project is these
// with 16 zeros in front, else the id itself.
func AccountID(project string) string {
	if digits, ok := strings.CutPrefix(project, padding); ok && isAccountNumber(digits) {
		return digits
	}
	return project
}

func isAccountNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == accountDigits
}
