package lambdaapp_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"tocsin/shared/lambdaapp"
)

// seen is a request as a handler saw it.
type seen struct {
	*http.Request
	body string
}

// see sends an event and gives the request that the handler saw.
func see(t *testing.T, event string) seen {
	t.Helper()
	var got seen
	var unread error
	_, err := lambdaapp.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body []byte
		body, unread = io.ReadAll(r.Body)
		got = seen{r, string(body)}
	}))(t.Context(), json.RawMessage(event))
	require.NoError(t, err)
	require.NoError(t, unread)
	require.NotNil(t, got.Request, "the handler was not called")
	return got
}

func v2(fields string) string {
	return `{"version":"2.0","requestContext":{"domainName":"abc.execute-api","stage":"$default","http":{"method":"POST","path":"/","sourceIp":"198.51.100.7"}},` + fields + `}`
}

func v1(fields string) string {
	return `{"httpMethod":"POST","requestContext":{"domainName":"abc.execute-api","stage":"prod"},` + fields + `}`
}

func TestPathReachesTheHandlerDecodedOnce(t *testing.T) {
	for _, path := range []string{"/topics/urn:smn:x", "/topics/urn%3Asmn%3Ax", "/topics/urn%3asmn:x"} {
		for name, event := range map[string]string{"1.0": v1(`"path":"` + path + `"`), "2.0": v2(`"rawPath":"` + path + `"`)} {
			t.Run(name+path, func(t *testing.T) {
				mux, urn := http.NewServeMux(), ""
				mux.HandleFunc("POST /topics/{urn}", func(_ http.ResponseWriter, r *http.Request) { urn = r.PathValue("urn") })
				_, err := lambdaapp.Handler(mux)(t.Context(), json.RawMessage(event))
				require.NoError(t, err)
				require.Equal(t, "urn:smn:x", urn)
			})
		}
	}
}

func TestOddPaths(t *testing.T) {
	require.Equal(t, "/a?b#c", see(t, v2(`"rawPath":"/a?b#c"`)).URL.Path, "HTTP APIs decode %3F")
	require.Empty(t, see(t, v2(`"rawPath":"/a?b#c"`)).URL.RawQuery)
	require.Equal(t, "//a", see(t, v2(`"rawPath":"//a"`)).URL.Path)
	require.Equal(t, "/a", see(t, v2(`"rawPath":"a"`)).URL.Path)
	require.Equal(t, "/", see(t, v2(`"rawPath":""`)).URL.Path)
	require.Equal(t, "/ü", see(t, v1(`"path":"/%C3%BC"`)).URL.Path)
}

func TestStageIsNotInThePath(t *testing.T) {
	staged := func(path string) string {
		return `{"version":"2.0","rawPath":"` + path + `","requestContext":{"stage":"prod","http":{"method":"GET"}}}`
	}
	require.Equal(t, "/v2/x", see(t, staged("/prod/v2/x")).URL.Path)
	require.Equal(t, "/", see(t, staged("/prod")).URL.Path)
	require.Equal(t, "/production", see(t, staged("/production")).URL.Path)
	require.Equal(t, "/v2/x", see(t, staged("/v2/x")).URL.Path)
	require.Equal(t, "/prod/v2/x", see(t, v1(`"path":"/prod/v2/x"`)).URL.Path, "REST APIs leave it out themselves")
}

func TestQuery(t *testing.T) {
	raw := "topic=a%2Bb+c&x=1&x=2&bad=%zz;y"
	require.Equal(t, raw, see(t, v2(`"rawPath":"/","rawQueryString":"`+raw+`"`)).URL.RawQuery)
	require.Equal(t, "/?"+raw, see(t, v2(`"rawPath":"/","rawQueryString":"`+raw+`"`)).RequestURI)
	many := see(t, v1(`"path":"/","queryStringParameters":{"x":"2"},"multiValueQueryStringParameters":{"y":["a b"],"x":["1","2"]}`))
	require.Equal(t, "x=1&x=2&y=a+b", many.URL.RawQuery)
	require.Equal(t, "x=2", see(t, v1(`"path":"/","queryStringParameters":{"x":"2"},"multiValueQueryStringParameters":{}`)).URL.RawQuery)
}

