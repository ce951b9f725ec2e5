package sms_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
	"tocsin/shared/deliver/sms"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// delivery is a notification for a phone.
func delivery(text string) deliver.Delivery {
	var d deliver.Delivery
	d.Type = wire.TypeNotification
	d.MessageID = "d84bd6629ef04513ad2e37bffd6e17cb"
	d.TopicURN = "urn:smn:local:0123456789abcdef0123456789abcdef:disk-alerts"
	d.SubscriptionURN = d.TopicURN + ":23cf104593284665a1f98691b1576976"
	d.Protocol = smn.SMS
	d.Endpoint = "+14155550100"
	d.Text = text
	return d
}

// gateway is one that remembers the last call and answers as it is told.
type gateway struct {
	status  int
	header  http.Header
	answer  string
	calls   int
	request string // method, path, and the headers that matter, a line each, and the body
	body    string
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	g.calls++
	lines := []string{r.Method + " " + r.RequestURI}
	for _, name := range []string{"Authorization", "Content-Type", "X-Key"} {
		for _, value := range r.Header[name] {
			lines = append(lines, name+": "+value)
		}
	}
	g.body = string(body)
	g.request = strings.Join(append(lines, "", g.body), "\n")
	for name, values := range g.header {
		w.Header()[name] = values
	}
	w.WriteHeader(g.status)
	_, _ = io.WriteString(w, g.answer)
}

// open starts a gateway, and a sender that has it in place of the real one.
func open(t testing.TB, s sms.Settings) (*gateway, *sms.Sender) {
	g := &gateway{status: 200}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	s.URL = server.URL + s.URL
	read, err := s.Read()
	require.NoError(t, err)
	poster := post.New(post.Config{AllowPrivate: true})
	t.Cleanup(poster.Close)
	return g, sms.New(poster, read)
}

var (
	twilio = sms.Settings{Preset: "twilio", From: "+14155550199", User: "AC0123", Password: "to/ken"}
	vonage = sms.Settings{Preset: "vonage", From: "Tocsin", User: "key", Password: `sec"ret`}
)

func TestTwilio(t *testing.T) {
	g, s := open(t, twilio)
	g.status, g.answer = 201, `{"sid":"SM1","status":"queued"}`
	require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 201}, s.Send(t.Context(), delivery("90 % full & more\n磁盘")))
	require.Equal(t, `POST /2010-04-01/Accounts/AC0123/Messages.json
Authorization: Basic QUMwMTIzOnRvL2tlbg==
Content-Type: application/x-www-form-urlencoded

To=%2B14155550100&From=%2B14155550199&Body=90+%25+full+%26+more%0A%E7%A3%81%E7%9B%98`, g.request)

	g.status, g.answer = 400, `{"code": 21211, "message": "The 'To' number +14155550100 is not valid", "status": 400}`
	require.Equal(t, deliver.Outcome{Result: deliver.Dead, Status: 400, Reason: "HTTP 400, code 21211"}, s.Send(t.Context(), delivery("x")))
	g.answer = "<html>"
	require.Equal(t, deliver.Outcome{Result: deliver.Dead, Status: 400, Reason: "HTTP 400"}, s.Send(t.Context(), delivery("x")))
	g.status, g.header, g.answer = 429, http.Header{"Retry-After": {"7"}}, `{"code": 20429}`
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Status: 429, Reason: "HTTP 429, code 20429", After: 7 * time.Second}, s.Send(t.Context(), delivery("x")))
}

func TestVonage(t *testing.T) {
	g, s := open(t, vonage)
	g.answer = `{"message-count": "1", "messages": [{"to": "14155550100", "status": "0"}]}`
	require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, s.Send(t.Context(), delivery(`90 % <full> & "more" {€}`)))
	require.Equal(t, `POST /sms/json
Content-Type: application/json

{"api_key":"key","api_secret":"sec\"ret","from":"Tocsin","to":"14155550100","text":"90 % <full> & \"more\" {€}","type":"text"}`, g.request)

	require.Equal(t, deliver.Delivered, s.Send(t.Context(), delivery("磁盘")).Result)
	require.Contains(t, g.request, `"text":"磁盘","type":"unicode"}`)
	require.Equal(t, deliver.Delivered, s.Send(t.Context(), delivery("it’s")).Result)
	require.Contains(t, g.request, `"type":"unicode"`)
}

