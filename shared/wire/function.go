package wire

import (
	"strings"

	"tocsin/shared/smn"
)

// FunctionEvent is what a subscribed function receives.
type FunctionEvent struct {
	Record []FunctionRecord `json:"record"` // one
}

// FunctionRecord is a message in a FunctionEvent.
type FunctionRecord struct {
	EventVersion         string          `json:"event_version"` // see FunctionEventVersion
	SMN                  FunctionMessage `json:"smn"`
	EventSource          string          `json:"event_source"`           // see FunctionEventSource
	EventSubscriptionURN string          `json:"event_subscription_urn"` // that of the function, as it is subscribed
}

// FunctionMessage is the message itself. All fields are there, if need be empty.
type FunctionMessage struct {
	// MessageAttributes are values by name, several of one name joined by commas,
	// which no value holds; null when there are none. FunctionGraph's libraries read
	// it as a map of texts.
	MessageAttributes map[string]string `json:"message_attributes"`
	Subject           string            `json:"subject"`
	MessageID         string            `json:"message_id"`
	TopicURN          string            `json:"topic_urn"`
	Type              string            `json:"type"` // see FunctionMessageType
	Message           string            `json:"message"`
	Timestamp         string            `json:"timestamp"` // see Time
}

// The words that are the same in every FunctionEvent.
const (
	FunctionEventVersion = "1.0"
	FunctionEventSource  = "smn"
	FunctionMessageType  = "notification"
)

// NewFunctionAttributes spells the attributes of a message for functions.
func NewFunctionAttributes(attributes []smn.MessageAttribute) map[string]string {
	if len(attributes) == 0 {
		return nil
	}
	texts := make(map[string]string, len(attributes))
	for _, a := range attributes {
		texts[a.Name] = strings.Join(a.Values, ",")
	}
	return texts
}
