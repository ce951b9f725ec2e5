package lambdaapp

import (
	"crypto/sha256"
	"sync"
	"time"

	"tocsin/shared/iam"
)

const (
	// knownFor is how long the word of the identity service about a token is
	// taken, and so how long a token that was revoked still opens.
	knownFor = 5 * time.Minute

	// maxKnown bounds the tokens that are remembered: many more than the clients
	// that one instance of a function meets within knownFor.
	maxKnown = 1_024
)

// tokenCache remembers what tokens prove. It keeps their hashes, not the tokens:
// those of large clouds are kilobytes long.
type tokenCache struct {
	mu     sync.Mutex
	tokens map[[sha256.Size]byte]knownToken
}

type knownToken struct {
	iam.Token
	until time.Time
}

func newTokenCache() *tokenCache {
	return &tokenCache{tokens: map[[sha256.Size]byte]knownToken{}}
}

// get gives what a token proves, unless that is unknown or not certain any more.
func (c *tokenCache) get(value string) (iam.Token, bool) {
	key := sha256.Sum256([]byte(value))
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.tokens[key]
	if ok && !time.Now().Before(known.until) {
		delete(c.tokens, key)
		ok = false
	}
	return known.Token, ok
}

// put remembers a token for knownFor or until it expires.
func (c *tokenCache) put(value string, t iam.Token) {
	until := time.Now().Add(knownFor)
	if t.ExpiresAt.Before(until) {
		until = t.ExpiresAt
	}
	t.Value = ""
	c.mu.Lock()
	defer c.mu.Unlock()
	for victim := range c.tokens { // any one: map order is random
		if len(c.tokens) < maxKnown {
			break
		}
		delete(c.tokens, victim)
	}
	c.tokens[sha256.Sum256([]byte(value))] = knownToken{t, until}
}