func TestVonageAnswers(t *testing.T) {
	part := func(status string) string { return `{"to":"14155550100","message-id":"1","status":"` + status + `"}` }
	refused := func(r deliver.Result, status string) deliver.Outcome {
		return deliver.Outcome{Result: r, Status: 200, Reason: "the service answered status " + status}
	}
	unknown := deliver.Outcome{Result: deliver.Dead, Status: 200, Reason: "the answer is not one of this service"}
	g, s := open(t, vonage)
	for answer, want := range map[string]deliver.Outcome{
		part("1"):             refused(deliver.Again, "1"),
		part("5"):             refused(deliver.Again, "5"),
		part("4"):             refused(deliver.Dead, "4"),
		part("29"):            refused(deliver.Dead, "29"),
		part("0") + part("0"): {Result: deliver.Delivered, Status: 200},
		part("0") + part("1"): refused(deliver.Again, "1"),
		strings.Repeat(part("0")+strings.Repeat(" ", 400), 15): {Result: deliver.Delivered, Status: 200}, // longer than what is read
		`{"to":"\"status\":\"0\""}`:                            unknown,
		`{"status":0}`:                                         unknown,
		"":                                                     unknown,
		"OK":                                                   unknown,
	} {
		g.answer = `{"message-count":"1","messages":[` + answer + "]}"
		require.Equal(t, want, s.Send(t.Context(), delivery("x")), answer)
	}
	g.status = 503
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Status: 503, Reason: "HTTP 503"}, s.Send(t.Context(), delivery("x")))
}

func TestAGatewayOfOnesOwn(t *testing.T) {
	const text = "a \"b\"\\\n{from}&to=1"
	for name, c := range map[string]struct {
		settings sms.Settings
		want     string
	}{
		"by default": {
			sms.Settings{URL: "/send?x=1"},
			"POST /send?x=1\nContent-Type: application/json\n\n" +
				`{"to":"+14155550100","from":"","text":"a \"b\"\\\n{from}&to=1","message_id":"d84bd6629ef04513ad2e37bffd6e17cb"}`,
		},
		"JSON": {
			sms.Settings{
				Method: "PUT", From: "Tocsin", Headers: `{"X-Key":"secret","content-type":"application/json; charset=utf-8"}`,
				Body: `{"messages": [{"to": ["{to}"], "body": "{from}: {text}"}]}`, User: "me", Password: "p@ss",
			},
			"PUT /\nAuthorization: Basic bWU6cEBzcw==\nContent-Type: application/json\nX-Key: secret\n\n" +
				`{"messages": [{"to": ["+14155550100"], "body": "Tocsin: a \"b\"\\\n{from}&to=1"}]}`,
		},
		"a form": {
			sms.Settings{Headers: `{"Authorization":"Bearer secret"}`, Body: "to={to}&text={text}&id={message_id}&flash=0"},
			"POST /\nAuthorization: Bearer secret\nContent-Type: application/x-www-form-urlencoded\n\n" +
				"to=%2B14155550100&text=a+%22b%22%5C%0A%7Bfrom%7D%26to%3D1&id=d84bd6629ef04513ad2e37bffd6e17cb&flash=0",
		},
		"a query": {
			sms.Settings{URL: "/cgi-bin/sendsms?user=x", Method: "GET", Body: "to={to}&text={text}"},
			"GET /cgi-bin/sendsms?user=x&to=%2B14155550100&text=a+%22b%22%5C%0A%7Bfrom%7D%26to%3D1\n\n",
		},
	} {
		g, s := open(t, c.settings)
		require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, s.Send(t.Context(), delivery(text)), name)
		require.Equal(t, c.want, g.request, name)
	}
}

