package smn

import (
	"context"
	"strings"
	"time"
)

// Publisher takes messages.
type Publisher interface {
	// Publish takes a message and returns its id. Once it has returned, the message
	// is stored and will be sent to every subscription that is Confirmed at the
	// time of sending and that its attributes select, at least once, until its
	// TimeToLive has passed.
	//
	// A template must have a variant for DefaultVariant, and Tags a value for every
	// variable of every variant that could be sent; later changes of the template do
	// not touch the message. TopicNotFound, TemplateNotFound, DefaultTemplateNotFound,
	// InvalidTag; InvalidMessage when a rendered text is empty or too long, or a text
	// longer than the topic takes; Overloaded.
	//
	// With an IdempotencyKey a call that repeats an earlier one of the caller's
	// project, in all that the input holds, changes nothing and answers its id; one
	// that differs is IdempotencyKeyUsed.
	Publish(ctx context.Context, in PublishInput) (messageID string, err error)
}

// Limits of messages, as SMN documents them.
const (
	MaxSubject        = 512        // bytes of UTF-8
	MaxMessage        = 256 * 1024 // bytes of UTF-8, inclusive
	DefaultTimeToLive = time.Hour
	MaxTimeToLive     = 7 * 24 * time.Hour

	MaxIdempotencyKey = 255            // characters
	IdempotencyWindow = 24 * time.Hour // how long a key is remembered
)

// PublishInput is what Publish needs. What a message says is given in one of
// three forms: a structure, a template, a text. If there are several, the first of
// them in this order counts, and the others are not even looked at.
type PublishInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	Subject  string `validate:"subject" code:"InvalidSubject"` // empty for none

	// Structure is the JSON text of an object that holds a text for each protocol
	// and one under DefaultVariant for all others: at most MaxMessage bytes in all.
	// See Protocol.TakesObject for what else it may hold.
	Structure string `validate:"publish_structure" code:"InvalidMessageStructure"`

	// TemplateName is the name of a template whose variables get the values of Tags:
	// names of 1 to MaxVariableName characters, values of at most MaxVariableValue bytes. Values
	// that no variable asks for are ignored.
	TemplateName string            `validate:"publish_template" code:"InvalidTemplateName"`
	Tags         map[string]string `validate:"publish_tags" code:"InvalidTag"`

	Message    string        `validate:"publish_message" code:"InvalidMessage"`
	TimeToLive time.Duration `validate:"time_to_live" code:"InvalidTimeToLive"` // 1 s or more, cut to seconds on the wire; 0 means DefaultTimeToLive

	// Attributes are for filters: at most MaxAttributes of different names, one of
	// them at most a ProtocolAttribute.
	Attributes []MessageAttribute `validate:"message_attributes" code:"InvalidMessageAttributes"`

	// Tag is for the subscriptions whose Style asks for it; empty for none. SMN has no
	// such thing.
	Tag string `validate:"message_tag" code:"InvalidParameter" json:",omitempty"` // left out, it does not change what a key stands for

	// Locale is the language of what the service adds to the text of a mail, such as
	// en-us or zh-cn; of others than Chinese English is written.
	Locale string `validate:"locale" code:"InvalidParameter"`

	// IdempotencyKey keeps a message from being sent twice when a call is repeated
	// whose answer was lost: printable ASCII without spaces at its ends, at most
	// MaxIdempotencyKey characters, remembered by topic and project of the caller;
	// empty for none. SMN has no such thing.
	IdempotencyKey string `validate:"idempotency_key" code:"InvalidIdempotencyKey"`
}

// IsIdempotencyKey says whether s can be a PublishInput.IdempotencyKey, or is none.
// Spaces at its ends would be lost in a header.
func IsIdempotencyKey(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) <= MaxIdempotencyKey && strings.TrimSpace(s) == s
}

// Text is what a message says to one protocol.
type Text struct {
	Value    string // words, or the JSON text of an object
	IsObject bool
}
