package letter

import (
	"html"
	"strings"

	"tocsin/shared/deliver"
	"tocsin/shared/wire"
)

// notice is a text around one link.
type notice struct {
	before []string // paragraphs
	prompt string   // what the link is for
	button string   // the same in a few words
	link   string
	after  []string // paragraphs
}

// confirmation says who wants to send, which topic it is, what to press, for how
// long that works, and what to do when it is not wanted.
func confirmation(d deliver.Delivery) notice {
	if d.Type == wire.TypeUnsubscribed {
		return notice{
			before: []string{
				"Hello,",
				"you will get no more notifications from " + From(d) + " by e-mail. They came from this topic:",
				d.TopicURN,
			},
			prompt: "If that was a mistake, open this link within 48 hours and press the button to subscribe again:",
			button: "Subscribe again",
			link:   d.SubscribeURL,
			after:  []string{"If it was not, you need not do anything."},
		}
	}
	n := notice{
		before: []string{
			"Hello,",
			From(d) + " would like to send you notifications by e-mail, from this topic:",
			d.TopicURN,
		},
		prompt: "To receive them, open this link within 48 hours and press the button:",
		button: "Confirm the subscription",
		link:   d.SubscribeURL,
		after:  []string{"If you do not want them, or do not know the sender, you need not do anything: nothing is sent until you confirm."},
	}
	if d.Introduction != "" {
		n.before = append(n.before, line(d.Introduction))
	}
	return n
}

func (n notice) text() string {
	parts := append(append(n.before[:len(n.before):len(n.before)], n.prompt, n.link), n.after...)
	return strings.Join(parts, "\n\n") + "\n"
}

func (n notice) html() string {
	var b strings.Builder
	for _, p := range n.before {
		b.WriteString(paragraph(p))
	}
	b.WriteString(paragraph(n.prompt))
	b.WriteString(`<p><a href="` + html.EscapeString(n.link) + `" style="display:inline-block;padding:10px 22px;` +
		`border-radius:6px;background:#0b57d0;color:#ffffff;text-decoration:none">` + html.EscapeString(n.button) + "</a></p>\n")
	b.WriteString(`<p style="font-size:13px;color:#5f6368">` + html.EscapeString(n.link) + "</p>\n")
	for _, p := range n.after {
		b.WriteString(paragraph(p))
	}
	return b.String()
}

// page is a whole document around a body.
func page(language, body string) string {
	return "<!doctype html>\n" +
		`<html lang="` + language + `"><head><meta charset="utf-8"></head>` + "\n" +
		`<body style="font:16px/1.5 sans-serif;max-width:40em;overflow-wrap:anywhere">` + "\n" + body + "</body></html>\n"
}

// paragraph shows a text as it was written, line by line.
func paragraph(text string) string {
	text = strings.ReplaceAll(html.EscapeString(text), "\r\n", "\n")
	return `<p style="white-space:pre-wrap">` + strings.ReplaceAll(text, "\n", "<br>") + "</p>\n"
}
