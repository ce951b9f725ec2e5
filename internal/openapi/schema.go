package openapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"tocsin/shared/wire"
)

// schemas makes the schemas of Go types. Structs become components of their name.
type schemas struct {
	components openapi3.Schemas
	comments   map[string]string // by Type and Type.Field
}

// special are the types that write their JSON themselves.
var special = map[reflect.Type]*openapi3.Schema{
	reflect.TypeFor[json.RawMessage](): {},
	reflect.TypeFor[wire.Seconds]():    {Type: &openapi3.Types{"string", "integer"}, Pattern: "^[0-9]+$"},
}

// of is the schema of a value's type as answers have it: what is always written
// is required.
func (s schemas) of(value any) (*openapi3.SchemaRef, error) {
	return s.schema(reflect.TypeOf(value), true)
}

// request is the schema of a body that clients send: only needs are required.
func (s schemas) request(value any, needs []string) (*openapi3.SchemaRef, error) {
	t := reflect.TypeOf(value)
	ref, err := s.schema(t, false)
	if err == nil && len(needs) > 0 {
		s.components[t.Name()].Value.Required = needs
	}
	return ref, err
}

func (s schemas) schema(t reflect.Type, answers bool) (*openapi3.SchemaRef, error) {
	if schema, ok := special[t]; ok {
		return schema.NewRef(), nil
	}
	simple := func(kind string) (*openapi3.SchemaRef, error) {
		return (&openapi3.Schema{Type: &openapi3.Types{kind}}).NewRef(), nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.schema(t.Elem(), answers)
	case reflect.String:
		return simple("string")
	case reflect.Bool:
		return simple("boolean")
	case reflect.Int, reflect.Int64:
		return simple("integer")
	case reflect.Interface:
		return openapi3.NewSchema().NewRef(), nil
	case reflect.Slice:
		items, err := s.schema(t.Elem(), answers)
		return (&openapi3.Schema{Type: &openapi3.Types{"array"}, Items: items}).NewRef(), err
	case reflect.Map:
		values, err := s.schema(t.Elem(), answers)
		return (&openapi3.Schema{Type: &openapi3.Types{"object"}, AdditionalProperties: openapi3.AdditionalProperties{Schema: values}}).NewRef(), err
	case reflect.Struct:
		return s.object(t, answers)
	}
	return nil, fmt.Errorf("no schema is known for %s", t)
}

// object makes the component of a struct and refers to it. A struct without a
// name stays where it is.
func (s schemas) object(t reflect.Type, answers bool) (*openapi3.SchemaRef, error) {
	ref := "#/components/schemas/" + t.Name()
	if s.components[t.Name()] != nil {
		return openapi3.NewSchemaRef(ref, s.components[t.Name()].Value), nil
	}
	object := openapi3.NewObjectSchema()
	object.Properties, object.Description = openapi3.Schemas{}, s.comments[t.Name()]
	if t.Name() != "" {
		s.components[t.Name()] = object.NewRef()
	}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || f.Anonymous {
			continue
		}
		schema, err := s.schema(f.Type, answers)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t.Name(), f.Name, err)
		}
		if about := s.comments[t.Name()+"."+f.Name]; about != "" && schema.Ref == "" {
			commented := *schema.Value
			commented.Description = about
			schema = commented.NewRef()
		}
		object.Properties[name] = schema
		if answers && !strings.Contains(options, "omit") {
			object.Required = append(object.Required, name)
		}
	}
	if t.Name() == "" {
		return object.NewRef(), nil
	}
	return openapi3.NewSchemaRef(ref, object), nil
}
