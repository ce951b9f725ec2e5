package mns

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/smn"
)

func codeOf(err error) Code {
	if err == nil {
		return ""
	}
	return Explain(err).Code
}

// TestSpellings: programs write the same request in many ways.
func TestSpellings(t *testing.T) {
	size, logging := 65536, false
	for name, c := range map[string]struct {
		body string
		want TopicRequest
	}{
		"Python":               {`<?xml version="1.0" encoding="utf-8"?><Topic xmlns="http://mns.aliyuncs.com/doc/v1/"></Topic>`, TopicRequest{}},
		"Go":                   {`<Topic><MaximumMessageSize>65536</MaximumMessageSize><LoggingEnabled>false</LoggingEnabled></Topic>`, TopicRequest{&size, &logging}},
		"Java":                 {`<?xml version="1.0" encoding="UTF-8" standalone="no"?><Topic xmlns="http://mns.aliyuncs.com/doc/v1"><LoggingEnabled>False</LoggingEnabled><MaximumMessageSize>65536</MaximumMessageSize><TopicName>a</TopicName></Topic>`, TopicRequest{&size, &logging}},
		"with a prefix":        {`<m:Topic xmlns:m="http://mns.aliyuncs.com/doc/v1/"><m:MaximumMessageSize> 65536 </m:MaximumMessageSize></m:Topic>`, TopicRequest{MaximumMessageSize: &size}},
		"of another namespace": {`<Topic xmlns="urn:other"><LoggingEnabled>FALSE</LoggingEnabled></Topic>`, TopicRequest{LoggingEnabled: &logging}},
		"a comment and space":  {"\n<!-- a --><Topic>\n  <LoggingEnabled>false</LoggingEnabled>\n</Topic>\n<!-- b -->\n", TopicRequest{LoggingEnabled: &logging}},
		"closed at once":       {`<Topic/>`, TopicRequest{}},
		"a byte-order mark":    {"\ufeff" + `<?xml version="1.0" encoding="utf-8"?><Topic><LoggingEnabled>false</LoggingEnabled></Topic>`, TopicRequest{LoggingEnabled: &logging}},
		"empty elements":       {`<Topic><LoggingEnabled/><MaximumMessageSize></MaximumMessageSize></Topic>`, TopicRequest{}},
		"a deeper one":         {`<Topic><Other><LoggingEnabled>true</LoggingEnabled></Other></Topic>`, TopicRequest{}},
	} {
		got, err := ParseTopic([]byte(c.body))
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
	}
}

func TestMalformed(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":             ``,
		"a declaration alone": `<?xml version="1.0"?>`,
		"text":                `Topic`,
		"JSON":                `{"Topic":{}}`,
		"not closed":          `<Topic>`,
		"closed by another":   `<Topic></Subject>`,
		"two roots":           `<Topic/><Topic/>`,
		"text behind":         `<Topic/>text`,
		"not UTF-8":           "<Topic>\xff</Topic>",
		"a mark alone":        "\ufeff",
		"two marks":           "\ufeff\ufeff<Topic/>",
		"a mark of UTF-16":    "\xff\xfe<Topic/>",
		"another encoding":    `<?xml version="1.0" encoding="ISO-8859-1"?><Topic/>`,
		"a control character": "<Topic>\x01</Topic>",
		"a document type":     `<!DOCTYPE Topic [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><Topic>&b;</Topic>`,
		"a foreign entity":    `<!DOCTYPE Topic [<!ENTITY a SYSTEM "file:///etc/passwd">]><Topic>&a;</Topic>`,
		"an unknown entity":   `<Topic>&a;</Topic>`,
		"a deep one":          `<Topic>` + strings.Repeat("<a>", maxDepth) + strings.Repeat("</a>", maxDepth) + `</Topic>`,
	} {
		for what, parse := range parsers {
			require.Equal(t, MalformedXML, codeOf(parse([]byte(strings.ReplaceAll(body, "Topic", what)))), "%s, %s", name, what)
		}
	}
	_, err := ParseTopic([]byte(`<Topic>` + strings.Repeat("<a>", maxDepth-1) + strings.Repeat("</a>", maxDepth-1) + `</Topic>`))
	require.NoError(t, err)
	_, err = ParseTopic([]byte(`<Topics/>`))
	require.EqualError(t, err, "InvalidArgument: The root of the XML must be Topic.")
}

