package mnspush_test

import (
	"bufio"
	"context"
	"crypto"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/mnspush"
	"tocsin/shared/deliver/post"
	"tocsin/shared/mns"
	"tocsin/shared/signing"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

const (
	account  = "1000000000000001"
	project  = "0000000000000000" + account
	topicURN = "urn:smn:local:" + project + ":MyTopic1"
	certURL  = "http://127.0.0.1:9100/cert.pem"
)

var signer = sync.OnceValue(func() *signing.Signer {
	key, err := signing.NewKey(time.Now())
	if err != nil {
		panic(err)
	}
	return signing.New(key, "local")
})

func notification(form, endpoint string) deliver.Delivery {
	return deliver.Delivery{
		Type: wire.TypeNotification, MessageID: "0154bdfb80590001f6ea56633844dbfc", TopicURN: topicURN,
		SubscriptionURN: topicURN + ":23cf104593284665a1f98691b1576976", Protocol: smn.HTTP, Endpoint: endpoint,
		Subject: "Disk", Text: "I am test message 0.", Timestamp: time.UnixMilli(1463476256857), SigningCertURL: certURL,
		Named: &deliver.Named{Form: form, Name: "MyTopic1-Sub1", Subscriber: project, Sign: signer().SignSHA1},
	}
}

func local(t testing.TB, c post.Config) *mnspush.Sender {
	c.AllowPrivate = true
	poster := post.New(c)
	t.Cleanup(poster.Close)
	return mnspush.New(poster)
}

// request is one as it came over the wire: names keep their letters.
type request struct {
	method, target string
	header         map[string]string
	body           string
}

// endpoint is a receiver that reads requests by itself, since Go's spells names anew,
// and answers with a status.
type endpoint struct {
	url    string
	status atomic.Int32
	got    chan request
}

func newEndpoint(t testing.TB) *endpoint {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	e := &endpoint{url: "http://" + listener.Addr().String(), got: make(chan request, 1)}
	e.status.Store(http.StatusCreated)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go e.talk(conn)
		}
	}()
	return e
}

func (e *endpoint) talk(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	reader := bufio.NewReader(conn)
	line, err := reader.ReadString('\n')
	words := strings.Fields(line)
	if err != nil || len(words) != 3 {
		return
	}
	r := request{method: words[0], target: words[1], header: map[string]string{}}
	length := 0
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return
		}
		if line = strings.TrimSuffix(line, "\r\n"); line == "" {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		if _, twice := r.header[name]; twice {
			return
		}
		r.header[name] = strings.TrimSpace(value)
		if strings.EqualFold(name, "content-length") {
			_, _ = fmt.Sscan(value, &length)
		}
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(reader, body); err != nil {
		return
	}
	r.body = string(body)
	_, _ = fmt.Fprintf(conn, "HTTP/1.0 %d Fine\r\nContent-Length: 0\r\n\r\n", e.status.Load())
	e.got <- r
}

// verify checks a request as the sample endpoint does, which knows names in lower case
// alone, and gives what was signed.
func (r request) verify(t testing.TB) string {
	t.Helper()
	lines := []string{r.method, r.header["content-md5"], r.header["content-type"], r.header["date"]}
	var own []string
	for name, value := range r.header {
		if strings.HasPrefix(name, "x-mns-") {
			own = append(own, name+":"+value)
		}
	}
	slices.Sort(own)
	text := strings.Join(slices.Concat(lines, own, []string{r.target}), "\n")
	at, err := base64.StdEncoding.DecodeString(r.header["x-mns-signing-cert-url"])
	require.NoError(t, err)
	require.Equal(t, certURL, string(at))
	served, err := signer().Certificate(t.Context(), signer().CertificateID())
	require.NoError(t, err)
	block, _ := pem.Decode(served)
	certificate, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	signature, err := base64.StdEncoding.DecodeString(r.header["authorization"])
	require.NoError(t, err)
	sum := sha1.Sum([]byte(text))
	require.NoError(t, rsa.VerifyPKCS1v15(certificate.PublicKey.(*rsa.PublicKey), crypto.SHA1, sum[:], signature))
	return text
}

