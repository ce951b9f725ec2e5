package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"tocsin/shared/smn"
)

// Structure is message_structure as it stands in a request: the JSON text of an
// object. SMN takes it as a string; an object in its place is read as well, its
// text kept as it is.
type Structure string

// UnmarshalJSON reads a string, an object, or null for none.
func (s *Structure) UnmarshalJSON(b []byte) error {
	switch {
	case string(b) == "null":
		return nil
	case b[0] == '{':
		*s = Structure(b)
		return nil
	case b[0] == '"':
		return json.Unmarshal(b, (*string)(s))
	}
	return smn.Errorf(smn.InvalidMessageStructure, "message_structure must be the JSON text of an object")
}

// ParseStructure reads the texts of a structure: one for smn.DefaultVariant, and
// those for protocols that have one of their own. Empty texts and null count as
// left out, keys that are no protocol are skipped with whatever they hold. The
// error says what is wrong and repeats no text.
func ParseStructure(text string) (map[smn.Protocol]smn.Text, error) {
	if !utf8.ValidString(text) || HasHalfCharacter([]byte(text)) {
		return nil, errors.New("message_structure is not UTF-8")
	}
	in := json.NewDecoder(strings.NewReader(text))
	if start, err := in.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("message_structure must be the JSON text of an object")
	}
	texts := map[smn.Protocol]smn.Text{}
	seen := map[string]bool{}
	for in.More() {
		token, err := in.Token()
		key, ok := token.(string)
		var value json.RawMessage
		if err != nil || !ok || in.Decode(&value) != nil {
			return nil, errors.New("message_structure is no JSON")
		}
		if seen[key] {
			return nil, errors.New("message_structure has a key twice")
		}
		seen[key] = true
		p := smn.Protocol(key)
		if p != smn.DefaultVariant && !p.IsNamed() {
			continue
		}
		t, err := parseText(p, value)
		if err != nil {
			return nil, err
		}
		if t.Value != "" {
			texts[p] = t
		}
	}
	if _, err := in.Token(); err != nil { // the closing brace
		return nil, errors.New("message_structure is no JSON")
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("message_structure has something behind its object")
	}
	if texts[smn.DefaultVariant].Value == "" {
		return nil, errors.New("message_structure must have a text for the key default")
	}
	return texts, nil
}

// parseText reads one value of a structure.
func parseText(p smn.Protocol, value json.RawMessage) (t smn.Text, err error) {
	switch {
	case value[0] == '"':
		err = json.Unmarshal(value, &t.Value)
		return t, err
	case string(value) == "null":
		return smn.Text{}, nil
	case value[0] == '{' && p.TakesObject():
		return smn.Text{Value: string(bytes.Clone(value)), IsObject: true}, nil
	case p.TakesObject():
		return smn.Text{}, fmt.Errorf("message_structure must hold a text or an object for %s", p)
	}
	return smn.Text{}, fmt.Errorf("message_structure must hold a text for %s", p)
}
