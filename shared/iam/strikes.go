package iam

import (
	"sync"
	"time"
)

const (
	maxStrikes = 5               // failures in a row that lock
	lockedFor  = 5 * time.Minute // from the last of them
)

// strikes counts failures in a row and locks what has too many. It belongs to
// one process, and holds nothing but names that are known: strangers cannot fill
// it. Its zero value is ready.
type strikes struct {
	mu    sync.Mutex
	names map[string]*strike
}

type strike struct {
	failures int
	until    time.Time // of the lock; zero: not locked
}

// locked says whether a name is locked. A lock that has ended is forgotten with
// all that led to it.
func (s *strikes) locked(name string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.names[name]
	if k == nil || k.until.IsZero() {
		return false
	}
	if now.Before(k.until) {
		return true
	}
	delete(s.names, name)
	return false
}

// failed counts a failure. Those that come while the name is locked, from
// callers that were let in before, do not prolong it.
func (s *strikes) failed(name string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names == nil {
		s.names = map[string]*strike{}
	}
	k := s.names[name]
	if k == nil {
		k = &strike{}
		s.names[name] = k
	}
	if k.failures++; k.failures == maxStrikes {
		k.until = now.Add(lockedFor)
	}
}

// succeeded ends a row of failures, but no lock: a good credential that was let
// in together with bad ones does not open what they have closed.
func (s *strikes) succeeded(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.names[name]; k != nil && k.until.IsZero() {
		delete(s.names, name)
	}
}

// keep forgets the names that are not known any more.
func (s *strikes) keep(known func(name string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.names {
		if !known(name) {
			delete(s.names, name)
		}
	}
}
