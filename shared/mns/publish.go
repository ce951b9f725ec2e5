package mns

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tocsin/shared/smn"
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
	subject := subjectOf(message.child("MessageAttributes").value("DirectMail"))
	return PublishRequest{Body: string(text.text), Tag: tag, Subject: subject}, nil
}

// ErrTooLong is what is said of a message that its topic does not take. Programs know
// the text.
func ErrTooLong() error {
	return Errorf(InvalidArgument, "The length of message should not be larger than MaximumMessageSize.")
}

// subjectOf reads what counts of the attributes for mail, which are a JSON text. The
// sender of mails here is set up by the operator. A subject that no mail can have is
// none, and a long one is cut: endpoints that are no mailboxes get the message anyway.
func subjectOf(attributes string) string {
	var mail struct{ Subject string }
	if json.Unmarshal([]byte(attributes), &mail) != nil || strings.ContainsFunc(mail.Subject, breaksLine) {
		return ""
	}
	if len(mail.Subject) <= smn.MaxSubject {
		return mail.Subject
	}
	end := smn.MaxSubject
	for !utf8.RuneStart(mail.Subject[end]) {
		end--
	}
	return mail.Subject[:end]
}

// breaksLine says whether no subject has this character.
func breaksLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

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