func TestAnswersOfAGateway(t *testing.T) {
	g, s := open(t, sms.Settings{})
	for status, want := range map[int]deliver.Result{
		200: deliver.Delivered, 202: deliver.Delivered, 408: deliver.Again, 429: deliver.Again, 500: deliver.Again, 503: deliver.Again,
		302: deliver.Dead, 400: deliver.Dead, 401: deliver.Dead, 404: deliver.Dead,
	} {
		g.status, g.header = status, http.Header{"Retry-After": {"60"}}
		o := s.Send(t.Context(), delivery("x"))
		require.Equal(t, want, o.Result, status)
		require.Equal(t, status, o.Status)
		require.Equal(t, want == deliver.Again, o.After == time.Minute)
	}
}

func TestWhatIsSent(t *testing.T) {
	g, s := open(t, sms.Settings{Body: "to={to}&text={text}"})
	text := func(d deliver.Delivery) string {
		require.Equal(t, deliver.Delivered, s.Send(t.Context(), d).Result)
		values, err := url.ParseQuery(g.body)
		require.NoError(t, err)
		return values.Get("text")
	}
	d := delivery("")
	d.Type, d.TopicDisplay, d.SubscribeURL = wire.TypeConfirmation, "Disk Watch", "https://host.example/confirm?token=00"
	require.Equal(t, "Disk Watch would like to send you messages. To agree, open within 48 hours: https://host.example/confirm?token=00", text(d))
	require.Equal(t, "\uFFFDa", text(delivery("\xffa")))

	long := strings.Repeat("字", smn.MaxSMS)
	require.Equal(t, long, text(delivery(long)))
	g.calls = 0
	require.Equal(t, deliver.Outcome{Result: deliver.Dead, Reason: "the text has more than 1,000 characters"}, s.Send(t.Context(), delivery(long+"字")))
	for _, endpoint := range []string{"", "ann", "+1415555010a", "1\n2", "+1234567890123456"} {
		d := delivery("x")
		d.Endpoint = endpoint
		require.Equal(t, deliver.Outcome{Result: deliver.Dead, Reason: "the endpoint is not a phone number"}, s.Send(t.Context(), d))
	}
	require.Zero(t, g.calls)
}