// parsers are those of all bodies, by the root.
var parsers = map[string]func([]byte) error{
	"Topic":        func(b []byte) error { _, err := ParseTopic(b); return err },
	"Subscription": func(b []byte) error { _, err := ParseSubscribe(b); return err },
	"Message":      func(b []byte) error { _, err := ParsePublish(b); return err },
}

// TestElementsInTexts: nothing is left out of a text unsaid.
func TestElementsInTexts(t *testing.T) {
	for what, names := range map[string][]string{
		"Topic":        {"MaximumMessageSize", "LoggingEnabled"},
		"Subscription": {"Endpoint", "NotifyContentFormat", "NotifyStrategy", "FilterTag"},
		"Message":      {"MessageBody", "MessageTag"},
	} {
		good := map[string]string{"Subscription": "<Endpoint>http://a.example</Endpoint>", "Message": "<MessageBody>a</MessageBody>"}[what]
		require.NoError(t, parsers[what]([]byte("<"+what+">"+good+"<Other>a<b/></Other></"+what+">")), what)
		for _, name := range names {
			for _, text := range []string{"<b/>", "a<b>x</b>c", "1024<b/>", "true<b/>", "http://b.example<b/>", "XML<b/>", BackoffRetry + "<b/>"} {
				err := parsers[what]([]byte("<" + what + ">" + good + "<" + name + ">" + text + "</" + name + "></" + what + ">"))
				require.Equal(t, InvalidArgument, codeOf(err), "%s: %s", name, text)
			}
		}
	}
	for _, name := range []string{"NotifyStrategy", "FilterTag"} {
		_, err := ParseSetSubscription([]byte("<Subscription><" + name + "><b/></" + name + "></Subscription>"))
		require.Equal(t, InvalidArgument, codeOf(err), name)
	}
}

func TestTopicValues(t *testing.T) {
	for body, want := range map[string]Code{
		`<MaximumMessageSize>1023</MaximumMessageSize>`:  InvalidArgument,
		`<MaximumMessageSize>1024</MaximumMessageSize>`:  "",
		`<MaximumMessageSize>65536</MaximumMessageSize>`: "",
		`<MaximumMessageSize>65537</MaximumMessageSize>`: InvalidArgument,
		`<MaximumMessageSize>-1</MaximumMessageSize>`:    InvalidArgument,
		`<MaximumMessageSize>many</MaximumMessageSize>`:  InvalidArgument,
		`<LoggingEnabled>TRUE</LoggingEnabled>`:          "",
		`<LoggingEnabled>1</LoggingEnabled>`:             InvalidArgument,
	} {
		_, err := ParseTopic([]byte("<Topic>" + body + "</Topic>"))
		require.Equal(t, want, codeOf(err), body)
	}
}

