package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// writer puts operations into a document.
type writer struct {
	doc      *openapi3.T
	schemas  schemas
	examples string // the folder of the golden files
}

func (w writer) operation(name, path string, d described) (*openapi3.Operation, error) {
	op := &openapi3.Operation{
		OperationID: name, Summary: d.summary, Tags: []string{d.group},
		Responses: openapi3.NewResponsesWithCapacity(len(d.answers) + 1),
	}
	if w.doc.Tags.Get(d.group) == nil {
		return nil, fmt.Errorf("the group %q is not in groups", d.group)
	}
	if d.smn != "" {
		op.Description = "SMN calls it " + d.smn + "."
	}
	switch d.who {
	case owner: // as the document says for all
	case anyone:
		op.Security = &openapi3.SecurityRequirements{}
	case optional:
		op.Security = &openapi3.SecurityRequirements{{}, {"token": {}}, {"signature": {}}}
	case keyHolder:
		op.Security = &openapi3.SecurityRequirements{{"token": {}}, {"signature": {}}, {"basic": {}}}
	}
	for segment := range strings.SplitSeq(path, "/") {
		if inner, ok := strings.CutPrefix(segment, "{"); ok {
			p, err := pathParameter(strings.TrimSuffix(inner, "}"))
			if err != nil {
				return nil, err
			}
			w.schemas.used[p.name] = true
			op.Parameters = append(op.Parameters, w.shared(p, openapi3.NewPathParameter(p.name)))
		}
	}
	for _, p := range d.query {
		op.Parameters = append(op.Parameters, w.shared(p, openapi3.NewQueryParameter(p.name)))
	}
	for _, p := range d.header {
		op.Parameters = append(op.Parameters, w.shared(p, openapi3.NewHeaderParameter(p.name)))
	}
	switch b := d.body.(type) {
	case nil:
	case raw: // which nobody has to send
		op.RequestBody = &openapi3.RequestBodyRef{Value: openapi3.NewRequestBody().WithSchema(openapi3.NewObjectSchema(), []string{string(b)})}
	default:
		schema, err := w.schemas.request(b)
		if err != nil {
			return nil, err
		}
		body := openapi3.NewRequestBody().WithRequired(true).WithJSONSchemaRef(schema)
		if err := w.exemplify(body.Content, d.example, "request"); err != nil {
			return nil, err
		}
		op.RequestBody = &openapi3.RequestBodyRef{Value: body}
	}
	for status, body := range d.answers {
		response, err := w.response(body, d.gives)
		if err != nil {
			return nil, err
		}
		if err := w.exemplify(response.Content, d.example, "response"); err != nil {
			return nil, err
		}
		op.AddResponse(status, response.WithDescription(http.StatusText(status)))
	}
	ref, err := w.failure(d.errors)
	op.Responses.Set("default", ref)
	return op, err
}

// shared gives a parameter of several operations its place in the components.
func (w writer) shared(p parameter, as *openapi3.Parameter) *openapi3.ParameterRef {
	as = p.in(as)
	if !p.shared {
		return &openapi3.ParameterRef{Value: as}
	}
	name := p.name
	if w.doc.Components.Parameters[name] == nil {
		w.doc.Components.Parameters[name] = &openapi3.ParameterRef{Value: as}
	}
	return &openapi3.ParameterRef{Ref: "#/components/parameters/" + name, Value: as}
}

// response is an answer with the id that the log has, too.
func (w writer) response(body any, gives []parameter) (*openapi3.Response, error) {
	response := openapi3.NewResponse()
	response.Headers = openapi3.Headers{"X-Request-Id": {
		Ref: "#/components/headers/X-Request-Id", Value: w.doc.Components.Headers["X-Request-Id"].Value,
	}}
	for _, p := range gives {
		response.Headers[p.name] = &openapi3.HeaderRef{Value: &openapi3.Header{Parameter: openapi3.Parameter{
			Description: p.about, Required: p.must, Schema: openapi3.NewStringSchema().NewRef(),
		}}}
	}
	switch b := body.(type) {
	case nothing:
		return response, nil
	case raw:
		response.Content = openapi3.NewContentWithSchema(openapi3.NewStringSchema(), []string{string(b)})
		return response, nil
	}
	schema, err := w.schemas.answer(body)
	response.Content = openapi3.NewContentWithSchemaRef(schema, []string{"application/json"})
	return response, err
}

// failure is the answer of all that went wrong at a door.
func (w writer) failure(f failure) (*openapi3.ResponseRef, error) {
	name := f.name()
	if w.doc.Components.Responses[name] == nil {
		response, err := w.response(f.body(), nil)
		if err != nil {
			return nil, err
		}
		response.WithDescription(f.about())
		w.doc.Components.Responses[name] = &openapi3.ResponseRef{Value: response}
	}
	return &openapi3.ResponseRef{Ref: "#/components/responses/" + name, Value: w.doc.Components.Responses[name].Value}, nil
}

// exemplify adds the golden file of a body, if there is one.
func (w writer) exemplify(content openapi3.Content, example, kind string) error {
	body := content.Get("application/json")
	if example == "" || body == nil {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(w.examples, example+"-"+kind+".json"))
	if errors.Is(err, fs.ErrNotExist) && kind == "request" {
		return fmt.Errorf("it has a body, but the example has none: %w", err)
	} else if err != nil {
		return err
	}
	return json.Unmarshal(text, &body.Example)
}
