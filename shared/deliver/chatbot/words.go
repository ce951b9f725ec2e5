package chatbot

import (
	"sort"
	"strings"
	"unicode/utf8"

	"tocsin/shared/deliver"
	"tocsin/shared/wire"
)

// words are what a delivery says to people. A text that is too long is cut, its
// link is not.
type words struct {
	text   string
	prompt string // what the link is for; empty with the link
	link   string
	needed bool // without the link the text makes no sense
}

func wordsOf(d deliver.Delivery) words {
	switch d.Type {
	case wire.TypeConfirmation:
		return words{
			text:   d.From() + " would like to send notifications to this chat, from this topic:\n" + d.TopicURN,
			prompt: "To receive them, open this link within 48 hours and press the button: ",
			link:   d.SubscribeURL,
			needed: true,
		}
	case wire.TypeUnsubscribed:
		return words{
			text:   "This chat will get no more notifications from " + d.From() + ", topic:\n" + d.TopicURN,
			prompt: "If that was a mistake, open this link within 48 hours and press the button to subscribe again: ",
			link:   d.SubscribeURL,
			needed: true,
		}
	}
	w := words{text: d.Text, prompt: "To unsubscribe, open: ", link: d.UnsubscribeURL}
	if d.Subject != "" {
		w.text = d.Subject + "\n" + d.Text
	}
	return w
}

// plain is all in one text. A bot that wants a keyword gets it as the first line,
// unless the text has it anyway.
func (w words) plain(keyword string) string {
	text := w.text
	if w.link != "" {
		text += "\n\n" + w.prompt + w.link
	}
	if !strings.Contains(text, keyword) {
		text = keyword + "\n" + text
	}
	return text
}

// shortened is as much of w as fits. If the link leaves no room for a text, it is
// left out; where it is needed, the text is.
func (w words) shortened(fits func(words) bool) words {
	if fits(w) {
		return w
	}
	if !w.needed && !fits(w.cut(0)) {
		w.prompt, w.link = "", ""
	}
	n := sort.Search(len(w.text), func(n int) bool { return !fits(w.cut(n)) })
	return w.cut(max(n-1, 0))
}

// cut leaves n bytes of the text, or as much less as ends with a whole character.
func (w words) cut(n int) words {
	for n > 0 && !utf8.RuneStart(w.text[n]) {
		n--
	}
	w.text = w.text[:n] + "…"
	return w
}
