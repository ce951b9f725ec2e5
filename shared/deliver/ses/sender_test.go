package ses_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/carrier/carriertest"
	"tocsin/shared/deliver/letter"
	"tocsin/shared/deliver/ses"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

const (
	address  = "notify@example.com"
	topicURN = "urn:smn:local:0123456789abcdef0123456789abcdef:disk-alerts"
	link     = "https://host.example/smn/subscription/unsubscribe?subscription_urn=" + topicURN + ":23cf104593284665a1f98691b1576976"
)

func notification() deliver.Delivery {
	return deliver.Delivery{
		Type:            wire.TypeNotification,
		MessageID:       "d84bd6629ef04513ad2e37bffd6e17cb",
		TopicURN:        topicURN,
		TopicDisplay:    "Disk Watch",
		SubscriptionURN: topicURN + ":23cf104593284665a1f98691b1576976",
		Protocol:        smn.Email,
		Endpoint:        "ann@example.org",
		Subject:         "Disk full",
		Text:            "90 % full",
		Timestamp:       time.Date(2024, 7, 10, 9, 45, 0, 0, time.UTC),
		UnsubscribeURL:  link,
	}
}

// request is what SES is sent.
type request struct {
	FromEmailAddress     string
	ConfigurationSetName string
	Destination          struct{ ToAddresses []string }
	Content              struct {
		Simple struct {
			Subject content
			Body    struct{ Text, Html content }
			Headers []struct{ Name, Value string }
		}
	}
}

type content struct{ Charset, Data string }

// service answers as SES does, by a script, and keeps what it was asked.
type service struct {
	answer http.HandlerFunc // nil to take all

	mu    sync.Mutex
	calls atomic.Int64
	last  request
	body  string
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.calls.Add(1)
	s.mu.Lock()
	s.last, s.body = request{}, string(body)
	_ = json.Unmarshal(body, &s.last)
	s.mu.Unlock()
	if s.answer != nil {
		s.answer(w, r)
		return
	}
	taken(w, r)
}

var taken = carriertest.Say(200, `{"MessageId":"0100"}`)

// refuse answers as SES refuses, with words that must go nowhere.
func refuse(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"message":"ann@example.org is a `+carriertest.Secret+`"}`)
	}
}

func sender(t testing.TB, s *service, change func(*ses.Config)) *ses.Sender {
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c := ses.Config{From: address, AWS: carriertest.Config(server.URL)}
	if change != nil {
		change(&c)
	}
	made, err := ses.New(c)
	require.NoError(t, err)
	return made
}

func TestNotification(t *testing.T) {
	var s service
	d := notification()
	o := sender(t, &s, nil).Send(t.Context(), d)
	require.Equal(t, deliver.Outcome{Status: 200}, o)
	var want request
	require.NoError(t, json.Unmarshal([]byte(`{
		"FromEmailAddress": "\"Disk Watch\" <notify@example.com>",
		"Destination": {"ToAddresses": ["ann@example.org"]},
		"Content": {"Simple": {
			"Subject": {"Data": "Disk full"},
			"Headers": [
				{"Name": "Auto-Submitted", "Value": "auto-generated"},
				{"Name": "List-Unsubscribe", "Value": "<`+link+`>"},
				{"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"}
			]
		}}
	}`), &want))
	want.Content.Simple.Body.Text = content{"UTF-8", letter.Text(d)}
	want.Content.Simple.Body.Html = content{"UTF-8", letter.HTML(d)}
	require.Equal(t, want, s.last)
	require.Contains(t, s.last.Content.Simple.Body.Text.Data, "\nTo unsubscribe, open: "+link+"\n")
	require.NotContains(t, s.body, "ConfigurationSet")
}

func TestConfirmation(t *testing.T) {
	var s service
	d := notification()
	d.Type, d.TopicDisplay, d.UnsubscribeURL, d.SubscribeURL = wire.TypeConfirmation, "", "", "https://host.example/confirm?token=00"
	o := sender(t, &s, func(c *ses.Config) { c.ConfigurationSet = "tocsin-set" }).Send(t.Context(), d)
	require.Equal(t, deliver.Delivered, o.Result)
	require.Equal(t, "<notify@example.com>", s.last.FromEmailAddress, "no name was given")
	require.Equal(t, "tocsin-set", s.last.ConfigurationSetName)
	require.Equal(t, "Please confirm your subscription to disk-alerts", s.last.Content.Simple.Subject.Data)
	require.Len(t, s.last.Content.Simple.Headers, 1, "nothing is subscribed yet")
	require.Contains(t, s.last.Content.Simple.Body.Text.Data, d.SubscribeURL)
	require.Contains(t, s.last.Content.Simple.Body.Html.Data, d.SubscribeURL)
}

func TestAddressesThatCannotBeWrittenTo(t *testing.T) {
	var s service
	sends := sender(t, &s, nil)
	for endpoint, want := range map[string]string{
		"":                                "the endpoint is not a mail address",
		"ann":                             "the endpoint is not a mail address",
		"a@b.org,c@d.org":                 "the endpoint is not a mail address",
		"Ann <a@b.org>":                   "the endpoint is not a mail address",
		"a@b.org\r\nBcc: all@example.org": "the endpoint is not a mail address",
		"jörg@example.org":                "SES does not take addresses with other characters than ASCII",
		"joerg@exämple.org":               "SES does not take addresses with other characters than ASCII",
	} {
		d := notification()
		d.Endpoint = endpoint
		require.Equal(t, deliver.Outcome{Result: deliver.Dead, Reason: want}, sends.Send(t.Context(), d), endpoint)
	}
	require.Zero(t, s.calls.Load())
}

func TestCarrier(t *testing.T) {
	carriertest.Run(t, carriertest.Case{
		Service: "SES",
		New: func(t *testing.T, cfg aws.Config, rate float64) deliver.Sender {
			made, err := ses.New(ses.Config{From: address, AWS: cfg, Rate: rate})
			require.NoError(t, err)
			return made
		},
		Delivery: notification(),
		Take:     taken,
		Refuse:   refuse,
		Refusals: map[deliver.Result]map[string]int{
			deliver.Dead: {
				"MessageRejected":                    400,
				"MailFromDomainNotVerifiedException": 400,
				"BadRequestException":                400,
			},
			deliver.Later: {
				"TooManyRequestsException": 429,
				"ThrottlingException":      400,
				"LimitExceededException":   400,
			},
			deliver.Again: {
				"AccountSuspendedException":     400,
				"SendingPausedException":        400,
				"NotFoundException":             404,
				"AccessDeniedException":         403,
				"UnrecognizedClientException":   400,
				"InternalFailure":               500,
				"InternalServiceErrorException": 500,
				"ServiceUnavailable":            503,
			},
		},
		Odd: map[string]http.HandlerFunc{
			"an empty object": carriertest.Say(200, `{}`),
			"no JSON":         carriertest.Say(200, `<html>secret</html>`),
			"half of it":      carriertest.Say(200, `{"MessageId":"01`),
			"another type":    carriertest.Say(200, `{"MessageId":{"a":1}}`),
		},
	})
}

