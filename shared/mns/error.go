package mns

import (
	"errors"
	"fmt"
	"net/http"

	"tocsin/shared/smn"
)

// Code is an error code of MNS.
type Code string

// The codes that are answered here, in the order of the checks.
const (
	InvalidRequestURL  Code = "InvalidRequestURL"
	MethodNotAllowed   Code = "MethodNotAllowed" // MNS names none
	InvalidQueryString Code = "InvalidQueryString"

	MissingAuthorizationHeader Code = "MissingAuthorizationHeader"
	MissingDateHeader          Code = "MissingDateHeader"
	MissingVersionHeader       Code = "MissingVersionHeader"
	InvalidAuthorizationHeader Code = "InvalidAuthorizationHeader"
	InvalidDateHeader          Code = "InvalidDateHeader"
	InvalidVersionHeader       Code = "InvalidVersionHeader"
	InvalidContentType         Code = "InvalidContentType"

	InvalidAccessKeyID    Code = "InvalidAccessKeyId"
	TimeExpired           Code = "TimeExpired"
	SignatureDoesNotMatch Code = "SignatureDoesNotMatch"
	InvalidDigest         Code = "InvalidDigest"
	AccessDenied          Code = "AccessDenied"

	TopicNameLengthError        Code = "TopicNameLengthError"
	TopicNameInvalid            Code = "TopicNameInvalid"
	SubscriptionNameLengthError Code = "SubscriptionNameLengthError"
	SubscriptionNameInvalid     Code = "SubscriptionNameInvalid"
	MalformedXML                Code = "MalformedXML"
	InvalidArgument             Code = "InvalidArgument"
	EndpointInvalid             Code = "EndpointInvalid"

	TopicNotExist            Code = "TopicNotExist"
	SubscriptionNotExist     Code = "SubscriptionNotExist"
	TopicAlreadyExist        Code = "TopicAlreadyExist"
	SubscriptionAlreadyExist Code = "SubscriptionAlreadyExist"
	QPSLimitExceeded         Code = "QpsLimitExceeded"
	InternalError            Code = "InternalError"
)

// statuses are those of HTTP, where it is not 400.
var statuses = map[Code]int{
	MethodNotAllowed:         http.StatusMethodNotAllowed,
	InvalidAccessKeyID:       http.StatusForbidden,
	TimeExpired:              http.StatusRequestTimeout,
	SignatureDoesNotMatch:    http.StatusForbidden,
	AccessDenied:             http.StatusForbidden,
	TopicNotExist:            http.StatusNotFound,
	SubscriptionNotExist:     http.StatusNotFound,
	TopicAlreadyExist:        http.StatusConflict,
	SubscriptionAlreadyExist: http.StatusConflict,
	InternalError:            http.StatusInternalServerError,
}

// codes are those for what the service behind the door says. What is missing here is
// InvalidArgument: whatever else it refuses is a value that breaks a rule.
var codes = map[smn.Code]Code{
	smn.Forbidden:            AccessDenied,
	smn.Internal:             InternalError,
	smn.Overloaded:           QPSLimitExceeded,
	smn.Throttled:            QPSLimitExceeded,
	smn.TopicNotFound:        TopicNotExist,
	smn.InvalidTopicName:     TopicNameInvalid,
	smn.InvalidTopicURN:      TopicNameInvalid,
	smn.SubscriptionNotFound: SubscriptionNotExist,
	smn.InvalidProtocol:      EndpointInvalid,
	smn.InvalidEndpoint:      EndpointInvalid,
	smn.InternalEndpoint:     EndpointInvalid,
	smn.Unreadable:           MalformedXML,
}

// Error is a refusal in the terms of MNS.
type Error struct {
	Code    Code
	Message string // what was wrong and what to do about it; never holds a secret
}

// Errorf makes an Error.
func Errorf(code Code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Status is that of HTTP.
func (e *Error) Status() int {
	if status := statuses[e.Code]; status != 0 {
		return status
	}
	return http.StatusBadRequest
}

// Explain says an error in the terms of MNS. The text of an internal one stays in the log.
func Explain(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var known *smn.Error
	if !errors.As(err, &known) || known.Code == smn.Internal {
		return &Error{InternalError, "The service has failed. Try again in a moment."}
	}
	code, ok := codes[known.Code]
	if !ok {
		code = InvalidArgument
	}
	return &Error{code, known.Detail}
}
