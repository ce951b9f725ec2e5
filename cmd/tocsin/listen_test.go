package main

import (
	"bufio"
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
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/receive"
)

// listener is a running `tocsin listen`.
type listener struct {
	t      *testing.T
	url    string
	folder string
	lines  chan string // that it prints
	stop   func()
}

func listen(t *testing.T, args ...string) listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	l := listener{t: t, folder: t.TempDir(), lines: make(chan string, 100)}
	go func() {
		defer close(l.lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			l.lines <- scan.Text()
		}
	}()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"listen", "-addr", "127.0.0.1:0", "-logs", l.folder}, args...), in)
		ended <- errors.Join(err, in.Close())
	}()
	l.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
		require.Empty(t, l.lines)
	})
	t.Cleanup(l.stop)
	address, ok := strings.CutPrefix(l.line(), "Start Endpoint! Address: ")
	require.True(t, ok, address)
	require.Contains(t, l.line(), "Trusted: ")
	l.url = address
	return l
}

// line is the next one that is printed.
func (l listener) line() string {
	l.t.Helper()
	select {
	case line, ok := <-l.lines:
		require.True(l.t, ok, "it has ended")
		return line
	case <-time.After(20 * time.Second):
		require.Fail(l.t, "nothing more is printed")
		return ""
	}
}

// file is the content of a log.
func (l listener) file(name string) string {
	l.t.Helper()
	path := filepath.Join(l.folder, name+l.url[strings.LastIndexByte(l.url, ':'):])
	path = strings.Replace(path, ":", ".", 1)
	text, err := os.ReadFile(path)
	require.NoError(l.t, err)
	info, err := os.Stat(path)
	require.NoError(l.t, err)
	require.Equal(l.t, os.FileMode(0o600), info.Mode().Perm())
	return string(text)
}

// mnsPush sends a notification as MNS does, and gives the status and the answer.
func mnsPush(t *testing.T, key *rsa.PrivateKey, certificate, url, body string) (int, string) {
	t.Helper()
	digest := md5.Sum([]byte(body))
	header := [][2]string{
		{"content-md5", base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(digest[:])))},
		{"content-type", "text/xml;charset=utf-8"},
		{"date", time.Now().UTC().Format(http.TimeFormat)},
		{"x-mns-request-id", "573AE020B2B71CFC6801A6EF"},
		{"x-mns-signing-cert-url", base64.StdEncoding.EncodeToString([]byte(certificate))},
		{"x-mns-version", "2015-06-06"},
	}
	text := strings.Join([]string{
		"POST", header[0][1], header[1][1], header[2][1], "x-mns-request-id:" + header[3][1],
		"x-mns-signing-cert-url:" + header[4][1], "x-mns-version:" + header[5][1], "/notifications",
	}, "\n")
	sum := sha1.Sum([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA1, sum[:])
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/notifications", strings.NewReader(body))
	require.NoError(t, err)
	for _, h := range append(header, [2]string{"authorization", base64.StdEncoding.EncodeToString(signature)}) {
		r.Header[h[0]] = []string{h[1]}
	}
	r.Header.Set("User-Agent", "Aliyun Notification Service Agent")
	r.Host = "10.0.0.1:8080"
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(said)
}

const mnsBody = `<?xml version="1.0" encoding="UTF-8"?>
<Notification xmlns="http://mns.aliyuncs.com/doc/v1/">
  <TopicOwner>1000000000000001</TopicOwner>
  <TopicName>MyTopic1</TopicName>
  <Subscriber>1000000000000001</Subscriber>
  <SubscriptionName>MyTopic1-Sub1</SubscriptionName>
  <MessageId>F6EA56633844DBFC-1-154BDFB8059-200000001</MessageId>
  <MessageMD5>075C3D4AEB2D2F2D6A4C17C9D6DBBEBB</MessageMD5>
  <Message>I am test message 0.</Message>
  <PublishTime>1463476256857</PublishTime>
</Notification>`

