package outbox

import (
	"tocsin/shared/deliver"
	"tocsin/shared/wire"
)

// sender is who a mail seems to come from, for people.
func sender(d deliver.Delivery) string {
	if d.TopicDisplay != "" {
		return d.TopicDisplay
	}
	return lastPart(d.TopicURN) // the topic's name
}

func mailSubject(d deliver.Delivery) string {
	switch {
	case d.Type == wire.TypeConfirmation:
		return "Please confirm your subscription to " + sender(d)
	case d.Type == wire.TypeUnsubscribed:
		return "You have unsubscribed from " + sender(d)
	case d.Subject != "":
		return d.Subject
	default:
		return sender(d)
	}
}

func mailText(d deliver.Delivery) string {
	switch d.Type {
	case wire.TypeConfirmation:
		return "Hello,\n\n" +
			sender(d) + " would like to send you notifications by e-mail, from this topic:\n\n" +
			d.TopicURN + "\n\n" +
			"To receive them, open this link within 48 hours and press the button:\n\n" +
			d.SubscribeURL + "\n\n" +
			"If you do not want them, you need not do anything.\n"
	case wire.TypeUnsubscribed:
		return "Hello,\n\n" +
			"you will get no more notifications from " + sender(d) + ", topic:\n\n" +
			d.TopicURN + "\n\n" +
			"If that was a mistake, open this link within 48 hours and press the button to subscribe again:\n\n" +
			d.SubscribeURL + "\n"
	default:
		return d.Text + "\n\n--\nTo unsubscribe, open: " + d.UnsubscribeURL + "\n"
	}
}

// shortText is what a phone shows.
func shortText(d deliver.Delivery) string {
	switch d.Type {
	case wire.TypeConfirmation:
		return sender(d) + " would like to send you messages. To agree, open within 48 hours: " + d.SubscribeURL
	case wire.TypeUnsubscribed:
		return "You will get no more messages from " + sender(d) + ". To subscribe again, open within 48 hours: " + d.SubscribeURL
	default:
		return d.Text
	}
}
