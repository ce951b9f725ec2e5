package outbox

import (
	"strings"

	"tocsin/shared/deliver"
	"tocsin/shared/wire"
)

func mailSubject(d deliver.Delivery) string {
	switch {
	case d.Type == wire.TypeConfirmation:
		return "Please confirm your subscription to " + d.From()
	case d.Type == wire.TypeUnsubscribed:
		return "You have unsubscribed from " + d.From()
	case d.Subject != "":
		return d.Subject
	default:
		return d.From()
	}
}

func mailText(d deliver.Delivery) string {
	switch d.Type {
	case wire.TypeConfirmation:
		about := ""
		if d.Introduction != "" {
			about = d.Introduction + "\n\n"
		}
		return "Hello,\n\n" +
			d.From() + " would like to send you notifications by e-mail, from this topic:\n\n" +
			d.TopicURN + "\n\n" +
			about +
			"To receive them, open this link within 48 hours and press the button:\n\n" +
			d.SubscribeURL + "\n\n" +
			"If you do not want them, you need not do anything.\n"
	case wire.TypeUnsubscribed:
		return "Hello,\n\n" +
			"you will get no more notifications from " + d.From() + ", topic:\n\n" +
			d.TopicURN + "\n\n" +
			"If that was a mistake, open this link within 48 hours and press the button to subscribe again:\n\n" +
			d.SubscribeURL + "\n"
	default:
		return d.Text + "\n\n--\n" + unsubscribe(d.Locale) + d.UnsubscribeURL + "\n"
	}
}

// unsubscribe stands before the link to unsubscribe, in the language of the message.
func unsubscribe(locale string) string {
	if len(locale) >= 2 && strings.EqualFold(locale[:2], "zh") {
		return "如需退订，请打开："
	}
	return "To unsubscribe, open: "
}

// shortText is what a phone shows.
func shortText(d deliver.Delivery) string {
	switch d.Type {
	case wire.TypeConfirmation:
		about := ""
		if d.Introduction != "" {
			about = " (" + d.Introduction + ")"
		}
		return d.From() + " would like to send you messages" + about + ". To agree, open within 48 hours: " + d.SubscribeURL
	case wire.TypeUnsubscribed:
		return "You will get no more messages from " + d.From() + ". To subscribe again, open within 48 hours: " + d.SubscribeURL
	default:
		return d.Text
	}
}
