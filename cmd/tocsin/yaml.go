package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// linesOf says on which line the value of a path begins, such as
// domains[0].users[1].password.
type linesOf map[string]int

// of is the line of a path or, if it has none, of what it lies in.
func (l linesOf) of(path string) int {
	for {
		if line, ok := l[path]; ok {
			return line
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			return max(1, l[""])
		}
		path = path[:i]
	}
}

// maxYAML is how deep YAML may nest; credentials have five levels.
const maxYAML = 16

// fromYAML writes YAML as JSON, with what is there twice left there twice. Texts
// stay as they are written: what YAML would read as a date is no text, and
// aliases, which make large things of small ones, are refused. Errors name the
// line and show nothing of the text.
func fromYAML(text []byte) ([]byte, linesOf, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, next yaml.Node
	err := d.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil, errors.New("the file is empty")
	case err != nil:
		return nil, nil, yamlError(err)
	}
	if err := d.Decode(&next); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("there is more than one YAML document")
	}
	w := yamlWriter{lines: linesOf{}}
	if err := w.value(doc.Content[0], "", 0); err != nil {
		return nil, nil, err
	}
	return w.json.Bytes(), w.lines, nil
}

var yamlLine = regexp.MustCompile(`line \d+`)

// yamlError keeps the line of an error of the library, which may quote the text.
func yamlError(err error) error {
	if line := yamlLine.FindString(err.Error()); line != "" {
		return errors.New(line + ": this is no YAML")
	}
	return errors.New("this is no YAML")
}

// yamlWriter writes nodes as JSON and notes their lines.
type yamlWriter struct {
	json  bytes.Buffer
	lines linesOf
}

func (w *yamlWriter) value(n *yaml.Node, path string, depth int) error {
	w.lines[path] = n.Line
	switch {
	case depth > maxYAML:
		return fmt.Errorf("line %d: the text nests too deeply", n.Line)
	case n.Kind == yaml.MappingNode:
		w.json.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, value := n.Content[i], n.Content[i+1]
			if name.Kind != yaml.ScalarNode || name.ShortTag() != "!!str" || len(name.Value) > 64 {
				return fmt.Errorf("line %d: the name of a field must be a short text", name.Line)
			}
			if i > 0 {
				w.json.WriteByte(',')
			}
			w.text(name.Value)
			w.json.WriteByte(':')
			if err := w.value(value, strings.TrimPrefix(path+"."+name.Value, "."), depth+1); err != nil {
				return err
			}
		}
		w.json.WriteByte('}')
	case n.Kind == yaml.SequenceNode:
		w.json.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				w.json.WriteByte(',')
			}
			if err := w.value(item, path+"["+strconv.Itoa(i)+"]", depth+1); err != nil {
				return err
			}
		}
		w.json.WriteByte(']')
	case n.Kind != yaml.ScalarNode:
		return fmt.Errorf("line %d: aliases are not taken", n.Line)
	case n.ShortTag() == "!!str":
		w.text(n.Value)
	case n.ShortTag() == "!!null":
		w.json.WriteString("null")
	default:
		return fmt.Errorf("line %d: this must be a text; put it in quotes", n.Line)
	}
	return nil
}

func (w *yamlWriter) text(s string) {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a text
	}
	w.json.Write(text)
}