func TestSubscribe(t *testing.T) {
	got, err := ParseSubscribe([]byte(`<?xml version="1.0" encoding="utf-8"?><Subscription xmlns="http://mns.aliyuncs.com/doc/v1/"><Endpoint>http://127.0.0.1:8080</Endpoint></Subscription>`))
	require.NoError(t, err)
	require.Equal(t, SubscribeRequest{
		smn.NewSubscription{Protocol: smn.HTTP, Endpoint: "http://127.0.0.1:8080"},
		smn.Style{Form: FormXML, Strategy: BackoffRetry},
	}, got)

	got, err = ParseSubscribe([]byte(`<Subscription><NotifyStrategy>EXPONENTIAL_DECAY_RETRY</NotifyStrategy><NotifyContentFormat>SIMPLIFIED</NotifyContentFormat><FilterTag>red</FilterTag><Endpoint>mail:directmail:a@example.com</Endpoint></Subscription>`))
	require.NoError(t, err)
	require.Equal(t, SubscribeRequest{
		smn.NewSubscription{Protocol: smn.Email, Endpoint: "a@example.com"},
		smn.Style{Form: FormSimplified, Strategy: ExponentialDecayRetry, Tag: "red"},
	}, got)

	const endpoint = `<Endpoint>https://a.example</Endpoint>`
	for body, want := range map[string]Code{
		endpoint:                                 "",
		`<Endpoint>HTTPS://a.example</Endpoint>`: "",
		`<Endpoint>sms:directsms:13800000000</Endpoint>`:                                   "",
		`<Endpoint>sms:directsms:anonymous</Endpoint>`:                                     EndpointInvalid,
		`<Endpoint>acs:mns:cn-hangzhou:1000000000000001:queues/q</Endpoint>`:               EndpointInvalid,
		`<Endpoint>ftp://a.example</Endpoint>`:                                             EndpointInvalid,
		`<Endpoint>a.example</Endpoint>`:                                                   EndpointInvalid,
		`<Endpoint></Endpoint>`:                                                            EndpointInvalid,
		``:                                                                                 EndpointInvalid,
		endpoint + `<NotifyContentFormat>JSON</NotifyContentFormat>`:                       "",
		endpoint + `<NotifyContentFormat>STREAM</NotifyContentFormat>`:                     InvalidArgument,
		endpoint + `<NotifyContentFormat>xml</NotifyContentFormat>`:                        InvalidArgument,
		endpoint + `<NotifyStrategy>NEVER</NotifyStrategy>`:                                InvalidArgument,
		endpoint + `<FilterTag>` + strings.Repeat("ä", smn.MaxMessageTag) + `</FilterTag>`: "",
		endpoint + `<FilterTag>` + strings.Repeat("ä", 17) + `</FilterTag>`:                InvalidArgument,
	} {
		_, err := ParseSubscribe([]byte("<Subscription>" + body + "</Subscription>"))
		require.Equal(t, want, codeOf(err), body)
	}
}

func TestSetSubscription(t *testing.T) {
	exponential, red, none := ExponentialDecayRetry, "red", ""
	for body, want := range map[string]SetSubscriptionRequest{
		``: {},
		`<NotifyStrategy>EXPONENTIAL_DECAY_RETRY</NotifyStrategy>`: {NotifyStrategy: &exponential},
		`<NotifyStrategy></NotifyStrategy>`:                        {},
		`<FilterTag>red</FilterTag>`:                               {FilterTag: &red},
		`<FilterTag/>`:                                             {FilterTag: &none},
		`<Endpoint>http://other</Endpoint>`:                        {},
	} {
		got, err := ParseSetSubscription([]byte("<Subscription>" + body + "</Subscription>"))
		require.NoError(t, err, body)
		require.Equal(t, want, got, body)
	}
	for _, body := range []string{`<NotifyStrategy>NEVER</NotifyStrategy>`, `<FilterTag>` + strings.Repeat("a", 17) + `</FilterTag>`} {
		_, err := ParseSetSubscription([]byte("<Subscription>" + body + "</Subscription>"))
		require.Equal(t, InvalidArgument, codeOf(err), body)
	}
}

func TestPublish(t *testing.T) {
	mail := `<MessageAttributes><DirectMail>{"AccountName":"a@example.com","Subject":"Hello","AddressType":0}</DirectMail><DirectSMS>{"FreeSignName":"s"}</DirectSMS></MessageAttributes>`
	for body, want := range map[string]PublishRequest{
		`<MessageBody>I am test message 0.</MessageBody>`:                       {Body: "I am test message 0."},
		"<MessageBody> two\n lines </MessageBody>":                              {Body: " two\n lines "},
		`<MessageBody>&lt;a&gt; &amp; &quot;b&quot; &#228;</MessageBody>`:       {Body: `<a> & "b" ä`},
		`<MessageBody>a<![CDATA[<b>]]>c</MessageBody>`:                          {Body: "a<b>c"},
		`<MessageBody>a</MessageBody><MessageTag>red</MessageTag>`:              {Body: "a", Tag: "red"},
		`<MessageBody>a</MessageBody><MessageTag></MessageTag>`:                 {Body: "a"},
		mail + `<MessageBody>a</MessageBody>`:                                   {Body: "a", Subject: "Hello"},
		`<MessageBody>a</MessageBody><UserProperties><a>b</a></UserProperties>`: {Body: "a"},
	} {
		got, err := ParsePublish([]byte("<Message>" + body + "</Message>"))
		require.NoError(t, err, body)
		require.Equal(t, want, got, body)
	}
	for body, want := range map[string]Code{
		``:                            InvalidArgument,
		`<MessageBody></MessageBody>`: InvalidArgument,
		`<MessageBody>` + strings.Repeat("ä", DefaultMessageSize/2) + `</MessageBody>`:  "",
		`<MessageBody>` + strings.Repeat("a", DefaultMessageSize+1) + `</MessageBody>`:  InvalidArgument,
		`<MessageBody>` + strings.Repeat("&lt;", DefaultMessageSize) + `</MessageBody>`: "",
		`<MessageBody>a</MessageBody><MessageTag>aaaaaaaaaaaaaaaa</MessageTag>`:         "",
		`<MessageBody>a</MessageBody><MessageTag>aaaaaaaaaaaaaaaaa</MessageTag>`:        InvalidArgument,
	} {
		_, err := ParsePublish([]byte("<Message>" + body + "</Message>"))
		require.Equal(t, want, codeOf(err), "%.80s", body)
	}
}

