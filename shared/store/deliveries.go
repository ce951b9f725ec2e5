package store

import (
	"context"
	"math/bits"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
)

// ChunkKey names the delivery of a message to a chunk of its topic's subscriptions.
type ChunkKey struct {
	MessageID string
	Chunk     int
}

// Places is a set of places in a chunk: of the subscription with the number Seq,
// the place is Seq % ChunkSize.
type Places [ChunkSize / 64]uint64

// Add puts the place of a Seq into the set.
func (p *Places) Add(seq int64) {
	place := seq % ChunkSize
	p[place/64] |= 1 << (place % 64)
}

// Join adds the places of another set.
func (p *Places) Join(other Places) {
	for i, word := range other {
		p[i] |= word
	}
}

// Has says whether the place of a Seq is in the set.
func (p *Places) Has(seq int64) bool {
	place := seq % ChunkSize
	return p[place/64]&(1<<(place%64)) != 0
}

// Len counts the places in the set.
func (p *Places) Len() (n int) {
	for _, word := range p {
		n += bits.OnesCount64(word)
	}
	return n
}

// ClaimState is what someone who wanted to deliver a chunk found.
type ClaimState int

// The states of a claim.
const (
	ClaimGranted ClaimState = iota // the chunk is the caller's until the lease ends
	ClaimLeased                    // it is another's until then
	ClaimDone                      // it is finished
)

// Claim is the answer to ClaimChunk.
type Claim struct {
	State ClaimState
	Until time.Time // end of the lease, the caller's or the other's
	Sent  Places    // granted: what an earlier claim has delivered, as far as SaveChunk was told
}

// Tally is what came of the first attempts of a chunk.
type Tally struct {
	Matched  int // subscriptions that were to receive the message
	Filtered int // subscriptions that would have received it but for their filters
	// Waiting are those of Matched for which there was no place yet: a task that names
	// them is stored with the tally. A later round takes away from it what it has found
	// a place for.
	Waiting int
}

// Failure is a delivery that has not succeeded at the first attempt. It goes away
// when a later attempt succeeds and stays when the delivery is dead.
type Failure struct {
	MessageID      string
	SubscriptionID string
	Project        string // of the topic
	TopicID        string
	Attempts       int       // made so far
	Dead           bool      // given up
	Next           time.Time // when the next attempt is due; zero when dead
	Status         int       // HTTP status or the like of the last attempt; 0 when there was none
	Reason         string    // of the last attempt, for people
	At             time.Time // when it came to this; kept to the millisecond
}

// Deliveries keeps how deliveries went. Nothing is written for a delivery that
// succeeds at once.
type Deliveries interface {
	// ClaimChunk claims a chunk that is neither finished nor under a live lease,
	// and only then stores the tasks, which pass the rest of the message on. The
	// tasks cannot be lost once it has returned; a claim may be lost with the process
	// that holds it.
	ClaimChunk(ctx context.Context, key ChunkKey, now, until time.Time, next ...queue.Task) (Claim, error)

	// SaveChunk keeps which places of a claimed chunk are delivered, for whoever
	// claims it next. They come to those that are kept already: nothing is forgotten
	// when someone whose lease is over saves beside who has it now. It may return
	// before that is durable. For a chunk that is finished it does nothing.
	SaveChunk(ctx context.Context, key ChunkKey, sent Places) error

	// FinishChunk marks a chunk as finished, sets its tally, puts its failures as
	// PutFailure does and stores the tasks of their retries. The tally is set, not
	// added to: finishing twice counts once.
	FinishChunk(ctx context.Context, key ChunkKey, tally Tally, failures []Failure, retries ...queue.Task) error

	// PutFailure adds a failure or overwrites that of the same message and
	// subscription, and stores the task of the retry if there is one.
	PutFailure(ctx context.Context, f Failure, retry ...queue.Task) error

	// GetFailure finds a failure. ErrNotFound, also when it was resolved.
	GetFailure(ctx context.Context, messageID, subscriptionID string) (Failure, error)

	// ResolveFailure removes a failure because a later attempt delivered, and counts
	// an SMS in Statistics. Without such a failure it does nothing.
	ResolveFailure(ctx context.Context, messageID, subscriptionID string, protocol smn.Protocol) error
}
