package main

import (
	"fmt"
	"strings"
	"time"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// retryPolicy is when a delivery is tried again, as people write it: 5s,15s,45s, or
// none.
type retryPolicy struct{ *smn.RetryPolicy }

const noRetry = "none"

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *retryPolicy) UnmarshalText(text []byte) error {
	p.RetryPolicy = &smn.RetryPolicy{Delays: []int{}}
	if string(text) == noRetry {
		return nil
	}
	for wait := range strings.SplitSeq(string(text), ",") {
		d, err := time.ParseDuration(wait)
		if err != nil || d%time.Second != 0 {
			return fmt.Errorf("%q is no number of whole seconds, minutes or hours such as 5s or 2m", wait)
		}
		p.Delays = append(p.Delays, int(d/time.Second))
	}
	return nil
}

// String is what UnmarshalText reads; empty when there is no policy.
func (p retryPolicy) String() string {
	switch {
	case p.RetryPolicy == nil:
		return ""
	case len(p.Delays) == 0:
		return noRetry
	}
	waits := make([]string, len(p.Delays))
	for i, seconds := range p.Delays {
		waits[i] = (time.Duration(seconds) * time.Second).String()
	}
	return strings.Join(waits, ",")
}

// healthText is how an endpoint fares, in words.
func healthText(h *smn.Health) string {
	if h == nil {
		return ""
	}
	text := fmt.Sprintf("%d failures since %s, the last: %s", h.Failures, wire.Time(h.Since), h.Reason)
	if !h.ParkedUntil.IsZero() {
		text += "; parked until " + wire.Time(h.ParkedUntil)
	}
	return text
}
