package openapi

import "tocsin/shared/wire"

// failure is the shape of what went wrong, by the door that it leaves by.
type failure int

const (
	smnErrors  failure = iota // of most operations; the zero value
	linkErrors                // of links that programs follow
	pageErrors                // of pages that people see
	iamErrors                 // of the identity service
)

func (f failure) name() string {
	return [...]string{"Failure", "LinkFailure", "PageFailure", "IdentityFailure"}[f]
}

func (f failure) about() string {
	if f == smnErrors || f == iamErrors {
		return "What went wrong. 429 and 503 say in Retry-After when to come again."
	}
	return "What went wrong."
}

func (f failure) body() any {
	return [...]any{
		[]any{wire.Error{}, wire.GatewayError{}}, // the second in front of SMN: credentials, routes, unreadable bodies
		wire.LinkError{}, html, wire.IAMError{},
	}[f]
}

const html = raw("text/html; charset=utf-8")
