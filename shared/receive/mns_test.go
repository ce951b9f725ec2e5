package receive

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// example is what the body of testdata/notification.xml says.
func example(body string) Notification {
	return Notification{
		Protocol: MNS, Format: XML, TopicOwner: owner, Topic: "MyTopic1", Subscription: "MyTopic1-Sub1", Subscriber: owner,
		MessageID: "F6EA56633844DBFC-1-154BDFB8059-200000001", MessageMD5: "075C3D4AEB2D2F2D6A4C17C9D6DBBEBB",
		Text: "I am test message 0.", Published: time.Date(2016, 5, 17, 9, 10, 56, 857e6, time.UTC), Body: []byte(body),
	}
}

// The vector of a push: certificate, headers, body and signature by another program.
func TestPublishedPush(t *testing.T) {
	body := read(t, "notification.xml")
	require.Len(t, body, 495)
	const signature = "ThBzQKn9jMOUYgJWwtbieN2BuOtnoY+DtcNYvDOgRYV3G8896Rh9S7i6sGXl4aixYgfJC9pQ6yUoCUxkWy0hp7u/wfXtiEip67jX5/K/MINWOzWAsvC1FSaFyamYdbBWj3zkQUYB7ZCXylE/nTRX3TcEaTG1Aei6TJBgAAqVFHY="
	request := func() *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/notifications", strings.NewReader(body))
		for name, value := range map[string]string{
			"content-md5":            "ZGZiODZkNzA5NWM0M2Q2MWVkYWJiNDAwOTEyYmUxMWQ=",
			"content-type":           "text/xml;charset=utf-8",
			"date":                   "Tue, 17 May 2016 09:10:56 GMT",
			"x-mns-request-id":       "573AE020B2B71CFC6801A6EF",
			"x-mns-signing-cert-url": "aHR0cDovLzEyNy4wLjAuMTo5MTAwL2NlcnQucGVt",
			"x-mns-version":          "2015-06-06",
			"authorization":          signature,
		} {
			r.Header.Set(name, value)
		}
		return r
	}
	e := open(t, func(c *Config) {
		c.MNS = []string{"http://127.0.0.1:9100"}
		c.Client = pages{"http://127.0.0.1:9100/cert.pem": read(t, "certificate.pem")}.client()
	})
	require.Equal(t, example(body), e.takes(t, request()))
	r := request()
	r.Header.Set("Authorization", "A"+signature[1:])
	e.refuses(t, r, 403, noAccess, "the signature does not fit")
}

func TestContentMD5(t *testing.T) {
	for body, sum := range map[string]string{
		`<?xml version="1.0" encoding="utf-8"?><Topic xmlns="http://mns.aliyuncs.com/doc/v1/"></Topic>`:       "NGY1YmM3ZDdhNmRiMDNhMDI0NmM3YmQzZjM3MzJhMDk=",
		"<Topic><MaximumMessageSize>65536</MaximumMessageSize><LoggingEnabled>false</LoggingEnabled></Topic>": "MDY2YmMyZTI1Y2QwZjIyNGU4ZWI0MDcyYzY0MmRiODM=",
		"": "ZDQxZDhjZDk4ZjAwYjIwNGU5ODAwOTk4ZWNmODQyN2U=",
	} {
		require.True(t, isSum(sum, []byte(body)), body)
		require.False(t, isSum(sum, []byte(body+" ")))
	}
}

