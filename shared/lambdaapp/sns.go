package lambdaapp

import (
	"encoding/json"
	"fmt"
	"strings"

	"tocsin/shared/notice"
)

// snsRecord is a message of SNS as Lambda gets it.
type snsRecord struct {
	EventSource string `json:"EventSource"`
	SNS         struct {
		MessageID string `json:"MessageId"`
		TopicARN  string `json:"TopicArn"`
		Subject   string `json:"Subject"`
		Message   string `json:"Message"`
		Timestamp string `json:"Timestamp"`
	} `json:"Sns"`
}

// read reads what SNS carries: an event, or a text.
func (r snsRecord) read() (happening, error) {
	if r.EventSource != "aws:sns" {
		return happening{}, fmt.Errorf("no notification is made of records of %q", r.EventSource)
	}
	if strings.HasPrefix(strings.TrimSpace(r.SNS.Message), "{") {
		if h, err := readOne(json.RawMessage(r.SNS.Message)); err == nil {
			if h.Key == nil {
				h.Key = r.key()
			}
			return h, nil
		}
	}
	topic := r.SNS.TopicARN[strings.LastIndexByte(r.SNS.TopicARN, ':')+1:]
	subject := r.SNS.Subject
	if subject == "" {
		subject = "Message of " + topic
	}
	return happening{Notice: notice.Notice{
		Source:  "aws.sns",
		Time:    notice.Time(r.SNS.Timestamp),
		Subject: subject,
		Brief:   r.SNS.Message,
		Summary: r.SNS.Message,
		Facts:   [][2]string{{"Time", notice.Time(r.SNS.Timestamp)}, {"SNS topic", r.SNS.TopicARN}},
		Key:     r.key(),
	}}, nil
}

// key is that of the message, which SNS may deliver several times.
func (r snsRecord) key() []string {
	if r.SNS.MessageID == "" {
		return nil
	}
	return []string{"sns", r.SNS.TopicARN, r.SNS.MessageID}
}
