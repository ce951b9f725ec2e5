package mns_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/mns"
)

// captured is the notification of testdata, which a real receiver got.
func captured() mns.Notification {
	return mns.Notification{
		TopicOwner: "1000000000000001", TopicName: "MyTopic1", Subscriber: "1000000000000001", SubscriptionName: "MyTopic1-Sub1",
		MessageID: "F6EA56633844DBFC-1-154BDFB8059-200000001", Message: "I am test message 0.", PublishTime: time.UnixMilli(1463476256857),
	}
}

var pushed = time.Date(2016, 5, 17, 17, 10, 56, 0, time.FixedZone("Beijing", 8*60*60))

func fieldsOf(p mns.Push) map[string]string {
	fields := map[string]string{}
	for _, f := range p.Header {
		fields[f.Name] = f.Value
	}
	return fields
}

func TestPushXML(t *testing.T) {
	golden, err := os.ReadFile("testdata/notification.xml")
	require.NoError(t, err)
	require.Len(t, golden, 495)
	n := captured()
	p, ok := n.Push(mns.FormXML, "573AE020B2B71CFC6801A6EF", "http://127.0.0.1:9100/cert.pem", pushed)
	require.True(t, ok)
	require.Equal(t, string(golden), string(p.Body))
	require.Equal(t, map[string]string{
		"content-md5":            "ZGZiODZkNzA5NWM0M2Q2MWVkYWJiNDAwOTEyYmUxMWQ=",
		"content-type":           "text/xml;charset=utf-8",
		"date":                   "Tue, 17 May 2016 09:10:56 GMT",
		"x-mns-request-id":       "573AE020B2B71CFC6801A6EF",
		"x-mns-version":          "2015-06-06",
		"x-mns-signing-cert-url": "aHR0cDovLzEyNy4wLjAuMTo5MTAwL2NlcnQucGVt",
	}, fieldsOf(p), "those that its signature was made of")

	n.MessageTag, n.Message = "a&b", "1 < 2 & \"3\" > '4'\r\n\tend "
	body := string(n.XML())
	require.Contains(t, body, "  <Message>1 &lt; 2 &amp; &#34;3&#34; &gt; &#39;4&#39;&#xD;&#xA;&#x9;end </Message>\n  <MessageTag>a&amp;b</MessageTag>\n  <PublishTime>")
}

// What XML can carry arrives as it was; what it cannot is replaced, and the sum tells.
func TestPushXMLOfAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := captured()
		n.Message = rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "message")
		n.MessageTag = rapid.StringN(0, 16, -1).Draw(t, "tag")
		var got struct{ Message, MessageTag, MessageMD5 string }
		require.NoError(t, xml.Unmarshal(n.XML(), &got))
		want := replaced(n.Message)
		require.Equal(t, want, got.Message)
		require.Equal(t, replaced(n.MessageTag), got.MessageTag)
		require.Equal(t, mns.BodyMD5(n.Message), got.MessageMD5)
		require.Equal(t, want == n.Message, mns.BodyMD5(got.Message) == got.MessageMD5)
	})
}

// replaced is s with U+FFFD for what is no character of XML 1.0.
func replaced(s string) string {
	var b strings.Builder
	for _, c := range s {
		if c == '\t' || c == '\n' || c == '\r' || c >= ' ' && c <= 0xD7FF || c >= 0xE000 && c <= 0xFFFD || c >= 0x10000 {
			b.WriteRune(c)
		} else {
			b.WriteRune(utf8.RuneError)
		}
	}
	return b.String()
}

func TestPushJSON(t *testing.T) {
	golden, err := os.ReadFile("testdata/notification.json")
	require.NoError(t, err)
	n := captured()
	p, ok := n.Push(mns.FormJSON, "id", "url", pushed)
	require.True(t, ok)
	require.Equal(t, string(golden), string(p.Body))
	fields := fieldsOf(p)
	require.Equal(t, "text/plain;charset=utf-8", fields["content-type"])
	require.Equal(t, mns.ContentMD5(golden), fields["content-md5"])
	require.Len(t, fields, 6)

	n.Message, n.MessageTag = "\x00<&>\u2028\"", "tag"
	var got map[string]string
	require.NoError(t, json.Unmarshal(n.JSON(), &got))
	require.Equal(t, n.Message, got["Message"], "JSON carries all of it")
	require.Equal(t, "tag", got["MessageTag"])
}

func TestPushSimplified(t *testing.T) {
	n := captured()
	n.MessageTag = "important"
	p, ok := n.Push(mns.FormSimplified, "573AE020B2B71CFC6801A6EF", "https://x/cert", pushed)
	require.True(t, ok)
	require.Equal(t, n.Message, string(p.Body))
	require.Equal(t, map[string]string{
		"content-md5":             "075C3D4AEB2D2F2D6A4C17C9D6DBBEBB",
		"content-type":            "text/plain;charset=utf-8",
		"date":                    "Tue, 17 May 2016 09:10:56 GMT",
		"x-mns-request-id":        "573AE020B2B71CFC6801A6EF",
		"x-mns-version":           "2015-06-06",
		"x-mns-signing-cert-url":  base64.StdEncoding.EncodeToString([]byte("https://x/cert")),
		"x-mns-message-id":        n.MessageID,
		"x-mns-message-tag":       "important",
		"x-mns-publish-time":      "1463476256857",
		"x-mns-topic-owner":       "1000000000000001",
		"x-mns-topic-name":        "MyTopic1",
		"x-mns-subscriber":        "1000000000000001",
		"x-mns-subscription-name": "MyTopic1-Sub1",
	}, fieldsOf(p))

	for _, tag := range []string{"", "two\r\nx-mns-a: b", "two\nlines", "\x00", "caf\u00e9", " before", "behind ", "\t"} {
		n.MessageTag = tag
		p, _ = n.Push(mns.FormSimplified, "id", "url", pushed)
		require.NotContains(t, fieldsOf(p), "x-mns-message-tag", "%q is no value of a header", tag)
	}
	n.MessageTag = "a tag: of words"
	p, _ = n.Push(mns.FormSimplified, "id", "url", pushed)
	require.Equal(t, n.MessageTag, fieldsOf(p)["x-mns-message-tag"])
}

func TestPushOfUnknownForm(t *testing.T) {
	n := captured()
	for _, form := range []string{"", "XML", "mns-stream"} {
		_, ok := n.Push(form, "id", "url", pushed)
		require.False(t, ok, form)
	}
}

func TestNewRequestID(t *testing.T) {
	id := mns.NewRequestID(time.Unix(0x573AE020, 0))
	require.Regexp(t, `^573AE020[0-9A-F]{16}$`, id)
	require.NotEqual(t, id, mns.NewRequestID(time.Unix(0x573AE020, 0)))
}