// The code of a refusal stands in the header or in the body, with more around it.
func TestCodes(t *testing.T) {
	for _, answer := range []http.HandlerFunc{
		refuse(400, "MessageRejected:http://internal.amazon.com/coral/com.amazonaws.ses/"),
		refuse(400, "com.amazonaws.ses#MessageRejected"),
		func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"com.amazonaws.ses#MessageRejected","message":"secret"}`)
		},
	} {
		s := service{answer: answer}
		o := sender(t, &s, nil).Send(t.Context(), notification())
		require.Equal(t, deliver.Outcome{Result: deliver.Dead, Status: 400, Reason: "SES refused the message (MessageRejected)"}, o)
	}
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	for want, spoil := range map[string]func(*ses.Config){
		"AWS":              func(c *ses.Config) { c.AWS = aws.Config{} },
		"From":             func(c *ses.Config) { c.From = "Disk Watch <notify@example.com>" },
		"ConfigurationSet": func(c *ses.Config) { c.ConfigurationSet = "a b" },
		"Rate":             func(c *ses.Config) { c.Rate = -1 },
	} {
		c := ses.Config{AWS: carriertest.Config("http://127.0.0.1"), From: address}
		_, err := ses.New(c)
		require.NoError(t, err)
		spoil(&c)
		_, err = ses.New(c)
		require.ErrorContains(t, err, "Config."+want)
	}
}

// inProcess is SES without a wire.
type inProcess struct{ last request }

func (p *inProcess) Do(r *http.Request) (*http.Response, error) {
	p.last = request{}
	err := json.NewDecoder(r.Body).Decode(&p.last)
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(`{"MessageId":"0100"}`))}, err
}

// FuzzMail: whatever strangers have written, SES gets headers that hold what they are
// to hold and nothing else.
func FuzzMail(f *testing.F) {
	f.Add("Disk full", "Disk Watch", "90 % full", "ann@example.org", link, false)
	f.Add("a\r\nBcc: all@example.org", "x\r\n\r\nbody\"<>", ".\r\n.\n\x00", "ann@example.org\r\nBcc: x@y.z", "https://h/\r\nX: y", true)
	f.Add("=?utf-8?q?=0D=0A?=", "=?utf-8?q?x?=", strings.Repeat("x", 2000)+"\xff", "jörg@exämple.org", "https://h/>,<mailto:a@b.c>", false)
	f.Add(" ", " ", "0", "0@0", "0", false)
	f.Add("磁盘已满", "磁盘, \"x\" <a@b.c>", "满", "ann@example.org", "https://h/é", false)
	var client inProcess
	cfg := carriertest.Config("http://127.0.0.1")
	cfg.HTTPClient = &client
	sends, err := ses.New(ses.Config{AWS: cfg, From: address})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, subject, display, text, endpoint, url string, confirmation bool) {
		d := notification()
		d.Subject, d.TopicDisplay, d.Introduction, d.Text, d.Endpoint, d.UnsubscribeURL = subject, display, display, text, endpoint, url
		if confirmation {
			d.Type, d.SubscribeURL, d.UnsubscribeURL = wire.TypeConfirmation, url, ""
		}
		if o := sends.Send(t.Context(), d); o.Result != deliver.Delivered {
			require.Equal(t, deliver.Dead, o.Result, o)
			return
		}
		simple := client.last.Content.Simple
		require.Equal(t, []string{endpoint}, client.last.Destination.ToAddresses)
		require.Regexp(t, `^[!-~]+@[!-~]+$`, endpoint)
		require.Regexp(t, `^[ -~]+$`, client.last.FromEmailAddress)
		from, err := mail.ParseAddress(client.last.FromEmailAddress)
		require.NoError(t, err)
		require.Equal(t, &mail.Address{Name: letter.SenderName(d), Address: address}, from)
		require.Regexp(t, `^[ -~]+$`, simple.Subject.Data)
		for i, h := range simple.Headers {
			require.Equal(t, []string{"Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post"}[i], h.Name)
			require.Regexp(t, `^[ -~]{1,870}$`, h.Value)
		}
		require.Equal(t, strings.ToValidUTF8(letter.Text(d), "\uFFFD"), simple.Body.Text.Data)
		require.Equal(t, strings.ToValidUTF8(letter.HTML(d), "\uFFFD"), simple.Body.Html.Data)
	})
}
