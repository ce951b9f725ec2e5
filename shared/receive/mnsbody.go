package receive

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"tocsin/shared/mns"
)

// mnsBody is the body of a notification in XML, of any namespace, and in JSON.
type mnsBody struct {
	XMLName          xml.Name    `xml:"Notification" json:"-"`
	TopicOwner       string      `xml:"TopicOwner"`
	TopicName        string      `xml:"TopicName"`
	Subscriber       string      `xml:"Subscriber"`
	SubscriptionName string      `xml:"SubscriptionName"`
	MessageID        string      `xml:"MessageId" json:"MessageId"`
	MessageMD5       string      `xml:"MessageMD5"`
	Message          string      `xml:"Message"`
	MessageTag       string      `xml:"MessageTag"`
	PublishTime      json.Number `xml:"PublishTime"` // milliseconds; a text in JSON, or a number
}

// parseMNS reads a notification that is genuine.
func parseMNS(header http.Header, body []byte) (Notification, error) {
	format := formatOf(header)
	var b mnsBody
	var err error
	switch format {
	case XML:
		err = parseXML(body, &b)
	case JSON:
		err = json.Unmarshal(body, &b)
	case Simplified:
		b = simplified(header, body)
	}
	if err != nil {
		return Notification{}, invalid("the body is not a notification in %s", format)
	}
	n, err := b.notification()
	if err != nil {
		return Notification{}, err
	}
	n.Format, n.Body = format, body
	return n, nil
}

// formatOf tells the formats apart by headers, which are signed: a text could be
// written so that it looks like a notification of another topic. Only the simplified
// one has its message id in a header.
func formatOf(header http.Header) Format {
	media, _, _ := mime.ParseMediaType(header.Get("Content-Type")) // nothing, if it is something else
	switch {
	case media == "text/xml" || media == "application/xml":
		return XML
	case media == "application/json" || header.Get(mns.HeaderMessageID) == "":
		return JSON
	}
	return Simplified
}

// parseXML reads one document and nothing behind it.
func parseXML(body []byte, b *mnsBody) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(b); err != nil {
		return err
	}
	for {
		switch token, err := d.Token(); t := token.(type) {
		case nil:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return errors.New("text behind the document")
			}
		case xml.StartElement:
			return errors.New("a second document")
		}
	}
}

func simplified(header http.Header, body []byte) mnsBody {
	return mnsBody{
		TopicOwner:       header.Get(mns.HeaderTopicOwner),
		TopicName:        header.Get(mns.HeaderTopicName),
		Subscriber:       header.Get(mns.HeaderSubscriber),
		SubscriptionName: header.Get(mns.HeaderSubscriptionName),
		MessageID:        header.Get(mns.HeaderMessageID),
		MessageMD5:       mns.BodyMD5(string(body)),
		Message:          string(body),
		MessageTag:       header.Get(mns.HeaderMessageTag),
		PublishTime:      json.Number(header.Get(mns.HeaderPublishTime)),
	}
}

// lastTime is the last that has four digits for its year, in milliseconds.
const lastTime = 253402300799999

// notification checks that all is there but the tag, which may be missing.
func (b mnsBody) notification() (Notification, error) {
	for _, field := range []struct{ name, value string }{
		{"TopicOwner", b.TopicOwner},
		{"TopicName", b.TopicName},
		{"Subscriber", b.Subscriber},
		{"SubscriptionName", b.SubscriptionName},
		{"MessageId", b.MessageID},
		{"MessageMD5", b.MessageMD5},
		{"Message", b.Message},
	} {
		if field.value == "" {
			return Notification{}, invalid("%s is missing", field.name)
		}
		if !utf8.ValidString(field.value) {
			return Notification{}, invalid("%s is not UTF-8", field.name)
		}
	}
	published, err := strconv.ParseInt(b.PublishTime.String(), 10, 64)
	if err != nil || published <= 0 || published > lastTime {
		return Notification{}, invalid("PublishTime is missing or no time in milliseconds")
	}
	return Notification{
		Protocol:     MNS,
		TopicOwner:   b.TopicOwner,
		Topic:        b.TopicName,
		Subscription: b.SubscriptionName,
		Subscriber:   b.Subscriber,
		MessageID:    b.MessageID,
		MessageMD5:   b.MessageMD5,
		Tag:          b.MessageTag,
		Text:         b.Message,
		Published:    time.UnixMilli(published).UTC(),
	}, nil
}
