package validation

import (
	"unicode/utf8"

	"tocsin/shared/smn"
)

// isRemark: at most smn.MaxRemark bytes of text.
func isRemark(s string) bool { return len(s) <= smn.MaxRemark && utf8.ValidString(s) }

// isUserName: 1 to smn.MaxSubscriptionUserName bytes on one line.
func isUserName(s string) bool {
	return s != "" && len(s) <= smn.MaxSubscriptionUserName && isLine(s)
}