func TestFormats(t *testing.T) {
	e := open(t, nil)
	xml, asJSON := read(t, "notification.xml"), read(t, "notification.json")
	require.Equal(t, example(xml), e.takes(t, xmlPush(t, xml).signed(t)))

	p := xmlPush(t, asJSON)
	want := example(asJSON)
	want.Format, want.Tag = JSON, "urgent"
	for _, kind := range []string{"text/plain;charset=utf-8", "application/json", ""} {
		p.kind = kind
		require.Equal(t, want, e.takes(t, p.signed(t)), kind)
	}
	numeric := xmlPush(t, strings.Replace(asJSON, `"1463476256857"`, `1463476256857`, 1))
	numeric.kind = p.kind
	require.Equal(t, want.Published, e.takes(t, numeric.signed(t)).Published)

	const text = "I am test message 0."
	want = example(text)
	want.Format, want.Tag, want.Subscriber = Simplified, "urgent", "1000000000000002"
	require.Equal(t, want, e.takes(t, simplifiedPush(t, text).signed(t)))
	forged := e.takes(t, simplifiedPush(t, asJSON).signed(t))
	require.Equal(t, forged.Body, []byte(forged.Text), "a text that looks like a notification is a text")
	require.Equal(t, Simplified, forged.Format)
	require.Empty(t, e.takes(t, simplifiedPush(t, text).set("x-mns-message-tag", "").signed(t)).Tag)

	tagged := strings.Replace(xml, "</Message>\n", "</Message>\n  <MessageTag>urgent</MessageTag>\n", 1)
	require.Equal(t, "urgent", e.takes(t, xmlPush(t, tagged).signed(t)).Tag)
	escaped := strings.Replace(xml, text, "&lt;a href=&quot;x&quot;&gt; &amp;amp;\n ä🔔&#xD;", 1)
	require.Equal(t, "<a href=\"x\"> &amp;\n ä🔔\r", e.takes(t, xmlPush(t, escaped).signed(t)).Text)
	// Any order, no namespace, no declaration, what is unknown.
	const other = `<Notification><PublishTime>1</PublishTime><SigningCertURL>x</SigningCertURL><Message>m</Message><MessageMD5>0</MessageMD5><MessageId>i</MessageId>` +
		`<SubscriptionName>s</SubscriptionName><Subscriber>b</Subscriber><TopicName>t</TopicName><TopicOwner>o</TopicOwner></Notification><!-- end -->` + "\n"
	n := e.takes(t, xmlPush(t, other).signed(t))
	require.Equal(t, []string{"o", "t", "b", "s", "i", "0", "m"}, []string{n.TopicOwner, n.Topic, n.Subscriber, n.Subscription, n.MessageID, n.MessageMD5, n.Text})
	require.Equal(t, time.UnixMilli(1).UTC(), n.Published)
	for _, name := range []string{"text/xml", "application/xml; charset=UTF-8", "TEXT/XML"} {
		p := xmlPush(t, xml)
		p.kind = name
		require.Equal(t, XML, e.takes(t, p.signed(t)).Format)
	}
}

