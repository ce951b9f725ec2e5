package receive

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/signing"
	"tocsin/shared/wire"
)

func TestSMN(t *testing.T) {
	e := open(t, nil)
	p := smnSigned(t, smnNotification())
	body, err := json.Marshal(p)
	require.NoError(t, err)
	want := Notification{
		Protocol: SMN, Format: JSON, TopicOwner: "74dc9e44d0cc4573adfce91cdfdd3ba9", Topic: topicURN,
		Subscription: topicURN + ":23cf104593284665a1f98691b1576976", MessageID: "88c726942175432bac921eafd0036163",
		Subject: "demo", Text: "My test\nmessage", Published: time.Date(2016, 8, 15, 7, 29, 16, 0, time.UTC), Body: body,
	}
	require.Equal(t, want, e.takes(t, smnRequest(t, p)))

	want.Subscription = ""
	for _, urn := range []string{"", "x", topicURN, topicURN + "2:23cf104593284665a1f98691b1576976", topicURN + ":23cf104593284665a1f98691b1576976\n"} {
		r := smnRequest(t, p)
		r.Header.Set("X-SMN-SUBSCRIPTION-URN", urn)
		require.Equal(t, want, e.takes(t, r), urn)
	}
	r := smnRequest(t, p)
	r.Header.Set("x-mns-version", "2015-06-06")
	require.Equal(t, SMN, e.takes(t, r).Protocol, "a header that the subscriber has set")
	r = smnRequest(t, p)
	r.Header.Set("X-SMN-MESSAGE-TYPE", "SubscriptionConfirmation")
	require.Equal(t, "demo", e.takes(t, r).Subject, "what counts is signed")

	foreign := smnNotification()
	foreign.TopicURN, foreign.Subject, foreign.Message = "urn:smn:Region_1:x:y", "", ""
	n := e.takes(t, smnRequest(t, smnSigned(t, foreign)))
	require.Equal(t, []string{foreign.TopicURN, "", "", ""}, []string{n.Topic, n.TopicOwner, n.Subject, n.Text})
}

func TestSMNTampered(t *testing.T) {
	e := open(t, nil)
	for name, change := range map[string]func(*wire.Push){
		"message":     func(p *wire.Push) { p.Message += " " },
		"topic":       func(p *wire.Push) { p.TopicURN += "2" },
		"signature":   func(p *wire.Push) { p.Signature = "AAAA" },
		"none":        func(p *wire.Push) { p.Signature = "" },
		"version":     func(p *wire.Push) { p.SignatureVersion = "v2" },
		"certificate": func(p *wire.Push) { p.SigningCertURL = mnsPlace + "/notify.pem" },
		"other host":  func(p *wire.Push) { p.SigningCertURL = "https://evil.example/smn/x.pem" },
		"type":        func(p *wire.Push) { p.Type = wire.TypeUnsubscribed },
		"odd type":    func(p *wire.Push) { p.Type = "Other" },
	} {
		p := smnSigned(t, smnNotification())
		change(&p)
		t.Run(name, func(t *testing.T) { e.refuses(t, smnRequest(t, p), 403, noAccess, signing.ErrForged.Error()) })
	}
	for name, change := range map[string]func(*wire.Push){
		"no id":     func(p *wire.Push) { p.MessageID = "" },
		"no topic":  func(p *wire.Push) { p.TopicURN = "" },
		"no time":   func(p *wire.Push) { p.Timestamp = "" },
		"odd time":  func(p *wire.Push) { p.Timestamp = "yesterday" },
		"odd time2": func(p *wire.Push) { p.Timestamp = "2016-08-15 07:29:16" },
	} {
		p := smnNotification()
		change(&p)
		t.Run(name, func(t *testing.T) {
			e.refuses(t, smnRequest(t, smnSigned(t, p)), 400, noMessage, "message_id, topic_urn or timestamp")
		})
	}
	for _, body := range []string{"", "{", "{}", "[]", "null", "5", "\xff", `{"type":5}`, `{"type":"Notification","message":["a"]}`, strings.Repeat("[", 100_000)} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-SMN-MESSAGE-TYPE", "Notification")
		e.refuses(t, r, 400, noMessage, "not a message of SMN")
	}
	e = open(t, func(c *Config) { c.SMN = []string{smnBase, "https://other.example.com"}; c.Client = pages{}.client() })
	e.refuses(t, smnRequest(t, smnSigned(t, smnNotification())), 503, notForNow, signing.ErrUnavailable.Error())
}

func TestEachProtocolIsTrustedByItself(t *testing.T) {
	message, notification := smnRequest(t, smnSigned(t, smnNotification())), xmlPush(t, read(t, "notification.xml")).signed(t)
	e := open(t, func(c *Config) { c.SMN = nil })
	e.refuses(t, message, 403, noAccess, signing.ErrForged.Error())
	e = open(t, func(c *Config) { c.MNS = nil })
	e.refuses(t, notification, 403, noAccess, "not a place for it")
}

// confirming is an endpoint that asks what to do about subscriptions, and the links
// that were visited.
func confirming(t *testing.T, confirm func(context.Context, Confirmation) error, link func(*http.Request) (*http.Response, error)) (*endpoint, *[]string) {
	t.Helper()
	var visited []string
	certificates := known(t)
	return open(t, func(c *Config) {
		c.Confirm = confirm
		c.Client = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			if text, ok := certificates[r.URL.String()]; ok {
				return answer(200, text), nil
			}
			visited = append(visited, r.Method+" "+r.URL.String())
			return link(r)
		})}
	}), &visited
}