func TestHeaders(t *testing.T) {
	for name, event := range map[string]string{
		"2.0":                    v2(`"rawPath":"/","headers":{"host":"api.example.com","x-list":"a, b,c","authorization":"SDK-HMAC-SHA256 Access=a, SignedHeaders=b"}`),
		"1.0":                    v1(`"path":"/","headers":{"Host":"wrong"},"multiValueHeaders":{"Host":["api.example.com"],"X-List":["a, b,c"],"Authorization":["SDK-HMAC-SHA256 Access=a, SignedHeaders=b"]}`),
		"1.0 without multivalue": v1(`"path":"/","headers":{"Host":"api.example.com","X-List":"a, b,c","Authorization":"SDK-HMAC-SHA256 Access=a, SignedHeaders=b"},"multiValueHeaders":{}`),
	} {
		t.Run(name, func(t *testing.T) {
			r := see(t, event)
			require.Equal(t, "api.example.com", r.Host, "what the client called, not the gateway's name")
			require.Equal(t, http.Header{
				"X-List":        {"a, b,c"},
				"Authorization": {"SDK-HMAC-SHA256 Access=a, SignedHeaders=b"},
			}, r.Header)
		})
	}
	require.Equal(t, "abc.execute-api", see(t, v2(`"rawPath":"/"`)).Host)
	require.Equal(t, []string{"1", "2"}, see(t, v1(`"path":"/","multiValueHeaders":{"X-A":["1","2"]}`)).Header.Values("x-a"))
	require.Equal(t, []string{"a=1", "b=2"}, see(t, v2(`"rawPath":"/","cookies":["a=1","b=2"]`)).Header.Values("Cookie"))
}

func TestBody(t *testing.T) {
	for name, event := range map[string]func(string) string{
		"1.0": func(s string) string { return v1(`"path":"/",` + s) },
		"2.0": func(s string) string { return v2(`"rawPath":"/",` + s) },
	} {
		t.Run(name, func(t *testing.T) {
			plain := see(t, event(`"body":"grüße"`))
			require.Equal(t, "grüße", plain.body)
			require.EqualValues(t, len("grüße"), plain.ContentLength)
			require.Equal(t, "\x00\xff", see(t, event(`"body":"AP8=","isBase64Encoded":true`)).body)
			require.Zero(t, see(t, event(`"body":null`)).ContentLength)
			require.Equal(t, http.MethodPost, plain.Method)
		})
	}
}

// reply is what both payloads answer.
type reply struct {
	StatusCode        int
	Headers           map[string]string
	MultiValueHeaders map[string][]string
	Body              string
	IsBase64Encoded   bool
}

func send(t *testing.T, h http.HandlerFunc, event string) reply {
	t.Helper()
	out, err := lambdaapp.Handler(h)(t.Context(), json.RawMessage(event))
	require.NoError(t, err)
	encoded, err := json.Marshal(out)
	require.NoError(t, err)
	var got reply
	require.NoError(t, json.Unmarshal(encoded, &got))
	if got.Headers == nil {
		got.Headers = map[string]string{}
	}
	for name, values := range got.MultiValueHeaders {
		got.Headers[name] = strings.Join(values, ",")
	}
	return got
}

func TestAnswers(t *testing.T) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	defer slog.SetDefault(before)
	for name, event := range map[string]string{"1.0": v1(`"path":"/"`), "2.0": v2(`"rawPath":"/"`)} {
		t.Run(name, func(t *testing.T) {
			nothing := send(t, func(http.ResponseWriter, *http.Request) {}, event)
			require.Equal(t, 200, nothing.StatusCode)
			require.Empty(t, nothing.Body)

			first := send(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-A", "1")
				w.WriteHeader(http.StatusContinue)
				w.WriteHeader(http.StatusCreated)
				w.Header().Set("X-A", "2")
				w.WriteHeader(http.StatusTeapot)
				_, _ = io.WriteString(w, "bo")
				_, _ = io.WriteString(w, "dy")
			}, event)
			require.Equal(t, 201, first.StatusCode)
			require.Equal(t, "body", first.Body)
			require.Equal(t, "1", first.Headers["X-A"])

			binary := send(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{0, 255}) }, event)
			require.True(t, binary.IsBase64Encoded)
			require.Equal(t, "AP8=", binary.Body)

			panicked := send(t, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "half an answer")
				panic("secret")
			}, event)
			require.Equal(t, 500, panicked.StatusCode)
			require.Contains(t, panicked.Body, `"error_code":"SMN.0018"`)
			require.NotContains(t, panicked.Body, "secret")
			require.NotContains(t, panicked.Body, "half")
		})
	}
}

