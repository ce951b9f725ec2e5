package webhook_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
	"tocsin/shared/deliver/webhook"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

const topicURN = "urn:smn:local:0123456789abcdef0123456789abcdef:alerts"

func notification(endpoint string) deliver.Delivery {
	return deliver.Delivery{
		Type:            wire.TypeNotification,
		MessageID:       "d84bd6629ef04513ad2e37bffd6e17cb",
		TopicURN:        topicURN,
		SubscriptionURN: topicURN + ":23cf104593284665a1f98691b1576976",
		Protocol:        smn.HTTP,
		Endpoint:        endpoint,
		Subject:         "Disk",
		Text:            "über 90 % <full> & rising\n",
		Timestamp:       time.Date(2024, 7, 10, 9, 45, 0, 0, time.UTC),
		UnsubscribeURL:  "https://host/unsubscribe?subscription_urn=" + topicURN,
		Signature:       "c2lnbmF0dXJl",
		SigningCertURL:  "https://host/smn/cert.pem",
	}
}

func local(t testing.TB) *webhook.Sender {
	poster := post.New(post.Config{AllowPrivate: true})
	t.Cleanup(poster.Close)
	return webhook.New(poster)
}

// serve starts a receiver and returns its URL.
func serve(t testing.TB, h http.HandlerFunc) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func TestRequest(t *testing.T) {
	var (
		got  *http.Request
		body []byte
	)
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	d := notification(url + "/hooks/a%20b?key=value")
	o := local(t).Send(t.Context(), d)
	require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, o)

	require.Equal(t, "POST", got.Method)
	require.Equal(t, "/hooks/a%20b?key=value", got.RequestURI)
	require.Equal(t, strings.TrimPrefix(url, "http://"), got.Host)
	require.Equal(t, http.Header{
		"Content-Type":           {"application/json; charset=utf-8"},
		"Content-Length":         {strconv.Itoa(len(body))},
		"User-Agent":             {"Tocsin"},
		"X-Smn-Message-Type":     {"Notification"},
		"X-Smn-Message-Id":       {d.MessageID},
		"X-Smn-Topic-Urn":        {d.TopicURN},
		"X-Smn-Subscription-Urn": {d.SubscriptionURN},
		"X-Tocsin-Delivery":      {"1"},
	}, got.Header)

	var push wire.Push
	require.NoError(t, json.Unmarshal(body, &push))
	require.Equal(t, d.Push(), push)
	require.Equal(t, "2024-07-10T09:45:00Z", push.Timestamp)
	require.Contains(t, string(body), `<full> & rising\n"`)
}

func TestHeadersKeepTheirSpelling(t *testing.T) {
	heads := make(chan []string, 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		reader := textproto.NewReader(bufio.NewReader(conn))
		var lines []string
		for {
			line, err := reader.ReadLine()
			if err != nil || line == "" {
				break
			}
			lines = append(lines, line)
		}
		heads <- lines
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
	}()
	d := notification("http://" + listener.Addr().String())
	d.Extension.Header = map[string]string{
		"x-tEAM": "a b",
		// None of these may get through.
		"x-smn-message-type": "forged",
		"X-Smn-Other":        "forged",
		"x-tocsin-delivery":  "forged",
		"X-Tocsin-Other":     "forged",
		"content-TYPE":       "text/plain",
		"content-length":     "1",
		"HOST":               "elsewhere",
		"Transfer-Encoding":  "chunked",
	}
	o := local(t).Send(t.Context(), d)
	require.Equal(t, deliver.Delivered, o.Result, o.Reason)
	head := <-heads
	for _, line := range []string{
		"X-SMN-MESSAGE-TYPE: Notification",
		"X-SMN-MESSAGE-ID: " + d.MessageID,
		"X-SMN-TOPIC-URN: " + d.TopicURN,
		"X-SMN-SUBSCRIPTION-URN: " + d.SubscriptionURN,
		"Content-Type: application/json; charset=utf-8",
		"Host: " + listener.Addr().String(),
		"x-tEAM: a b",
	} {
		require.Contains(t, head, line)
	}
	all := strings.Join(head, "\n")
	require.NotContains(t, all, "forged")
	require.NotContains(t, all, "elsewhere")
	require.NotContains(t, all, "chunked")
	require.NotContains(t, all, "Idempotency")
	require.Equal(t, 1, strings.Count(strings.ToLower(all), "content-type"))
	require.Equal(t, 1, strings.Count(strings.ToLower(all), "content-length"))
}

func TestHeadersThatBreakARequest(t *testing.T) {
	url := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") })
	for name, value := range map[string]string{
		"":         "a",
		"X A":      "a",
		"X-A:":     "a",
		"X-A\r\nB": "a",
		"X-Ä":      "a",
		"X-A":      "a\r\nX-B: b",
		"X-B":      "a\nb",
		"X-C":      "a\x00",
		"X-D":      "a\x7f",
		"X-E":      "é",
		"X-F":      "a\tb",
	} {
		d := notification(url)
		d.Extension.Header = map[string]string{name: value}
		o := local(t).Send(t.Context(), d)
		require.Equal(t, deliver.Dead, o.Result, "%q: %q", name, value)
		require.Contains(t, o.Reason, "custom header")
	}
}

// Whatever a subscription's headers are, the request that arrives is one request
// and carries what is ours.
func TestAnyHeader(t *testing.T) {
	heads := make(chan http.Header, 1)
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { heads <- r.Header })
	s := local(t)
	rapid.Check(t, func(t *rapid.T) {
		d := notification(url)
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`(?i)(x-smn-message-id|x-tocsin-delivery|content-length|host|user-agent|x-[a-z:\r\n ]{1,5})`)).Draw(t, "name")
		d.Extension.Header = map[string]string{name: rapid.String().Draw(t, "value")}
		o := s.Send(context.Background(), d)
		if o.Result == deliver.Dead {
			return
		}
		require.Equal(t, deliver.Delivered, o.Result, o.Reason)
		head := <-heads
		require.Equal(t, []string{d.MessageID}, head["X-Smn-Message-Id"])
		require.Equal(t, []string{"Tocsin"}, head["User-Agent"])
		require.Equal(t, []string{"1"}, head["X-Tocsin-Delivery"])
		require.LessOrEqual(t, len(head), 9)
	})
}

func BenchmarkSend(b *testing.B) {
	url := serve(b, func(http.ResponseWriter, *http.Request) {})
	s := local(b)
	d := notification(url)
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if o := s.Send(context.Background(), d); o.Result != deliver.Delivered {
				b.Fatal(o.Reason)
			}
		}
	})
}

// TestKeepAnswer: only who asks for the answer gets it, and no more than a part.
func TestKeepAnswer(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, strings.Repeat("x", 1<<20))
	})
	s, d := local(t), notification(url)
	require.Empty(t, s.Send(t.Context(), d).Answer)
	d.KeepAnswer = true
	require.Equal(t, strings.Repeat("x", 4096), s.Send(t.Context(), d).Answer)
}