func TestBodiesThatAreNone(t *testing.T) {
	e := open(t, nil)
	xml, asJSON := read(t, "notification.xml"), read(t, "notification.json")
	for _, name := range []string{"TopicOwner", "TopicName", "Subscriber", "SubscriptionName", "MessageId", "MessageMD5", "Message", "PublishTime"} {
		open, end := "<"+name+">", "</"+name+">"
		before, rest, ok := strings.Cut(xml, open)
		require.True(t, ok)
		_, after, ok := strings.Cut(rest, end)
		require.True(t, ok)
		for _, body := range []string{before + after, before + open + end + after, before + "<" + name + "/>" + after} {
			e.refuses(t, xmlPush(t, body).signed(t), 400, noMessage, name+" is missing")
		}
		missing := xmlPush(t, strings.Replace(asJSON, `"`+name+`"`, `"Other"`, 1))
		missing.kind = "application/json"
		e.refuses(t, missing.signed(t), 400, noMessage, name+" is missing")
	}
	for _, time := range []string{"0", "-1", "1.5", "253402300800000", "92233720368547758070", "x", "2016-05-17"} {
		e.refuses(t, xmlPush(t, strings.Replace(xml, "1463476256857", time, 1)).signed(t), 400, noMessage, "PublishTime")
		p := simplifiedPush(t, "text").set("x-mns-publish-time", time)
		e.refuses(t, p.signed(t), 400, noMessage, "PublishTime")
	}
	for _, body := range []string{
		"", " ", "x", "<", "<Notification>", xml[:494], xml + "x", xml + "<a/>", xml + "<", "<Notifications></Notifications>", "<Notification/>",
		strings.Replace(xml, "UTF-8", "GBK", 1), strings.Replace(xml, "message 0", "message &nbsp;", 1), strings.Replace(xml, "message 0", "\xff", 1),
		`<!DOCTYPE Notification [<!ENTITY a "x">]>` + strings.Replace(xml, "message 0", "&a;", 1),
		strings.Repeat("<Notification>", 20_000), asJSON,
	} {
		e.refuses(t, xmlPush(t, body).signed(t), 400, noMessage, "")
	}
	for _, body := range []string{"", "null", "[]", "{", "5", asJSON + "x", asJSON + asJSON, strings.Repeat("[", 100_000), strings.Replace(asJSON, `"MyTopic1"`, "5", 1), xml} {
		p := xmlPush(t, body)
		p.kind = "application/json"
		e.refuses(t, p.signed(t), 400, noMessage, "")
	}
	for _, name := range []string{"x-mns-topic-owner", "x-mns-topic-name", "x-mns-subscriber", "x-mns-subscription-name", "x-mns-message-id", "x-mns-publish-time"} {
		e.refuses(t, simplifiedPush(t, "text").set(name, "").signed(t), 400, noMessage, "")
	}
	e.refuses(t, simplifiedPush(t, "").signed(t), 400, noMessage, "Message is missing")
	e.refuses(t, simplifiedPush(t, "\xff").signed(t), 400, noMessage, "Message is not UTF-8")
}

func TestFormsOfTheSum(t *testing.T) {
	e := open(t, nil)
	body := read(t, "notification.xml")
	sum := md5.Sum([]byte(body))
	digits := hex.EncodeToString(sum[:])
	for _, value := range []string{sumOf(body), digits, strings.ToUpper(digits), base64.StdEncoding.EncodeToString(sum[:])} {
		p := xmlPush(t, body)
		p.md5 = value
		e.takes(t, p.signed(t))
	}
	for _, value := range []string{"", "x", sumOf(body + " "), digits[1:], base64.RawStdEncoding.EncodeToString(sum[:])} {
		p := xmlPush(t, body)
		p.md5 = value
		e.refuses(t, p.signed(t), 403, noAccess, "Content-MD5")
	}
}

