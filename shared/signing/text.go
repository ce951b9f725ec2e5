package signing

import (
	"fmt"
	"strings"

	"tocsin/shared/wire"
)

// signedText writes what a signature covers: for each field its name and its
// value, each ended by a line feed, in the order of the names. Which fields
// depends on the type; links to unsubscribe and the certificate are not covered.
//
// Only the message may have several lines. Without that rule a message that
// contains lines such as "message_id" could be cut in two at another place, and
// one signature would fit two different messages.
func signedText(p *wire.Push) ([]byte, error) {
	type field struct{ name, value string }
	var fields []field
	switch p.Type {
	case wire.TypeNotification:
		fields = []field{{"message_id", p.MessageID}, {"subject", p.Subject}, {"timestamp", p.Timestamp}, {"topic_urn", p.TopicURN}, {"type", p.Type}}
	case wire.TypeConfirmation, wire.TypeUnsubscribed:
		fields = []field{{"message_id", p.MessageID}, {"subscribe_url", p.SubscribeURL}, {"timestamp", p.Timestamp}, {"topic_urn", p.TopicURN}, {"type", p.Type}}
	default:
		return nil, fmt.Errorf("signing: unknown type of message %.40q", p.Type)
	}
	b := make([]byte, 0, len(p.Message)+512)
	b = append(b, "message\n"...)
	b = append(b, p.Message...)
	b = append(b, '\n')
	for _, f := range fields {
		if strings.ContainsAny(f.value, "\r\n") {
			return nil, fmt.Errorf("signing: %s has more than one line", f.name)
		}
		if f.name == "subject" && f.value == "" {
			continue // receivers differ on an empty subject, so there is none
		}
		b = append(b, f.name...)
		b = append(b, '\n')
		b = append(b, f.value...)
		b = append(b, '\n')
	}
	return b, nil
}