func TestSettingsThatCannotBe(t *testing.T) {
	ok := sms.Settings{URL: "https://example.com/secret"}
	for name, c := range map[string]struct {
		change func(*sms.Settings)
		want   string
	}{
		"no URL":           {func(s *sms.Settings) { s.URL = "" }, "TOCSIN_SMS_URL"},
		"another scheme":   {func(s *sms.Settings) { s.URL = "ftp://secret" }, "TOCSIN_SMS_URL"},
		"bad URL":          {func(s *sms.Settings) { s.URL = "https://a:secret%@b" }, "TOCSIN_SMS_URL"},
		"placeholder":      {func(s *sms.Settings) { s.URL = "https://secret/?to={to}" }, "no placeholders"},
		"unknown preset":   {func(s *sms.Settings) { s.Preset = "secret" }, "twilio or vonage"},
		"method":           {func(s *sms.Settings) { s.Method = "DELETE" }, "POST, PUT or GET"},
		"GET of JSON":      {func(s *sms.Settings) { s.Method = "GET" }, "needs a form"},
		"bad JSON":         {func(s *sms.Settings) { s.Body = `{"to":{to},"text":"{text}","k":"secret"}` }, "inside of quotes"},
		"half an escape":   {func(s *sms.Settings) { s.Body = `{"to":"{to}","text":"\{text}"}` }, "valid JSON"},
		"half a character": {func(s *sms.Settings) { s.Body = `{"to":"{to}","text":"\u00{text}"}` }, "valid JSON"},
		"bad form":         {func(s *sms.Settings) { s.Body = "to={to}&text=%2{text}" }, "not a form"},
		"form of lines":    {func(s *sms.Settings) { s.Body = "to={to}\ntext={text}" }, "not a form"},
		"typo":             {func(s *sms.Settings) { s.Body = "to={to}&text={text}&x={secret}" }, "a placeholder other than"},
		"no text":          {func(s *sms.Settings) { s.Body = "to={to}" }, "needs the placeholders"},
		"no number":        {func(s *sms.Settings) { s.Body = "text={text}" }, "needs the placeholders"},
		"headers":          {func(s *sms.Settings) { s.Headers = "secret" }, "JSON object"},
		"null headers":     {func(s *sms.Settings) { s.Headers = "null" }, "JSON object"},
		"header of number": {func(s *sms.Settings) { s.Headers = `{"X":5}` }, "JSON object"},
		"header name":      {func(s *sms.Settings) { s.Headers = `{"X secret":"a"}` }, "names and values"},
		"header value":     {func(s *sms.Settings) { s.Headers = `{"X":"secret\r\nY: 1"}` }, "names and values"},
		"host":             {func(s *sms.Settings) { s.Headers = `{"hOst":"secret"}` }, "cannot set"},
		"content type":     {func(s *sms.Settings) { s.Headers = `{"Content-Type":"text/plain"}` }, "Content-Type"},
		"two logins":       {func(s *sms.Settings) { s.Headers, s.User, s.Password = `{"authorization":"secret"}`, "me", "secret" }, "exclude"},
		"half a login":     {func(s *sms.Settings) { s.User = "secret" }, "go together"},
		"preset and body":  {func(s *sms.Settings) { *s = twilio; s.Body = "to={to}&text={text}" }, "unset"},
		"preset no user":   {func(s *sms.Settings) { *s = sms.Settings{Preset: "vonage", From: "x"} }, "TOCSIN_SMS_USER"},
		"preset no from":   {func(s *sms.Settings) { *s = vonage; s.From = "" }, "TOCSIN_SMS_FROM"},
	} {
		s := ok
		c.change(&s)
		_, err := s.Read()
		require.ErrorContains(t, err, c.want, name)
		require.ErrorContains(t, err, "TOCSIN_SMS_", name)
		require.NotContains(t, err.Error(), "secret", name)
	}
	for _, s := range []sms.Settings{ok, twilio, vonage} {
		_, err := s.Read()
		require.NoError(t, err)
	}
}

// FuzzPlaceholders: no text gets out of its place, in any of the forms.
func FuzzPlaceholders(f *testing.F) {
	f.Add(`x","to":"+1`, "{to}")
	f.Add("a&to=1%\x00\u2028\xff", `\`)
	json1, sendJSON := open(f, sms.Settings{Body: `{"to":"{to}","t":["{text}"],"id":"{message_id}"}`})
	form, sendForm := open(f, sms.Settings{Body: "to={to}&t={text}&id={message_id}"})
	tw, sendTwilio := open(f, twilio)
	vo, sendVonage := open(f, vonage)
	f.Fuzz(func(t *testing.T, text, id string) {
		d := delivery(text)
		id = strings.ToValidUTF8(id, "?")
		d.MessageID = id
		want := strings.ToValidUTF8(text, "\uFFFD")
		for _, s := range []*sms.Sender{sendJSON, sendForm, sendTwilio, sendVonage} {
			if o := s.Send(t.Context(), d); o.Status == 0 {
				return // too long
			}
		}
		require.Equal(t, map[string]any{"to": d.Endpoint, "t": []any{want}, "id": id}, object(t, json1.body))
		values, err := url.ParseQuery(form.body)
		require.NoError(t, err)
		require.Equal(t, url.Values{"to": {d.Endpoint}, "t": {want}, "id": {id}}, values)
		values, err = url.ParseQuery(tw.body)
		require.NoError(t, err)
		require.Equal(t, url.Values{"To": {d.Endpoint}, "From": {twilio.From}, "Body": {want}}, values)
		require.Equal(t, want, object(t, vo.body)["text"])
		require.Len(t, object(t, vo.body), 6)
	})
}

func object(t *testing.T, text string) (fields map[string]any) {
	require.NoError(t, json.Unmarshal([]byte(text), &fields), "%q", text)
	return fields
}
