package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// CredentialsError says what is wrong with credentials, and where: a path such
// as domains[0].users[1].password. It holds no value of theirs.
type CredentialsError struct{ Path, Reason string }

func (e *CredentialsError) Error() string {
	if e.Path == "" {
		return "credentials: " + e.Reason
	}
	return "credentials: " + e.Path + ": " + e.Reason
}

// maxTree is how deep a text may nest; what is read has five levels.
const maxTree = 16

// tree is a JSON value and its path: a map[string]any, []any, string,
// json.Number, bool or nil. Reading from it notes the first fault and goes on,
// so that what reads is a plain list of fields.
type tree struct {
	path  string
	value any
	fault *error // shared by the whole tree
}

// parseTree reads a JSON text in which no object has a field twice, which
// encoding/json alone would let pass.
func parseTree(text []byte) (tree, error) {
	if !utf8.Valid(text) {
		return tree{}, &CredentialsError{"", "the text is not UTF-8"}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	value, err := treeValue(d, "", 0)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = &CredentialsError{"", "something follows the JSON object"}
		}
	}
	var known *CredentialsError
	if err != nil && !errors.As(err, &known) {
		line := 1 + bytes.Count(text[:min(int(d.InputOffset()), len(text))], []byte("\n"))
		err = &CredentialsError{"", fmt.Sprintf("line %d: this is no JSON", line)} // encoding/json would quote from it
	}
	return tree{value: value, fault: new(error)}, err
}

func treeValue(d *json.Decoder, path string, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	if depth > maxTree {
		return nil, &CredentialsError{"", "the text nests too deeply"}
	}
	switch t {
	case json.Delim('{'):
		object := map[string]any{}
		for d.More() {
			t, err := d.Token()
			if err != nil {
				return nil, err
			}
			name := t.(string) // a key, says Token
			if _, twice := object[name]; twice {
				return nil, &CredentialsError{path, "a field is there twice"}
			}
			if object[name], err = treeValue(d, join(path, name), depth+1); err != nil {
				return nil, err
			}
		}
		_, err = d.Token()
		return object, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			item, err := treeValue(d, fmt.Sprintf("%s[%d]", path, len(list)), depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		_, err = d.Token()
		return list, err
	}
	return t, nil
}

// join makes the path of a field. Names come from the text: one that is no name
// of ours is not repeated, since people put secrets in the wrong place.
func join(path, name string) string {
	if !slices.Contains(credentialFields, name) {
		name = "?"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// fail notes a fault, unless there was one before.
func (t tree) fail(name, reason string) {
	if *t.fault == nil {
		path := t.path
		if name != "" {
			path = join(path, name)
		}
		*t.fault = &CredentialsError{path, reason}
	}
}

// field is a field of an object; a nil value when it is not there.
func (t tree) field(name string) tree {
	object, _ := t.value.(map[string]any)
	return tree{path: join(t.path, name), value: object[name], fault: t.fault}
}

// text is a field that holds a text; empty when it is not there.
func (t tree) text(name string) string {
	f := t.field(name)
	s, ok := f.value.(string)
	if !ok && f.value != nil {
		f.fail("", "this must be a text; put it in quotes")
	}
	return s
}

// list is a field that holds a list; empty when it is not there.
func (t tree) list(name string) []tree {
	f := t.field(name)
	values, ok := f.value.([]any)
	if !ok && f.value != nil {
		f.fail("", "this must be a list")
	}
	items := make([]tree, len(values))
	for i, v := range values {
		items[i] = tree{path: fmt.Sprintf("%s[%d]", f.path, i), value: v, fault: t.fault}
	}
	return items
}

// texts is a field that holds a list of texts; empty when it is not there.
func (t tree) texts(name string) []string {
	items := t.list(name)
	texts := make([]string, len(items))
	for i, item := range items {
		var ok bool
		if texts[i], ok = item.value.(string); !ok {
			item.fail("", "this must be a text; put it in quotes")
		}
	}
	return texts
}

// only says that these are all fields that the object may have.
func (t tree) only(names ...string) {
	object, ok := t.value.(map[string]any)
	if !ok {
		t.fail("", "this must be an object")
	}
	for name := range object {
		if !slices.Contains(names, name) {
			t.fail("", "it has a field that is not known; known are "+strings.Join(names, ", "))
		}
	}
}
