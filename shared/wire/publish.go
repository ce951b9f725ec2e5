package wire

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"tocsin/shared/smn"
)

// PublishRequest is the body of Publish.
type PublishRequest struct {
	Subject    string   `json:"subject,omitempty" code:"InvalidSubject"`
	Message    string   `json:"message,omitempty" code:"InvalidMessage"`
	TimeToLive *Seconds `json:"time_to_live,omitempty" code:"InvalidTimeToLive"`

	// Not supported yet, and not to be ignored: they would be sent instead of
	// Message. A structure is a text or an object.
	MessageStructure    json.RawMessage `json:"message_structure,omitempty"`
	MessageTemplateName string          `json:"message_template_name,omitempty" code:"TemplateNotFound"`
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
