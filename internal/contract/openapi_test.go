package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
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
// request that was accepted. Answers may have no field that the document does not
// name. What it does not allow is an error of the transport, which fails the test
// that made the exchange.
type checked struct{ http.RoundTripper }

// held is a transport whose exchanges are held to the document. Not so in short
// runs, which look for races: comparing takes most of the time and races nothing.
func held(transport http.RoundTripper) http.RoundTripper {
	if testing.Short() {
		return transport
	}
	return checked{transport}
}

// document is read once.
var document = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromFile("../../shared/httpapi/openapi.json")
	if err != nil {
		return nil, err
	}
	for _, path := range doc.Paths.Map() {
		for _, op := range path.Operations() {
			for _, answer := range op.Responses.Map() {
				for _, body := range answer.Value.Content {
					closeSchema(body.Schema)
				}
			}
		}
	}
	for _, mediaType := range []string{"text/html", "application/x-pem-file"} {
		openapi3filter.RegisterBodyDecoder(mediaType, openapi3filter.FileBodyDecoder)
	}
	return gorillamux.NewRouter(doc)
})

// closeSchema forbids fields that are not named, in all that a schema leads to.
func closeSchema(ref *openapi3.SchemaRef) {
	schema, no := ref.Value, false
	if schema.AdditionalProperties.Has != nil {
		return // seen
	}
	if len(schema.Properties) > 0 {
		schema.AdditionalProperties.Has = &no
	}
	for _, inner := range schema.Properties {
		closeSchema(inner)
	}
	for _, inner := range schema.AnyOf {
		closeSchema(inner)
	}
	if schema.Items != nil {
		closeSchema(schema.Items)
	}
}

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
	named := r.Clone(r.Context())
	if r.URL.Path == "/v2/" || r.URL.Path == "/v3/" { // they answer like those without a slash
		named.URL.Path = strings.TrimSuffix(r.URL.Path, "/")
	}
	route, parameters, err := router.FindRoute(named)
	if err != nil {
		if answer.StatusCode == http.StatusNotFound {
			return nil // there is nothing, and it says so
		}
		return err
	}
	request := &openapi3filter.RequestValidationInput{
		Request: named, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc:                openapi3filter.NoopAuthenticationFunc,
			IncludeResponseStatus:             true,
			RejectWhenRequestBodyNotSpecified: true,
		},
	}
	request.Request.Body = io.NopCloser(bytes.NewReader(withoutNull(sent)))
	request.Request.GetBody = nil // it has the null
	if r.Header.Get("Content-Type") == "" {
		request.Request.Header.Set("Content-Type", "application/json") // as which it is read
	}
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

// withoutNull leaves out of a JSON text what is null there: it counts as left out.
func withoutNull(text []byte) []byte {
	var v any
	if !bytes.Contains(text, []byte("null")) || json.Unmarshal(text, &v) != nil {
		return text
	}
	shorter, err := json.Marshal(pruned(v))
	if err != nil {
		return text
	}
	return shorter
}

func pruned(v any) any {
	switch v := v.(type) {
	case map[string]any:
		maps.DeleteFunc(v, func(_ string, inner any) bool { return inner == nil })
		for key, inner := range v {
			v[key] = pruned(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = pruned(inner)
		}
	}
	return v
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
		{"field that it does not name", mine + "/topics", `{"name":"a"}`, canned{201, `{` + id + `,` + topic + `,"name":"a"}`}, "name"},
		{"failure of another door", mine + "/topics", `{"name":"a"}`, canned{400, `{"message":"m"}`}, "anyOf"},
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
