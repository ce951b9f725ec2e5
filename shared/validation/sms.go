package validation

import (
	"slices"
	"time"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

	"tocsin/shared/smn"
)

// isPhone: what an endpoint of protocol sms looks like.
func isPhone(s string) bool { return phonePattern.MatchString(s) }

// isSMSText: 1 to smn.MaxSMS characters.
func isSMSText(s string) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= smn.MaxSMS
}

// isSignID: at most smn.MaxSignID letters, digits, hyphens and underscores.
func isSignID(s string) bool { return s == "" || len(s) <= smn.MaxSignID && smn.IsTopicName(s) }

func isSMSEvent(s string) bool { return slices.Contains(smn.SMSEvents, smn.SMSEvent(s)) }

// isStatisticsEnd: not too far from the start.
func isStatisticsEnd(fl validator.FieldLevel) bool {
	in, ok := fl.Parent().Interface().(smn.TopicStatisticsInput)
	return ok && in.To.Sub(in.From) <= smn.MaxStatistics
}

// isPushTimeToLive: 0, or whole seconds up to smn.MaxPushTimeToLive.
func isPushTimeToLive(fl validator.FieldLevel) bool {
	d := time.Duration(fl.Field().Int())
	return d == 0 || d >= time.Second && d <= smn.MaxPushTimeToLive
}
