package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
)

// reply is what a handler answers.
type reply struct {
	status      int
	json        any    // the body, or
	raw         []byte // the body as it is
	contentType string // of raw
	header      map[string]string
}

func ok(body any) reply      { return reply{status: http.StatusOK, json: body} }
func created(body any) reply { return reply{status: http.StatusCreated, json: body} }

// nothing is the answer of a call that has no body.
var nothing = reply{status: http.StatusNoContent}

// newOrNot is 201 for something new and 200 for something that was there.
func newOrNot(isNew bool, body any) reply {
	if isNew {
		return created(body)
	}
	return ok(body)
}

// Values of headers that nobody changes.
var (
	jsonType = []string{"application/json"}
	noSniff  = []string{"nosniff"}
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (rep reply) write(w http.ResponseWriter) error {
	body, contentType := rep.raw, rep.contentType
	if rep.json != nil {
		buf := buffers.Get().(*bytes.Buffer)
		defer buffers.Put(buf)
		buf.Reset()
		enc := json.NewEncoder(buf)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(rep.json); err != nil {
			return fmt.Errorf("encode %T: %w", rep.json, err)
		}
		body, contentType = buf.Bytes(), jsonType[0]
	}
	h := w.Header()
	for name, value := range rep.header {
		h.Set(name, value)
	}
	if rep.status == http.StatusNoContent {
		w.WriteHeader(rep.status)
		return nil
	}
	if contentType == jsonType[0] {
		h["Content-Type"] = jsonType
	} else {
		h["Content-Type"] = []string{contentType}
	}
	h["X-Content-Type-Options"] = noSniff
	w.WriteHeader(rep.status)
	_, err := w.Write(body)
	return err
}
