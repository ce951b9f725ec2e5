package carrier

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"tocsin/shared/deliver"
)

// outcome says what an answer means for the delivery. Of the service's words only the
// code stands in reasons: its messages hold addresses.
func (c *Carrier) outcome(ctx context.Context, id *string, err error) deliver.Outcome {
	if err == nil && id != nil && *id != "" {
		return deliver.Outcome{Result: deliver.Delivered, Status: http.StatusOK}
	}
	again := func(status int, reason string) deliver.Outcome {
		return deliver.Outcome{Result: deliver.Again, Status: status, Reason: reason}
	}
	if err == nil { // nobody knows whether it was taken
		return again(http.StatusOK, "no readable answer of "+c.name)
	}
	status := 0
	if answer, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = answer.HTTPStatusCode()
	}
	code := codeOf(err)
	shown := ""
	if code != "" {
		shown = " (" + code + ")"
	}
	switch {
	case isThrottling(code), status == http.StatusTooManyRequests:
		return deliver.Outcome{Result: deliver.Later, Status: status, Reason: c.name + " takes no more for now" + shown}
	case status >= http.StatusInternalServerError, status == http.StatusRequestTimeout:
		return again(status, c.name+" is in trouble"+shown)
	case code != "" && isOurs(code, status):
		return again(status, c.name+" refused us"+shown)
	case code != "" && status >= http.StatusBadRequest:
		return deliver.Outcome{Result: deliver.Dead, Status: status, Reason: c.name + " refused the message" + shown}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return again(status, "no answer of "+c.name+" within "+timeout.String())
	case ctx.Err() != nil:
		return again(status, "the attempt was broken off")
	case status != 0:
		return again(status, "no readable answer of "+c.name)
	default:
		return again(0, c.name+" could not be asked")
	}
}

// codeOf is the code of a refusal; empty if there is none that can be read.
func codeOf(err error) string {
	refusal, ok := errors.AsType[smithy.APIError](err)
	if !ok || refusal.ErrorCode() == "UnknownError" || !codeForm.MatchString(refusal.ErrorCode()) {
		return ""
	}
	return refusal.ErrorCode()
}

var codeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.]{0,63}$`)

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
