package mns_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/mns"
)

// What real SDKs have sent.
func TestSignOfRequests(t *testing.T) {
	for name, c := range map[string]struct {
		method, target string
		header         map[string]string
		text, want     string
	}{
		"Python, PUT": {
			"PUT", "/topics/MyTopic1",
			map[string]string{
				"content-md5": "NGY1YmM3ZDdhNmRiMDNhMDI0NmM3YmQzZjM3MzJhMDk=", "content-type": "text/xml;charset=UTF-8",
				"date": "Sun, 22 Nov 2026 00:38:55 GMT", "x-mns-version": "2015-06-06", "user-agent": "aliyun-sdk-python",
			},
			"PUT\nNGY1YmM3ZDdhNmRiMDNhMDI0NmM3YmQzZjM3MzJhMDk=\ntext/xml;charset=UTF-8\nSun, 22 Nov 2026 00:38:55 GMT\nx-mns-version:2015-06-06\n/topics/MyTopic1",
			"9URUratsA0VMoYylGp1d3K24Gjw=",
		},
		"Python, DELETE": {
			"DELETE", "/topics/MyTopic1",
			map[string]string{"date": "Sun, 22 Nov 2026 00:38:55 GMT", "x-mns-version": "2015-06-06"},
			"DELETE\n\n\nSun, 22 Nov 2026 00:38:55 GMT\nx-mns-version:2015-06-06\n/topics/MyTopic1",
			"nFs8ArKbwngyX0/L6CdvFuhNTJ4=",
		},
		"Go": {
			"PUT", "/topics/GoTopic",
			map[string]string{
				"Content-Type": "application/xml", "Content-Md5": "MDY2YmMyZTI1Y2QwZjIyNGU4ZWI0MDcyYzY0MmRiODM=",
				"Date": "Sun, 22 Nov 2026 00:43:00 GMT", "X-Mns-Version": "2015-06-06", "Security-Token": "tok123",
			},
			"PUT\nMDY2YmMyZTI1Y2QwZjIyNGU4ZWI0MDcyYzY0MmRiODM=\napplication/xml\nSun, 22 Nov 2026 00:43:00 GMT\nx-mns-version:2015-06-06\n/topics/GoTopic",
			"b1FFuqpSAbjoAeFk5EsIDJM4ZGI=",
		},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			for name, value := range c.header {
				header.Set(name, value)
			}
			text := mns.StringToSign(c.method, mns.Fields(header), c.target)
			require.Equal(t, c.text, string(text))
			require.Equal(t, c.want, mns.Sign("testsecret", text))
		})
	}
}

func TestStringToSign(t *testing.T) {
	text := mns.StringToSign("GET", []mns.Field{
		{"X-Mns-With-Meta", "true"}, {"x-mns-ret-number", "10"}, {"x-MNS-date", "a date"}, {"X-MNS-Prefix", "My"},
	}, "/topics?a=%2F&b")
	require.Equal(t, "GET\n\n\na date\nx-mns-date:a date\nx-mns-prefix:My\nx-mns-ret-number:10\nx-mns-with-meta:true\n/topics?a=%2F&b", string(text), "a date may stand in")

	text = mns.StringToSign("GET", []mns.Field{{"x-mns-date", "another"}, {"Date", "the date"}}, "/topics")
	require.Equal(t, "GET\n\n\nthe date\nx-mns-date:another\n/topics", string(text), "but not in for a date that is there")

	text = mns.StringToSign("GET", []mns.Field{{"date", "one"}, {"Date", "two"}, {"x-mns-a", "2"}, {"x-mns-a", "1"}}, "/")
	require.Equal(t, "GET\n\n\none\nx-mns-a:2\nx-mns-a:1\n/", string(text), "values of one header keep their order")
}

// Whoever changes a header that is signed breaks the signature, and by another nobody
// does.
func TestIsSigned(t *testing.T) {
	for name, want := range map[string]bool{
		"Content-MD5": true, "content-type": true, "DATE": true, "X-Mns-Date": true, "x-mns-": true, "x-mns-a": true,
		"": false, "x-mns": false, "X-MNSA": false, "Content-Length": false, "Host": false, "a-x-mns-b": false,
	} {
		require.Equal(t, want, mns.IsSigned(name), name)
		one := mns.StringToSign("GET", []mns.Field{{name, "1"}}, "/")
		require.Equal(t, want, string(one) != string(mns.StringToSign("GET", []mns.Field{{name, "2"}}, "/")), name)
	}
}

func TestTarget(t *testing.T) {
	for uri, want := range map[string]string{
		"/topics/a%2Fb?c=%20d":      "/topics/a%2Fb?c=%20d",
		"http://h:9000/topics?a":    "/topics?a",
		"https://h//topics":         "//topics",
		"/a?b=http://c/d":           "/a?b=http://c/d",
		"//a://b/c":                 "//a://b/c",
		"http://h":                  "http://h",
		"*":                         "*",
		"":                          "",
		"://":                       "://",
		"http://h/a?b=https://c/d#": "/a?b=https://c/d#",
	} {
		require.Equal(t, want, mns.Target(uri), uri)
	}
}

// The order of headers is no part of a request.
func TestStringToSignOfAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		header := rapid.MapOf(rapid.StringMatching(`(x-mns-)?[a-z-]{1,12}`), rapid.StringMatching(`[!-~]{0,8}`)).Draw(t, "header")
		var fields []mns.Field
		for _, name := range slices.Sorted(maps.Keys(header)) {
			fields = append(fields, mns.Field{Name: name, Value: header[name]})
		}
		want := mns.StringToSign("POST", fields, "/t")
		require.Equal(t, want, mns.StringToSign("POST", rapid.Permutation(fields).Draw(t, "order"), "/t"))
		for i := range fields {
			fields[i].Name = strings.ToUpper(fields[i].Name)
		}
		require.Equal(t, want, mns.StringToSign("POST", fields, "/t"))
	})
}

// A notification that was signed and verified elsewhere.
func TestStringToSignOfNotification(t *testing.T) {
	text := mns.StringToSign("POST", []mns.Field{
		{"x-mns-request-id", "573AE020B2B71CFC6801A6EF"},
		{"x-mns-version", "2015-06-06"},
		{"x-mns-signing-cert-url", "aHR0cDovLzEyNy4wLjAuMTo5MTAwL2NlcnQucGVt"},
		{"content-md5", "ZGZiODZkNzA5NWM0M2Q2MWVkYWJiNDAwOTEyYmUxMWQ="},
		{"content-type", "text/xml;charset=utf-8"},
		{"date", "Tue, 17 May 2016 09:10:56 GMT"},
	}, "/notifications")
	sum := sha1.Sum(text)
	require.Equal(t, "d658243b6222a018eff4db441b5ca4af5f42b68b", hex.EncodeToString(sum[:]))

	file, err := os.ReadFile("testdata/notification.pem")
	require.NoError(t, err)
	block, _ := pem.Decode(file)
	certificate, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	signature, err := base64.StdEncoding.DecodeString("ThBzQKn9jMOUYgJWwtbieN2BuOtnoY+DtcNYvDOgRYV3G8896Rh9S7i6sGXl4aixYgfJC9pQ6yUoCUxkWy0hp7u/wfXtiEip67jX5/K/MINWOzWAsvC1FSaFyamYdbBWj3zkQUYB7ZCXylE/nTRX3TcEaTG1Aei6TJBgAAqVFHY=")
	require.NoError(t, err)
	require.NoError(t, rsa.VerifyPKCS1v15(certificate.PublicKey.(*rsa.PublicKey), crypto.SHA1, sum[:], signature))
}
