package smn

import (
	"context"
	"time"
)

// Attributes are the attributes of topics. All its methods answer
// TopicNotFound.
type Attributes interface {
	// ListTopicAttributes gives the attribute asked for, or all.
	ListTopicAttributes(ctx context.Context, in ListTopicAttributesInput) (TopicAttributes, error)

	// UpdateTopicAttribute sets an attribute. AttributeTooLong; for an access policy
	// InvalidPolicy, the InvalidPolicy… or InvalidStatement… of the element that
	// breaks a rule, or InvalidDomainID.
	UpdateTopicAttribute(ctx context.Context, in UpdateTopicAttributeInput) error

	// DeleteTopicAttribute takes an attribute away. One that is not set is no error.
	DeleteTopicAttribute(ctx context.Context, in TopicAttributeInput) error

	// DeleteTopicAttributes takes all away.
	DeleteTopicAttributes(ctx context.Context, in TopicInput) error
}

// AttributeName names an attribute of a topic.
type AttributeName string

// The attributes of a topic.
const (
	AccessPolicy AttributeName = "access_policy" // what others may do with it, as JSON
	Introduction AttributeName = "introduction"  // shown in the confirmations of its subscriptions
	SMSSignID    AttributeName = "sms_sign_id"   // kept and given back
)

// AttributeNames lists them all.
var AttributeNames = []AttributeName{AccessPolicy, Introduction, SMSSignID}

// Limits of attributes, as SMN documents them.
const (
	MaxAccessPolicy = 30 * 1024 // bytes of UTF-8
	MaxIntroduction = 120       // bytes of UTF-8
	MaxSMSSignID    = 64        // characters; SMN names no limit
)

// TopicAttributes are attributes of a topic.
type TopicAttributes struct {
	Values map[AttributeName]string // those asked for; one that is not set is empty

	// When the access policy was first set and last changed, if it was asked for
	// and is set; else zero.
	PolicyCreatedAt time.Time
	PolicyUpdatedAt time.Time
}

// ListTopicAttributesInput is what ListTopicAttributes needs.
type ListTopicAttributesInput struct {
	TopicURN string        `validate:"topic_urn" code:"InvalidTopicURN"`
	Name     AttributeName `validate:"omitempty,attribute" code:"InvalidAttributeName"` // empty for all
}

// UpdateTopicAttributeInput is what UpdateTopicAttribute needs.
type UpdateTopicAttributeInput struct {
	TopicURN string        `validate:"topic_urn" code:"InvalidTopicURN"`
	Name     AttributeName `validate:"attribute" code:"InvalidAttributeName"`
	// Value is kept byte for byte; an empty one takes the attribute away. An access
	// policy keeps the rules of package access, an introduction is one line of
	// MaxIntroduction bytes, an SMS signature has MaxSMSSignID letters, digits,
	// hyphens and underscores.
	Value string `code:"InvalidParameter"`
}

// TopicAttributeInput names one attribute, for calls that need nothing else.
type TopicAttributeInput struct {
	TopicURN string        `validate:"topic_urn" code:"InvalidTopicURN"`
	Name     AttributeName `validate:"attribute" code:"InvalidAttributeName"`
}
