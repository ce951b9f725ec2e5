package openapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// schemas makes the schemas of Go types. Structs become components of their name;
// those that answers have as well get the ending Input in requests, where less is
// needed.
type schemas struct {
	components openapi3.Schemas
	comments   map[string]string // by Type and Type.Field
	answered   []string          // the components of answers
	used       map[string]bool   // what was found in sets and needed
}

// side says in which direction a body goes.
type side int

const (
	answers side = iota
	requests
)

// special are the types that write their JSON themselves.
func special(t reflect.Type, to side) *openapi3.Schema {
	number := func() *openapi3.Schema {
		return &openapi3.Schema{Type: &openapi3.Types{"string", "integer"}, Pattern: "^[0-9]+$"}
	}
	switch t {
	case reflect.TypeFor[json.RawMessage]():
		return openapi3.NewSchema()
	case reflect.TypeFor[wire.Seconds](), reflect.TypeFor[wire.Count]():
		return number()
	case reflect.TypeFor[wire.Structure]():
		schema := &openapi3.Schema{Type: &openapi3.Types{"string", "object"}}
		schema.Description = "A text for each protocol, and one for the key default: an object, or its JSON as a text."
		return schema
	case reflect.TypeFor[wire.Flag]():
		if to == answers {
			return openapi3.NewStringSchema().WithEnum("true", "false")
		}
		return openapi3.NewAnyOfSchema(openapi3.NewBoolSchema(), openapi3.NewStringSchema().WithEnum("true", "false"))
	case reflect.TypeFor[wire.MessageAttribute]():
		value := openapi3.NewAnyOfSchema(openapi3.NewStringSchema(), openapi3.NewArraySchema().WithItems(openapi3.NewStringSchema()))
		value.Description = "A text for STRING, an array of texts for the others."
		object := openapi3.NewObjectSchema().WithProperties(map[string]*openapi3.Schema{
			"name":  openapi3.NewStringSchema(),
			"type":  openapi3.NewStringSchema().WithEnum(values(smn.StringAttribute, smn.StringArrayAttribute, smn.ProtocolAttribute)...),
			"value": value,
		})
		return object.WithRequired([]string{"name", "type", "value"})
	}
	return nil
}

// prepare makes the components of answers, which keep the names of their types.
func (s schemas) prepare(bodies map[int]any) error {
	for _, body := range bodies {
		switch body.(type) {
		case nothing, raw:
			continue
		}
		if _, err := s.answer(body); err != nil {
			return err
		}
	}
	return nil
}

// answer is the schema of a value's type as answers have it: what is always
// written is required. A list means one of its types.
func (s schemas) answer(value any) (*openapi3.SchemaRef, error) {
	list, ok := value.([]any)
	if !ok {
		return s.schema(reflect.TypeOf(value), answers)
	}
	schema := openapi3.NewSchema()
	for _, one := range list {
		ref, err := s.answer(one)
		if err != nil {
			return nil, err
		}
		schema.AnyOf = append(schema.AnyOf, ref)
	}
	return schema.NewRef(), nil
}

// request is the schema of a body that clients send.
func (s schemas) request(value any) (*openapi3.SchemaRef, error) {
	return s.schema(reflect.TypeOf(value), requests)
}

func (s schemas) schema(t reflect.Type, to side) (*openapi3.SchemaRef, error) {
	if schema := special(t, to); schema != nil {
		return schema.NewRef(), nil
	}
	simple := func(kind string) (*openapi3.SchemaRef, error) {
		return (&openapi3.Schema{Type: &openapi3.Types{kind}}).NewRef(), nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.schema(t.Elem(), to)
	case reflect.String:
		return simple("string")
	case reflect.Bool:
		return simple("boolean")
	case reflect.Int, reflect.Int64:
		return simple("integer")
	case reflect.Float64:
		return simple("number")
	case reflect.Interface:
		return openapi3.NewSchema().NewRef(), nil
	case reflect.Slice:
		items, err := s.schema(t.Elem(), to)
		return (&openapi3.Schema{Type: &openapi3.Types{"array"}, Items: items}).NewRef(), err
	case reflect.Map:
		values, err := s.schema(t.Elem(), to)
		return (&openapi3.Schema{Type: &openapi3.Types{"object"}, AdditionalProperties: openapi3.AdditionalProperties{Schema: values}}).NewRef(), err
	case reflect.Struct:
		return s.object(t, to)
	}
	return nil, fmt.Errorf("no schema is known for %s", t)
}