func TestForms(t *testing.T) {
	for name, c := range map[string]post.Config{"by Go": {}, "by our writer": {Writer: true}} {
		t.Run(name, func(t *testing.T) {
			e, s := newEndpoint(t), local(t, c)
			send := func(form string) request {
				o := s.Send(t.Context(), notification(form, e.url))
				require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 201}, o)
				r := <-e.got
				r.verify(t)
				require.Equal(t, "POST", r.method)
				require.Equal(t, "/notifications", r.target)
				require.Equal(t, strings.TrimPrefix(e.url, "http://"), r.header["Host"])
				require.Equal(t, "Aliyun Notification Service Agent", r.header["User-Agent"])
				require.Equal(t, "2015-06-06", r.header["x-mns-version"])
				require.Equal(t, "1", r.header["X-Tocsin-Delivery"])
				require.Regexp(t, `^[0-9A-F]{24}$`, r.header["x-mns-request-id"])
				at, err := http.ParseTime(r.header["date"])
				require.NoError(t, err)
				require.WithinDuration(t, time.Now(), at, 10*time.Second)
				require.NotContains(t, r.header, "Content-Type")
				require.NotContains(t, r.header, "Accept-Encoding")
				return r
			}

			r := send(mns.FormXML)
			require.Len(t, r.body, 495)
			require.Equal(t, "495", r.header["Content-Length"])
			require.Equal(t, "text/xml;charset=utf-8", r.header["content-type"])
			require.Equal(t, sum(r.body), r.header["content-md5"])
			require.Contains(t, r.body, "<MessageId>F6EA56633844DBFC-1-154BDFB8059-200000001</MessageId>")
			require.Len(t, r.header, 12)

			r = send(mns.FormJSON)
			require.JSONEq(t, `{
				"TopicOwner": "1000000000000001", "TopicName": "MyTopic1", "Subscriber": "1000000000000001",
				"SubscriptionName": "MyTopic1-Sub1", "MessageId": "F6EA56633844DBFC-1-154BDFB8059-200000001",
				"Message": "I am test message 0.", "MessageMD5": "075C3D4AEB2D2F2D6A4C17C9D6DBBEBB", "MessageTag": "",
				"PublishTime": "1463476256857"}`, r.body)
			require.Equal(t, sum(r.body), r.header["content-md5"])

			r = send(mns.FormSimplified)
			require.Equal(t, "I am test message 0.", r.body)
			require.Equal(t, "075C3D4AEB2D2F2D6A4C17C9D6DBBEBB", r.header["content-md5"])
			require.Equal(t, "1463476256857", r.header["x-mns-publish-time"])
			require.Equal(t, account, r.header["x-mns-topic-owner"])
		})
	}
}

// The time of a notification is that of its id, whatever another look at the clock said.
func TestPublishTime(t *testing.T) {
	e, s := newEndpoint(t), local(t, post.Config{})
	for id, want := range map[string]string{
		"0154bdfb80590001f6ea56633844dbfc": "1463476256857",
		"message-1":                        "1463476256858",
		"":                                 "1463476256858",
	} {
		d := notification(mns.FormSimplified, e.url)
		d.MessageID, d.Timestamp = id, time.UnixMilli(1463476256858)
		require.Equal(t, deliver.Delivered, s.Send(t.Context(), d).Result, id)
		require.Equal(t, want, (<-e.got).header["x-mns-publish-time"], id)
	}
}

// sum is base64 of hex.
func sum(body string) string {
	digest := md5.Sum([]byte(body))
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(digest[:])))
}

func TestEachAttemptIsItsOwn(t *testing.T) {
	e, s := newEndpoint(t), local(t, post.Config{})
	d := notification(mns.FormXML, e.url)
	s.Send(t.Context(), d)
	first := <-e.got
	s.Send(t.Context(), d)
	second := <-e.got
	require.NotEqual(t, first.header["x-mns-request-id"], second.header["x-mns-request-id"])
	require.NotEqual(t, first.verify(t), second.verify(t))
	require.Equal(t, first.body, second.body)
}

