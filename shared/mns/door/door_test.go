package door

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/broker"
	"tocsin/shared/embedded"
	"tocsin/shared/iam"
	"tocsin/shared/mns"
	"tocsin/shared/smn"
)

const (
	region  = "test"
	account = "1000000000000001"
	project = "0000000000000000" + account
	host    = "127.0.0.1:9000"

	testID, testSecret = "testid", "testsecret"
	otherID            = "otherid" // of another account, with the same secret
)

// now is when the requests of the reference were made.
var now = time.Date(2026, 11, 22, 0, 38, 55, 0, time.UTC)

// hall is an installation with a door of MNS.
type hall struct {
	http.Handler
	broker *broker.Broker
	log    *bytes.Buffer
	clock  *time.Time
}

// open makes one, perhaps with another service behind the door.
func open(t testing.TB, behind ...func(Service) Service) hall {
	t.Helper()
	db, err := embedded.Open(t.Context(), embedded.Config{Dir: t.TempDir(), Durability: embedded.Normal})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	key, clock := make([]byte, 32), now
	tokens, err := iam.NewConfirmTokens(key)
	require.NoError(t, err)
	b, err := broker.New(broker.Config{Store: db, Tasks: db, Tokens: tokens, Region: region, AllowPrivateEndpoints: true})
	require.NoError(t, err)
	user := func(name, project, access string) iam.User {
		return iam.User{
			ID: name, Name: name, Domain: iam.Domain{ID: "d-" + name, Name: "d-" + name},
			Projects: []iam.Project{{ID: project, Name: region}, {ID: smn.NewID(), Name: "second"}},
			Keys:     []iam.AccessKey{{Access: access, Secret: testSecret}},
		}
	}
	keys, err := iam.New(iam.Config{
		TokenKey: key, Now: func() time.Time { return clock },
		Users: []iam.User{user("one", project, testID), user("two", strings.Repeat("f", 32), otherID)},
	})
	require.NoError(t, err)
	service := Service(b)
	for _, f := range behind {
		service = f(service)
	}
	log := &bytes.Buffer{}
	h, err := New(Config{
		Service: service, Keys: keys, Region: region,
		Log: slog.New(slog.NewJSONHandler(log, nil)), Now: func() time.Time { return clock },
	})
	require.NoError(t, err)
	return hall{h, b, log, &clock}
}

// owner is the context in which the broker sees the caller of testID.
func owner(t *testing.T) context.Context {
	t.Helper()
	return smn.WithCaller(t.Context(), smn.Caller{Project: project, Domain: "d-one", User: "one"})
}

// request makes one, as the SDK for Python does, but for what a change does to it before
// it is signed.
func request(method, target, body string, change ...func(*http.Request)) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = host
	r.Header.Set("Date", now.Format(http.TimeFormat))
	r.Header.Set("X-Mns-Version", mns.Version)
	if body != "" {
		r.Header.Set("Content-Md5", mns.ContentMD5([]byte(body)))
		r.Header.Set("Content-Type", "text/xml;charset=UTF-8")
	}
	for _, f := range change {
		f(r)
	}
	if _, given := r.Header["Authorization"]; !given {
		signBy(testID)(r)
	}
	return r
}

func signBy(access string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Authorization", "MNS "+access+":"+mns.Sign(testSecret, mns.StringToSign(r.Method, mns.Fields(r.Header), r.RequestURI)))
	}
}

// with sets a header.
func with(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// without takes one away.
func without(name string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Del(name) }
}

// answer is what a program reads.
type answer struct {
	*http.Response
	body string
}

func (h hall) send(r *http.Request) answer {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		panic(err)
	}
	return answer{w.Result(), string(body)}
}

func (h hall) do(method, target, body string, change ...func(*http.Request)) answer {
	return h.send(request(method, target, body, change...))
}

// exactly gives the values of a header that is spelt like this.
func (a answer) exactly(name string) []string { return a.Header[name] }

// element reads the text of the first element of this name.
func (a answer) element(name string) string {
	_, rest, _ := strings.Cut(a.body, "<"+name+">")
	text, _, _ := strings.Cut(rest, "</"+name+">")
	return text
}

