package mns

import (
	"tocsin/shared/smn"
)

// Forms of notifications, as smn.Style names them.
const (
	FormXML        = "mns-xml"
	FormJSON       = "mns-json"
	FormSimplified = "mns-simplified"
)

// Strategies of further attempts. smn.Style names them as MNS does.
const (
	BackoffRetry          = "BACKOFF_RETRY"
	ExponentialDecayRetry = "EXPONENTIAL_DECAY_RETRY"
)

// formats are the forms by the name that MNS has for them.
var formats = map[string]string{"XML": FormXML, "JSON": FormJSON, "SIMPLIFIED": FormSimplified}

// formOf is the form behind a NotifyContentFormat, XML for none.
func formOf(format string) (string, error) {
	if format == "" {
		return FormXML, nil
	}
	if form := formats[format]; form != "" {
		return form, nil
	}
	return "", Errorf(InvalidArgument, "NotifyContentFormat is XML, JSON or SIMPLIFIED.")
}

// formatOf is the NotifyContentFormat of a form. SMN's own notifications are JSON.
func formatOf(form string) string {
	for format, f := range formats {
		if f == form {
			return format
		}
	}
	return "JSON"
}

// checkStrategy fills in the default.
func checkStrategy(strategy string) (string, error) {
	switch strategy {
	case "":
		return BackoffRetry, nil
	case BackoffRetry, ExponentialDecayRetry:
		return strategy, nil
	}
	return "", Errorf(InvalidArgument, "NotifyStrategy is "+BackoffRetry+" or "+ExponentialDecayRetry+".")
}

// IsTopicName says whether MNS can name a topic or a subscription so: 1 to 255 letters,
// digits and hyphens, beginning with a letter or digit. SMN's may have underscores, too.
func IsTopicName(s string) bool {
	for i := range len(s) {
		if s[i] == '_' {
			return false
		}
	}
	return smn.IsTopicName(s)
}
