package smn

import "time"

// Limits of messages, as SMN documents them.
const (
	MaxSubject        = 512        // bytes of UTF-8
	MaxMessage        = 256 * 1024 // bytes of UTF-8, inclusive
	DefaultTimeToLive = time.Hour
	MaxTimeToLive     = 7 * 24 * time.Hour
)

// PublishInput is what Publish needs.
type PublishInput struct {
	TopicURN   string        `validate:"topic_urn" code:"InvalidTopicURN"`
	Subject    string        `validate:"subject" code:"InvalidSubject"` // empty for none
	Message    string        `validate:"message" code:"InvalidMessage"`
	TimeToLive time.Duration `validate:"time_to_live" code:"InvalidTimeToLive"` // 1 s or more, cut to seconds on the wire; 0 means DefaultTimeToLive
}
