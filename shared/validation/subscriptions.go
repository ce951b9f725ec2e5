package validation

import (
	"strings"
	"unicode/utf8"

	"tocsin/shared/smn"
)

// isRemark: at most smn.MaxRemark bytes of text.
func isRemark(s string) bool { return len(s) <= smn.MaxRemark && utf8.ValidString(s) }

// isUserName: 1 to smn.MaxSubscriptionUserName bytes on one line.
func isUserName(s string) bool {
	return s != "" && len(s) <= smn.MaxSubscriptionUserName && isLine(s)
}

// isStyleWord: at most smn.MaxStyleWord printable characters of ASCII without spaces.
func isStyleWord(s string) bool {
	return len(s) <= smn.MaxStyleWord && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// isMessageTag: at most smn.MaxMessageTag characters on one line.
func isMessageTag(s string) bool { return isLineOf(s, smn.MaxMessageTag) }