// requireError: the answer is an error as the SDKs want it, with all its elements.
func requireError(t *testing.T, a answer, status int, code mns.Code) {
	t.Helper()
	require.Equal(t, status, a.StatusCode, a.body)
	require.Equal(t, "text/xml;charset=utf-8", a.Header.Get("Content-Type"))
	var e struct {
		XMLName   xml.Name `xml:"http://mns.aliyuncs.com/doc/v1/ Error"`
		Code      *mns.Code
		Message   *string
		RequestID *string `xml:"RequestId"`
		HostID    *string `xml:"HostId"`
	}
	require.NoError(t, xml.Unmarshal([]byte(a.body), &e), a.body)
	require.NotNil(t, e.Code)
	require.Equal(t, code, *e.Code, a.body)
	require.NotEmpty(t, *e.Message)
	require.Equal(t, []string{*e.RequestID}, a.exactly(mns.HeaderRequestID))
	require.Equal(t, "http://"+host, *e.HostID)
}

const emptyTopic = `<?xml version="1.0" encoding="utf-8"?><Topic xmlns="http://mns.aliyuncs.com/doc/v1/"></Topic>`

func subscription(children string) string { return "<Subscription>" + children + "</Subscription>" }

func message(text string) string {
	var escaped strings.Builder
	if err := xml.EscapeText(&escaped, []byte(text)); err != nil {
		panic(err)
	}
	return "<Message><MessageBody>" + escaped.String() + "</MessageBody></Message>"
}

func (h hall) createTopic(t *testing.T, name string) {
	t.Helper()
	a := h.do("PUT", "/topics/"+name, emptyTopic)
	require.Equal(t, http.StatusCreated, a.StatusCode, a.body)
}

// TestHeaders: what every answer carries, in the spelling that programs look for.
func TestHeaders(t *testing.T) {
	h := open(t)
	for _, a := range []answer{
		h.do("PUT", "/topics/a", emptyTopic), h.do("GET", "/topics/a", ""), h.do("GET", "/topics/b", ""), h.do("GET", "/topics/a/b", ""),
	} {
		require.Len(t, a.exactly(mns.HeaderRequestID), 1)
		require.Regexp(t, `^[0-9A-F]{24}$`, a.exactly(mns.HeaderRequestID)[0])
		require.Equal(t, []string{"2015-06-06"}, a.exactly(mns.HeaderVersion))
		require.False(t, a.StatusCode >= 300 && a.StatusCode < 400, "programs take that for success")
	}
}

func TestTopics(t *testing.T) {
	h := open(t)
	a := h.do("PUT", "/topics/MyTopic1", emptyTopic)
	require.Equal(t, http.StatusCreated, a.StatusCode, a.body)
	require.Equal(t, "http://"+host+"/topics/MyTopic1", a.Header.Get("Location"))
	require.Empty(t, a.body)
	for _, same := range []string{emptyTopic, `<Topic><MaximumMessageSize>65536</MaximumMessageSize><LoggingEnabled>false</LoggingEnabled></Topic>`} {
		a = h.do("PUT", "/topics/MyTopic1", same)
		require.Equal(t, http.StatusNoContent, a.StatusCode)
		require.Equal(t, "http://"+host+"/topics/MyTopic1", a.Header.Get("Location"))
	}
	for _, other := range []string{`<Topic><MaximumMessageSize>65535</MaximumMessageSize></Topic>`, `<Topic><LoggingEnabled>True</LoggingEnabled></Topic>`} {
		requireError(t, h.do("PUT", "/topics/MyTopic1", other), 409, mns.TopicAlreadyExist)
	}

	a = h.do("GET", "/topics/MyTopic1", "")
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.Equal(t, "65536", a.element("MaximumMessageSize"))
	require.Equal(t, "False", a.element("LoggingEnabled"))
	for _, spelt := range []string{"metaoverride=true", "metaOverride=True", "METAOVERRIDE=TRUE&x=y"} {
		a = h.do("PUT", "/topics/MyTopic1?"+spelt, `<Topic><LoggingEnabled>True</LoggingEnabled></Topic>`)
		require.Equal(t, http.StatusNoContent, a.StatusCode, a.body)
	}
	a = h.do("PUT", "/topics/MyTopic1?metaoverride=true", `<Topic><MaximumMessageSize>1024</MaximumMessageSize></Topic>`)
	require.Equal(t, http.StatusNoContent, a.StatusCode)
	a = h.do("GET", "/topics/MyTopic1", "")
	require.Equal(t, []string{"1024", "True"}, []string{a.element("MaximumMessageSize"), a.element("LoggingEnabled")}, "one does not change the other")
	require.Equal(t, http.StatusNoContent, h.do("PUT", "/topics/MyTopic1?metaoverride=false", `<Topic><MaximumMessageSize>1024</MaximumMessageSize><LoggingEnabled>true</LoggingEnabled></Topic>`).StatusCode)
	requireError(t, h.do("PUT", "/topics/Other?metaoverride=true", emptyTopic), 404, mns.TopicNotExist)
	requireError(t, h.do("GET", "/topics/Other", ""), 404, mns.TopicNotExist)
	requireError(t, h.do("GET", "/topics/MyTopic1", "", signBy(otherID)), 404, mns.TopicNotExist)

	for range 2 {
		a = h.do("DELETE", "/topics/MyTopic1", "")
		require.Equal(t, http.StatusNoContent, a.StatusCode, "the second time, too")
		require.Empty(t, a.body)
	}
	requireError(t, h.do("GET", "/topics/MyTopic1", ""), 404, mns.TopicNotExist)
}

