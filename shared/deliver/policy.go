package deliver

import (
	"cmp"
	"math/rand/v2"
	"time"

	"tocsin/shared/store"
)

// Policy says when a delivery that failed is tried again, and when it is given up.
type Policy struct {
	// Delays are the waits after the first, the second, … failed attempt. When
	// they are used up the delivery is dead. An empty slice, unlike nil, means
	// that nothing is tried twice.
	Delays []time.Duration

	// Spread is by how much a wait varies either way, as a part of it, so that
	// deliveries that failed together do not return together. 0 means a tenth.
	Spread float64
}

const usualSpread = 0.1

// DefaultPolicy makes up to six further attempts, as SMN does: the last one
// about half an hour after the first.
var DefaultPolicy = Policy{Delays: []time.Duration{
	5 * time.Second,
	15 * time.Second,
	45 * time.Second,
	2 * time.Minute,
	6 * time.Minute,
	18 * time.Minute,
}}

// maxRetryAfter is the longest wait that an endpoint can ask for.
const maxRetryAfter = time.Hour

// Next tells how long to wait after that many attempts, of which o is the last,
// and whether to try again at all. An endpoint may ask for a longer wait
// than the table's, up to an hour, but not for a shorter one.
func (p Policy) Next(attempts int, o Outcome) (delay time.Duration, ok bool) {
	if o.Result != Again || attempts < 1 || attempts > len(p.Delays) {
		return 0, false
	}
	delay = p.Delays[attempts-1]
	delay = varyBy(delay, time.Duration(float64(delay)*cmp.Or(p.Spread, usualSpread)))
	return max(delay, min(o.After, maxRetryAfter)), true
}

// postponement is how long an attempt waits that found no place, after having been
// put off that many times before. It is called back as soon as its endpoint answers
// and has nothing else to do, or its host has room; this is for when nobody calls, as
// after a restart. Rewriting thousands of rows each few seconds would make a jam worse.
func postponement(deferred int) time.Duration {
	return vary(15 * time.Second << min(max(deferred, 0), 2))
}

const (
	defaultLater = 15 * time.Second
	minLater     = time.Second // each time costs a task, and perhaps a row
	maxLater     = time.Hour
)

// later is when to ask again after an outcome of Later.
func (w *Worker) later(o Outcome) time.Time {
	if o.After <= 0 {
		o.After = defaultLater
	}
	return w.now().Add(min(max(o.After, minLater), maxLater))
}

// policyOf is the policy for a subscription: its own, or else that of its strategy.
func (w *Worker) policyOf(s *store.Subscription) Policy {
	if s.Extension.Retry == nil {
		if p, known := w.strategies[s.Style.Strategy]; known {
			return p
		}
		return w.policy
	}
	delays := make([]time.Duration, len(s.Extension.Retry.Delays))
	for i, seconds := range s.Extension.Retry.Delays {
		delays[i] = time.Duration(seconds) * time.Second
	}
	return Policy{Delays: delays}
}

// vary changes d by up to a tenth, either way.
func vary(d time.Duration) time.Duration { return varyBy(d, d/10) }

// varyBy changes d by up to so much, either way.
func varyBy(d, most time.Duration) time.Duration {
	if most <= 0 {
		return d
	}
	return d - most + rand.N(2*most+1)
}
