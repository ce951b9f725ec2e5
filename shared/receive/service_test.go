package receive

import (
	"bytes"
	"context"
	"crypto"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/signing"
	"tocsin/shared/wire"
)

// transport answers requests without a network.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// pages answers with what lies at a URL.
type pages map[string]string

func (p pages) client() *http.Client {
	return &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		if text, ok := p[r.URL.String()]; ok {
			return answer(200, text), nil
		}
		return nil, errors.New("nothing is to be asked of " + r.URL.String())
	})}
}

const (
	mnsPlace = "https://mns.example.com/certs"
	mnsCert  = "https://mns.example.com:443/certs/notify.pem"
	smnBase  = "https://smn.example.com"
	owner    = "1000000000000001"
)

var now = time.Date(2016, 5, 17, 9, 10, 56, 0, time.UTC)

// mnsKey is made once: making one is slow.
var mnsKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// certificateOf is a certificate as that of MNS: long expired, signed by itself.
func certificateOf(t testing.TB, key crypto.Signer) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(-1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func read(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	return string(text)
}

// push is a request of MNS. What begins with x-mns- is signed as it is here, in the
// order of a test that knows it.
type push struct {
	target string
	md5    string
	kind   string
	date   string
	own    [][2]string
	body   string
}

func xmlPush(t testing.TB, body string) push {
	t.Helper()
	return push{
		target: "/notifications", md5: sumOf(body), kind: "text/xml;charset=utf-8", date: now.Format(http.TimeFormat), body: body,
		own: [][2]string{
			{"x-mns-request-id", "573AE020B2B71CFC6801A6EF"},
			{"x-mns-signing-cert-url", base64.StdEncoding.EncodeToString([]byte("https://mns.example.com/certs/notify.pem"))},
			{"x-mns-version", "2015-06-06"},
		},
	}
}

// simplifiedPush is as captured: other headers, another form of the sum.
func simplifiedPush(t testing.TB, text string) push {
	t.Helper()
	p := xmlPush(t, text)
	sum := md5.Sum([]byte(text))
	p.md5, p.kind = strings.ToUpper(hex.EncodeToString(sum[:])), "text/plain;charset=utf-8"
	p.own = [][2]string{
		{"x-mns-message-id", "F6EA56633844DBFC-1-154BDFB8059-200000001"},
		{"x-mns-message-tag", "urgent"},
		{"x-mns-publish-time", "1463476256857"},
		p.own[0],
		p.own[1],
		{"x-mns-subscriber", "1000000000000002"},
		{"x-mns-subscription-name", "MyTopic1-Sub1"},
		{"x-mns-topic-name", "MyTopic1"},
		{"x-mns-topic-owner", owner},
		p.own[2],
	}
	return p
}

// sumOf is the Content-MD5 of XML.
func sumOf(body string) string {
	sum := md5.Sum([]byte(body))
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(sum[:])))
}

func (p push) set(name, value string) push {
	own := [][2]string{}
	for _, h := range p.own {
		if h[0] == name {
			h[1] = value
		}
		if h[1] != "" {
			own = append(own, h)
		}
	}
	p.own = own
	return p
}

// text is what is signed.
func (p push) text() string {
	lines := []string{"POST", p.md5, p.kind, p.date}
	for _, h := range p.own {
		lines = append(lines, h[0]+":"+h[1])
	}
	return strings.Join(append(lines, p.target), "\n")
}

func (p push) unsigned() *http.Request {
	r := httptest.NewRequest(http.MethodPost, p.target, strings.NewReader(p.body))
	for _, h := range append(p.own, [2]string{"Content-md5", p.md5}, [2]string{"Content-Type", p.kind}, [2]string{"Date", p.date}) {
		if h[1] != "" {
			r.Header.Set(h[0], h[1])
		}
	}
	return r
}

func (p push) signed(t testing.TB) *http.Request {
	t.Helper()
	sum := sha1.Sum([]byte(p.text()))
	signature, err := rsa.SignPKCS1v15(nil, mnsKey(), crypto.SHA1, sum[:])
	require.NoError(t, err)
	r := p.unsigned()
	r.Header.Set("Authorization", base64.StdEncoding.EncodeToString(signature))
	return r
}

