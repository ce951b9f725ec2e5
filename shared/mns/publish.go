package mns

import (
	"encoding/json"
	"encoding/xml"
	"time"
)

// TimeToLive is how long a message of MNS may take.
const TimeToLive = messageRetention * time.Second

// PublishRequest is the body of PublishMessage.
type PublishRequest struct {
	Body    string
	Tag     string // empty for none
	Subject string // of mails; empty for none
}

// ParsePublish reads one. MalformedXML, InvalidArgument.
func ParsePublish(body []byte) (PublishRequest, error) {
	message, err := read(body, "Message", "MessageBody", "MessageTag")
	if err != nil {
		return PublishRequest{}, err
	}
	text := message.child("MessageBody")
	if text == nil || len(text.text) == 0 {
		return PublishRequest{}, Errorf(InvalidArgument, "MessageBody is missing or empty.")
	}
	if len(text.text) > DefaultMessageSize {
		return PublishRequest{}, ErrTooLong()
	}
	tag, err := checkTag(message.value("MessageTag"))
	if err != nil {
		return PublishRequest{}, err
	}
	subject, err := subjectOf(message.child("MessageAttributes").value("DirectMail"))
	return PublishRequest{Body: string(text.text), Tag: tag, Subject: subject}, err
}

// ErrTooLong is what is said of a message that its topic does not take. Programs know
// the text.
func ErrTooLong() error {
	return Errorf(InvalidArgument, "The length of message should not be larger than MaximumMessageSize.")
}

// subjectOf reads what counts of the attributes for mail, which are a JSON text. The
// sender of mails here is set up by the operator.
func subjectOf(attributes string) (string, error) {
	if attributes == "" {
		return "", nil
	}
	var mail struct{ Subject string }
	if json.Unmarshal([]byte(attributes), &mail) != nil {
		return "", Errorf(InvalidArgument, "DirectMail is the text of a JSON object whose Subject is a text.")
	}
	return mail.Subject, nil
}

// PublishResponse is the answer of PublishMessage.
type PublishResponse struct {
	XMLName        xml.Name `xml:"http://mns.aliyuncs.com/doc/v1/ Message"`
	MessageID      string   `xml:"MessageId"`
	MessageBodyMD5 string
}

// NewPublish tells of a message that was taken.
func NewPublish(id, text string) PublishResponse {
	return PublishResponse{MessageID: MessageID(id), MessageBodyMD5: BodyMD5(text)}
}
