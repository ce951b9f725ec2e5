package letter

import (
	"html"
	"strings"

	"tocsin/shared/deliver"
)

// language holds the words around the text of a publisher.
type language struct {
	code, because, unsubscribe, button string
}

var (
	english = language{
		code:        "en",
		because:     "You get this mail because this address is subscribed to {topic}.",
		unsubscribe: "To unsubscribe, open: ",
		button:      "Unsubscribe",
	}
	chinese = language{
		code:        "zh",
		because:     "您收到此邮件，是因为此地址订阅了 {topic}。",
		unsubscribe: "如需退订，请打开：",
		button:      "退订",
	}
)

// languageOf is the language that a message is to be read in.
func languageOf(d deliver.Delivery) language {
	if len(d.Locale) >= 2 && strings.EqualFold(d.Locale[:2], "zh") {
		return chinese
	}
	return english
}

// ending is what stands below the text of a notification.
type ending struct {
	language
	because, link string
}

// footer says how to get no more notifications, and why someone gets this one.
func footer(d deliver.Delivery) ending {
	topic := From(d)
	if name := d.TopicURN[strings.LastIndexByte(d.TopicURN, ':')+1:]; !strings.EqualFold(name, topic) {
		topic += " (" + name + ")"
	}
	spoken := languageOf(d)
	return ending{spoken, strings.Replace(spoken.because, "{topic}", topic, 1), d.UnsubscribeURL}
}

func (e ending) text() string {
	return "--\n" + e.unsubscribe + e.link + "\n" + e.because + "\n"
}

func (e ending) html() string {
	return "<hr>\n" + `<p style="font-size:13px;color:#5f6368">` + html.EscapeString(e.because) +
		` <a href="` + html.EscapeString(e.link) + `">` + html.EscapeString(e.button) + "</a></p>\n"
}
