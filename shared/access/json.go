package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep a policy nests at most: a value of a condition
// stands on the seventh level.
const maxDepth = 8

// decodeObject reads a JSON object, of the types of encoding/json with Number. It
// refuses a name that stands twice in an object: a policy must mean one thing.
func decodeObject(text string) (map[string]any, error) {
	if !utf8.ValidString(text) || !json.Valid([]byte(text)) {
		return nil, errors.New("it is no JSON")
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	value, err := decodeValue(d, 1)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("it is no JSON object")
	}
	return object, nil
}

// decodeValue reads the next value of a text that is known to be JSON.
func decodeValue(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it nests more than %d levels deep", maxDepth)
	}
	token, err := d.Token()
	if err != nil {
		return nil, errors.New("it is no JSON")
	}
	switch token {
	case json.Delim('{'):
		object := map[string]any{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, errors.New("it is no JSON")
			}
			if _, twice := object[name.(string)]; twice {
				return nil, errors.New("an object has a name twice")
			}
			if object[name.(string)], err = decodeValue(d, depth+1); err != nil {
				return nil, err
			}
		}
		_, err = d.Token()
		return object, err
	case json.Delim('['):
		array := []any{}
		for d.More() {
			item, err := decodeValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			array = append(array, item)
		}
		_, err = d.Token()
		return array, err
	}
	return token, nil
}