var smnSigner = sync.OnceValue(func() *signing.Signer {
	key, err := signing.NewKey(time.Now())
	if err != nil {
		panic(err)
	}
	return signing.New(key, "local")
})

const topicURN = "urn:smn:local:74dc9e44d0cc4573adfce91cdfdd3ba9:alarms"

func smnNotification() wire.Push {
	return wire.Push{
		Type: wire.TypeNotification, MessageID: "88c726942175432bac921eafd0036163", TopicURN: topicURN,
		Subject: "demo", Message: "My test\nmessage", Timestamp: "2016-08-15T07:29:16Z",
	}
}

func smnConfirmation() wire.Push {
	p := smnNotification()
	p.Type, p.Subject, p.SubscribeURL = wire.TypeConfirmation, "", smnBase+"/smn/subscription/confirm?token=secret"
	return p
}

func smnSigned(t testing.TB, p wire.Push) wire.Push {
	t.Helper()
	p.SigningCertURL = smnBase + "/smn/" + smnSigner().CertificateID()
	require.NoError(t, smnSigner().Sign(&p))
	return p
}

func smnRequest(t testing.TB, p wire.Push) *http.Request {
	t.Helper()
	body, err := json.Marshal(p)
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/hook", bytes.NewReader(body))
	r.Header.Set("X-SMN-MESSAGE-TYPE", p.Type)
	r.Header.Set("X-SMN-SUBSCRIPTION-URN", p.TopicURN+":23cf104593284665a1f98691b1576976")
	return r
}

// known are the certificates of both services.
func known(t testing.TB) pages {
	t.Helper()
	text, err := smnSigner().Certificate(context.Background(), smnSigner().CertificateID())
	require.NoError(t, err)
	return pages{
		mnsCert: certificateOf(t, mnsKey()),
		"https://smn.example.com:443/smn/" + smnSigner().CertificateID(): string(text),
	}
}

// endpoint is a handler and what has come of it.
type endpoint struct {
	*Handler
	got []Notification
	why []error
}

func open(t testing.TB, change func(*Config)) *endpoint {
	t.Helper()
	e := &endpoint{}
	c := Config{
		Receive: func(_ context.Context, n Notification) error { e.got = append(e.got, n); return nil },
		MNS:     []string{mnsPlace},
		SMN:     []string{"https://other.example.com", smnBase},
		Refused: func(_ *http.Request, _ int, why error) { e.why = append(e.why, why) },
		Now:     func() time.Time { return now },
		Client:  known(t).client(),
	}
	if change != nil {
		change(&c)
	}
	var err error
	e.Handler, err = New(c)
	require.NoError(t, err)
	return e
}

// answers sends a request and gives status and text.
func (e *endpoint) answers(r *http.Request) (int, string) {
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// refuses expects an answer, a reason, and that nobody was told of a notification.
func (e *endpoint) refuses(t testing.TB, r *http.Request, status int, text, why string) {
	t.Helper()
	e.got, e.why = nil, nil
	gotStatus, gotText := e.answers(r)
	require.Equal(t, status, gotStatus, e.why)
	require.Equal(t, text, gotText)
	require.Len(t, e.why, 1)
	require.ErrorContains(t, e.why[0], why)
	require.Empty(t, e.got)
}

func (e *endpoint) takes(t testing.TB, r *http.Request) Notification {
	t.Helper()
	e.got = nil
	status, text := e.answers(r)
	require.Equal(t, http.StatusCreated, status, e.why)
	require.Empty(t, text)
	require.Len(t, e.got, 1)
	return e.got[0]
}

const (
	noAccess   = "Access Forbidden"
	noMessage  = "Invalid Notify Message"
	notForNow  = "Service Unavailable"
	ourFault   = "Internal Server Error"
	tooLong    = "Request Entity Too Large"
	notAllowed = "Method Not Allowed"
)
