package iam

import "sync"

// maxCached bounds the tokens that are remembered: enough for the clients of an
// instance, about 1 MiB.
const maxCached = 2_048

// tokenCache remembers the claims of tokens that were found genuine. It belongs
// to one directory, which never changes, so an entry is right until it expires;
// that is for whoever takes it to check.
type tokenCache struct {
	mu     sync.RWMutex
	claims map[string]*claims // by token value
}

func (c *tokenCache) get(value string) *claims {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.claims[value]
}

func (c *tokenCache) put(value string, cl *claims) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for victim := range c.claims { // any one: map order is random
		if len(c.claims) < maxCached {
			break
		}
		delete(c.claims, victim)
	}
	c.claims[value] = cl
}

func (c *tokenCache) drop(value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.claims, value)
}
