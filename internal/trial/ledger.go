package trial

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"sync"
	"time"

	"tocsin/shared/wire"
)

// Counts are what a sink has accepted since it started.
type Counts struct {
	AtMicros   int64 `json:"at_us"`       // when these counts held, by the machine's clock
	Deliveries int64 `json:"deliveries"`  // notifications, repeats included
	Distinct   int64 `json:"distinct"`    // different pairs of endpoint and message
	SameRun    int64 `json:"same_run"`    // repeats of what the same run of the process had sent
	Plain      int64 `json:"plain"`       // posts that are no message of SMN
	BodyBytes  int   `json:"body_length"` // bytes of the last notification
}

// Repeats is how often something came that was there already.
func (c Counts) Repeats() int64 { return c.Deliveries - c.Distinct }

// Ledger notes what arrived where. Its methods may be called from many goroutines
// at once.
type Ledger struct {
	mu     sync.Mutex
	counts Counts
	seen   map[arrival]uint32 // the run in which it came last
	run    uint32
	again  map[uint32]int64 // by run: what came again in a later one
	times  []time.Duration  // from Stamp to the first arrival
}

// arrival is a message at an endpoint. It has no pointers, so that a million of
// them cost the garbage collector nothing.
type arrival struct {
	endpoint int32
	message  [16]byte
}

func newArrival(endpoint int32, messageID string) (arrival, error) {
	a := arrival{endpoint: endpoint}
	if len(messageID) != 2*len(a.message) {
		return a, fmt.Errorf("%s is not 32 hex characters", wire.HeaderMessageID)
	}
	if _, err := hex.Decode(a.message[:], []byte(messageID)); err != nil {
		return a, fmt.Errorf("%s is not 32 hex characters", wire.HeaderMessageID)
	}
	return a, nil
}

func newLedger() *Ledger {
	return &Ledger{seen: make(map[arrival]uint32), again: make(map[uint32]int64)}
}

// stampMark stands in front of the microseconds in a stamped message.
const stampMark = "sent-us="

// Stamp is a text for the beginning of a message: from it the sink knows how long
// the message took. Its length is always the same.
func Stamp(at time.Time) string { return fmt.Sprintf(stampMark+"%016d ", at.UnixMicro()) }

func stampIn(body []byte) (at time.Time, ok bool) {
	_, after, ok := bytes.Cut(body, []byte(stampMark))
	if !ok || len(after) < 16 {
		return at, false
	}
	micros, err := strconv.ParseInt(string(after[:16]), 10, 64)
	return time.UnixMicro(micros), err == nil
}

func (l *Ledger) arrive(a arrival, body []byte) {
	now := time.Now()
	sent, stamped := stampIn(body)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.Deliveries++
	l.counts.BodyBytes = len(body)
	switch run, repeated := l.seen[a]; {
	case !repeated:
		l.counts.Distinct++
		if stamped {
			l.times = append(l.times, now.Sub(sent))
		}
	case run == l.run:
		l.counts.SameRun++
	default:
		l.again[run]++
	}
	l.seen[a] = l.run
}

func (l *Ledger) plain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.Plain++
}

// Counts are those of now.
func (l *Ledger) Counts() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.counts
	c.AtMicros = time.Now().UnixMicro()
	return c
}

// Times are how long stamped messages took to each endpoint, since the last call.
func (l *Ledger) Times() []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	times := l.times
	l.times = nil
	return times
}

// NextRun says that from now on another run of the process delivers.
func (l *Ledger) NextRun() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.run++
}

// Again is how much of what came in a run, counted from 0, came again in a later one.
func (l *Ledger) Again(run int) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.again[uint32(run)]
}

// Has says whether a message has arrived at an endpoint.
func (l *Ledger) Has(messageID string, e Endpoint) bool {
	a, err := newArrival(e.Number, messageID)
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.seen[a]
	return ok
}
