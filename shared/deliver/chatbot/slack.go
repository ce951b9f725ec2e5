package chatbot

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"tocsin/shared/deliver"
)

// slack: Slack developer documents, "Sending messages using incoming webhooks" (the
// form, "ok" for success), "Formatting message text" (what must be escaped) and
// "Truncating really long messages" (40,000 characters). Failures have a status:
// 400, 403, 404 and 410 for good, 429 with Retry-After for too many.
//
//	POST https://hooks.slack.com/services/…
//	{"text":"…"}
//	ok
//
// Mattermost and others take the same.
var slack = bot{
	message: func(text, _ string) object { return object{"text": text} },
	spell:   strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace,
	maxText: 40_000,
	size:    utf8.RuneCountInString,
	judge: func(status int, answer []byte) deliver.Outcome {
		if string(bytes.TrimSpace(answer)) != "ok" {
			return unknownAnswer(status)
		}
		return deliver.Outcome{Result: deliver.Delivered, Status: status}
	},
}
