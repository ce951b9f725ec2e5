package wire

import (
	"strconv"
	"strings"
	"time"

	"tocsin/shared/smn"
)

// PublishRequest is the body of Publish.
type PublishRequest struct {
	Subject             string             `json:"subject,omitempty" code:"InvalidSubject"`
	MessageStructure    Structure          `json:"message_structure,omitempty" code:"InvalidMessageStructure"`
	MessageTemplateName string             `json:"message_template_name,omitempty" code:"InvalidTemplateName"`
	Tags                map[string]string  `json:"tags,omitempty" code:"InvalidTag"`
	Message             string             `json:"message,omitempty" code:"InvalidMessage"`
	TimeToLive          *Seconds           `json:"time_to_live,omitempty" code:"InvalidTimeToLive"`
	MessageAttributes   []MessageAttribute `json:"message_attributes,omitempty" code:"InvalidMessageAttributes"`
	Locale              string             `json:"locale,omitempty" code:"InvalidParameter"`
}

// ReadPlain reads a request that has a message, perhaps a subject, and nothing that must
// be unescaped, exactly as encoding/json would. It answers false for all others, of which
// it has read nothing. The body is UTF-8.
func (r *PublishRequest) ReadPlain(body []byte) bool {
	var subject, message []byte
	plain := plainObject(body, func(name, value []byte) bool {
		switch string(name) {
		case "subject":
			subject = value
		case "message":
			message = value
		default:
			return false
		}
		return true
	})
	if plain {
		r.Subject, r.Message = string(subject), string(message)
	}
	return plain
}

// HeaderIdempotencyKey is the header of Publish that keeps a message from being sent
// twice. SMN has no such header.
const HeaderIdempotencyKey = "Idempotency-Key"

// NewPublishRequest spells an input, but for its key.
func NewPublishRequest(in smn.PublishInput) PublishRequest {
	return PublishRequest{
		Subject:             in.Subject,
		MessageStructure:    Structure(in.Structure),
		MessageTemplateName: in.TemplateName,
		Tags:                in.Tags,
		Message:             in.Message,
		TimeToLive:          NewSeconds(in.TimeToLive),
		MessageAttributes:   attributesAs[MessageAttribute](in.Attributes),
		Locale:              in.Locale,
	}
}

// Input reads what NewPublishRequest spelt, for a topic.
func (r PublishRequest) Input(topicURN string) smn.PublishInput {
	return smn.PublishInput{
		TopicURN:     topicURN,
		Subject:      r.Subject,
		Structure:    string(r.MessageStructure),
		TemplateName: r.MessageTemplateName,
		Tags:         r.Tags,
		Message:      r.Message,
		TimeToLive:   r.TimeToLive.Duration(),
		Attributes:   attributesAs[smn.MessageAttribute](r.MessageAttributes),
		Locale:       r.Locale,
	}
}

// attributesAs gives attributes their other name; nil stays nil.
func attributesAs[To, From MessageAttribute | smn.MessageAttribute](list []From) (out []To) {
	for _, a := range list {
		out = append(out, To(a))
	}
	return out
}

// PublishResponse answers it.
type PublishResponse struct {
	RequestID string `json:"request_id"`
	MessageID string `json:"message_id"`
}

// Seconds is a positive number of seconds. SMN writes it as a string; a number
// is read as well.
type Seconds int64

// NewSeconds spells a duration, which is cut to whole seconds; nil for zero.
func NewSeconds(d time.Duration) *Seconds {
	if d == 0 {
		return nil
	}
	s := Seconds(d / time.Second)
	return &s
}

// Duration is the span itself, and zero when there is none.
func (s *Seconds) Duration() time.Duration {
	if s == nil {
		return 0
	}
	return time.Duration(*s) * time.Second
}

// MarshalJSON writes the string form.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, strconv.FormatInt(int64(s), 10)), nil
}

// UnmarshalJSON reads "3600" and 3600. Zero, which elsewhere stands for a value
// left out, is refused like anything else that is no positive number.
func (s *Seconds) UnmarshalJSON(b []byte) error {
	text := string(b)
	if inner, ok := strings.CutPrefix(text, `"`); ok {
		text = strings.TrimSuffix(inner, `"`)
	}
	n, err := strconv.ParseUint(text, 10, 31) // digits only; far beyond any time to live
	if err != nil || n < 1 {
		return smn.Errorf(smn.InvalidTimeToLive, "time_to_live must be a number of seconds from 1 to %d", smn.MaxTimeToLive/time.Second)
	}
	*s = Seconds(n)
	return nil
}
