package chatbot

import (
	"net/http"
	"strings"
	"time"

	"tocsin/shared/deliver"
)

// teams: Microsoft Learn, "Create incoming webhooks with Workflows for Microsoft
// Teams" and "Create and send messages" (the form, 28 KB a message, 4 messages a
// second). A workflow answers 202 when it has begun. The older connectors answer 200
// with the text 1, and with another text when they failed:
//
//	POST https://….logic.azure.com/workflows/…
//	{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":{…}}]}
var teams = bot{
	message: func(text, link string) object {
		card := object{
			"$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
			"type":    "AdaptiveCard",
			"version": "1.4",
			"body":    []object{{"type": "TextBlock", "text": text, "wrap": true}},
		}
		if link != "" { // the underscores in one would be read as Markdown
			card["actions"] = []object{{"type": "Action.OpenUrl", "title": "Open the link", "url": link}}
		}
		return object{"type": "message", "attachments": []object{{
			"contentType": "application/vnd.microsoft.card.adaptive",
			"content":     card,
		}}}
	},
	// A card reads Markdown, where a single line break is a space.
	spell:   strings.NewReplacer("\r\n", "\n\n", "\n", "\n\n").Replace,
	maxBody: 28 << 10,
	judge:   judgeTeams,
}

func judgeTeams(status int, answer []byte) deliver.Outcome {
	text := strings.TrimSpace(string(answer))
	switch {
	case status != http.StatusOK, text == "1", text == "":
		return deliver.Outcome{Result: deliver.Delivered, Status: status}
	case strings.Contains(text, "returned HTTP error 429"):
		return deliver.Outcome{Result: deliver.Again, Status: status, Reason: "the service has had too much", After: time.Minute}
	case strings.Contains(text, "returned HTTP error 5"):
		return deliver.Outcome{Result: deliver.Again, Status: status, Reason: "the service is out of order"}
	}
	return unknownAnswer(status)
}