// object makes the component of a struct and refers to it. A struct without a
// name stays where it is.
func (s schemas) object(t reflect.Type, to side) (*openapi3.SchemaRef, error) {
	name := t.Name()
	if to == requests && slices.Contains(s.answered, name) {
		name += "Input"
	}
	ref := "#/components/schemas/" + name
	if s.components[name] != nil {
		return openapi3.NewSchemaRef(ref, s.components[name].Value), nil
	}
	object := openapi3.NewObjectSchema()
	object.Properties, object.Description = openapi3.Schemas{}, s.typeComment(t.Name())
	if name != "" {
		s.components[name] = object.NewRef()
	}
	for _, f := range reflect.VisibleFields(t) {
		key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		isID := key == "request_id" // in every answer, in no request
		if key == "-" || f.Anonymous || isID && to == requests {
			continue
		}
		always := to == answers && (isID || !strings.Contains(options, "omit"))
		schema, err := s.field(t, f, key, to, always)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t.Name(), f.Name, err)
		}
		object.Properties[key] = schema
		if always {
			object.Required = append(object.Required, key)
		}
	}
	if to == requests {
		object.Required = s.find(needed[t.Name()], t.Name())
	}
	if name == "" {
		return object.NewRef(), nil
	}
	return openapi3.NewSchemaRef(ref, object), nil
}

// field is the schema of a field: that of its type, with what is said of the field
// itself.
func (s schemas) field(t reflect.Type, f reflect.StructField, key string, to side, always bool) (*openapi3.SchemaRef, error) {
	ref, err := s.schema(f.Type, to)
	if err != nil || ref.Ref != "" {
		return ref, err
	}
	name := declaring(t, f).Name() + "." + f.Name
	schema := ref.Value
	if about := s.say(name, key); about != "" {
		schema.Description = about
	}
	if times[key] {
		schema.Format = "date-time"
	}
	if set, ok := sets[name]; ok {
		s.used[name] = true
		if schema.Items != nil {
			schema.Items.Value.Enum = set
		} else {
			schema.Enum = set
		}
	}
	if always && f.Type.Kind() == reflect.Pointer {
		*schema.Type = append(*schema.Type, "null")
	}
	return ref, nil
}

// declaring is the struct that has the field itself, which t may only embed.
func declaring(t reflect.Type, f reflect.StructField) reflect.Type {
	if len(f.Index) == 1 {
		return t
	}
	return t.FieldByIndex(f.Index[:len(f.Index)-1]).Type
}

// say is what there is to say of a field: its comment in the code, or the word for
// it. That something is never null the document says by its type.
func (s schemas) say(name, key string) string {
	if about := s.comments[name]; about != "" && about != "never null" && !strings.HasPrefix(about, "see ") {
		return sentence(about)
	}
	for _, word := range []string{name, key} {
		if about := words[word]; about != "" {
			s.used[word] = true
			return about
		}
	}
	return ""
}

// typeComment is what the code says of a type. Of a whole body the operation says
// more.
func (s schemas) typeComment(name string) string {
	about := s.comments[name]
	if strings.HasSuffix(name, "Request") || strings.HasSuffix(name, "Response") || strings.Contains(about, " body of ") {
		return ""
	}
	for _, opening := range []string{name + " is ", name + " are "} {
		if rest, ok := strings.CutPrefix(about, opening); ok {
			return sentence(rest)
		}
	}
	return about
}

// sentence gives a text its capital letter and its full stop.
func sentence(text string) string {
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// find notes that the tables' line for a type was found.
func (s schemas) find(fields []string, name string) []string {
	if len(fields) > 0 {
		s.used[name] = true
	}
	return fields
}

// unused reports a line of the tables that no type answers to.
func (s schemas) unused() error {
	for name := range sets {
		if !s.used[name] {
			return fmt.Errorf("the table of sets has %s, which no body has", name)
		}
	}
	for name := range words {
		if !s.used[name] {
			return fmt.Errorf("the table of words has %s, which no body has", name)
		}
	}
	for name := range needed {
		if !s.used[name] {
			return fmt.Errorf("the table of needed fields has %s, which no request has", name)
		}
	}
	return nil
}