// TestTopicsOfBothDoors: a topic is a topic, whoever made it.
func TestTopicsOfBothDoors(t *testing.T) {
	h := open(t)
	h.createTopic(t, "made-by-mns")
	list, err := h.broker.ListTopics(owner(t), smn.ListTopicsInput{})
	require.NoError(t, err)
	require.Len(t, list.Topics, 1)
	require.Equal(t, "urn:smn:test:"+project+":made-by-mns", list.Topics[0].URN.String())
	_, err = h.broker.CreateTopic(owner(t), smn.CreateTopicInput{Name: "made_by_smn"})
	require.NoError(t, err)
	_, err = h.broker.CreateTopic(owner(t), smn.CreateTopicInput{Name: "made-by-smn"})
	require.NoError(t, err)

	require.Equal(t, "made_by_smn", h.do("GET", "/topics/made_by_smn", "").element("TopicName"))
	requireError(t, h.do("PUT", "/topics/made_by_smn", emptyTopic), 400, mns.TopicNameInvalid)
	require.Equal(t, http.StatusNoContent, h.do("PUT", "/topics/made-by-smn", emptyTopic).StatusCode, "its attributes are the defaults")
	a := h.do("GET", "/topics", "")
	require.Equal(t, 3, strings.Count(a.body, "<TopicURL>"))
	require.Contains(t, a.body, "<TopicURL>http://"+host+"/topics/made_by_smn</TopicURL>")
	require.Equal(t, http.StatusCreated, h.do("POST", "/topics/made_by_smn/messages", message("a")).StatusCode)
	require.Equal(t, http.StatusNoContent, h.do("DELETE", "/topics/made_by_smn", "").StatusCode)
}

const endpoint = "<Endpoint>http://127.0.0.1:8080</Endpoint>"

func TestSubscriptions(t *testing.T) {
	h := open(t)
	h.createTopic(t, "MyTopic1")
	const target = "/topics/MyTopic1/subscriptions/MyTopic1-Sub1"
	a := h.do("PUT", target, subscription(endpoint))
	require.Equal(t, http.StatusCreated, a.StatusCode, a.body)
	require.Equal(t, "http://"+host+target, a.Header.Get("Location"))
	require.Empty(t, a.body)
	for _, same := range []string{endpoint, endpoint + "<NotifyContentFormat>XML</NotifyContentFormat><NotifyStrategy>BACKOFF_RETRY</NotifyStrategy><FilterTag></FilterTag>"} {
		a = h.do("PUT", target, subscription(same))
		require.Equal(t, http.StatusNoContent, a.StatusCode)
		require.Equal(t, "http://"+host+target, a.Header.Get("Location"))
	}
	for _, other := range []string{
		"<Endpoint>http://127.0.0.1:8081</Endpoint>", endpoint + "<NotifyContentFormat>JSON</NotifyContentFormat>",
		endpoint + "<NotifyStrategy>EXPONENTIAL_DECAY_RETRY</NotifyStrategy>", endpoint + "<FilterTag>red</FilterTag>",
	} {
		requireError(t, h.do("PUT", target, subscription(other)), 409, mns.SubscriptionAlreadyExist)
	}

	a = h.do("GET", target, "")
	require.Equal(t, http.StatusOK, a.StatusCode)
	for name, want := range map[string]string{
		"TopicOwner": account, "TopicName": "MyTopic1", "Subscriber": account, "SubscriptionName": "MyTopic1-Sub1",
		"Endpoint": "http://127.0.0.1:8080", "NotifyStrategy": "BACKOFF_RETRY", "NotifyContentFormat": "XML",
	} {
		require.Equal(t, want, a.element(name), name)
	}
	require.NotContains(t, a.body, "FilterTag")
	require.Regexp(t, `^[0-9]{10}$`, a.element("CreateTime"))

	a = h.do("PUT", target+"?metaoverride=true", subscription("<NotifyStrategy>EXPONENTIAL_DECAY_RETRY</NotifyStrategy><FilterTag>red</FilterTag>"))
	require.Equal(t, http.StatusNoContent, a.StatusCode, a.body)
	a = h.do("GET", target, "")
	require.Equal(t, []string{"EXPONENTIAL_DECAY_RETRY", "red"}, []string{a.element("NotifyStrategy"), a.element("FilterTag")})
	a = h.do("PUT", target+"?metaoverride=true", subscription("<FilterTag></FilterTag>"))
	require.Equal(t, http.StatusNoContent, a.StatusCode, a.body)
	a = h.do("GET", target, "")
	require.Equal(t, "EXPONENTIAL_DECAY_RETRY", a.element("NotifyStrategy"))
	require.NotContains(t, a.body, "FilterTag")

	for _, absent := range []string{"/topics/MyTopic1/subscriptions/Other", "/topics/Other/subscriptions/MyTopic1-Sub1"} {
		code := mns.SubscriptionNotExist
		if strings.Contains(absent, "topics/Other") {
			code = mns.TopicNotExist
			requireError(t, h.do("PUT", absent, subscription(endpoint)), 404, code)
			requireError(t, h.do("DELETE", absent, ""), 404, code)
			requireError(t, h.do("GET", "/topics/Other/subscriptions", ""), 404, code)
		}
		requireError(t, h.do("GET", absent, ""), 404, code)
		requireError(t, h.do("PUT", absent+"?metaoverride=true", subscription("")), 404, code)
	}
	for range 2 {
		require.Equal(t, http.StatusNoContent, h.do("DELETE", target, "").StatusCode, "the second time, too")
	}
	requireError(t, h.do("GET", target, ""), 404, mns.SubscriptionNotExist)
}

