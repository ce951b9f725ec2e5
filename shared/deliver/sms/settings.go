package sms

import (
	"cmp"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"tocsin/shared/smn"
	"tocsin/shared/validation"
)

// Settings are what an operator says of a gateway. With a preset, method, headers
// and body are given.
type Settings struct {
	Preset   string // twilio or vonage; empty for a gateway of one's own
	URL      string // where it is called; a preset knows by itself
	Method   string // POST (the default), PUT, or GET with the body as query
	Headers  string // a JSON object of texts; empty for none
	Body     string // a template in JSON or of a form; empty means defaultBody
	From     string // number or name that SMS come from
	User     string // for Basic authentication, or the account that the preset names
	Password string
}

const defaultBody = `{"to":"{to}","from":"{from}","text":"{text}","message_id":"{message_id}"}`

// Read makes a gateway of settings. No error repeats a value, which may hold a
// password or a key.
func (s Settings) Read() (Gateway, error) {
	if strings.Contains(s.URL, "{") {
		return Gateway{}, errors.New("TOCSIN_SMS_URL has no placeholders: for values in a query use TOCSIN_SMS_METHOD=GET with a form in TOCSIN_SMS_BODY")
	}
	if p, ok := presets[s.Preset]; ok {
		return s.preset(p)
	}
	if s.Preset != "" {
		return Gateway{}, errors.New("TOCSIN_SMS_PRESET must be twilio or vonage")
	}
	u, err := s.address(s.URL)
	if err != nil {
		return Gateway{}, err
	}
	body, form, err := readTemplate(cmp.Or(s.Body, defaultBody))
	if err != nil {
		return Gateway{}, err
	}
	g := Gateway{url: u.String(), from: s.From, method: cmp.Or(s.Method, http.MethodPost), form: form}
	g.write = func(m message) string { return body.fill(m, form) }
	switch g.method {
	case http.MethodPost, http.MethodPut:
	case http.MethodGet:
		if !g.form {
			return Gateway{}, errors.New("TOCSIN_SMS_METHOD=GET needs a form in TOCSIN_SMS_BODY, such as to={to}&text={text}, which becomes the query")
		}
	default:
		return Gateway{}, errors.New("TOCSIN_SMS_METHOD must be POST, PUT or GET")
	}
	g.header, err = readHeaders(s.Headers, g.contentType(), u.User != nil)
	return g, err
}

func (s Settings) preset(p preset) (Gateway, error) {
	if s.Method != "" || s.Headers != "" || s.Body != "" {
		return Gateway{}, errors.New("TOCSIN_SMS_PRESET says how the gateway is called: unset TOCSIN_SMS_METHOD, TOCSIN_SMS_HEADERS and TOCSIN_SMS_BODY")
	}
	u, err := s.address(cmp.Or(s.URL, p.url))
	if err != nil {
		return Gateway{}, err
	}
	account := u.User
	if account.Username() == "" || s.From == "" {
		return Gateway{}, errors.New("TOCSIN_SMS_PRESET needs TOCSIN_SMS_USER, TOCSIN_SMS_PASSWORD and TOCSIN_SMS_FROM")
	}
	if strings.Trim(u.Path, "/") == "" {
		u = u.JoinPath(p.path(account.Username()))
	}
	if p.inBody {
		u.User = nil
	}
	g := Gateway{url: u.String(), from: s.From, method: http.MethodPost, form: p.form, judge: p.judge}
	g.write = func(m message) string { return p.write(m, account) }
	return g, nil
}

// address reads the URL, and puts user and password into it.
func (s Settings) address(text string) (*url.URL, error) {
	if !validation.Fits(smn.HTTP, text) && !validation.Fits(smn.HTTPS, text) {
		return nil, errors.New("TOCSIN_SMS_URL must be an http or https URL")
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("TOCSIN_SMS_URL must be an http or https URL")
	}
	if (s.User == "") != (s.Password == "") {
		return nil, errors.New("TOCSIN_SMS_USER and TOCSIN_SMS_PASSWORD go together")
	}
	if s.User != "" {
		u.User = url.UserPassword(s.User, s.Password)
	}
	return u, nil
}

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// readHeaders reads the headers that go with each call. What the call itself
// decides cannot be set.
func readHeaders(text, contentType string, login bool) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	var headers map[string]string
	if json.Unmarshal([]byte(text), &headers) != nil || headers == nil {
		return nil, errors.New("TOCSIN_SMS_HEADERS must be a JSON object of texts")
	}
	for name, value := range headers {
		if !headerName.MatchString(name) || !validation.IsHeaderValue(value) {
			return nil, errors.New("TOCSIN_SMS_HEADERS: names and values must be those of headers, in printable ASCII")
		}
		switch strings.ToLower(name) {
		case "host", "content-length", "transfer-encoding", "connection", "user-agent":
			return nil, errors.New("TOCSIN_SMS_HEADERS cannot set Host, Content-Length, Transfer-Encoding, Connection or User-Agent")
		case "authorization":
			if login {
				return nil, errors.New("TOCSIN_SMS_HEADERS: Authorization and a user with a password exclude each other")
			}
		case "content-type":
			if kind, _, err := mime.ParseMediaType(value); err != nil || kind != contentType {
				return nil, errors.New("TOCSIN_SMS_HEADERS: Content-Type must be that of TOCSIN_SMS_BODY: application/json for a body that begins with a brace or bracket, else application/x-www-form-urlencoded")
			}
			delete(headers, name)
		}
	}
	return headers, nil
}