func follow(ctx context.Context, c Confirmation) error { return c.Follow(ctx) }

func fine(*http.Request) (*http.Response, error) { return answer(200, "{}"), nil }

func TestConfirmation(t *testing.T) {
	question := smnSigned(t, smnConfirmation())
	e, visited := confirming(t, nil, fine)
	status, text := e.answers(smnRequest(t, question))
	require.Equal(t, 201, status)
	require.Empty(t, text)
	require.Empty(t, *visited, "nobody has said that it should be")

	var asked Confirmation
	e, visited = confirming(t, func(ctx context.Context, c Confirmation) error { asked = c; return c.Follow(ctx) }, fine)
	status, text = e.answers(smnRequest(t, question))
	require.Equal(t, 201, status)
	require.Empty(t, text)
	require.Equal(t, []string{topicURN, question.Message}, []string{asked.TopicURN, asked.Text})
	require.Equal(t, []string{"GET " + question.SubscribeURL}, *visited)
	require.Empty(t, e.got, "it is no notification")

	e, visited = confirming(t, follow, fine)
	ended := smnConfirmation()
	ended.Type = wire.TypeUnsubscribed // its link would subscribe again
	status, _ = e.answers(smnRequest(t, smnSigned(t, ended)))
	require.Equal(t, 201, status)
	tampered := question
	tampered.SubscribeURL += "1"
	e.refuses(t, smnRequest(t, tampered), 403, noAccess, signing.ErrForged.Error())
	require.Empty(t, *visited)

	e, _ = confirming(t, func(context.Context, Confirmation) error { return ErrUnwanted }, fine)
	e.refuses(t, smnRequest(t, question), 403, noAccess, ErrUnwanted.Error())
	e, _ = confirming(t, func(context.Context, Confirmation) error { return errors.New("asleep") }, fine)
	e.refuses(t, smnRequest(t, question), 503, notForNow, "asleep")
}

func TestConfirmationThatFails(t *testing.T) {
	question := smnSigned(t, smnConfirmation())
	for why, link := range map[string]func(*http.Request) (*http.Response, error){
		"status 302": func(*http.Request) (*http.Response, error) {
			redirect := answer(302, "")
			redirect.Header.Set("Location", "http://169.254.169.254/")
			return redirect, nil
		},
		"status 400":  func(*http.Request) (*http.Response, error) { return answer(400, ""), nil },
		"no route":    func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") },
		"status 1000": func(*http.Request) (*http.Response, error) { return answer(1000, ""), nil },
	} {
		e, visited := confirming(t, follow, link)
		e.refuses(t, smnRequest(t, question), 503, notForNow, why)
		require.Len(t, *visited, 1, why)
		require.NotContains(t, e.why[0].Error(), "secret")
	}
	for _, link := range []string{"", "file:///etc/passwd", "/path", "https://", "https://[::1", "ftp://smn.example.com/"} {
		odd := smnConfirmation()
		odd.SubscribeURL = link
		e, visited := confirming(t, follow, fine)
		e.refuses(t, smnRequest(t, smnSigned(t, odd)), 503, notForNow, "no http or https URL")
		require.Empty(t, *visited)
	}
	synctest.Test(t, func(t *testing.T) {
		hangs := Confirmation{link: question.SubscribeURL, client: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}}
		began := time.Now()
		require.ErrorIs(t, hangs.Follow(t.Context()), context.DeadlineExceeded)
		require.Equal(t, confirmTimeout, time.Since(began))
	})
}

// FuzzSMN bends messages: what is accepted says what the service has signed. Its
// signature and certificate are put in by the target: each process that fuzzes has a
// key of its own.
func FuzzSMN(f *testing.F) {
	e := open(f, func(c *Config) {
		c.Confirm = func(context.Context, Confirmation) error { return errors.New("none is to be asked") }
	})
	p := smnSigned(f, smnNotification())
	genuine := strings.NewReplacer("{signature}", p.Signature, "{id}", smnSigner().CertificateID())
	pattern := strings.NewReplacer(p.Signature, "{signature}", smnSigner().CertificateID(), "{id}")
	body, err := json.Marshal(p)
	require.NoError(f, err)
	f.Add(pattern.Replace(string(body)))
	f.Add(`{"type":"SubscriptionConfirmation","signature_version":"v1","signature":"{signature}"}`)
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(genuine.Replace(body)))
		r.Header.Set("X-SMN-MESSAGE-TYPE", "Notification")
		e.got, e.why = nil, nil
		status, _ := e.answers(r)
		if status != 201 {
			require.Contains(t, []int{400, 403, 413, 503}, status)
			require.Empty(t, e.got)
			require.Len(t, e.why, 1)
			return
		}
		require.Len(t, e.got, 1)
		got := e.got[0]
		require.Equal(t, []string{p.MessageID, p.TopicURN, p.Subject, p.Message, p.Timestamp}, []string{got.MessageID, got.Topic, got.Subject, got.Text, wire.Time(got.Published)})
	})
}
