package sms

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// message is what a gateway is to send.
type message struct{ to, from, text, id string }

// template is a body with placeholders. What stands for them is escaped, so that no
// text gets out of the place that it was given: as a JSON text, which is where a
// placeholder stands in valid JSON, or as a value of a form.
type template string

var placeholder = regexp.MustCompile(`\{[A-Za-z_]+\}`)

// readTemplate checks a template, and says whether it is that of a form.
func readTemplate(text string) (t template, form bool, err error) {
	begin := strings.TrimSpace(text)
	form = !strings.HasPrefix(begin, "{") && !strings.HasPrefix(begin, "[")
	if form {
		if _, err := url.ParseQuery(text); err != nil || strings.ContainsAny(text, " \t\r\n#") {
			return "", false, errors.New("TOCSIN_SMS_BODY is not a form such as to={to}&text={text}, with other values percent-encoded")
		}
	} else if !json.Valid([]byte(text)) {
		return "", false, errors.New(`TOCSIN_SMS_BODY is not valid JSON: placeholders stand inside of quotes, as in {"to":"{to}","text":"{text}"}`)
	}
	for _, found := range placeholder.FindAllString(text, -1) {
		switch found {
		case "{to}", "{text}", "{from}", "{message_id}":
		default:
			return "", false, errors.New("TOCSIN_SMS_BODY has a placeholder other than {to}, {text}, {from} and {message_id}")
		}
	}
	if !strings.Contains(text, "{to}") || !strings.Contains(text, "{text}") {
		return "", false, errors.New("TOCSIN_SMS_BODY needs the placeholders {to} and {text}")
	}
	return template(text), form, nil
}

// fill puts a message into a template, in one pass: what looks like a placeholder
// in a text stays as it is.
func (t template) fill(m message, form bool) string {
	escape := escapeJSON
	if form {
		escape = url.QueryEscape
	}
	return strings.NewReplacer(
		"{to}", escape(m.to), "{text}", escape(m.text), "{from}", escape(m.from), "{message_id}", escape(m.id),
	).Replace(string(t))
}

// escapeJSON is s as it stands between the quotes of a JSON text.
func escapeJSON(s string) string {
	text := bytes.TrimSpace(encode(s))
	return string(text[1 : len(text)-1])
}

// encode writes JSON that nobody shows in a page, so < > & stay as they are.
func encode(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // texts
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}
