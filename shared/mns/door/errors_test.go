package door

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/intake"
	"tocsin/shared/mns"
	"tocsin/shared/smn"
)

// TestErrors: each code that there is a way to.
func TestErrors(t *testing.T) {
	h := open(t)
	h.createTopic(t, "a")
	date := func(at time.Time) func(*http.Request) { return with("Date", at.Format(http.TimeFormat)) }
	authorization := func(value string) func(*http.Request) { return with("Authorization", value) }
	long := strings.Repeat("a", 256)
	for name, c := range map[string]struct {
		method, target, body string
		change               func(*http.Request)
		status               int
		code                 mns.Code
	}{
		"unknown path":             {"GET", "/topics/a/other", "", nil, 400, mns.InvalidRequestURL},
		"deeper path":              {"GET", "/topics/a/subscriptions/b/c", "", nil, 400, mns.InvalidRequestURL},
		"slash behind":             {"GET", "/topics/a/subscriptions/b/", "", nil, 400, mns.InvalidRequestURL},
		"literal star":             {"GET", "/topics/a/*", "", nil, 400, mns.InvalidRequestURL},
		"escaped slash":            {"GET", "/topics/a%2Fsubscriptions", "", nil, 400, mns.TopicNameInvalid},
		"wrong method":             {"POST", "/topics/a", emptyTopic, nil, 405, mns.MethodNotAllowed},
		"query":                    {"GET", "/topics/a?%zz", "", nil, 400, mns.InvalidQueryString},
		"override":                 {"PUT", "/topics/a?metaoverride=perhaps", emptyTopic, nil, 400, mns.InvalidQueryString},
		"no authorization":         {"GET", "/topics/a", "", authorization(""), 400, mns.MissingAuthorizationHeader},
		"no date":                  {"GET", "/topics/a", "", without("Date"), 400, mns.MissingDateHeader},
		"no version":               {"GET", "/topics/a", "", without("X-Mns-Version"), 400, mns.MissingVersionHeader},
		"another scheme":           {"GET", "/topics/a", "", authorization("Basic dGVzdGlkOnRlc3RzZWNyZXQ="), 400, mns.InvalidAuthorizationHeader},
		"later scheme":             {"GET", "/topics/a", "", authorization("MNS4-HMAC-SHA256 Credential=testid/20261122/cn-hangzhou/mns/aliyun_v4_request,Signature=00"), 400, mns.InvalidAuthorizationHeader},
		"small letters":            {"GET", "/topics/a", "", authorization("mns testid:c2ln"), 400, mns.InvalidAuthorizationHeader},
		"no signature":             {"GET", "/topics/a", "", authorization("MNS testid:"), 400, mns.InvalidAuthorizationHeader},
		"no colon":                 {"GET", "/topics/a", "", authorization("MNS testid"), 400, mns.InvalidAuthorizationHeader},
		"no key":                   {"GET", "/topics/a", "", authorization("MNS :c2ln"), 400, mns.InvalidAuthorizationHeader},
		"two spaces":               {"GET", "/topics/a", "", authorization("MNS  testid:c2ln"), 400, mns.InvalidAuthorizationHeader},
		"two headers":              {"GET", "/topics/a", "", func(r *http.Request) { r.Header["Authorization"] = []string{"MNS testid:c2ln", "MNS testid:c2ln"} }, 400, mns.InvalidAuthorizationHeader},
		"unreadable date":          {"GET", "/topics/a", "", with("Date", "2026-11-22T00:38:55Z"), 400, mns.InvalidDateHeader},
		"empty date":               {"GET", "/topics/a", "", with("Date", ""), 400, mns.InvalidDateHeader},
		"another version":          {"GET", "/topics/a", "", with("X-Mns-Version", "2014-07-08"), 400, mns.InvalidVersionHeader},
		"JSON":                     {"PUT", "/topics/a", emptyTopic, with("Content-Type", "application/json"), 400, mns.InvalidContentType},
		"another character set":    {"PUT", "/topics/a", emptyTopic, with("Content-Type", "text/xml;charset=GBK"), 400, mns.InvalidContentType},
		"unreadable type":          {"PUT", "/topics/a", emptyTopic, with("Content-Type", "text/xml;;;"), 400, mns.InvalidContentType},
		"unknown key":              {"GET", "/topics/a", "", signBy("unknown"), 403, mns.InvalidAccessKeyID},
		"unknown key, old":         {"GET", "/topics/a", "", func(r *http.Request) { date(now.Add(-time.Hour))(r); signBy("unknown")(r) }, 403, mns.InvalidAccessKeyID},
		"too old":                  {"GET", "/topics/a", "", date(now.Add(-15*time.Minute - time.Second)), 408, mns.TimeExpired},
		"too early":                {"GET", "/topics/a", "", date(now.Add(15*time.Minute + time.Second)), 408, mns.TimeExpired},
		"wrong signature":          {"GET", "/topics/a", "", authorization("MNS testid:9URUratsA0VMoYylGp1d3K24Gjw="), 403, mns.SignatureDoesNotMatch},
		"no base64":                {"GET", "/topics/a", "", authorization("MNS testid:***"), 403, mns.SignatureDoesNotMatch},
		"wrong sum":                {"PUT", "/topics/a", emptyTopic, with("Content-Md5", mns.ContentMD5([]byte("other"))), 400, mns.InvalidDigest},
		"sum of a body":            {"GET", "/topics/a", "", with("Content-Md5", "00"), 400, mns.InvalidDigest},
		"topic: no name":           {"PUT", "/topics/", emptyTopic, nil, 400, mns.TopicNameLengthError},
		"topic: long name":         {"PUT", "/topics/" + long, emptyTopic, nil, 400, mns.TopicNameLengthError},
		"topic: name":              {"PUT", "/topics/a.b", emptyTopic, nil, 400, mns.TopicNameInvalid},
		"topic: first character":   {"PUT", "/topics/-a", emptyTopic, nil, 400, mns.TopicNameInvalid},
		"topic: no ASCII":          {"GET", "/topics/%C3%A4", "", nil, 400, mns.TopicNameInvalid},
		"topic: no XML":            {"PUT", "/topics/b", "", nil, 400, mns.MalformedXML},
		"topic: half XML":          {"PUT", "/topics/b", "<Topic>", nil, 400, mns.MalformedXML},
		"topic: another root":      {"PUT", "/topics/b", "<Queue/>", nil, 400, mns.InvalidArgument},
		"topic: size":              {"PUT", "/topics/b", "<Topic><MaximumMessageSize>1</MaximumMessageSize></Topic>", nil, 400, mns.InvalidArgument},
		"topic: conflict":          {"PUT", "/topics/a", "<Topic><LoggingEnabled>true</LoggingEnabled></Topic>", nil, 409, mns.TopicAlreadyExist},
		"topic: absent":            {"GET", "/topics/b", "", nil, 404, mns.TopicNotExist},
		"subscription: no name":    {"PUT", "/topics/a/subscriptions/", subscription(endpoint), nil, 400, mns.SubscriptionNameLengthError},
		"subscription: long name":  {"PUT", "/topics/a/subscriptions/" + long, subscription(endpoint), nil, 400, mns.SubscriptionNameLengthError},
		"subscription: name":       {"PUT", "/topics/a/subscriptions/a_b", subscription(endpoint), nil, 400, mns.SubscriptionNameInvalid},
		"subscription: absent":     {"GET", "/topics/a/subscriptions/b", "", nil, 404, mns.SubscriptionNotExist},
		"subscription: no XML":     {"PUT", "/topics/a/subscriptions/b", "text", nil, 400, mns.MalformedXML},
		"subscription: format":     {"PUT", "/topics/a/subscriptions/b", subscription(endpoint + "<NotifyContentFormat>STREAM</NotifyContentFormat>"), nil, 400, mns.InvalidArgument},
		"subscription: tag":        {"PUT", "/topics/a/subscriptions/b", subscription(endpoint + "<FilterTag>" + long + "</FilterTag>"), nil, 400, mns.InvalidArgument},
		"subscription: endpoint":   {"PUT", "/topics/a/subscriptions/b", subscription("<Endpoint>a</Endpoint>"), nil, 400, mns.EndpointInvalid},
		"message: no text":         {"POST", "/topics/a/messages", "<Message/>", nil, 400, mns.InvalidArgument},
		"message: no XML":          {"POST", "/topics/a/messages", `{"MessageBody":"a"}`, nil, 400, mns.MalformedXML},
		"message: elements":        {"POST", "/topics/a/messages", `<Message><MessageBody>a<b>x</b>c</MessageBody></Message>`, nil, 400, mns.InvalidArgument},
		"message: absent topic":    {"POST", "/topics/b/messages", message("a"), nil, 404, mns.TopicNotExist},
		"message: its own circle":  {"POST", "/topics/a/messages", message("a"), with("X-Tocsin-Delivery", "1"), 403, mns.AccessDenied},
		"message: no topic's name": {"POST", "/topics/a.b/messages", message("a"), nil, 400, mns.TopicNameInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			if c.change == nil {
				c.change = func(*http.Request) {}
			}
			requireError(t, h.do(c.method, c.target, c.body, c.change), c.status, c.code)
			if c.code == mns.SignatureDoesNotMatch {
				require.Equal(t, http.StatusOK, h.do("GET", "/topics/a", "").StatusCode, "a few wrong ones do not lock")
			}
		})
	}
	list, err := h.broker.ListTopics(owner(t), smn.ListTopicsInput{})
	require.NoError(t, err)
	require.Len(t, list.Topics, 1, "nothing was made")
}

