package intake

import (
	"errors"
	"io"
	"net/http"

	"tocsin/shared/smn"
)

// ReadBody reads the whole body of a request that has found room for most bytes;
// signatures cover it. TooLarge, Unreadable.
func ReadBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	if r.ContentLength == 0 || r.Body == nil {
		return nil, nil
	}
	var body []byte
	var err error
	if r.ContentLength > 0 { // and at most that: it has found room
		body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(r.Body, body)
	} else { // it does not say
		body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	}
	if err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			return nil, tooLarge(most)
		}
		return nil, smn.Errorf(smn.Unreadable, "the body ended early") // the cause names addresses of ours
	}
	return body, nil
}

func tooLarge(most int64) error {
	return smn.Errorf(smn.TooLarge, "the body may have at most %d bytes", most)
}
