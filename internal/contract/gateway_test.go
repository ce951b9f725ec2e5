package contract

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"tocsin/shared/httpapi"
	"tocsin/shared/lambdaapp"
)

// encoder makes the event that a gateway would send for a request.
type encoder func(r *http.Request, body []byte) any

// gateway is an API gateway in front of one function per operation: it finds the
// function by the operation's route, and turns requests into events and answers
// back.
type gateway struct {
	encode    encoder
	routes    *http.ServeMux
	functions map[string]func(context.Context, json.RawMessage) (any, error) // by route
}

func newGateway(t *testing.T, config httpapi.Config, encode encoder) *gateway {
	t.Helper()
	g := &gateway{encode: encode, routes: http.NewServeMux(), functions: map[string]func(context.Context, json.RawMessage) (any, error){}}
	for _, op := range httpapi.All() {
		alone, err := httpapi.New(config, op)
		require.NoError(t, err)
		g.functions[op.Route] = lambdaapp.Handler(alone)
		g.routes.Handle(op.Route, http.NotFoundHandler())
	}
	return g
}

// RoundTrip implements http.RoundTripper.
func (g *gateway) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	_, route := g.routes.Handler(r)
	function, ok := g.functions[route]
	if !ok {
		return nil, fmt.Errorf("no operation takes %s %s", r.Method, r.URL.Path)
	}
	event, err := json.Marshal(g.encode(r, body))
	if err != nil {
		return nil, err
	}
	out, err := function(r.Context(), event)
	if err != nil {
		return nil, err
	}
	return decodeAnswer(out)
}

// decodeAnswer reads what the function gives to the gateway, by its JSON.
func decodeAnswer(out any) (*http.Response, error) {
	encoded, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	var answer struct {
		StatusCode        int                 `json:"statusCode"`
		Headers           map[string]string   `json:"headers"`
		MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
		Body              string              `json:"body"`
		IsBase64Encoded   bool                `json:"isBase64Encoded"`
	}
	if err := json.Unmarshal(encoded, &answer); err != nil {
		return nil, err
	}
	body := []byte(answer.Body)
	if answer.IsBase64Encoded {
		if body, err = base64.StdEncoding.DecodeString(answer.Body); err != nil {
			return nil, err
		}
	}
	header := http.Header{}
	for name, values := range answer.MultiValueHeaders {
		header[http.CanonicalHeaderKey(name)] = values
	}
	for name, value := range answer.Headers {
		header.Set(name, value)
	}
	return &http.Response{StatusCode: answer.StatusCode, Header: header, Body: io.NopCloser(bytes.NewReader(body)), ProtoMajor: 1, ProtoMinor: 1}, nil
}

// hostOf is the name that the client called.
func hostOf(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	return r.URL.Host
}

// encodeV2 is the payload of HTTP APIs: lower-case headers, decoded path.
func encodeV2(r *http.Request, body []byte) any {
	headers := map[string]string{"host": hostOf(r)}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "$default", RawPath: r.URL.Path, RawQueryString: r.URL.RawQuery, Headers: headers,
		Body: string(body),
	}
	e.RequestContext.Stage = "$default"
	e.RequestContext.DomainName = "abc123.execute-api.eu-central-1.amazonaws.com"
	e.RequestContext.HTTP.Method, e.RequestContext.HTTP.Path = r.Method, r.URL.Path
	return e
}

// encodeV1 is the payload of REST APIs: multi-value headers, encoded path, bodies
// in base64 when the API says so.
func encodeV1(r *http.Request, body []byte) any {
	headers, query := map[string][]string{"Host": {hostOf(r)}}, map[string][]string{}
	maps.Copy(headers, r.Header)
	maps.Copy(query, r.URL.Query())
	e := events.APIGatewayProxyRequest{
		HTTPMethod: r.Method, Path: r.URL.EscapedPath(), MultiValueHeaders: headers, MultiValueQueryStringParameters: query,
		Body: base64.StdEncoding.EncodeToString(body), IsBase64Encoded: true,
	}
	e.RequestContext.Stage, e.RequestContext.DomainName = "prod", "abc123.execute-api.eu-central-1.amazonaws.com"
	return e
}
