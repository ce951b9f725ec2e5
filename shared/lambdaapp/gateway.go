package lambdaapp

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"

	"tocsin/shared/smn"
)

// Handler answers the events of API Gateway with h, payloads 1.0 (REST APIs) and
// 2.0 (HTTP APIs) as they come. h sees what net/http would have shown it.
//
// An event that cannot be turned into a request is answered with 400; only what
// is no JSON object at all is an error.
//
// The conversion is that of aws-lambda-go-api-proxy. It loses or bends parts of
// some requests, so the line and the header of a request are made here from the
// event, and the answer is collected here; see reception and answer.
func Handler(h http.Handler) func(ctx context.Context, event json.RawMessage) (any, error) {
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		var kind struct {
			Version    string `json:"version"`
			HTTPMethod string `json:"httpMethod"`
		}
		err := json.Unmarshal(event, &kind)
		var syntax *json.SyntaxError
		switch {
		case errors.As(err, &syntax), !bytes.HasPrefix(bytes.TrimLeft(event, " \t\r\n"), []byte("{")):
			return nil, errors.New("the event is not a JSON object")
		case err == nil && kind.Version == "2.0":
			return answerV2(ctx, h, event)
		case err == nil && kind.HTTPMethod != "":
			return answerV1(ctx, h, event)
		}
		return httpadapter.NewV2(refusal(notGateway)).ProxyWithContext(ctx, events.APIGatewayV2HTTPRequest{})
	}
}

// notGateway is what an event is told that comes from somewhere else.
const notGateway = "the event is not a request of API Gateway with payload 1.0 or 2.0"

// answerV2 answers an event of an HTTP API or a function URL.
func answerV2(ctx context.Context, h http.Handler, event json.RawMessage) (any, error) {
	var e events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(event, &e); err != nil {
		return httpadapter.NewV2(refusal(notGateway)).ProxyWithContext(ctx, events.APIGatewayV2HTTPRequest{})
	}
	r := reception{
		method: e.RequestContext.HTTP.Method,
		domain: e.RequestContext.DomainName,
		header: headerOf(e.Headers),
		path:   withoutStage(e.RawPath, e.RequestContext.Stage),
		query:  e.RawQueryString,
		body:   e.Body,
		base64: e.IsBase64Encoded,
	}
	for _, cookie := range e.Cookies {
		r.header.Add("Cookie", cookie)
	}
	plain := events.APIGatewayV2HTTPRequest{RequestContext: e.RequestContext}
	plain.RequestContext.HTTP.Method, plain.RequestContext.HTTP.Path, plain.RequestContext.DomainName = http.MethodPost, "/", ""
	handler := r.admit(h, &plain.Body)
	return httpadapter.NewV2(handler).ProxyWithContext(ctx, plain)
}

// withoutStage takes the name of a stage off the path of an HTTP API, which puts
// it there unless it is $default.
func withoutStage(path, stage string) string {
	if rest, ok := strings.CutPrefix(path, "/"+stage); ok && stage != "" && stage != "$default" && (rest == "" || rest[0] == '/') {
		return rest
	}
	return path
}

// answerV1 answers an event of a REST API.
func answerV1(ctx context.Context, h http.Handler, event json.RawMessage) (any, error) {
	var e events.APIGatewayProxyRequest
	if err := json.Unmarshal(event, &e); err != nil {
		return httpadapter.New(refusal(notGateway)).ProxyWithContext(ctx, events.APIGatewayProxyRequest{})
	}
	r := reception{
		method: e.HTTPMethod,
		domain: e.RequestContext.DomainName,
		header: headerOf(e.Headers),
		path:   e.Path,
		body:   e.Body,
		base64: e.IsBase64Encoded,
	}
	if len(e.MultiValueHeaders) > 0 { // the same and more, but some senders leave it empty
		r.header = headerOf(e.MultiValueHeaders)
	}
	query := url.Values(e.MultiValueQueryStringParameters)
	if len(query) == 0 {
		query = url.Values{}
		for name, value := range e.QueryStringParameters {
			query.Set(name, value)
		}
	}
	r.query = query.Encode()
	plain := events.APIGatewayProxyRequest{HTTPMethod: http.MethodPost, RequestContext: e.RequestContext}
	plain.RequestContext.DomainName = ""
	handler := r.admit(h, &plain.Body)
	return httpadapter.New(handler).ProxyWithContext(ctx, plain)
}

// reception is a request as its event tells it. Its fields reach the handler as
// they are: the adapter would join them to a URL and fail on paths such as a%,
// split header values at commas, and leave the Host of the client aside.
type reception struct {
	method string
	domain string // the gateway's name, if the client sent no Host
	header http.Header
	path   string // percent-encoded or not: HTTP APIs decode it, REST APIs do not
	query  string
	body   string
	base64 bool
}

// admit is h for this request, whose body it puts in plain. A request that makes
// no sense gets a refusal instead.
func (in reception) admit(h http.Handler, plain *string) http.Handler {
	if !strings.HasPrefix(in.path, "/") {
		in.path = "/" + in.path
	}
	path, err := url.PathUnescape(in.path)
	if err != nil {
		return refusal("the path has a % that begins no escape")
	}
	*plain = in.body
	if in.base64 {
		body, err := base64.StdEncoding.DecodeString(in.body)
		if err != nil {
			return refusal("the body is not base64, though the event says so")
		}
		*plain = string(body)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Method = in.method
		r.URL = &url.URL{Path: path, RawPath: in.path, RawQuery: in.query}
		r.RequestURI = r.URL.RequestURI()
		r.Header = in.header
		r.Host = in.domain
		if host := r.Header.Get("Host"); host != "" {
			r.Host = host // signatures cover it
		}
		r.Header.Del("Host")
		serve(h, w, r)
	})
}

// refusal answers 400 with this detail.
func refusal(detail string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeFailure(w, smn.Unreadable, detail)
	})
}

// headerOf makes a header of what an event names, in an order that does not
// depend on chance.
func headerOf[V string | []string](fields map[string]V) http.Header {
	header := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch values := any(fields[name]).(type) {
		case string:
			header.Add(name, values)
		case []string:
			for _, value := range values {
				header.Add(name, value)
			}
		}
	}
	return header
}
