package carrier

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"tocsin/shared/deliver"
)

// outcome says what an answer means for the delivery. Of the service's words only the
// code stands in reasons: the others can hold addresses.
func (c *Carrier) outcome(ctx context.Context, a answer) deliver.Outcome {
	o := deliver.Outcome{Result: deliver.Again, Status: a.status}
	name := c.config.Name
	switch {
	case a.status == http.StatusOK && a.id != "":
		return deliver.Outcome{Result: deliver.Delivered, Status: a.status}
	case isThrottling(a.code), a.status == http.StatusTooManyRequests:
		o.Result, o.Reason = deliver.Later, name+" takes no more for now"
	case a.status >= http.StatusInternalServerError, a.status == http.StatusRequestTimeout:
		o.Reason = name + " is in trouble"
	case a.code != "" && isOurs(a.code, a.status):
		o.Reason = name + " refused us"
	case a.code != "" && a.status >= http.StatusBadRequest:
		o.Result, o.Reason = deliver.Dead, name+" refused the message"
	case a.late, errors.Is(ctx.Err(), context.DeadlineExceeded):
		o.Reason = "no answer of " + name + " in time"
	case ctx.Err() != nil:
		o.Reason = "the attempt was broken off"
	case a.status != 0: // nobody knows whether it was taken
		o.Reason = "no readable answer of " + name
	default:
		o.Reason = name + " could not be asked"
	}
	if a.code != "" {
		o.Reason += " (" + a.code + ")"
	}
	return o
}

// codeForm is what a code looks like. It is compiled for the first refusal: most
// processes see none.
var codeForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.]{0,63}$`) })

// isThrottling: too much, in a second or in a day, under any of the names that there
// are for it.
func isThrottling(code string) bool {
	for _, sign := range []string{"Throttl", "TooManyRequests", "LimitExceeded", "SendingRateExceeded", "QuotaExceeded", "SlowDown"} {
		if strings.Contains(code, sign) {
			return true
		}
	}
	return false
}

// isOurs: a refusal that the message has no part in: it is our keys, our clock, our
// rights or our account.
func isOurs(code string, status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden ||
		ours[strings.TrimSuffix(code, "Exception")]
}

var ours = map[string]bool{
	"AccessDenied":               true,
	"AccountSendingPaused":       true,
	"AccountSuspended":           true,
	"AuthFailure":                true,
	"AuthorizationError":         true,
	"ExpiredToken":               true,
	"IncompleteSignature":        true,
	"InvalidClientTokenId":       true,
	"InvalidSignature":           true,
	"MissingAuthenticationToken": true,
	"NotAuthorized":              true,
	"NotFound":                   true, // the configuration set
	"OptInRequired":              true,
	"RequestExpired":             true,
	"RequestTimeTooSkewed":       true,
	"SendingPaused":              true,
	"SignatureDoesNotMatch":      true,
	"UnrecognizedClient":         true,
}
