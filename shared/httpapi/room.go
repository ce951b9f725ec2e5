package httpapi

import (
	"net/http"
	"sync"

	"tocsin/shared/smn"
)

// room bounds what is in hand at once, so that a crowd of callers cannot take
// more memory than the machine has. Who finds none is told at once to come again.
type room struct {
	maxRequests int
	maxBytes    int64

	mu       sync.Mutex
	requests int
	bytes    int64
}

// newRoom makes a room with these bounds; 0 is none.
func newRoom(requests int, bytes int64) *room {
	return &room{maxRequests: requests, maxBytes: bytes}
}

// enter takes a place for a request, and for as much of a body as it may have.
// The caller calls leave when it is answered.
func (o *room) enter(r *http.Request) (leave func(), err error) {
	size := r.ContentLength
	if size < 0 {
		size = maxBody // it does not say
	}
	if size > maxBody {
		return nil, bodyTooLarge()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.maxRequests > 0 && o.requests >= o.maxRequests || o.maxBytes > 0 && o.bytes+size > o.maxBytes {
		return nil, smn.Errorf(smn.Overloaded, "too many requests are in hand; try again in a moment")
	}
	o.requests++
	o.bytes += size
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.requests--
		o.bytes -= size
	}, nil
}