func TestPaths(t *testing.T) {
	e, s := newEndpoint(t), local(t, post.Config{Writer: true})
	for path, want := range map[string]string{
		"":                "/notifications",
		"/":               "/notifications",
		"?a=b":            "/notifications?a=b",
		"/?a=b":           "/?a=b",
		"/hook":           "/hook",
		"/hook/":          "/hook/",
		"/a%2Fb?c=%20d":   "/a%2Fb?c=%20d",
		"/with space?ü=ü": "/with%20space?%C3%BC=%C3%BC",
		"//":              "//",
	} {
		o := s.Send(t.Context(), notification(mns.FormSimplified, e.url+path))
		require.Equal(t, deliver.Delivered, o.Result, "%s: %s", path, o.Reason)
		r := <-e.got
		r.verify(t)
		require.Equal(t, want, r.target)
	}
	o := s.Send(t.Context(), notification(mns.FormXML, strings.Replace(e.url, "//", "//user:password@", 1)))
	require.Equal(t, deliver.Delivered, o.Result)
	r := <-e.got
	r.verify(t)
	require.Equal(t, "/notifications", r.target)
}

// Whatever a message and a tag hold, the request stays one, and its signature holds.
func TestAnyText(t *testing.T) {
	e, s := newEndpoint(t), local(t, post.Config{Writer: true})
	rapid.Check(t, func(rt *rapid.T) {
		d := notification(rapid.SampledFrom([]string{mns.FormXML, mns.FormJSON, mns.FormSimplified}).Draw(rt, "form"), e.url+"/a")
		d.Text = rapid.StringN(1, 200, -1).Draw(rt, "text")
		d.Named.Tag = rapid.OneOf(rapid.StringN(0, 16, -1), rapid.SampledFrom([]string{" a", "a ", "a\r\nx-mns-b: c", "ä", "a b", "\x7f"})).Draw(rt, "tag")
		o := s.Send(context.Background(), d)
		require.Equal(rt, deliver.Delivered, o.Result, o.Reason)
		r := <-e.got
		r.verify(t)
		switch d.Named.Form {
		case mns.FormSimplified:
			require.Equal(rt, d.Text, r.body)
			if tag, is := r.header["x-mns-message-tag"]; is {
				require.Equal(rt, d.Named.Tag, tag)
			}
		case mns.FormXML:
			var read struct{ MessageMD5, MessageTag string }
			require.NoError(rt, xml.Unmarshal([]byte(r.body), &read))
			require.Equal(rt, mns.BodyMD5(d.Text), read.MessageMD5)
		}
	})
}

// 2xx is delivered, and everything else is tried again.
func TestAnswers(t *testing.T) {
	e, s := newEndpoint(t), local(t, post.Config{})
	for status, want := range map[int]deliver.Result{
		200: deliver.Delivered, 201: deliver.Delivered, 204: deliver.Delivered, 299: deliver.Delivered,
		301: deliver.Again, 302: deliver.Again, 304: deliver.Again, 307: deliver.Again,
		400: deliver.Again, 403: deliver.Again, 404: deliver.Again, 410: deliver.Again, 429: deliver.Again,
		500: deliver.Again, 503: deliver.Again,
	} {
		e.status.Store(int32(status))
		o := s.Send(t.Context(), notification(mns.FormXML, e.url))
		<-e.got
		require.Equal(t, want, o.Result, status)
		require.Equal(t, status, o.Status)
		require.Equal(t, want == deliver.Delivered, o.Reason == "")
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	require.Equal(t, deliver.Again, s.Send(t.Context(), notification(mns.FormXML, closed.URL)).Result)
}

func TestSilence(t *testing.T) {
	require.Equal(t, 5*time.Second, post.DefaultTimeout, "MNS waits that long")
	hanging := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hanging }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hanging) })
	o := local(t, post.Config{Timeout: 50 * time.Millisecond}).Send(t.Context(), notification(mns.FormXML, server.URL))
	require.Equal(t, deliver.Again, o.Result)
	require.Contains(t, o.Reason, "no answer within")
}

