package validation

import (
	"time"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

	"tocsin/shared/smn"
)

// isDeviceToken: 1 to smn.MaxDeviceToken bytes on one line.
func isDeviceToken(s string) bool { return s != "" && len(s) <= smn.MaxDeviceToken && isLine(s) }

// isUserData: at most smn.MaxUserData bytes of text.
func isUserData(s string) bool { return len(s) <= smn.MaxUserData && utf8.ValidString(s) }

// checkNewApplication: the credentials are those of the platform.
func checkNewApplication(sl validator.StructLevel) {
	in := sl.Current().Interface().(smn.CreateApplicationInput)
	if smn.IsPlatform(string(in.Platform)) {
		checkCredentials(sl, in.Platform, in.PushCredentials)
	}
}

func checkApplicationUpdate(sl validator.StructLevel) {
	in := sl.Current().Interface().(smn.UpdateApplicationInput)
	if urn, err := smn.ParseApplicationURN(in.ApplicationURN); err == nil {
		checkCredentials(sl, urn.Platform, in.PushCredentials)
	}
}

func checkCredentials(sl validator.StructLevel, p smn.Platform, c smn.PushCredentials) {
	if !c.PrincipalFits(p) {
		sl.ReportError(c.Principal, "Principal", "Principal", "principal", "")
	}
	if !c.CredentialFits(p) {
		sl.ReportError(c.Credential, "Credential", "Credential", "credential", "")
	}
}

// checkPush: the message is not too long for its platform, and there is one.
func checkPush(sl validator.StructLevel) {
	in := sl.Current().Interface().(smn.PushInput)
	urn, err := smn.ParsePushEndpointURN(in.EndpointURN)
	if err == nil && in.Structure == "" && !fitsPush(in.Message, urn.Application.Platform) {
		sl.ReportError(in.Message, "Message", "Message", "push_message", string(urn.Application.Platform))
	}
}

func fitsPush(s string, p smn.Platform) bool {
	return s != "" && len(s) <= p.MaxMessage() && utf8.ValidString(s)
}

// isPushTimeToLive: 0, or whole seconds up to smn.MaxPushTimeToLive.
func isPushTimeToLive(fl validator.FieldLevel) bool {
	d := time.Duration(fl.Field().Int())
	return d == 0 || d >= time.Second && d <= smn.MaxPushTimeToLive
}
