package queue

import (
	"strconv"
	"time"

	"tocsin/shared/smn"
)

// Task is a unit of work. Exactly one of FanOut, Retry, Notice, Direct, Detection and
// Cleanup is set. Tasks are stored and sent as JSON, so a field's name is for ever.
type Task struct {
	// ID follows from the work, so that doing the step that makes a task twice
	// makes one task.
	ID string `json:"id"`
	// Group is the id of the topic that caused the task, or of the project where there
	// is no topic; queues use it for fairness.
	Group string `json:"group"`
	// Project is that of the topic, or of the task itself; queues use it for fairness,
	// too.
	Project string `json:"project,omitempty"`
	// WaitsFor names the endpoint that the task waits for, so that Wake can find it;
	// empty for none.
	WaitsFor string `json:"waits_for,omitempty"`
	// NotBefore is when the task is due; zero means now.
	NotBefore time.Time `json:"not_before,omitzero"`

	FanOut    *FanOut    `json:"fan_out,omitempty"`
	Retry     *Retry     `json:"retry,omitempty"`
	Notice    *Notice    `json:"notice,omitempty"`
	Direct    *Direct    `json:"direct,omitempty"`
	Detection *Detection `json:"detection,omitempty"`
	Cleanup   *Cleanup   `json:"cleanup,omitempty"`
}

// FanOut is the work of sending a message to one chunk of a topic's
// subscriptions and of passing the rest on.
type FanOut struct {
	MessageID string `json:"message_id"`
	Chunk     int    `json:"chunk"` // 0 is the first
	// Round counts how often places of the chunk were put off, and Places is the set of
	// those that wait; in the first round there is none, and all are meant.
	Round  int    `json:"round,omitempty"`
	Places []byte `json:"places,omitempty"`
}

// Retry is another attempt to deliver a message to one subscription.
type Retry struct {
	MessageID      string `json:"message_id"`
	SubscriptionID string `json:"subscription_id"`
	Attempt        int    `json:"attempt"` // number of the attempt to come; the first ever is 1
	// Deferred counts how often the attempt was put off: there was no place for it, or its
	// recipient or its sender took nothing yet.
	Deferred int `json:"deferred,omitempty"`
	// Counted says that the message has counted to the quota of its recipient already.
	Counted bool `json:"counted,omitempty"`
	// Expires is when no attempt begins any more; zero means when the message expires.
	Expires time.Time `json:"expires,omitzero"`
}

// Notice is a management message to one endpoint: a confirmation of its
// subscription, or of its unsubscription. It carries all that sending needs.
type Notice struct {
	MessageID    string          `json:"message_id"`
	Kind         NoticeKind      `json:"kind"`
	TopicURN     string          `json:"topic_urn"`
	TopicDisplay string          `json:"topic_display,omitempty"` // display name of the topic
	Introduction string          `json:"introduction,omitempty"`  // of the topic, in confirmations of its subscriptions; one line
	Subscription NoticeRecipient `json:"subscription"`
	Attempt      int             `json:"attempt"` // number of the attempt to come; the first is 1
	// Deferred counts how often the sender put the attempt off.
	Deferred int       `json:"deferred,omitempty"`
	IssuedAt time.Time `json:"issued_at"`
}

// NoticeKind says what a notice confirms.
type NoticeKind string

// The kinds of notice.
const (
	Subscribed   NoticeKind = "subscribed"   // please confirm
	Unsubscribed NoticeKind = "unsubscribed" // here is the way back
)

// NoticeRecipient is the subscription that a notice goes to.
type NoticeRecipient struct {
	Project  string       `json:"project"`
	TopicID  string       `json:"topic_id"`
	ID       string       `json:"id"`
	Version  int          `json:"version"` // status changes so far; a later change ends the notice's link
	Protocol smn.Protocol `json:"protocol"`
	Endpoint string       `json:"endpoint"`
	// Extension is set for chat groups, whose bots take no message without it.
	Extension smn.Extension `json:"extension,omitzero"`
}

// Direct is a message to one phone or device, without a topic. It carries all
// that sending needs.
type Direct struct {
	MessageID string       `json:"message_id"`
	Project   string       `json:"project"`
	Protocol  smn.Protocol `json:"protocol"`         // smn.SMS, or that of a smn.Platform
	Endpoint  string       `json:"endpoint"`         // phone number, or token of the device
	Source    string       `json:"source,omitempty"` // URN of the device; empty for an SMS
	Text      string       `json:"text"`
	Attempt   int          `json:"attempt"` // number of the attempt to come; the first is 1
	// Deferred counts how often the sender put the attempt off, after it had counted to
	// the quota of its recipient.
	Deferred  int       `json:"deferred,omitempty"`
	IssuedAt  time.Time `json:"issued_at"`
	ExpiresAt time.Time `json:"expires_at"` // no attempt begins later
}

// NewFanOut is the task for one chunk of a message.
func NewFanOut(project, topicID, messageID string, chunk int) Task {
	return Task{
		ID:      "fan-out/" + messageID + "/" + strconv.Itoa(chunk),
		Project: project,
		Group:   topicID,
		FanOut:  &FanOut{MessageID: messageID, Chunk: chunk},
	}
}

// NewRound is the task for places of a chunk that were put off.
func NewRound(project, topicID string, f FanOut, due time.Time) Task {
	return Task{
		ID:        "round/" + f.MessageID + "/" + strconv.Itoa(f.Chunk) + "/" + strconv.Itoa(f.Round),
		Project:   project,
		Group:     topicID,
		NotBefore: due,
		FanOut:    &f,
	}
}

// NewRetry is the task for a later attempt.
func NewRetry(project, topicID string, r Retry, due time.Time) Task {
	id := "retry/" + r.MessageID + "/" + r.SubscriptionID + "/" + attempt(r.Attempt, r.Deferred)
	if !r.Expires.IsZero() { // a redelivery: attempts of earlier ones may still wait
		id += "/until/" + strconv.FormatInt(r.Expires.UnixMicro(), 36)
	}
	return Task{ID: id, Project: project, Group: topicID, NotBefore: due, Retry: &r}
}

// attempt names an attempt, and how often it was put off.
func attempt(number, deferred int) string {
	name := strconv.Itoa(number)
	if deferred > 0 {
		name += "/" + strconv.Itoa(deferred)
	}
	return name
}

// NewNotice is the task for a management message.
func NewNotice(n Notice, due time.Time) Task {
	return Task{
		ID:        "notice/" + n.MessageID + "/" + attempt(n.Attempt, n.Deferred),
		Project:   n.Subscription.Project,
		Group:     n.Subscription.TopicID,
		NotBefore: due,
		Notice:    &n,
	}
}

// NewDirect is the task for a message to one phone or device.
func NewDirect(d Direct, due time.Time) Task {
	return Task{
		ID:        "direct/" + d.MessageID + "/" + attempt(d.Attempt, d.Deferred),
		Project:   d.Project,
		Group:     d.Project,
		NotBefore: due,
		Direct:    &d,
	}
}
