package httpapi

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// decode reads a JSON body. A value of the wrong type is answered with the code
// that the field's tag names; anything else that cannot be read is Unreadable.
func decode(r *http.Request, into any) error {
	body, err := bodyOf(r)
	if err != nil {
		return smn.Errorf(smn.Unreadable, "the body ended early")
	}
	if !utf8.Valid(body) || wire.HasHalfCharacter(body) {
		return smn.Errorf(smn.Unreadable, "the body is not UTF-8")
	}
	if quick, ok := into.(interface{ ReadPlain(body []byte) bool }); ok && quick.ReadPlain(body) {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return unreadable(into, err)
	}
	return nil
}

// unreadable is what decode answers when the body is not what it is to be read into.
func unreadable(into any, err error) error {
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	var known *smn.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &wrongType) && wrongType.Field != "":
		name := wrongType.Field[strings.LastIndexByte(wrongType.Field, '.')+1:]
		return smn.Errorf(codeOf(reflect.TypeOf(into).Elem(), wrongType.Field), "%s cannot be a JSON %s", name, wrongType.Value)
	case errors.As(err, &syntax):
		return smn.Errorf(smn.Unreadable, "the body is no JSON: %v", syntax)
	}
	return smn.Errorf(smn.Unreadable, "the body must be a JSON object")
}

// bodyOf is the body of a request, which mostly has been read.
func bodyOf(r *http.Request) ([]byte, error) {
	if kept, ok := r.Body.(*keptBody); ok {
		return kept.all, nil
	}
	return io.ReadAll(r.Body)
}

// codeOf finds the code of a field in a path such as subscriptions.protocol: that
// of the innermost field which names one.
func codeOf(t reflect.Type, path string) smn.Code {
	code := smn.Unreadable
	for name := range strings.SplitSeq(path, ".") {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			break
		}
		field, found := fieldNamed(t, name)
		if !found {
			break
		}
		if c := field.Tag.Get("code"); c != "" {
			code = smn.Code(c)
		}
		t = field.Type
	}
	return code
}

// fieldNamed finds a field by its JSON name or, as encoding/json reports those of
// embedded structs, by the name of the struct.
func fieldNamed(t reflect.Type, name string) (reflect.StructField, bool) {
	for _, f := range reflect.VisibleFields(t) {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name || f.Anonymous && f.Name == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// pageOf reads the query of a list, with its offset and limit. A limit of 0 is
// written out as an error: left out it means the default, so the input cannot say it.
func pageOf(r *http.Request) (url.Values, smn.Page, error) {
	query, err := queryOf(r)
	if err != nil {
		return nil, smn.Page{}, err
	}
	offset, err := number(query, "offset", 0)
	if err != nil {
		return nil, smn.Page{}, err
	}
	limit, err := number(query, "limit", smn.DefaultLimit)
	if err == nil && limit == 0 {
		err = smn.Errorf(smn.InvalidPage, "limit must be from 1 to %d", smn.DefaultLimit)
	}
	return query, smn.Page{Offset: offset, Limit: limit}, err
}

func number(query url.Values, name string, absent int) (int, error) {
	if !query.Has(name) {
		return absent, nil
	}
	n, err := strconv.ParseUint(query.Get(name), 10, 63) // digits only
	if err != nil {
		return 0, smn.Errorf(smn.InvalidPage, "%s must be a whole number, not negative", name)
	}
	return int(n), nil
}

// queryOf reads the query of a request, which must be well-formed UTF-8.
func queryOf(r *http.Request) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, smn.Errorf(smn.Unreadable, "the query cannot be read")
	}
	for name, values := range query {
		for _, value := range values {
			if !utf8.ValidString(name) || !utf8.ValidString(value) {
				return nil, smn.Errorf(smn.Unreadable, "the query is not UTF-8")
			}
		}
	}
	return query, nil
}
