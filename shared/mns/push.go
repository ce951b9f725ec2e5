package mns

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers of notifications. Endpoints are known to look for these very letters.
const (
	HeaderRequestID        = "x-mns-request-id"
	HeaderVersion          = "x-mns-version"
	HeaderSigningCertURL   = "x-mns-signing-cert-url" // base64 of the URL
	HeaderMessageID        = "x-mns-message-id"
	HeaderMessageTag       = "x-mns-message-tag"
	HeaderPublishTime      = "x-mns-publish-time" // milliseconds
	HeaderTopicOwner       = "x-mns-topic-owner"
	HeaderTopicName        = "x-mns-topic-name"
	HeaderSubscriber       = "x-mns-subscriber"
	HeaderSubscriptionName = "x-mns-subscription-name"
	HeaderAuthorization    = "authorization" // the signature, and nothing before it
)

// PushAgent is the User-Agent of notifications.
const PushAgent = "Aliyun Notification Service Agent"

// PushPath is where notifications go if the endpoint names no path.
const PushPath = "/notifications"

// textType is the Content-Type of what is no XML.
const textType = "text/plain;charset=utf-8"

// Notification is what an endpoint is told of a message. Ids are spelt as MNS does. In
// XML, characters that XML cannot carry (most control characters) and bytes that are
// not UTF-8 become U+FFFD; MessageMD5 is that of the message as it was published, so a
// receiver can tell. JSON carries all characters, the simplified form all bytes.
type Notification struct {
	TopicOwner       string
	TopicName        string
	Subscriber       string
	SubscriptionName string
	MessageID        string
	Message          string
	MessageTag       string // empty for none
	PublishTime      time.Time
}

// Push is a notification as it is sent: what stands above the body, and the body. It
// is not signed yet.
type Push struct {
	Header []Field
	Body   []byte
}

// Push writes the notification in a form. requestID is NewRequestID's, certificateURL
// is where the certificate is that verifies its signature, and now the time of the
// attempt. It is false for a form that MNS does not have.
func (n *Notification) Push(form, requestID, certificateURL string, now time.Time) (Push, bool) {
	p := Push{Body: n.Body(form)}
	if p.Body == nil {
		return Push{}, false
	}
	contentType, sum := textType, ContentMD5(p.Body)
	switch form {
	case FormXML:
		contentType = ContentType
	case FormSimplified:
		sum = BodyMD5(n.Message) // where the others have base64
	}
	p.Header = append(make([]Field, 0, 16),
		Field{HeaderContentMD5, sum},
		Field{HeaderContentType, contentType},
		Field{HeaderDate, now.UTC().Format(http.TimeFormat)},
		Field{HeaderRequestID, requestID},
		Field{HeaderSigningCertURL, base64.StdEncoding.EncodeToString([]byte(certificateURL))},
		Field{HeaderVersion, Version},
	)
	if form == FormSimplified {
		p.Header = append(p.Header, n.fields()...)
	}
	return p, true
}

// Body is the body of Push alone, the same each time; nil for a form that MNS does not
// have.
func (n *Notification) Body(form string) []byte {
	switch form {
	case FormXML:
		return n.XML()
	case FormJSON:
		return n.JSON()
	case FormSimplified:
		return append([]byte{}, n.Message...)
	}
	return nil
}

// fields are the headers that tell of the message where the body does not.
func (n *Notification) fields() []Field {
	fields := []Field{
		{HeaderMessageID, n.MessageID},
		{HeaderPublishTime, n.publishTime()},
		{HeaderSubscriber, n.Subscriber},
		{HeaderSubscriptionName, n.SubscriptionName},
		{HeaderTopicName, n.TopicName},
		{HeaderTopicOwner, n.TopicOwner},
	}
	if n.MessageTag != "" && isHeaderValue(n.MessageTag) {
		fields = append(fields, Field{HeaderMessageTag, n.MessageTag})
	}
	return fields
}

// isHeaderValue says whether s arrives as it was sent in a header: printable ASCII,
// and no space around it, which receivers take away before they check the signature.
// Tags may be anything else; then they stand in the XML and JSON forms alone.
func isHeaderValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return strings.Trim(s, " ") == s
}

func (n *Notification) publishTime() string {
	return strconv.FormatInt(n.PublishTime.UnixMilli(), 10)
}

// XML is the notification as a document, laid out as MNS does, without a line end.
func (n *Notification) XML() []byte {
	var b bytes.Buffer
	b.Grow(len(n.Message) + len(n.Message)/8 + 1<<10)
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Notification xmlns="http://mns.aliyuncs.com/doc/v1/">` + "\n")
	element := func(name, value string) {
		b.WriteString("  <" + name + ">")
		_ = xml.EscapeText(&b, []byte(value)) // a buffer takes everything
		b.WriteString("</" + name + ">\n")
	}
	element("TopicOwner", n.TopicOwner)
	element("TopicName", n.TopicName)
	element("Subscriber", n.Subscriber)
	element("SubscriptionName", n.SubscriptionName)
	element("MessageId", n.MessageID)
	element("MessageMD5", BodyMD5(n.Message))
	element("Message", n.Message)
	if n.MessageTag != "" {
		element("MessageTag", n.MessageTag)
	}
	element("PublishTime", n.publishTime())
	b.WriteString("</Notification>")
	return b.Bytes()
}

// JSON is the notification as an object of strings. MessageTag is always there.
func (n *Notification) JSON() []byte {
	var b bytes.Buffer
	b.Grow(len(n.Message) + len(n.Message)/8 + 1<<10)
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // nobody shows it in a page
	_ = encoder.Encode(struct {  // of strings: it cannot fail
		TopicOwner, TopicName, Subscriber, SubscriptionName string
		MessageID                                           string `json:"MessageId"`
		Message, MessageMD5, MessageTag, PublishTime        string
	}{
		n.TopicOwner, n.TopicName, n.Subscriber, n.SubscriptionName,
		n.MessageID,
		n.Message, BodyMD5(n.Message), n.MessageTag, n.publishTime(),
	})
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}