// TestLargeBody: what is no message is no long one.
func TestLargeBody(t *testing.T) {
	h := open(t)
	a := h.do("PUT", "/topics/a", "<Topic>"+strings.Repeat(" ", maxBody)+"</Topic>")
	requireError(t, a, 400, mns.InvalidArgument)
	require.Contains(t, a.element("Message"), "524288 bytes")
}

func TestMethods(t *testing.T) {
	h := open(t)
	for target, allowed := range map[string]string{
		"/topics": "GET", "/topics/a": "PUT, GET, DELETE", "/topics/a/subscriptions": "GET", "/topics/a/subscriptions/b": "PUT, GET, DELETE", "/topics/a/messages": "POST",
	} {
		for _, method := range []string{"HEAD", "GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "LONG" + strings.Repeat("G", 600)} {
			a := h.do(method, target, "")
			if strings.Contains(allowed, method) {
				require.NotEqual(t, http.StatusMethodNotAllowed, a.StatusCode)
				continue
			}
			requireError(t, a, 405, mns.MethodNotAllowed)
			require.Equal(t, allowed, a.Header.Get("Allow"))
		}
	}
}

// TestAccepted are requests that differ from those of the SDK for Python and are right.
func TestAccepted(t *testing.T) {
	h := open(t)
	h.createTopic(t, "a")
	for name, r := range map[string]*http.Request{
		"a date that stands in":         request("GET", "/topics/a", "", without("Date"), with("X-Mns-Date", now.Format(http.TimeFormat))),
		"just in time":                  request("GET", "/topics/a", "", with("Date", now.Add(15*time.Minute).Format(http.TimeFormat))),
		"a token":                       request("GET", "/topics/a", "", with("Security-Token", "tok123")),
		"a header passed through":       request("GET", "/topics/a", "", with("X-Mns-User-Request-Id", "x y")),
		"no sum":                        request("PUT", "/topics/a", emptyTopic, without("Content-Md5")),
		"a sum of the raw bytes":        request("GET", "/topics/a", "", with("Content-Md5", "1B2M2Y8AsgTpgAmY7PhCfg==")),
		"a sum of nothing":              request("GET", "/topics/a", "", with("Content-Md5", "ZDQxZDhjZDk4ZjAwYjIwNGU5ODAwOTk4ZWNmODQyN2U=")),
		"the type of Go":                request("PUT", "/topics/a", emptyTopic, with("Content-Type", "application/xml")),
		"the type of PHP":               request("PUT", "/topics/a", emptyTopic, with("Content-Type", "text/xml")),
		"a type without body":           request("GET", "/topics/a", "", with("Content-Type", "text/xml;charset=UTF-8")),
		"no type":                       request("PUT", "/topics/a", emptyTopic, without("Content-Type")),
		"two slashes, one signed":       request("GET", "//topics/a", "", func(r *http.Request) { r.RequestURI = "/topics/a"; signBy(testID)(r); r.RequestURI = "//topics/a" }),
		"two slashes, both signed":      request("GET", "//topics/a", ""),
		"by a proxy":                    request("GET", "/topics/a", "", func(r *http.Request) { signBy(testID)(r); r.RequestURI = "http://example.com/topics/a" }),
		"a name with an escaped letter": request("GET", "/topics/%61", ""),
	} {
		a := h.send(r)
		require.Less(t, a.StatusCode, 300, "%s: %s", name, a.body)
		require.True(t, IsOwn(r), name)
	}
	for target, want := range map[string]bool{"/topics": true, "/topics/": true, "//topics/a": true, "/topicsa": false, "/": false, "///topics": false, "/v2/x/topics": false} {
		require.Equal(t, want, IsOwn(request("GET", target, "")), target)
	}
}