func TestWhatCannotBeSent(t *testing.T) {
	s := local(t, post.Config{})
	for name, change := range map[string]func(*deliver.Delivery){
		"no URL":        func(d *deliver.Delivery) { d.Endpoint = "http://h\r\nX: y/" },
		"another URL":   func(d *deliver.Delivery) { d.Endpoint = "ftp://host" },
		"no host":       func(d *deliver.Delivery) { d.Endpoint = "http://" },
		"no topic":      func(d *deliver.Delivery) { d.TopicURN = "" },
		"unknown form":  func(d *deliver.Delivery) { d.Named.Form = "mns-stream" },
		"header breaks": func(d *deliver.Delivery) { d.Named.Form, d.Named.Name = mns.FormSimplified, "a\r\nx-mns-b: c" },
	} {
		d := notification(mns.FormXML, "http://127.0.0.1:1/")
		change(&d)
		o := s.Send(t.Context(), d)
		require.Equal(t, deliver.Dead, o.Result, name)
		require.NotEmpty(t, o.Reason)
	}
	d := notification(mns.FormXML, "http://127.0.0.1:1/")
	d.Named.Sign = func([]byte) (string, error) { return "", errors.New("no key") }
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "the notification could not be signed"}, s.Send(t.Context(), d))
}

// The guard of the poster is the guard of this sender.
func TestPrivateAddressIsRefused(t *testing.T) {
	e := newEndpoint(t)
	poster := post.New(post.Config{})
	t.Cleanup(poster.Close)
	o := mnspush.New(poster).Send(t.Context(), notification(mns.FormXML, e.url))
	require.Equal(t, deliver.Dead, o.Result)
	require.Contains(t, o.Reason, "not public")
	require.Empty(t, e.got)
}

func TestStrategies(t *testing.T) {
	strategies := mnspush.Strategies()
	require.Len(t, strategies, 2)
	waits := func(name string) (waits []time.Duration) {
		for {
			wait, more := strategies[name].Next(len(waits)+1, deliver.Outcome{Result: deliver.Again, Status: 404})
			if !more {
				return waits
			}
			waits = append(waits, wait)
		}
	}
	for range 100 {
		backoff := waits("BACKOFF_RETRY")
		require.Len(t, backoff, 3)
		for _, wait := range backoff {
			require.GreaterOrEqual(t, wait, 10*time.Second)
			require.LessOrEqual(t, wait, 20*time.Second)
		}
		decay, sum := waits("EXPONENTIAL_DECAY_RETRY"), time.Duration(0)
		require.Len(t, decay, 176)
		for i, wait := range decay {
			require.InEpsilon(t, float64(int(1)<<min(i, 9)), wait.Seconds(), 0.01001)
			sum += wait
		}
		require.Less(t, sum, 24*time.Hour)
	}
	total := time.Duration(0)
	for _, wait := range strategies["EXPONENTIAL_DECAY_RETRY"].Delays {
		total += wait
	}
	require.Equal(t, 86015*time.Second, total)
}

func TestForm(t *testing.T) {
	poster := post.New(post.Config{})
	t.Cleanup(poster.Close)
	forms := mnspush.Forms(poster)
	require.Len(t, forms, 3)
	for _, name := range []string{"mns-xml", "mns-json", "mns-simplified"} {
		require.IsType(t, &mnspush.Sender{}, forms[name])
	}
}

// What a notification costs beside its signature and the network, and with it.
func BenchmarkPrepare(b *testing.B) {
	s := local(b, post.Config{})
	for name, sign := range map[string]func([]byte) (string, error){
		"unsigned": func([]byte) (string, error) { return strings.Repeat("s", 344), nil },
		"signed":   signer().SignSHA1,
	} {
		b.Run(name, func(b *testing.B) {
			d := notification(mns.FormXML, "http://host/hook")
			d.Named.Sign = sign
			b.ReportAllocs()
			for b.Loop() {
				s.Prepare(d)
			}
		})
	}
}
