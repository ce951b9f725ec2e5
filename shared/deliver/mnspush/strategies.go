package mnspush

import (
	"slices"
	"time"

	"tocsin/shared/deliver"
	"tocsin/shared/mns"
)

// Strategies gives the policy behind each strategy of MNS, by its name. Waits run from
// the end of the failed attempt; while an endpoint is parked they last until it is
// tried out.
func Strategies() map[string]deliver.Policy {
	return map[string]deliver.Policy{
		mns.BackoffRetry:          {Delays: slices.Repeat([]time.Duration{15 * time.Second}, 3), Spread: 1.0 / 3}, // 10 to 20 s
		mns.ExponentialDecayRetry: {Delays: decay(), Spread: 0.01},
	}
}

// decay is 1, 2, 4, … 256 s and then 512 s to the end of the day for which MNS keeps a
// message: 86,015 s in 176 waits, which vary so little that all of them fit into it. What
// the attempts take comes on top, so the last waits may reach behind the end, and their
// attempts are not made. A message that SMN published has a life of its own, an hour by
// default, and as many attempts as fit into that.
func decay() []time.Duration {
	const retries, longest = 176, 512 * time.Second
	delays := make([]time.Duration, retries)
	for i := range delays {
		delays[i] = min(time.Second<<min(i, 9), longest)
	}
	return delays
}
