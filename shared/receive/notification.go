package receive

import (
	"errors"
	"time"
)

// Protocol is whose notification it is.
type Protocol string

// The protocols.
const (
	MNS Protocol = "MNS"
	SMN Protocol = "SMN"
)

// Format is how the body was written.
type Format string

// The formats. SMN knows JSON alone.
const (
	XML        Format = "XML"
	JSON       Format = "JSON"
	Simplified Format = "SIMPLIFIED" // the text alone; all else is in headers
)

// Notification is a published message as it came to this endpoint. All of it is
// covered by the signature, but for Subscription and Subscriber of SMN.
type Notification struct {
	Protocol Protocol
	Format   Format

	TopicOwner string // MNS: id of the account; SMN: id of the project
	Topic      string // MNS: name, unique for the owner; SMN: URN

	// MNS: name, unique in the topic. SMN: URN, from a header that no signature
	// covers; empty without it, and when it is of another topic.
	Subscription string
	Subscriber   string // MNS: id of the account; SMN: empty

	MessageID  string    // unique in the topic; the same each time that it comes
	MessageMD5 string    // MNS: of Text as it was published, in upper-case hex; SMN: empty
	Subject    string    // SMN; may be empty
	Tag        string    // MNS; may be empty
	Text       string    // as it was published: what its publisher put in base64 still is
	Published  time.Time // to the millisecond in MNS, to the second in SMN

	Body []byte // of the request, unchanged
}

// ErrUnwanted is what Config.Receive and Config.Confirm return for a genuine message
// of a topic that is not theirs. It is answered with 403.
var ErrUnwanted = errors.New("the message is genuine, but not wanted here")