func TestListen(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	}))
	defer service.Close()
	certificate := service.URL + "/certs/notify.pem"

	l := listen(t, "-trust", "https://mns.example.com", "-trust", service.URL+"/certs")
	status, answer := mnsPush(t, key, certificate, l.url, mnsBody)
	require.Equal(t, 201, status)
	require.Empty(t, answer)
	const stamp = `\[\d\d/[A-Z][a-z]{2}/\d{4} \d\d:\d\d:\d\d\]`
	first := l.line()
	require.Regexp(t, "^"+stamp+regexp.QuoteMeta(`"POST" "201" "/notifications" "HTTP/1.1" "495" "10.0.0.1:8080" "Aliyun Notification Service Agent" "573AE020B2B71CFC6801A6EF" "2015-06-06"`)+"$", first)
	_, lines, found := strings.Cut(l.file("endpoint_log"), "Notify Message Succeed!\n")
	require.True(t, found)
	require.Equal(t, `TopicOwner                    : 1000000000000001
TopicName                     : MyTopic1
Subscriber                    : 1000000000000001
SubscriptionName              : MyTopic1-Sub1
MessageId                     : F6EA56633844DBFC-1-154BDFB8059-200000001
MessageMD5                    : 075C3D4AEB2D2F2D6A4C17C9D6DBBEBB
MessageTag                    : `+`
Message                       : I am test message 0.
PublishTime                   : 1463476256857
`, lines)

	status, answer = mnsPush(t, key, certificate, l.url, "<Notification/>")
	require.Equal(t, 400, status)
	require.Equal(t, "Invalid Notify Message", answer)
	status, answer = mnsPush(t, key, service.URL+"/other.pem\n", l.url, mnsBody)
	require.Equal(t, 403, status)
	require.Equal(t, "Access Forbidden", answer)
	status, _ = get(t, l.url+"/a%22b?secret", func(r *http.Request) {
		r.Header.Set("User-Agent", "x\" \"\\\ttail\x80")
	})
	require.Equal(t, 405, status)
	rest := l.line() + "\n" + l.line() + "\n" + l.line() + "\n"
	l.stop()
	require.Regexp(t, `"POST" "400" .*\n.*"POST" "403" `, rest)
	require.Regexp(t, stamp+regexp.QuoteMeta(`"GET" "405" "/a%22b" "HTTP/1.1" "-" "`)+`127.0.0.1:\d+`+regexp.QuoteMeta(`" "x\" \"\\\ttail\x80" "-" "-"`), rest)
	require.Equal(t, first+"\n"+rest, l.file("access_log"), "the file and the console have the same lines")
	require.Regexp(t, `^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] \[root\] \[INFO\] \[receiverlog.go:\d+\] \[\d+\] Start Endpoint! Address: http://127.0.0.1:\d+\n`, l.file("endpoint_log"))
	require.Regexp(t, `\[WARNING\] .* Invalid Notify Message! TopicOwner is missing\n.*\[WARNING\] .* Access Forbidden! the certificate is to come from "http://127.0.0.1:\d+/other.pem\\n", which is not a place for it\n.*Method Not Allowed! `, l.file("endpoint_log"))
}

// A message in the log is what was published, and nothing but.
func TestReceiverLogCannotBeForged(t *testing.T) {
	l, err := openReceiverLog(t.TempDir(), 1, io.Discard)
	require.NoError(t, err)
	hostile := "a\n[2016-05-17 17:10:56] [root] [INFO] [x:1] [1] <b>&\r\x1b[2J\u0085\u2028\u202e\x00\xff\"'"
	require.NoError(t, l.notification(receive.Notification{Topic: hostile, Text: hostile, MessageID: hostile}))
	l.refused(403, io.ErrUnexpectedEOF)
	require.NoError(t, l.note("INFO", hostile))
	text, err := os.ReadFile(l.endpoint.Name())
	require.NoError(t, err)
	require.Equal(t, 12, bytes.Count(text, []byte("\n")))
	require.Contains(t, string(text), ": a&#xA;[2016-05-17 17:10:56] [root] [INFO] [x:1] [1] &lt;b&gt;&amp;&#xD;\uFFFD[2J\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD&#34;&#39;\n")
	for _, hidden := range []string{"\r", "\x1b", "\x00", "\u0085", "\u2028", "\u202e"} {
		require.NotContains(t, string(text), hidden)
	}
	require.NoError(t, l.close())
	require.Error(t, l.notification(receive.Notification{}), "what cannot be written was not received")
}

// The service on this machine is trusted by TOCSIN_ENDPOINT.
func TestListenToTocsin(t *testing.T) {
	c := openTerminal(t)
	urn := c.json("topic_urn", "topic", "create", "alarms")
	shy, keen := listen(t), listen(t, "-confirm")
	c.run("subscription", "add", "alarms", "http", shy.url)
	require.Contains(t, shy.line(), `"POST" "201" "/" "HTTP/1.1"`)
	shy.stop()
	require.Contains(t, shy.file("endpoint_log"), "Subscription Not Confirmed! Without -confirm nothing is done for "+urn+"\n")

	subscription := c.json("subscription_urn", "subscription", "add", "alarms", "http", keen.url)
	require.Contains(t, keen.line(), `"POST" "201" `)
	require.Contains(t, keen.file("endpoint_log"), "Subscription Confirmed! "+urn+"\n")
	c.run("publish", "alarms", "the bell\nrings")
	require.Contains(t, keen.line(), `"POST" "201" `)
	keen.stop()
	for _, line := range []string{
		"TopicOwner                    : 0123456789abcdef0123456789abcdef",
		"TopicName                     : " + urn,
		"SubscriptionName              : " + subscription,
		"Message                       : the bell&#xA;rings",
	} {
		require.Contains(t, keen.file("endpoint_log"), line+"\n")
	}
}

func TestListenSettings(t *testing.T) {
	fails := func(args ...string) string {
		t.Helper()
		err := run(t.Context(), append([]string{"listen", "-logs", t.TempDir()}, args...), io.Discard)
		require.Error(t, err)
		return explain(err)
	}
	require.Contains(t, fails("-addr", "0.0.0.0:0"), "-trust must say where certificates may come from")
	require.Contains(t, fails("-addr", "127.0.0.1:0", "-trust", "mns.example.com"), "scheme://host")
	require.Contains(t, fails("-addr", "127.0.0.1"), "port")
	require.Contains(t, fails("-addr", "127.0.0.1:0", "-logs", filepath.Join(t.TempDir(), "missing")), "missing")

	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	require.Contains(t, fails("-addr", taken.Listener.Addr().String()), "address already in use")
	require.Equal(t, []string{"http://a", "https://b:1/"}, services([]string{"http://a", "https://c/d", "https://b:1/", "%"}))
}