// Whatever the signature covers may not change, nor may anything be added to it.
func TestTampered(t *testing.T) {
	e := open(t, nil)
	for name, change := range map[string]func(*http.Request){
		"method line":      func(r *http.Request) { r.RequestURI = "/other" },
		"query":            func(r *http.Request) { r.RequestURI += "?a=b" },
		"type":             func(r *http.Request) { r.Header.Set("Content-Type", "application/xml") },
		"spelling of type": func(r *http.Request) { r.Header.Set("Content-Type", "text/xml; charset=utf-8") },
		"no type":          func(r *http.Request) { r.Header.Del("Content-Type") },
		"other sum": func(r *http.Request) {
			raw, _ := base64.StdEncoding.DecodeString(r.Header.Get("Content-Md5"))
			r.Header.Set("Content-Md5", string(raw))
		},
		"date":            func(r *http.Request) { r.Header.Set("Date", now.Add(time.Second).Format(http.TimeFormat)) },
		"another header":  func(r *http.Request) { r.Header.Set("x-mns-message-id", "1") },
		"an empty header": func(r *http.Request) { r.Header.Set("x-mns-a", "") },
		"a header less":   func(r *http.Request) { r.Header.Del("x-mns-request-id") },
		"another value":   func(r *http.Request) { r.Header.Set("x-mns-version", "2015-06-07") },
		"odd name":        func(r *http.Request) { r.Header["x-MNS-a"] = []string{"1"} },
		"signature": func(r *http.Request) {
			r.Header.Set("Authorization", base64.StdEncoding.EncodeToString(make([]byte, 256)))
		},
		"short signature": func(r *http.Request) { r.Header.Set("Authorization", "AAAA") },
		"scheme word":     func(r *http.Request) { r.Header.Set("Authorization", "MNS "+r.Header.Get("Authorization")) },
		"no signature":    func(r *http.Request) { r.Header.Del("Authorization") },
		"twice":           func(r *http.Request) { r.Header.Add("x-mns-version", "2015-06-06") },
		"none":            func(r *http.Request) { r.Header["X-Mns-Version"] = nil },
		"two dates":       func(r *http.Request) { r.Header.Add("Date", r.Header.Get("Date")) },
		"two sums":        func(r *http.Request) { r.Header.Add("Content-MD5", r.Header.Get("Content-MD5")) },
		"no date":         func(r *http.Request) { r.Header.Del("Date") },
		"no certificate":  func(r *http.Request) { r.Header.Del("x-mns-signing-cert-url") },
		"certificate text": func(r *http.Request) {
			r.Header.Set("x-mns-signing-cert-url", "https://mns.example.com/certs/notify.pem")
		},
	} {
		r := xmlPush(t, read(t, "notification.xml")).signed(t)
		change(r)
		t.Run(name, func(t *testing.T) { e.refuses(t, r, 403, noAccess, "") })
	}
	r := xmlPush(t, read(t, "notification.xml")).signed(t)
	r.RequestURI = "http://receiver.example.com/notifications"
	e.takes(t, r) // a proxy may spell it so
	p := xmlPush(t, read(t, "notification.xml"))
	p.target = "/hook%2Fa//b?c=http://d/e"
	e.takes(t, p.signed(t))
}

func TestAge(t *testing.T) {
	clock := now
	e := open(t, func(c *Config) { c.Now = func() time.Time { return clock } })
	p := xmlPush(t, read(t, "notification.xml"))
	for _, away := range []time.Duration{0, 15 * time.Minute, -15 * time.Minute} {
		clock = now.Add(away)
		e.takes(t, p.signed(t))
	}
	for _, away := range []time.Duration{15*time.Minute + 1, -15*time.Minute - 1, 1e6 * time.Hour} {
		clock = now.Add(away)
		e.refuses(t, p.signed(t), 403, noAccess, "away from the clock by more than 15m0s")
	}
	clock, p.date = now, "yesterday"
	e.refuses(t, p.signed(t), 403, noAccess, "no date")
	e = open(t, func(c *Config) { c.MaxAge = time.Second; c.Now = func() time.Time { return now.Add(2 * time.Second) } })
	e.refuses(t, xmlPush(t, p.body).signed(t), 403, noAccess, "1s")
}