// TestLock: five wrong signatures lock the key for a while.
func TestLock(t *testing.T) {
	h := open(t)
	h.createTopic(t, "a")
	wrong := with("Authorization", "MNS testid:9URUratsA0VMoYylGp1d3K24Gjw=")
	for range 5 {
		requireError(t, h.do("GET", "/topics/a", "", wrong), 403, mns.SignatureDoesNotMatch)
	}
	requireError(t, h.do("GET", "/topics/a", ""), 403, mns.AccessDenied)
	require.Equal(t, http.StatusNotFound, h.do("GET", "/topics/a", "", signBy(otherID)).StatusCode, "other keys are free")
	*h.clock = h.clock.Add(6 * time.Minute)
	require.Equal(t, http.StatusOK, h.do("GET", "/topics/a", "").StatusCode)
}

// broken is a service that fails in one way.
type broken struct {
	Service
	err   error
	panic any
}

func (b broken) GetTopic(context.Context, smn.TopicInput) (smn.Topic, error) {
	if b.panic != nil {
		panic(b.panic)
	}
	return smn.Topic{}, b.err
}

// TestOwnFaults: what goes wrong here is told in the log alone.
func TestOwnFaults(t *testing.T) {
	for name, c := range map[string]struct {
		broken broken
		status int
		code   mns.Code
		log    string
	}{
		"error":          {broken{err: errors.New("disk sda1 is gone")}, 500, mns.InternalError, "disk sda1 is gone"},
		"internal error": {broken{err: smn.Errorf(smn.Internal, "disk sda1 is gone")}, 500, mns.InternalError, "disk sda1 is gone"},
		"panic":          {broken{panic: "secret sda1"}, 500, mns.InternalError, "panic of string"},
		"full":           {broken{err: smn.Errorf(smn.Overloaded, "try again in a moment")}, 400, mns.QPSLimitExceeded, "try again"},
		"not allowed":    {broken{err: smn.Errorf(smn.Forbidden, "no")}, 403, mns.AccessDenied, "Forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, func(s Service) Service { c.broken.Service = s; return c.broken })
			a := h.do("GET", "/topics/a", "")
			requireError(t, a, c.status, c.code)
			require.NotContains(t, a.body, "sda1")
			require.Contains(t, h.log.String(), c.log)
			require.NotContains(t, h.log.String(), "secret sda1")
			require.Contains(t, h.log.String(), a.element("RequestId"))
			require.Equal(t, c.status == 500, strings.Contains(h.log.String(), `"level":"ERROR"`))
			require.Equal(t, c.code == mns.QPSLimitExceeded, a.Header.Get("Retry-After") != "")
			require.Equal(t, 1, strings.Count(h.log.String(), "\n"))
		})
	}
}

