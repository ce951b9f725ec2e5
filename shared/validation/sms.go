package validation

import (
	"slices"
	"unicode/utf8"

	"tocsin/shared/smn"
)

// isPhone: what an endpoint of protocol sms looks like.
func isPhone(s string) bool { return phonePattern().MatchString(s) }

// isSMSText: 1 to smn.MaxSMS characters.
func isSMSText(s string) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= smn.MaxSMS
}

// isSignID: at most smn.MaxSignID letters, digits, hyphens and underscores.
func isSignID(s string) bool { return s == "" || len(s) <= smn.MaxSignID && smn.IsTopicName(s) }

func isSMSEvent(s string) bool { return slices.Contains(smn.SMSEvents, smn.SMSEvent(s)) }
