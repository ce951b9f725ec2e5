package deliver

import "time"

// What an endpoint, and all endpoints of one host and port, may have under way.
const (
	maxEndpoint = 16          // attempts at one endpoint
	maxHost     = 512         // attempts at one host
	maxHostSlow = maxHost / 2 // those of them at endpoints that are known to be slow
	maxBacklog  = 16          // attempts that wait in memory for a slow endpoint
	maxBacklogs = 1024        // attempts that wait for slow endpoints and for hosts

	// tooSlow is an answer that costs an endpoint half of its attempts at once.
	tooSlow = time.Second

	// rememberedAtOnce bounds the endpoints that are remembered, in a few MB.
	rememberedAtOnce = 16384
)

// endpoint is what is known of an endpoint. How many attempts may be under way
// follows from how it does: one at first, twice as many after each quick answer, one
// when it fails. So an unknown endpoint that hangs holds one place, and that for a
// moment only.
type endpoint struct {
	busy    int  // attempts that have a place or wait for one in the fast lane
	limit   int  // how many there may be
	slow    bool // the last attempt took long or failed: the next begins in the slow lane
	failing bool // the last attempt failed
	backlog []*attempt
	putOff  bool // attempts were written down for later
	waking  bool // someone is calling them back
}

// learn takes from an attempt how many the endpoint can bear.
func (e *endpoint) learn(how condition, took time.Duration) {
	if how == untried {
		return
	}
	e.failing = how == failed
	e.slow = e.failing || took >= slowAfter
	switch {
	case e.failing:
		e.limit = 1
	case !e.slow:
		e.limit = min(2*e.limit, maxEndpoint)
	case took < tooSlow:
		e.limit = min(e.limit+1, maxEndpoint)
	default:
		e.limit = max(e.limit/2, 1)
	}
}

// host is what is under way at a host and port.
type host struct {
	busy, slow int // slow: at endpoints that are known to be
	backlog    []*attempt
}

// full says whether one more attempt at this endpoint is too much.
func (h *host) full(e *endpoint) bool {
	return h.busy >= maxHost || e.slow && h.slow >= maxHostSlow
}

// know finds the endpoint and the host of an attempt, or gets to know them. The
// caller holds mu.
func (l *lanes) know(a aim) (*endpoint, *host) {
	e := l.endpoints[a.endpoint]
	if e == nil {
		if len(l.endpoints) >= rememberedAtOnce {
			l.forget()
		}
		e = &endpoint{limit: 1}
		l.endpoints[a.endpoint] = e
	}
	h := l.hosts[a.host]
	if h == nil {
		h = &host{}
		if a.host != "" {
			l.hosts[a.host] = h
		}
	}
	return e, h
}

// forget makes room by forgetting endpoints that have nothing under way: those that
// are well, and if that is not enough the others.
func (l *lanes) forget() {
	for _, troubled := range []bool{false, true} {
		for name, e := range l.endpoints {
			if e.busy == 0 && len(e.backlog) == 0 && (troubled || !e.slow && !e.putOff) {
				delete(l.endpoints, name)
			}
		}
		if len(l.endpoints) < rememberedAtOnce/2 {
			return
		}
	}
}

// putOff says that attempts at an endpoint were written down for later.
func (l *lanes) putOff(a aim) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, _ := l.know(a)
	e.putOff = true
}
