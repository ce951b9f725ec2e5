package smn

import (
	"errors"
	"fmt"
)

// Code says by its meaning what went wrong. Programs act on it; how it is spelt
// on the wire (SMN.0006, HTTP 404) is known to package wire alone.
type Code string

// The codes of the service, by the noun that they speak of.
const (
	Forbidden        Code = "Forbidden"        // the caller may not touch this project or topic
	InvalidPage      Code = "InvalidPage"      // offset, limit or marker
	InvalidParameter Code = "InvalidParameter" // any other value that breaks its rule
	ResourceNotFound Code = "ResourceNotFound" // any other thing that never was, or was deleted
	TooManyResources Code = "TooManyResources" // any other quota
	Internal         Code = "Internal"         // our own fault; the text stays in the log
	Overloaded       Code = "Overloaded"       // try again in a moment

	InvalidTopicName   Code = "InvalidTopicName"   // see MaxTopicName
	InvalidDisplayName Code = "InvalidDisplayName" // see MaxDisplayName
	InvalidTopicURN    Code = "InvalidTopicURN"    // not of the form urn:smn:region:project:name
	TopicNotFound      Code = "TopicNotFound"      // never was, or was deleted
	TooManyTopics      Code = "TooManyTopics"      // see MaxTopics

	InvalidAttributeName Code = "InvalidAttributeName" // topics have no attribute of that name
	AttributeTooLong     Code = "AttributeTooLong"     // a value over the limit of its attribute

	InvalidPolicy             Code = "InvalidPolicy"             // an access policy that is not a JSON object of the known fields
	InvalidPolicyVersion      Code = "InvalidPolicyVersion"      // not the one version there is
	InvalidPolicyID           Code = "InvalidPolicyID"           // empty
	InvalidPolicyStatement    Code = "InvalidPolicyStatement"    // none, or no object
	InvalidStatementID        Code = "InvalidStatementID"        // empty, or there twice
	InvalidStatementEffect    Code = "InvalidStatementEffect"    // neither Allow nor Deny
	InvalidStatementPrincipal Code = "InvalidStatementPrincipal" // nobody
	InvalidDomainID           Code = "InvalidDomainID"           // a principal whose account cannot be one
	InvalidStatementAction    Code = "InvalidStatementAction"    // no action of topics
	InvalidStatementResource  Code = "InvalidStatementResource"  // not the topic
	InvalidStatementCondition Code = "InvalidStatementCondition" // an unknown operator or key, or a value that does not fit it

	InvalidSubscription    Code = "InvalidSubscription"    // the extension, or the number of items in a batch
	InvalidProtocol        Code = "InvalidProtocol"        // not one that the call can take
	InvalidEndpoint        Code = "InvalidEndpoint"        // does not fit its protocol
	InternalEndpoint       Code = "InternalEndpoint"       // an address inside the network, which this service may not call
	InvalidRemark          Code = "InvalidRemark"          // not a text
	RemarkTooLong          Code = "RemarkTooLong"          // see MaxRemark
	InvalidStatus          Code = "InvalidStatus"          // a status filter that is no status, or a subscription that stands otherwise than the call needs
	InvalidSubscriptionURN Code = "InvalidSubscriptionURN" // not a topic URN, a colon and an id
	SubscriptionNotFound   Code = "SubscriptionNotFound"   // never was, or was cancelled by its owner
	TooManySubscriptions   Code = "TooManySubscriptions"   // see MaxSubscriptions
	TooManyMails           Code = "TooManyMails"           // confirmations to one address, see Subscriptions
	TooManySMS             Code = "TooManySMS"             // confirmations to one phone, calls included
	TooManyConfirmations   Code = "TooManyConfirmations"   // confirmations to one URL
	InvalidFilterPolicy    Code = "InvalidFilterPolicy"    // see FilterPolicy
	InvalidUser            Code = "InvalidUser"            // no subscription user of that id

	InvalidToken        Code = "InvalidToken"        // a confirmation token that is forged, expired or superseded
	CertificateNotFound Code = "CertificateNotFound" // no signing certificate of that id

	InvalidSubject           Code = "InvalidSubject"           // see MaxSubject; control characters
	InvalidMessage           Code = "InvalidMessage"           // empty, not UTF-8, or see MaxMessage
	InvalidMessageStructure  Code = "InvalidMessageStructure"  // not an object with a default text
	InvalidMessageAttributes Code = "InvalidMessageAttributes" // see MessageAttribute
	InvalidTimeToLive        Code = "InvalidTimeToLive"        // not within 1 s … MaxTimeToLive
	InvalidIdempotencyKey    Code = "InvalidIdempotencyKey"    // see MaxIdempotencyKey
	IdempotencyKeyUsed       Code = "IdempotencyKeyUsed"       // for another message, a short time ago

	InvalidTemplateName     Code = "InvalidTemplateName"     // see MaxTemplateName
	InvalidTemplateID       Code = "InvalidTemplateID"       // not an id
	InvalidTemplateContent  Code = "InvalidTemplateContent"  // empty, or over MaxMessage
	TooManyVariables        Code = "TooManyVariables"        // in one template
	TemplateExists          Code = "TemplateExists"          // the name has a variant for this protocol already
	TemplateNotFound        Code = "TemplateNotFound"        // never was, or was deleted
	DefaultTemplateNotFound Code = "DefaultTemplateNotFound" // the name has no variant for the protocol default
	TooManyTemplates        Code = "TooManyTemplates"        // see MaxTemplates

	InvalidTag    Code = "InvalidTag"    // the key or value of a tag or of a template's variable, or too many of them
	InvalidAction Code = "InvalidAction" // of a call that names its action in the body

	InvalidStartTime Code = "InvalidStartTime" // missing, or no time
	InvalidEndTime   Code = "InvalidEndTime"   // missing, no time, or not behind the start

	InvalidSignID     Code = "InvalidSignID"     // see NewSMS
	InvalidEventType  Code = "InvalidEventType"  // not one of SMSEvents
	InvalidMessageID  Code = "InvalidMessageID"  // not an id
	TooManyEndpoints  Code = "TooManyEndpoints"  // see MaxSMSBatch
	DuplicateEndpoint Code = "DuplicateEndpoint" // the same text for the same number, twice in a batch

	InvalidApplicationName Code = "InvalidApplicationName" // see MaxApplicationName
	InvalidPlatform        Code = "InvalidPlatform"        // not one of Platforms
	InvalidPrincipal       Code = "InvalidPrincipal"       // see PushCredentials
	InvalidCredential      Code = "InvalidCredential"      // see PushCredentials
	InvalidApplicationURN  Code = "InvalidApplicationURN"  // see ApplicationURN
	ApplicationExists      Code = "ApplicationExists"      // of that name, with other credentials
	ApplicationNotFound    Code = "ApplicationNotFound"    // never was, or was deleted
	InvalidDeviceToken     Code = "InvalidDeviceToken"     // see MaxDeviceToken
	InvalidUserData        Code = "InvalidUserData"        // see MaxUserData
	InvalidPushEndpointURN Code = "InvalidPushEndpointURN" // see PushEndpointURN
	InvalidEnabled         Code = "InvalidEnabled"         // neither true nor false
	DeviceTokenExists      Code = "DeviceTokenExists"      // in the application, with other user data
	PushEndpointNotFound   Code = "PushEndpointNotFound"   // never was, or was deleted
	EndpointDisabled       Code = "EndpointDisabled"       // by its owner
)

// The codes of the door in front of the service.
const (
	Unauthenticated Code = "Unauthenticated" // no credentials, or wrong ones
	Unreadable      Code = "Unreadable"      // the request cannot be read: broken JSON, not UTF-8
	TooLarge        Code = "TooLarge"        // the request body is over its limit
	NoRoute         Code = "NoRoute"         // no operation has this method and path
	Throttled       Code = "Throttled"       // too many requests
)

// Error is what every method of Service returns when it fails for a reason that
// the caller can understand.
type Error struct {
	Code   Code
	Detail string // what was wrong and what to do about it; never holds a secret
	cause  error
}

// Errorf makes an Error. The text says what was wrong, with names and limits;
// %w keeps a cause for the log.
func Errorf(code Code, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Detail: err.Error(), cause: errors.Unwrap(err)}
}

func (e *Error) Error() string {
	if e.Detail == "" {
		return string(e.Code)
	}
	return string(e.Code) + ": " + e.Detail
}

// Unwrap gives the cause, if there is one.
func (e *Error) Unwrap() error { return e.cause }

// CodeOf is the code that err carries, Internal for any other error, and ""
// for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
