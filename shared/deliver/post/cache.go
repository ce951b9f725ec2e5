package post

import "sync"

// maxRemembered is how many entries a cache has at most: the endpoints of a big
// installation, a few megabytes.
const maxRemembered = 8192

// cache is a map that stays small: one entry too many drops another, whichever.
// Its zero value is empty.
type cache[V any] struct {
	mu      sync.RWMutex
	entries map[string]V
}

func (c *cache[V]) get(key string) (V, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	v, ok := c.entries[key]
	return v, ok
}

func (c *cache[V]) put(key string, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = make(map[string]V)
	}
	if _, ok := c.entries[key]; !ok && len(c.entries) >= maxRemembered {
		for other := range c.entries {
			delete(c.entries, other)
			break
		}
	}
	c.entries[key] = v
}

func (c *cache[V]) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, key)
}