// TestSubscriptionsOfSMN: they are there by their ids, and SMN alone changes them.
func TestSubscriptionsOfSMN(t *testing.T) {
	h := open(t)
	h.createTopic(t, "a")
	made, err := h.broker.Subscribe(owner(t), smn.SubscribeInput{
		TopicURN: "urn:smn:test:" + project + ":a", NewSubscription: smn.NewSubscription{Protocol: smn.Email, Endpoint: "a@example.com"},
	})
	require.NoError(t, err)
	id := made.URN[strings.LastIndexByte(made.URN, ':')+1:]
	a := h.do("GET", "/topics/a/subscriptions", "", with("X-Mns-With-Meta", "true"))
	require.Equal(t, "http://"+host+"/topics/a/subscriptions/"+id, a.element("SubscriptionURL"))
	require.Equal(t, []string{id, "JSON", "BACKOFF_RETRY", "mail:directmail:a@example.com"},
		[]string{a.element("SubscriptionName"), a.element("NotifyContentFormat"), a.element("NotifyStrategy"), a.element("Endpoint")})
	require.Equal(t, id, h.do("GET", "/topics/a/subscriptions/"+id, "").element("SubscriptionName"))
	requireError(t, h.do("PUT", "/topics/a/subscriptions/"+id+"?metaoverride=true", subscription("<FilterTag>red</FilterTag>")), 400, mns.InvalidArgument)
	require.Equal(t, http.StatusNoContent, h.do("DELETE", "/topics/a/subscriptions/"+id, "").StatusCode)
	requireError(t, h.do("GET", "/topics/a/subscriptions/"+id, ""), 404, mns.SubscriptionNotExist)
}

func TestEndpoints(t *testing.T) {
	h := open(t)
	h.createTopic(t, "a")
	for endpoint, protocol := range map[string]smn.Protocol{
		"http://127.0.0.1:8080": smn.HTTP, "https://a.example/b?c=d&amp;e": smn.HTTPS,
		"mail:directmail:a@example.com": smn.Email, "sms:directsms:+8613800000000": smn.SMS,
	} {
		target := "/topics/a/subscriptions/" + string(protocol)
		a := h.do("PUT", target, subscription("<Endpoint>"+endpoint+"</Endpoint>"))
		require.Equal(t, http.StatusCreated, a.StatusCode, a.body)
		require.Equal(t, endpoint, h.do("GET", target, "").element("Endpoint"))
		s, err := h.broker.GetNamed(owner(t), smn.NamedInput{TopicURN: "urn:smn:test:" + project + ":a", Name: string(protocol)})
		require.NoError(t, err)
		require.Equal(t, protocol, s.Protocol)
		require.Equal(t, smn.Exempt, s.Status, "nobody confirms it")
	}
	for _, endpoint := range []string{
		"", "http://", "http://a b", "ftp://a.example", "mail:directmail:nobody", "sms:directsms:anonymous", "sms:directsms:x", "acs:mns:cn-hangzhou:1:queues/q",
	} {
		requireError(t, h.do("PUT", "/topics/a/subscriptions/x", subscription("<Endpoint>"+endpoint+"</Endpoint>")), 400, mns.EndpointInvalid)
	}
}

