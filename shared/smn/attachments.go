package smn

// Limits of what can be attached to a topic. SMN names none; a topic has one
// notify policy and one key.
const (
	MaxLogtanks       = 10  // of a topic
	MaxForeignID      = 128 // characters of an id that another service gave
	MaxPollingRounds  = 10  // of a notify policy
	MaxPollingTargets = 50  // subscriptions in one round
)

// AttachmentInput names something that is attached to a topic, for calls that
// need nothing else.
type AttachmentInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	ID       string `validate:"id" code:"ResourceNotFound"` // what is no id names nothing
}
