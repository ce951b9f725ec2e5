package httpapi

import (
	"html"
	"net/http"

	"tocsin/shared/smn"
)

// The pages behind the links in mails and SMS. Opening one changes nothing,
// because mail scanners open every link; its button posts to the same address
// and acts. So does a mail program that offers to unsubscribe by itself
// (List-Unsubscribe-Post).
var (
	ConfirmPage       = page("confirm-page", "GET /smn/subscription/confirm", showConfirm)
	ConfirmButton     = page("confirm-button", "POST /smn/subscription/confirm", pressConfirm)
	UnsubscribePage   = page("unsubscribe-page", "GET /smn/subscription/unsubscribe", showUnsubscribe)
	UnsubscribeButton = page("unsubscribe-button", "POST /smn/subscription/unsubscribe", pressUnsubscribe)
)

func page(name, route string, f func(*http.Request, smn.Service) (reply, error)) Operation {
	return Operation{Name: name, Route: route, door: pageDoor, bind: withService(f)}
}

func showConfirm(r *http.Request, _ smn.Service) (reply, error) {
	topic, err := smn.ParseTopicURN(r.URL.Query().Get("topic_urn"))
	about := "Do you want to receive the messages of this topic?"
	if err == nil {
		about = "Do you want to receive the messages of the topic " + topic.Name + "?"
	}
	return showPage(http.StatusOK, "Confirm your subscription", about, "Yes, subscribe me"), nil
}

func pressConfirm(r *http.Request, svc smn.Service) (reply, error) {
	urn, err := confirm(r, svc)
	return showPage(http.StatusOK, "You are subscribed", "You will receive the messages of the topic "+urn.Topic.Name+". Each one holds a link to unsubscribe.", ""), err
}

func showUnsubscribe(r *http.Request, _ smn.Service) (reply, error) {
	urn, err := smn.ParseSubscriptionURN(r.URL.Query().Get("subscription_urn"))
	if err != nil {
		return reply{}, err
	}
	return showPage(http.StatusOK, "Unsubscribe", "Do you want to stop receiving the messages of the topic "+urn.Topic.Name+"?", "Unsubscribe me"), nil
}

func pressUnsubscribe(r *http.Request, svc smn.Service) (reply, error) {
	return showPage(http.StatusOK, "You are unsubscribed", "You will receive no more messages. If this was a mistake: we have sent you a link that subscribes you again.", ""), unsubscribe(r, svc)
}

func spellPage(requestID string, err error) reply {
	f, detail := explain(err)
	return showPage(f.Status, "This did not work", join(f.Message, detail)+" (request "+requestID+")", "")
}

// showPage writes a page with at most one button, which posts to the page's own
// address. The texts may hold what strangers wrote.
func showPage(status int, title, text, button string) reply {
	body := `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>` + html.EscapeString(title) + `</title>
<style>
  body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem; overflow-wrap: anywhere }
  button { font: inherit; padding: .6rem 1.4rem; border: 0; border-radius: .4rem; background: #0b57d0; color: #fff; cursor: pointer }
</style>
<h1>` + html.EscapeString(title) + `</h1>
<p>` + html.EscapeString(text) + `</p>
`
	if button != "" {
		body += `<form method="post"><button>` + html.EscapeString(button) + "</button></form>\n"
	}
	return reply{
		status:      status,
		raw:         []byte(body),
		contentType: "text/html; charset=utf-8",
		header: map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
			"Referrer-Policy":         "no-referrer", // the address holds the token
			"Cache-Control":           "no-store",
		},
	}
}
