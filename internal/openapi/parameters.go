package openapi

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"tocsin/shared/smn"
)

// parameter is a part of the path or of the query, or a header.
type parameter struct {
	name   string
	about  string
	schema *openapi3.Schema // nil means a text
	must   bool
	bare   bool // it may stand without a value
	shared bool // it means the same wherever it stands
}

func (p parameter) in(to *openapi3.Parameter) *openapi3.Parameter {
	schema := p.schema
	if schema == nil {
		schema = openapi3.NewStringSchema()
	}
	to.AllowEmptyValue = p.bare
	return to.WithSchema(schema).WithDescription(p.about).WithRequired(p.must || to.In == openapi3.ParameterInPath)
}

// pathParameter is the parameter of this name, which means the same in all paths.
func pathParameter(name string) (parameter, error) {
	about := map[string]string{
		"name":             "The name of an attribute.",
		"key":              "The key of a tag.",
		"id":               "The id of the binding of a key.",
		"resource_id":      "The id of the resource, or its name: see X-SMN-RESOURCEID-TYPE.",
		"certificate_id":   "The file name of a certificate, as in signing_cert_url of messages.",
		"logtank_id":       "The id of a logtank.",
		"notify_policy_id": "The id of a notify policy.",
		"task_id":          "The id of a detection.",
		"user_id":          "The id of a subscription user.",
	}[name]
	if about == "" {
		about = words[name]
	}
	if about == "" {
		return parameter{}, fmt.Errorf("nothing is said of the path parameter %s", name)
	}
	p := parameter{name: name, about: about, shared: true}
	if name == "name" {
		p.schema = openapi3.NewStringSchema().WithEnum(values(smn.AttributeNames...)...)
		p.shared = false // another in queries
	}
	return p, nil
}

// pageQuery are the parameters of every list, and more.
func pageQuery(more ...parameter) []parameter {
	return append([]parameter{
		{name: "offset", about: "Items to skip; past the end is an empty page.", schema: openapi3.NewIntegerSchema().WithMin(0), shared: true},
		{name: "limit", about: "Items at most.", schema: openapi3.NewIntegerSchema().WithMin(1).WithMax(smn.DefaultLimit).WithDefault(smn.DefaultLimit), shared: true},
	}, more...)
}

// period are the ends of a period.
func period(must bool) []parameter {
	const form = ", such as 2026-01-31T12:00:00Z or milliseconds of Unix time."
	return []parameter{
		{name: "start_time", about: "The beginning" + form, must: must},
		{name: "end_time", about: "The end, which is not part of it" + form, must: must},
	}
}

// values are the values of a closed set.
func values[T ~string | ~int](set ...T) (list []any) {
	for _, v := range set {
		list = append(list, v)
	}
	return list
}
