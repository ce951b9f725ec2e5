package mns

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// maxDepth is how deep elements may lie in each other. Requests need three.
const maxDepth = 16

// element is what was read of a document: text, or children by their names.
type element struct {
	text     []byte
	children map[string]*element
}

// byteOrderMark may stand before a document, as programs of Windows write it.
var byteOrderMark = []byte("\ufeff")

// child is a child by its name; nil if there is none. Of several the last counts.
func (e *element) child(name string) *element {
	if e == nil {
		return nil
	}
	return e.children[name]
}

// value is the text of a child without the space around it; empty if it holds elements.
func (e *element) value(name string) string {
	if c := e.child(name); c != nil && c.children == nil {
		return strings.TrimSpace(string(c.text))
	}
	return ""
}

// read reads a document whose root has this name. Programs write namespaces,
// declarations and orders of all kinds, and elements that nobody knows, so none of
// these matters. Documents that define something of their own are refused, as are deep
// ones: nobody needs them. Those children of the root that texts names hold no elements.
func read(document []byte, root string, texts ...string) (*element, error) {
	found, err := parse(document, root)
	if err != nil {
		return nil, err
	}
	for _, name := range texts {
		if c := found.child(name); c != nil && c.children != nil {
			return nil, Errorf(InvalidArgument, "%s is a text: there may be no elements in it. Escape < as &lt;.", name)
		}
	}
	return found, nil
}

func parse(document []byte, root string) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(document, byteOrderMark)))
	var open []*element
	var found *element
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && found != nil {
			return found, nil
		}
		if err != nil {
			return nil, Errorf(MalformedXML, "The XML cannot be read.")
		}
		switch t := token.(type) {
		case xml.StartElement:
			e := &element{}
			switch {
			case len(open) == 0 && found != nil:
				return nil, Errorf(MalformedXML, "The XML has more than one root.")
			case len(open) == 0 && t.Name.Local != root:
				return nil, Errorf(InvalidArgument, "The root of the XML must be %s.", root)
			case len(open) == 0:
				found = e
			case len(open) == maxDepth:
				return nil, Errorf(MalformedXML, "The XML is deeper than %d elements.", maxDepth)
			default:
				parent := open[len(open)-1]
				if parent.children == nil {
					parent.children = map[string]*element{}
				}
				parent.children[t.Name.Local] = e
			}
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				e := open[len(open)-1]
				e.text = append(e.text, t...)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, Errorf(MalformedXML, "The XML has text outside of its root.")
			}
		case xml.Directive:
			return nil, Errorf(MalformedXML, "The XML may have no document type.")
		}
	}
}
