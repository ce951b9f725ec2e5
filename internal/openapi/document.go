// Package openapi writes the OpenAPI document of the service. What it says of a
// body comes from the types of package wire and their comments, what it says of a
// route from httpapi; the tables in this folder add the words in between. The
// document itself is shared/httpapi/openapi.json: `make openapi` writes it anew, a
// test sees that it is current, and another that every exchange of the contract
// suite is as it says.
package openapi

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"tocsin/shared/httpapi"
	"tocsin/shared/wire"
)

// described is what the tables say of an operation.
type described struct {
	group   string // the noun that it belongs to
	summary string // one sentence
	query   []parameter
	header  []parameter
	body    any      // a value of the request's type; nil for none
	needs   []string // the fields of the body that must be there
	answers map[int]any
	errors  any // the body of a failure
	open    bool
}

// parameter is a part of the query, or a header.
type parameter struct {
	name  string
	about string
	kind  string // JSON type; empty means string
	must  bool
}

// A body that is no JSON, by its media type.
type raw string

// nothing is the body of an answer that has none.
type nothing struct{}

// Document makes the document of these operations. The texts of types are read
// from the folder of package wire.
func Document(operations []httpapi.Operation, wireFolder string) (*openapi3.T, error) {
	comments, err := readComments(wireFolder)
	if err != nil {
		return nil, err
	}
	components := openapi3.NewComponents()
	components.Schemas = openapi3.Schemas{}
	components.SecuritySchemes = openapi3.SecuritySchemes{
		"token": {Value: &openapi3.SecurityScheme{
			Type: "apiKey", In: "header", Name: "X-Auth-Token",
			Description: "A token of POST /v3/auth/tokens.",
		}},
		"signature": {Value: &openapi3.SecurityScheme{
			Type: "apiKey", In: "header", Name: "Authorization",
			Description: "An AK/SK signature: SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…, with the header X-Sdk-Date.",
		}},
	}
	doc := &openapi3.T{
		OpenAPI: "3.1.0",
		Info: &openapi3.Info{
			Title: "Tocsin", Version: "2",
			Description: "An SMN-compatible notification service: topics, subscriptions, publish, and what belongs to them.",
			License:     &openapi3.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Servers:    openapi3.Servers{{URL: "/"}},
		Paths:      openapi3.NewPaths(),
		Components: &components,
	}
	known := table()
	schemas := schemas{components: components.Schemas, comments: comments}
	for _, op := range operations {
		d, ok := known[op.Name]
		if !ok {
			return nil, fmt.Errorf("the tables of internal/openapi lack the operation %s", op.Name)
		}
		delete(known, op.Name)
		method, path, _ := strings.Cut(op.Route, " ")
		path = strings.TrimSuffix(path, "{$}")
		operation, err := operationOf(op.Name, path, d, schemas)
		if err != nil {
			return nil, fmt.Errorf("operation %s: %w", op.Name, err)
		}
		doc.AddOperation(path, method, operation)
	}
	if len(known) > 0 {
		return nil, fmt.Errorf("the tables of internal/openapi have operations that are not there: %v", slices.Sorted(maps.Keys(known)))
	}
	return doc, nil
}

func operationOf(name, path string, d described, s schemas) (*openapi3.Operation, error) {
	op := &openapi3.Operation{
		OperationID: name, Summary: d.summary, Tags: []string{d.group},
		Responses: openapi3.NewResponsesWithCapacity(len(d.answers) + 1),
	}
	if !d.open {
		op.Security = &openapi3.SecurityRequirements{{"token": {}}, {"signature": {}}}
	}
	for segment := range strings.SplitSeq(path, "/") {
		if inner, ok := strings.CutPrefix(segment, "{"); ok {
			op.AddParameter(openapi3.NewPathParameter(strings.TrimSuffix(inner, "}")).WithSchema(openapi3.NewStringSchema()))
		}
	}
	for _, p := range d.query {
		op.AddParameter(p.in(openapi3.NewQueryParameter(p.name)))
	}
	for _, p := range d.header {
		op.AddParameter(p.in(openapi3.NewHeaderParameter(p.name)))
	}
	if d.body != nil {
		schema, err := s.request(d.body, d.needs)
		if err != nil {
			return nil, err
		}
		op.RequestBody = &openapi3.RequestBodyRef{Value: openapi3.NewRequestBody().WithRequired(len(d.needs) > 0).WithJSONSchemaRef(schema)}
	}
	for status, body := range d.answers {
		response, err := s.response(http.StatusText(status), body)
		if err != nil {
			return nil, err
		}
		op.AddResponse(status, response)
	}
	failure, err := s.response("What went wrong.", d.errors)
	if err != nil {
		return nil, err
	}
	op.Responses.Set("default", &openapi3.ResponseRef{Value: failure})
	return op, nil
}

func (p parameter) in(to *openapi3.Parameter) *openapi3.Parameter {
	schema := openapi3.NewStringSchema()
	if p.kind != "" {
		schema = &openapi3.Schema{Type: &openapi3.Types{p.kind}}
	}
	return to.WithSchema(schema).WithDescription(p.about).WithRequired(p.must)
}

// response is an answer with the id that the log has, too.
func (s schemas) response(about string, body any) (*openapi3.Response, error) {
	response := openapi3.NewResponse().WithDescription(about)
	response.Headers = openapi3.Headers{"X-Request-Id": {Value: &openapi3.Header{Parameter: openapi3.Parameter{
		Description: "The id of the answer, as in the log.", Schema: openapi3.NewStringSchema().NewRef(),
	}}}}
	switch b := body.(type) {
	case nothing:
	case raw:
		response.Content = openapi3.NewContentWithSchema(openapi3.NewStringSchema(), []string{string(b)})
	case []any: // one of these
		schema := openapi3.NewSchema()
		for _, one := range b {
			ref, err := s.of(one)
			if err != nil {
				return nil, err
			}
			schema.AnyOf = append(schema.AnyOf, ref)
		}
		response.Content = openapi3.NewContentWithSchemaRef(schema.NewRef(), []string{"application/json"})
	default:
		ref, err := s.of(b)
		if err != nil {
			return nil, err
		}
		response.Content = openapi3.NewContentWithSchemaRef(ref, []string{"application/json"})
	}
	return response, nil
}

// The bodies of failures, by the door they leave by.
var (
	smnErrors  = []any{wire.Error{}, wire.GatewayError{}}
	linkErrors = wire.LinkError{}
	pageErrors = raw("text/html; charset=utf-8")
	iamErrors  = wire.IAMError{}
)

// pageSizes are the parameters of every list.
func pageQuery(more ...parameter) []parameter {
	return append([]parameter{
		{name: "offset", about: "Items to skip; past the end is an empty page.", kind: "integer"},
		{name: "limit", about: "Items at most, 1 to " + strconv.Itoa(100) + ".", kind: "integer"},
	}, more...)
}