func TestHeadHasNoBody(t *testing.T) {
	got := send(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "body") },
		`{"version":"2.0","rawPath":"/","requestContext":{"http":{"method":"HEAD"}}}`)
	require.Equal(t, 200, got.StatusCode)
	require.Empty(t, got.Body)
}

func TestEventsThatAreNoRequests(t *testing.T) {
	for name, event := range map[string]string{
		"2.0: % in the path":  v2(`"rawPath":"/a%"`),
		"1.0: % in the path":  v1(`"path":"/a%zz"`),
		"2.0: no base64":      v2(`"rawPath":"/","body":"***","isBase64Encoded":true`),
		"1.0: no base64":      v1(`"path":"/","body":"***","isBase64Encoded":true`),
		"2.0: wrong types":    `{"version":"2.0","rawPath":7}`,
		"1.0: wrong types":    `{"httpMethod":"GET","path":{}}`,
		"version of no kind":  `{"version":2}`,
		"an event of a timer": `{"version":"0","source":"aws.events","detail-type":"Scheduled Event"}`,
		"empty":               `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			got := send(t, func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") }, event)
			require.Equal(t, 400, got.StatusCode)
			require.Equal(t, "application/json", got.Headers["Content-Type"])
			var body map[string]string
			require.NoError(t, json.Unmarshal([]byte(got.Body), &body))
			require.Equal(t, "APIGW.0201", body["error_code"])
			require.Equal(t, got.Headers["X-Request-Id"], body["request_id"])
			require.NotEmpty(t, body["detail"])
		})
	}
}

func TestEventsThatAreNoObjects(t *testing.T) {
	for _, event := range []string{``, `null`, `[]`, `"x"`, `{`, `{"version":"2.0",}`} {
		_, err := lambdaapp.Handler(http.NotFoundHandler())(t.Context(), json.RawMessage(event))
		require.EqualError(t, err, "the event is not a JSON object", event)
	}
}

func TestHandlerSeesTheContext(t *testing.T) {
	type key struct{}
	var got any
	ctx := context.WithValue(t.Context(), key{}, "here")
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Context().Value(key{}) })
	_, err := lambdaapp.Handler(h)(ctx, json.RawMessage(v2(`"rawPath":"/"`)))
	require.NoError(t, err)
	require.Equal(t, "here", got)
}

// Whatever a client manages to send through a gateway, there is an answer.
func FuzzEvent(f *testing.F) {
	for _, seed := range []string{
		v1(`"path":"/a%"`), v2(`"rawPath":"/a%"`), v2(`"rawPath":"/","body":"AP8=","isBase64Encoded":true`), `{}`, `{"version":"2.0"}`,
		v1(`"path":"/x","multiValueHeaders":{"host":["a","b"],"":[""]},"queryStringParameters":null`), `[]`, `{"httpMethod":"\u0000"}`,
		v2(`"rawPath":"/x","headers":{"Host":"%","x y":"\n"},"rawQueryString":"%zz"`), `{"version":"2.0","requestContext":{"domainName":":"}}`,
	} {
		f.Add([]byte(seed))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/topics/{urn}", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.PathValue("urn")) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		_, _ = io.Copy(w, r.Body)
	})
	handler := lambdaapp.Handler(mux)
	f.Fuzz(func(t *testing.T, event []byte) {
		out, err := handler(t.Context(), event)
		var object map[string]json.RawMessage
		isObject := json.Unmarshal(event, &object) == nil && object != nil
		require.Equal(t, isObject, err == nil)
		switch answer := out.(type) {
		case nil:
			require.False(t, isObject)
		case events.APIGatewayProxyResponse:
			require.GreaterOrEqual(t, answer.StatusCode, 200)
		case events.APIGatewayV2HTTPResponse:
			require.GreaterOrEqual(t, answer.StatusCode, 200)
		default:
			t.Fatalf("answered with a %T", out)
		}
	})
}
