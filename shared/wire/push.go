package wire

// The types of message that an endpoint receives.
const (
	TypeConfirmation = "SubscriptionConfirmation" // please follow SubscribeURL
	TypeNotification = "Notification"             // someone has published
	TypeUnsubscribed = "UnsubscribeConfirmation"  // SubscribeURL is the way back
)

// SignatureVersion is the only version of signatures there is.
const SignatureVersion = "v1"

// The headers of a message to an http or https endpoint, spelt as on the wire.
const (
	HeaderMessageType     = "X-SMN-MESSAGE-TYPE"
	HeaderMessageID       = "X-SMN-MESSAGE-ID"
	HeaderTopicURN        = "X-SMN-TOPIC-URN"
	HeaderSubscriptionURN = "X-SMN-SUBSCRIPTION-URN"
)

// HeaderDelivery stands above everything that is sent to an endpoint. Publishing
// refuses requests that carry it: a topic that is subscribed by the address it is
// published at would go round for ever.
const HeaderDelivery = "X-Tocsin-Delivery"

// Push is the body of a message to an http or https endpoint. Fields that its
// type lacks are empty and left out.
//
// UnsubscribeURL comes last: everything before it is the same for all
// subscriptions of a message.
type Push struct {
	Type             string `json:"type"`
	MessageID        string `json:"message_id"`
	TopicURN         string `json:"topic_urn"`
	Subject          string `json:"subject,omitempty"`
	Message          string `json:"message"`
	Timestamp        string `json:"timestamp"`               // see Time
	SubscribeURL     string `json:"subscribe_url,omitempty"` // confirmations only
	Signature        string `json:"signature"`               // base64
	SignatureVersion string `json:"signature_version"`
	SigningCertURL   string `json:"signing_cert_url"`
	UnsubscribeURL   string `json:"unsubscribe_url,omitempty"` // notifications only
}