// TestSubject: attributes for mail never keep a message from being published.
func TestSubject(t *testing.T) {
	long := strings.Repeat("s", smn.MaxSubject)
	for mail, want := range map[string]string{
		`{"Subject":"a<b>x</b>c"}`:                   "",
		`no JSON`:                                    "",
		`["Hello"]`:                                  "",
		`"Hello"`:                                    "",
		`null`:                                       "",
		`{}`:                                         "",
		`{"Subject":"Hello"} more`:                   "",
		`{"Subject":5}`:                              "",
		`{"Subject":"two\nlines"}`:                   "",
		`{"Subject":"a\u0000b"}`:                     "",
		`{"Subject":"a\u0085b"}`:                     "",
		`{"Subject":"a\u2028b"}`:                     "",
		`{"Subject":"` + long + `\n"}`:               "",
		`{"Subject":"` + long + `"}`:                 long,
		`{"Subject":"` + long + `s"}`:                long,
		`{"Subject":"` + long[1:] + `ä"}`:            long[1:],
		`{"Subject":"` + long[2:] + `ää"}`:           long[2:] + "ä",
		`{"Subject":"` + long[3:] + `\ud83d\ude00"}`: long[3:],
		`{"Subject":"ä &lt;b&gt;"}`:                  "ä <b>",
	} {
		got, err := ParsePublish([]byte("<Message><MessageBody>a</MessageBody><MessageAttributes><DirectMail>" + mail + "</DirectMail></MessageAttributes></Message>"))
		require.NoError(t, err, mail)
		require.Equal(t, want, got.Subject, mail)
	}
}

// FuzzRead: any body is read or refused, never with our own fault, and what is read is
// text.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`<Topic><MaximumMessageSize>1024</MaximumMessageSize></Topic>`, `<Subscription><Endpoint>http://a</Endpoint></Subscription>`,
		`<?xml version="1.0"?><Message xmlns="x"><MessageBody>a&#0;<![CDATA[b]]></MessageBody></Message>`, `<!DOCTYPE a><a/>`, `<a:b:c/>`, `<Topic`, "\xef\xbb\xbf<Topic/>",
		`<Message><MessageAttributes><DirectMail>{}</DirectMail></MessageAttributes></Message>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for root, parse := range parsers {
			if code := codeOf(parse(body)); code != "" {
				require.Contains(t, []Code{MalformedXML, InvalidArgument, EndpointInvalid}, code, root)
			}
		}
		if req, err := ParsePublish(body); err == nil {
			require.True(t, utf8.ValidString(req.Body) && req.Body != "" && len(req.Body) <= DefaultMessageSize)
			require.True(t, utf8.ValidString(req.Subject) && len(req.Subject) <= smn.MaxSubject)
		}
		_, _ = ParseSetSubscription(body)
	})
}

// projectOf is the way back from AccountID. It is false for what that could not have
// written.
func projectOf(account string) (project string, ok bool) {
	if isAccountNumber(account) {
		return padding + account, true
	}
	return account, smn.IsID(account) && AccountID(account) == account
}

// TestIDs: the spelling of an id is another for each, and leads back.
func TestIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching(`[0-9a-f]{32}`).Draw(t, "id")
		spelt := MessageID(id)
		require.Regexp(t, `^[0-9A-F]{16}-1-(0|[1-9A-F][0-9A-F]{0,11})-2000[0-9]{5}$`, spelt)
		back, ok := ParseMessageID(spelt)
		require.True(t, ok)
		require.Equal(t, id, back)

		published, ok := PublishTime(id)
		require.True(t, ok)
		require.Equal(t, strings.Split(spelt, "-")[2], fmt.Sprintf("%X", published.UnixMilli()), "it tells its time")

		account := AccountID(id)
		project, ok := projectOf(account)
		require.True(t, ok)
		require.Equal(t, id, project)
	})
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`[0-9]{16}`).Draw(t, "number")
		project, ok := projectOf(number)
		require.True(t, ok)
		require.True(t, smn.IsID(project))
		require.Equal(t, number, AccountID(project))
	})
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[0-9A-Fa-f]{16}-1-0?[0-9A-Fa-f]{1,13}-\+?2000[0-9]{5,6}`).Draw(t, "id")
		if id, ok := ParseMessageID(s); ok {
			require.Equal(t, s, MessageID(id), "each has one spelling")
		}
	})
	require.Equal(t, "F6EA56633844DBFC-1-154BDFB8059-200000001", MessageID("0154bdfb80590001f6ea56633844dbfc"))
	for _, s := range []string{"", "0154bdfb8059", "F6EA56633844DBFC-1-154BDFB8059-200000001"} {
		require.Equal(t, s, MessageID(s))
		_, ok := PublishTime(s)
		require.False(t, ok, s)
	}
	require.Equal(t, project, "0000000000000000"+AccountID(project))
	for _, s := range []string{"", "100000000000001", "10000000000000001", "100000000000000a", "00000000000000001000000000000001", strings.Repeat("g", 32)} {
		_, ok := projectOf(s)
		require.False(t, ok, s)
	}
}

