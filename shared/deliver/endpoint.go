package deliver

import "time"

// bounds are how much may be under way, and may wait, at once.
type bounds struct {
	fast, slow   int // attempts in the lanes
	endpoint     int // attempts at one endpoint
	line         int // attempts that wait for the fast lane
	host         int // attempts at all endpoints of one host and port that are slow, for one more to begin
	hostSlow     int // the same, for one more at an endpoint that is known to be slow
	backlog      int // attempts that wait in memory for one slow endpoint
	hostBacklog  int // attempts at slow endpoints that wait in memory for one host
	backlogs     int // attempts that wait in memory for endpoints and hosts, for one more that is slow to wait
	remembered   int // endpoints, in a few MB
	calledAtOnce int // tasks of attempts that were put off and are called back together
}

var defaultBounds = bounds{
	fast:         DefaultSlots,
	slow:         4096,
	endpoint:     16,
	line:         8192,
	host:         512,
	hostSlow:     256,
	backlog:      16,
	hostBacklog:  256,
	backlogs:     1024,
	remembered:   16384,
	calledAtOnce: 16,
}

// tooSlow is an answer that costs an endpoint half of its attempts at once.
const tooSlow = time.Second

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
	absent
}

// learn takes from an attempt how many the endpoint can bear, up to most.
func (e *endpoint) learn(how condition, took time.Duration, most int) {
	if how == untried {
		return
	}
	e.failing = how == failed
	e.slow = e.failing || took >= slowAfter
	switch {
	case e.failing:
		e.limit = 1
	case !e.slow:
		e.limit = min(2*e.limit, most)
	case took < tooSlow:
		e.limit = min(e.limit+1, most)
	default:
		e.limit = max(e.limit/2, 1)
	}
}

// host is what is under way at a host and port.
type host struct {
	busy, slow int // slow: at endpoints that are known to be
	backlog    []*attempt
	absent
}

// full says whether one more attempt at this endpoint is too much.
func (h *host) full(e *endpoint, b *bounds) bool {
	return h.slow >= b.host || e.slow && h.slow >= b.hostSlow
}

// know finds the endpoint and the host of an attempt, or gets to know them. The
// caller holds mu.
func (l *lanes) know(t target) (*endpoint, *host) {
	return l.knowEndpoint(t), l.knowHost(t.host)
}

func (l *lanes) knowHost(name string) *host {
	h := l.hosts[name]
	if h == nil {
		h = &host{}
		if name != "" {
			l.hosts[name] = h
		}
	}
	return h
}

func (l *lanes) knowEndpoint(t target) *endpoint {
	e := l.endpoints[t]
	if e == nil {
		if len(l.endpoints) >= l.remembered {
			l.forget()
		}
		e = &endpoint{limit: 1}
		l.endpoints[t] = e
	}
	return e
}

// forget makes room by forgetting endpoints that have nothing under way: those that
// are well, and if that is not enough the others. So it does with hosts.
func (l *lanes) forget() {
	for name, h := range l.hosts {
		if h.isIdle() && !h.waking {
			delete(l.hosts, name)
		}
	}
	for _, troubled := range []bool{false, true} {
		for name, e := range l.endpoints {
			if e.busy == 0 && len(e.backlog) == 0 && !e.waking && (troubled || !e.slow && !e.putOff) {
				delete(l.endpoints, name)
			}
		}
		if len(l.endpoints) < l.remembered/2 {
			return
		}
	}
}
