// Package openapi writes the OpenAPI document of the service. What it says of a
// body comes from the types of package wire, their comments and their golden
// files, what it says of a route from httpapi; the tables in this folder add the
// words in between. The document itself is shared/httpapi/openapi.json: `make
// openapi` writes it anew, a test sees that it is current, and another that every
// exchange of the contract suite is as it says.
package openapi

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"tocsin/shared/httpapi"
)

// described is what the tables say of an operation.
type described struct {
	group   string // the noun that it belongs to, see groups
	summary string // one sentence, or two
	smn     string // its name in SMN, if that has it by another
	query   []parameter
	header  []parameter
	body    any         // a value of the request's type, or raw; nil for none
	answers map[int]any // bodies by status: values of their types, raw, nothing, or a list to choose from
	gives   []parameter // headers of the answers
	errors  failure
	who     who
	example string // the files in the wire's testdata with <example>-request.json and -response.json
}

// who may call an operation.
type who int

const (
	owner     who = iota // only those who prove to own a project; the zero value
	anyone               // nobody has to prove anything
	optional             // a proof helps, but there need be none
	keyHolder            // owners, also by an access key and its secret in plain words
)

// raw is a body that is no JSON: its media type.
type raw string

// nothing is the body of an answer that has none.
type nothing struct{}

// Document makes the document of these operations. The texts of types and the
// examples are read from the folder of package wire.
func Document(operations []httpapi.Operation, wireFolder string) (*openapi3.T, error) {
	comments, err := readComments(wireFolder)
	if err != nil {
		return nil, err
	}
	doc := frame()
	w := writer{
		doc: doc, examples: filepath.Join(wireFolder, "testdata"),
		schemas: schemas{components: doc.Components.Schemas, comments: comments, used: map[string]bool{}},
	}
	known := table()
	for _, op := range operations {
		d, ok := known[op.Name]
		if !ok {
			return nil, fmt.Errorf("the tables of internal/openapi lack the operation %s", op.Name)
		}
		if err := w.schemas.prepare(d.answers); err != nil {
			return nil, fmt.Errorf("operation %s: %w", op.Name, err)
		}
	}
	w.schemas.answered = slices.Collect(maps.Keys(doc.Components.Schemas))
	for _, op := range operations {
		method, path, _ := strings.Cut(op.Route, " ")
		path = strings.TrimSuffix(path, "{$}")
		operation, err := w.operation(op.Name, path, known[op.Name])
		if err != nil {
			return nil, fmt.Errorf("operation %s: %w", op.Name, err)
		}
		doc.AddOperation(path, method, operation)
		delete(known, op.Name)
	}
	if len(known) > 0 {
		return nil, fmt.Errorf("the tables of internal/openapi have operations that are not there: %v", slices.Sorted(maps.Keys(known)))
	}
	return doc, w.schemas.unused()
}

// frame is the document without operations.
func frame() *openapi3.T {
	components := openapi3.NewComponents()
	components.Schemas = openapi3.Schemas{}
	components.Parameters = openapi3.ParametersMap{}
	components.Responses = openapi3.ResponseBodies{}
	components.Headers = openapi3.Headers{"X-Request-Id": {Value: &openapi3.Header{Parameter: openapi3.Parameter{
		Description: "The id of the answer, as in the log.", Schema: openapi3.NewStringSchema().NewRef(),
	}}}}
	components.SecuritySchemes = openapi3.SecuritySchemes{
		"token": {Value: &openapi3.SecurityScheme{
			Type: "apiKey", In: "header", Name: "X-Auth-Token",
			Description: "A token from POST /v3/auth/tokens, for the project in the path.",
		}},
		"signature": {Value: &openapi3.SecurityScheme{
			Type: "apiKey", In: "header", Name: "Authorization",
			Description: "An AK/SK signature: `SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`, with the header X-Sdk-Date.",
		}},
		"basic": {Value: &openapi3.SecurityScheme{
			Type: "http", Scheme: "basic",
			Description: "An access key as the user and its secret as the password, where an operation says so.",
		}},
	}
	return &openapi3.T{
		OpenAPI: "3.1.0",
		Info: &openapi3.Info{
			Title: "Tocsin", Version: "2",
			Description: "A notification service that speaks the API of Simple Message Notification (SMN) of Huawei Cloud and " +
				"Open Telekom Cloud. Log in first (POST /v3/auth/tokens) and send the token of the answer as X-Auth-Token, " +
				"or sign requests with an access key. Bodies are read as JSON whatever Content-Type says, and fields that an " +
				"operation does not know are ignored; null counts as left out. Times are in UTC. " +
				"In paths, URNs may stand as they are.",
			License: &openapi3.License{Name: "Apache License 2.0", Identifier: "Apache-2.0"},
		},
		Servers:    openapi3.Servers{{URL: "/", Description: "Where this document came from."}},
		Tags:       groups(),
		Security:   openapi3.SecurityRequirements{{"token": {}}, {"signature": {}}},
		Paths:      openapi3.NewPaths(),
		Components: &components,
	}
}