func TestFail(t *testing.T) {
	h := hall{Handler: http.HandlerFunc(Fail)}
	requireError(t, h.do("GET", "/topics", ""), 500, mns.InternalError)
}

// TestLogLine: one for each request, without what is secret.
func TestLogLine(t *testing.T) {
	h := open(t)
	h.createTopic(t, "a")
	h.log.Reset()
	h.do("POST", "/topics/a/messages?token=secret-query", message("secret text"), with("Security-Token", "secret token"))
	line := h.log.String()
	require.Equal(t, 1, strings.Count(line, "\n"))
	for _, part := range []string{`"operation":"mns-publish"`, `"status":201`, `"path":"/topics/a/messages"`, `"project":"` + project + `"`, `"user":"one"`} {
		require.Contains(t, line, part)
	}
	require.NotContains(t, line, "secret")
	h.log.Reset()
	h.do("GET", "/topics/a/other", "")
	require.Contains(t, h.log.String(), `"operation":"none"`)
	require.Contains(t, h.log.String(), `"code":"InvalidRequestURL"`)
}

// TestNoRoom: who finds no room is told to come again.
func TestNoRoom(t *testing.T) {
	h := open(t)
	room := intake.NewRoom(1, 0)
	d := h.Handler.(door)
	d.Room = room
	h.Handler = d
	stay, err := room.Enter(request("GET", "/topics", ""), 1)
	require.NoError(t, err)
	requireError(t, h.do("GET", "/topics/a", ""), 400, mns.QPSLimitExceeded)
	stay.Leave()
	require.Equal(t, http.StatusNotFound, h.do("GET", "/topics/a", "").StatusCode)
}

