package contract

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/require"
)

// checked holds every exchange to the OpenAPI document: each answer, and each
// request that was accepted. What the document does not allow is an error of the
// transport, which fails the test that made the exchange.
type checked struct{ http.RoundTripper }

// document is read once.
var document = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromFile("../../shared/httpapi/openapi.json")
	if err != nil {
		return nil, err
	}
	for _, mediaType := range []string{"text/html", "application/x-pem-file"} {
		openapi3filter.RegisterBodyDecoder(mediaType, openapi3filter.FileBodyDecoder)
	}
	return gorillamux.NewRouter(doc)
})

// RoundTrip implements http.RoundTripper.
func (c checked) RoundTrip(r *http.Request) (*http.Response, error) {
	router, err := document()
	if err != nil {
		return nil, err
	}
	var sent []byte
	if r.Body != nil {
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	answer, err := c.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	received, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	_ = answer.Body.Close()
	answer.Body = io.NopCloser(bytes.NewReader(received))
	if err := compare(router, r, sent, answer, received); err != nil {
		return nil, fmt.Errorf("%s %s is not as the OpenAPI document says: %w", r.Method, r.URL.Path, err)
	}
	return answer, nil
}

func compare(router routers.Router, r *http.Request, sent []byte, answer *http.Response, received []byte) error {
	route, parameters, err := router.FindRoute(r)
	if err != nil {
		return err
	}
	request := &openapi3filter.RequestValidationInput{
		Request: r.Clone(r.Context()), PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc:                openapi3filter.NoopAuthenticationFunc,
			IncludeResponseStatus:             true,
			RejectWhenRequestBodyNotSpecified: true,
		},
	}
	request.Request.Body = io.NopCloser(bytes.NewReader(sent))
	if answer.StatusCode < http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(r.Context(), request); err != nil {
			return err
		}
	}
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: answer.StatusCode, Header: answer.Header, Options: request.Options,
	}
	return openapi3filter.ValidateResponse(r.Context(), response.SetBodyBytes(received))
}

// canned answers every request alike.
type canned struct {
	status int
	body   string
}

func (c canned) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: c.status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(c.body)),
	}, nil
}

// A test that never fails proves nothing: what the document does not allow must
// be found.
func TestTheDocumentIsEnforced(t *testing.T) {
	const id, topic = `"request_id":"6a63a18b8bab40ffb71ebd9cb80d0085"`, `"topic_urn":"urn:smn:r:p:t"`
	for _, c := range []struct {
		name, path, sent string
		canned
		fault string
	}{
		{"as it says", mine + "/topics", `{"name":"a"}`, canned{201, `{` + id + `,` + topic + `}`}, ""},
		{"a failure as it says", mine + "/topics", `{}`, canned{400, `{` + id + `,"code":"SMN.0002","message":"m"}`}, ""},
		{"field missing", mine + "/topics", `{"name":"a"}`, canned{201, `{` + id + `}`}, "topic_urn"},
		{"field of another type", mine + "/topics", `{"name":"a"}`, canned{201, `{` + id + `,"topic_urn":1}`}, "topic_urn"},
		{"accepted without what it needs", mine + "/topics", `{}`, canned{201, `{` + id + `,` + topic + `}`}, "name"},
		{"no such path", "/v2/x", `{}`, canned{200, `{}`}, "no matching operation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://tocsin.test"+c.path, strings.NewReader(c.sent))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/json")
			answer, err := checked{c.canned}.RoundTrip(r)
			if c.fault != "" {
				require.ErrorContains(t, err, c.fault)
				return
			}
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
		})
	}
}