func TestMD5(t *testing.T) {
	for text, sum := range map[string]string{
		"I am test message 0.":         "075C3D4AEB2D2F2D6A4C17C9D6DBBEBB",
		"I am test message 1.":         "8356BC7FFBD22CC971BE7FF7427202B6",
		"I am test message 2.":         "3BCFB142A3CC597F5D409BFE9DB1B885",
		"SSBhbSB0ZXN0IG1lc3NhZ2UgMC4=": "84183D9C916D4C19AB44686D17DE5036",
	} {
		require.Equal(t, sum, BodyMD5(text))
	}
	empty := `<?xml version="1.0" encoding="utf-8"?><Topic xmlns="http://mns.aliyuncs.com/doc/v1/"></Topic>`
	require.Equal(t, "NGY1YmM3ZDdhNmRiMDNhMDI0NmM3YmQzZjM3MzJhMDk=", ContentMD5([]byte(empty)))
	require.Equal(t, "ZDQxZDhjZDk4ZjAwYjIwNGU5ODAwOTk4ZWNmODQyN2U=", ContentMD5(nil))
	for value, want := range map[string]bool{"ZDQxZDhjZDk4ZjAwYjIwNGU5ODAwOTk4ZWNmODQyN2U=": true, "1B2M2Y8AsgTpgAmY7PhCfg==": true, "d41d8cd98f00b204e9800998ecf8427e": false, "": false} {
		require.Equal(t, want, IsContentMD5(value, nil), value)
	}
}

func TestExplain(t *testing.T) {
	for code, want := range map[smn.Code]Error{
		smn.TopicNotFound:    {TopicNotExist, "x"},
		smn.InvalidParameter: {InvalidArgument, "x"},
		smn.TooManyTopics:    {InvalidArgument, "x"},
		smn.InternalEndpoint: {EndpointInvalid, "x"},
		smn.Internal:         {InternalError, "The service has failed. Try again in a moment."},
	} {
		require.Equal(t, &want, Explain(smn.Errorf(code, "x")))
	}
	for code, status := range map[Code]int{InvalidArgument: 400, TopicNotExist: 404, TopicAlreadyExist: 409, TimeExpired: 408, AccessDenied: 403, InternalError: 500, QPSLimitExceeded: 400} {
		require.Equal(t, status, (&Error{Code: code}).Status())
	}
}

func TestTopicNames(t *testing.T) {
	for name, want := range map[string]bool{"a": true, "9-A": true, strings.Repeat("a", 255): true, strings.Repeat("a", 256): false, "": false, "-a": false, "a_b": false, "ä": false, "a.b": false} {
		require.Equal(t, want, IsTopicName(name), name)
	}
}