// TestCreatedAndDeleted: a topic that goes while its attributes are compared is made
// after all.
func TestCreatedAndDeleted(t *testing.T) {
	var h hall
	h = open(t, func(s Service) Service { return vanishing{s, &h} })
	h.createTopic(t, "a")
	require.Equal(t, http.StatusCreated, h.do("PUT", "/topics/a", emptyTopic).StatusCode)
}

// vanishing deletes each topic before it tells of it.
type vanishing struct {
	Service
	h *hall
}

func (v vanishing) GetTopic(ctx context.Context, in smn.TopicInput) (smn.Topic, error) {
	if err := v.DeleteTopic(ctx, in); err != nil {
		return smn.Topic{}, err
	}
	return v.Service.GetTopic(ctx, in)
}

// TestThereAndGone: a topic that never stays as it is ends in a failure, not in a
// request without end.
func TestThereAndGone(t *testing.T) {
	h := open(t, func(s Service) Service { return flickering{s, new(int)} })
	requireError(t, h.do("PUT", "/topics/a", emptyTopic), 500, mns.InternalError)
	require.Contains(t, h.log.String(), "gone again")
}

// flickering has each topic when it is to be made, and does not when it is looked up.
type flickering struct {
	Service
	asked *int
}

func (f flickering) CreateTopic(context.Context, smn.CreateTopicInput) (smn.CreateTopicOutput, error) {
	return smn.CreateTopicOutput{}, nil
}

func (f flickering) GetTopic(context.Context, smn.TopicInput) (smn.Topic, error) {
	if *f.asked++; *f.asked > 10 {
		panic("asked again and again")
	}
	return smn.Topic{}, smn.Errorf(smn.TopicNotFound, "gone")
}

func TestNewRefuses(t *testing.T) {
	h := open(t)
	good := h.Handler.(door).Config
	for _, change := range []func(*Config){func(c *Config) { c.Service = nil }, func(c *Config) { c.Keys = nil }, func(c *Config) { c.Region = "" }} {
		c := good
		change(&c)
		_, err := New(c)
		require.Error(t, err)
	}
	_, err := New(Config{Service: good.Service, Keys: good.Keys, Region: region})
	require.NoError(t, err)
}