func TestCertificateComesFromItsPlaceOnly(t *testing.T) {
	asked := 0
	e := open(t, func(c *Config) {
		c.MNS = []string{mnsPlace + "/", "http://127.0.0.1:9100/one.pem", "https://[::1]"}
		c.Client = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			asked++
			return answer(200, certificateOf(t, mnsKey())), nil
		})}
	})
	p := xmlPush(t, read(t, "notification.xml"))
	from := func(url string) *http.Request {
		return p.set("x-mns-signing-cert-url", base64.StdEncoding.EncodeToString([]byte(url))).signed(t)
	}
	for _, url := range []string{
		"https://mns.example.com/other/notify.pem", "https://mns.example.com/certs/", "https://mns.example.com/certsx/a", "https://mns.example.com",
		"http://mns.example.com/certs/notify.pem", "https://mns.example.com:444/certs/notify.pem", "https://mns.example.com.evil.example/certs/notify.pem",
		"https://mns.example.com@evil.example/certs/notify.pem", "https://a@mns.example.com/certs/notify.pem", "https://evil.example/certs/notify.pem",
		"https://mns.example.com/certs/../evil.pem", "https://mns.example.com/certs/%2e%2e/evil.pem", "https://mns.example.com/certs/..%2fevil.pem", "https://mns.example.com/certs//a.pem",
		"https://mns.example.com/certs/./a.pem", "https://mns.example.com/certs/a.pem?x=1", "https://mns.example.com/certs/a.pem?", "https://mns.example.com/certs/a.pem#", "https://mns.example.com/certs/a%0A.pem",
		`https://mns.example.com\@evil.example/certs/a.pem`, "https://mns.example.com/certs/a\\b.pem", "https:mns.example.com/certs/a.pem", "//mns.example.com/certs/a.pem", "/certs/a.pem", "file:///certs/a.pem",
		"ftp://mns.example.com/certs/a.pem", "https://mns.example.com/certs/a.pem\n", " https://mns.example.com/certs/a.pem", "https://mns.example.com/certs/ä.pem",
		"http://127.0.0.1:9100/", "http://127.0.0.1:9100/two.pem", "http://127.0.0.1/one.pem", "http://169.254.169.254/latest", "https://[::1", "https://[::2]/a.pem", "https://[::1]:8443/a.pem",
	} {
		e.refuses(t, from(url), 403, noAccess, "not a place for it")
	}
	e.refuses(t, from(""), 403, noAccess, "missing or not base64")
	require.Zero(t, asked)
	for _, url := range []string{"https://mns.example.com/certs/notify.pem", "HTTPS://MNS.example.com:443/certs/notify.pem", "https://mns.example.com/certs/a/b.pem", "https://mns.example.com/certs", "http://127.0.0.1:9100/one.pem", "https://[::1]/a.pem"} {
		e.takes(t, from(url))
	}
	require.Equal(t, 5, asked, "two are one")
}

func TestCertificates(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	other, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	good := certificateOf(t, mnsKey())
	for name, c := range map[string]struct {
		status     int
		body       string
		want       int
		text, why  string
		transports error
	}{
		"as large as allowed": {status: 200, body: good + strings.Repeat("\n", 64<<10-len(good)), want: 201},
		"too large":           {status: 200, body: good + strings.Repeat("\n", 64<<10-len(good)+1), want: 503, text: notForNow, why: "more than 65536 bytes"},
		"none there":          {status: 404, want: 403, text: noAccess, why: "no such certificate"},
		"redirect":            {status: 302, body: good, want: 503, text: notForNow, why: "status 302"},
		"busy":                {status: 500, want: 503, text: notForNow, why: "status 500"},
		"a page":              {status: 200, body: "<html>", want: 503, text: notForNow, why: "something else"},
		"no answer":           {transports: errors.New("no route"), want: 503, text: notForNow, why: "no route"},
		"no RSA key":          {status: 200, body: certificateOf(t, curve), want: 403, text: noAccess, why: "not of an RSA key"},
		"another key":         {status: 200, body: certificateOf(t, other), want: 403, text: noAccess, why: "does not fit"},
	} {
		t.Run(name, func(t *testing.T) {
			e := open(t, func(config *Config) {
				config.Client = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
					return answer(c.status, c.body), c.transports
				})}
			})
			r := xmlPush(t, read(t, "notification.xml")).signed(t)
			if c.want == 201 {
				e.takes(t, r)
				return
			}
			e.refuses(t, r, c.want, c.text, c.why)
		})
	}
}

// Real MNS has a key that Go does not take.
func TestShortKey(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	key, err := rsa.GenerateKey(rand.Reader, 512)
	require.NoError(t, err)
	certificate := certificateOf(t, key)
	p := xmlPush(t, read(t, "notification.xml"))
	sign := func() *http.Request {
		sum := sha1.Sum([]byte(p.text()))
		signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA1, sum[:])
		require.NoError(t, err)
		r := p.unsigned()
		r.Header.Set("Authorization", base64.StdEncoding.EncodeToString(signature))
		return r
	}
	r, again := sign(), sign()
	e := open(t, func(c *Config) { c.Client = pages{mnsCert: certificate}.client() })
	e.takes(t, r)
	forged := p.signed(t)
	e.refuses(t, forged, 403, noAccess, "does not fit")
	t.Setenv("GODEBUG", "rsa1024min=1")
	e.refuses(t, again, 503, notForNow, "512 bits, which Go refuses unless the process runs with GODEBUG=rsa1024min=0")
}