func TestPublish(t *testing.T) {
	h := open(t)
	h.createTopic(t, "MyTopic1")
	for text, sum := range map[string]string{
		"I am test message 0.": "075C3D4AEB2D2F2D6A4C17C9D6DBBEBB",
		"I am test message 1.": "8356BC7FFBD22CC971BE7FF7427202B6",
		"I am test message 2.": "3BCFB142A3CC597F5D409BFE9DB1B885",
	} {
		a := h.do("POST", "/topics/MyTopic1/messages", message(text))
		require.Equal(t, http.StatusCreated, a.StatusCode, a.body)
		require.Equal(t, sum, a.element("MessageBodyMD5"))
		id, ok := mns.ParseMessageID(a.element("MessageId"))
		require.True(t, ok, a.body)
		report, err := h.broker.GetMessageReport(owner(t), smn.MessageReportInput{TopicURN: "urn:smn:test:" + project + ":MyTopic1", MessageID: id})
		require.NoError(t, err)
		require.Equal(t, 24*time.Hour, report.ExpiresAt.Sub(report.AcceptedAt))
	}
	a := h.do("POST", "/topics/MyTopic1/messages", `<Message><MessageBody>a</MessageBody><MessageTag>red</MessageTag><MessageAttributes><DirectMail>{"Subject":"Hello"}</DirectMail></MessageAttributes></Message>`)
	require.Equal(t, http.StatusCreated, a.StatusCode, a.body)
	list, err := h.broker.ListMessages(owner(t), smn.ListMessagesInput{TopicURN: "urn:smn:test:" + project + ":MyTopic1"})
	require.NoError(t, err)
	require.Equal(t, "Hello", list[0].Subject)
	for _, mail := range []string{`no JSON`, `{"Subject":"two\nlines"}`, `{"Subject":"` + strings.Repeat("ä", smn.MaxSubject) + `"}`} {
		a := h.do("POST", "/topics/MyTopic1/messages", "<Message><MessageBody>a</MessageBody><MessageAttributes><DirectMail>"+mail+"</DirectMail></MessageAttributes></Message>")
		require.Equal(t, http.StatusCreated, a.StatusCode, a.body)
	}
	requireError(t, h.do("POST", "/topics/Other/messages", message("a")), 404, mns.TopicNotExist)
	requireError(t, h.do("POST", "/topics/MyTopic1/messages", message("a"), with("X-Tocsin-Delivery", "1")), 403, mns.AccessDenied)
}

// TestMessageSize: the limit is that of the topic, in bytes, and the text of the refusal
// is known to programs.
func TestMessageSize(t *testing.T) {
	h := open(t)
	h.createTopic(t, "large")
	require.Equal(t, http.StatusCreated, h.do("PUT", "/topics/small", `<Topic><MaximumMessageSize>1024</MaximumMessageSize></Topic>`).StatusCode)
	_, err := h.broker.CreateTopic(owner(t), smn.CreateTopicInput{Name: "of-smn"})
	require.NoError(t, err)
	for topic, limit := range map[string]int{"large": 65536, "small": 1024, "of-smn": 65536} {
		for _, char := range []string{"a", "ä", "&"} { // the last is escaped
			fits := strings.Repeat(char, limit/len(char))
			require.Equal(t, http.StatusCreated, h.do("POST", "/topics/"+topic+"/messages", message(fits)).StatusCode, topic)
			for _, more := range []int{1, 400_000} {
				a := h.do("POST", "/topics/"+topic+"/messages", message(fits+strings.Repeat("a", more)))
				requireError(t, a, 400, mns.InvalidArgument)
				require.Equal(t, "The length of message should not be larger than MaximumMessageSize.", a.element("Message"))
			}
		}
	}
	a := h.do("POST", "/topics/large/messages", message(strings.Repeat("a", maxBody)))
	requireError(t, a, 400, mns.InvalidArgument)
	require.Equal(t, "The length of message should not be larger than MaximumMessageSize.", a.element("Message"))
}
