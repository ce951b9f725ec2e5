// Package intake is what all doors do with a request, whatever they speak: they bound
// what is in hand, read the body, and write one log line.
package intake

import (
	"net/http"
	"sync"

	"tocsin/shared/smn"
)

// Room bounds what is in hand at once, so that a crowd of callers cannot take
// more memory than the machine has. Who finds none is told at once to come again.
// Doors may share one.
type Room struct {
	maxRequests int
	maxBytes    int64

	mu       sync.Mutex
	requests int
	bytes    int64
}

// NewRoom makes a room for so many requests, with so many bytes in their bodies; 0 is
// no bound.
func NewRoom(requests int, bytes int64) *Room {
	return &Room{maxRequests: requests, maxBytes: bytes}
}

// Enter takes a place for a request, and for as much of a body as it may have, most
// bytes. The caller leaves when it is answered. TooLarge, Overloaded.
func (o *Room) Enter(r *http.Request, most int64) (Stay, error) {
	size := r.ContentLength
	if size < 0 {
		size = most // it does not say
	}
	if size > most {
		return Stay{}, tooLarge(most)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.maxRequests > 0 && o.requests >= o.maxRequests || o.maxBytes > 0 && o.bytes+size > o.maxBytes {
		return Stay{}, smn.Errorf(smn.Overloaded, "too many requests are in hand; try again in a moment")
	}
	o.requests++
	o.bytes += size
	return Stay{o, size}, nil
}

// Stay is the place of a request in a room.
type Stay struct {
	room *Room
	size int64
}

// Leave gives the place back. It is called once.
func (s Stay) Leave() {
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	s.room.requests--
	s.room.bytes -= s.size
}