func TestBurstFetchesOnce(t *testing.T) {
	certificate := certificateOf(t, mnsKey())
	synctest.Test(t, func(t *testing.T) {
		var asked, received atomic.Int64
		works := true
		e := open(t, func(c *Config) {
			c.Receive = func(context.Context, Notification) error { received.Add(1); return nil }
			c.Refused = nil
			c.Client = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
				asked.Add(1)
				time.Sleep(time.Second)
				if !works {
					return nil, errors.New("no route")
				}
				return answer(200, certificate), nil
			})}
		})
		body := read(t, "notification.xml")
		burst := func(name string) {
			p := xmlPush(t, body).set("x-mns-signing-cert-url", base64.StdEncoding.EncodeToString([]byte("https://mns.example.com/certs/"+name)))
			var wg sync.WaitGroup
			for range 20 {
				r := p.signed(t)
				wg.Go(func() { e.answers(r) })
			}
			wg.Wait()
		}
		burst("a.pem")
		require.EqualValues(t, 1, asked.Load())
		require.EqualValues(t, 20, received.Load())
		works = false
		burst("b.pem")
		burst("b.pem")
		require.EqualValues(t, 2, asked.Load(), "a failure is kept, too")
		works = true
		time.Sleep(keepFailure)
		burst("b.pem")
		require.EqualValues(t, 3, asked.Load(), "but not for long")
		require.EqualValues(t, 40, received.Load())
	})
}

// A service that was set up anew has another key at the same URL.
func TestNewKey(t *testing.T) {
	older, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	certificates := pages{mnsCert: certificateOf(t, older)}
	body := read(t, "notification.xml")
	synctest.Test(t, func(t *testing.T) {
		e := open(t, func(c *Config) { c.Client = certificates.client() })
		r := xmlPush(t, body).signed(t)
		e.refuses(t, r, 403, noAccess, "the signature does not fit")
		certificates[mnsCert] = certificateOf(t, mnsKey())
		time.Sleep(keepCertificate - 1)
		e.refuses(t, xmlPush(t, body).signed(t), 403, noAccess, "the signature does not fit")
		time.Sleep(time.Second)
		e.takes(t, xmlPush(t, body).signed(t))
	})
}

// FuzzMNS bends the bodies of genuine notifications.
func FuzzMNS(f *testing.F) {
	f.Add("text/xml;charset=utf-8", "", []byte(read(f, "notification.xml")))
	f.Add("text/plain;charset=utf-8", "", []byte(read(f, "notification.json")))
	f.Add("text/plain;charset=utf-8", "1", []byte("I am test message 0."))
	f.Fuzz(func(t *testing.T, kind, id string, body []byte) {
		header := simplifiedPush(t, "").unsigned().Header
		header.Set("Content-Type", kind)
		header.Set("X-Mns-Message-Id", id)
		n, err := parseMNS(header, body)
		if err != nil {
			refused := (*refusal)(nil)
			require.ErrorAs(t, err, &refused)
			require.Equal(t, http.StatusBadRequest, refused.status)
			require.Zero(t, n)
			return
		}
		require.Equal(t, MNS, n.Protocol)
		require.Contains(t, []Format{XML, JSON, Simplified}, n.Format)
		for _, field := range []string{n.TopicOwner, n.Topic, n.Subscriber, n.Subscription, n.MessageID, n.MessageMD5, n.Text} {
			require.NotEmpty(t, field)
		}
		require.Equal(t, body, n.Body)
		require.Positive(t, n.Published.UnixMilli())
		if n.Format == Simplified {
			require.Equal(t, string(body), n.Text)
			require.Equal(t, "MyTopic1", n.Topic, "only headers say of which topic it is")
		}
	})
}
