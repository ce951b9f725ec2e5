package deliver

// absent is what was put off at an endpoint or at a host. Only the store knows what
// it is.
type absent struct {
	putOff bool // tasks wait for it
	waking bool // someone is calling them back
}

// awaited is what tasks of attempts that were put off wait for: an endpoint, or, if none
// is named, all of a host.
type awaited struct {
	target
	parked bool // until it has recovered
}

// key names it in tasks; nothing is named by "".
func (w awaited) key() string {
	if w == (awaited{}) {
		return ""
	}
	return waitKey(w.target)
}

// calledOfHost is how many tasks that wait for a host are called back together. One
// may be a round of many attempts.
const calledOfHost = 4

// toAwait says what attempts at these endpoints, which have found no place, are to
// wait for: their host if that is full, else one of them that is not in trouble.
func (l *lanes) toAwait(targets ...target) awaited {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range targets {
		e, h := l.endpoints[t], l.hosts[t.host]
		switch {
		case e == nil:
			return awaited{target: t}
		case h != nil && h.full(e, &l.bounds):
			return awaited{target: t.wholeHost()}
		case !e.failing:
			return awaited{target: t}
		}
	}
	return awaited{target: targets[0]}
}

func (t target) wholeHost() target { return target{host: t.host} }

// putOff says that tasks wait for a now; the zero awaited is nothing. They are called
// back as soon as it has room, which may be at once; one that is parked must answer first.
func (l *lanes) putOff(a awaited) {
	if a == (awaited{}) {
		return
	}
	l.mu.Lock()
	mark := l.markOf(a.target)
	mark.putOff = true
	var calls []func()
	if !a.parked && l.isReady(a.target) {
		calls = l.callBack(nil, a.target, mark)
	}
	l.mu.Unlock()
	for _, call := range calls {
		go call()
	}
}

// markOf is the mark of an endpoint or a host. The caller holds mu, as for all below
// that say nothing else.
func (l *lanes) markOf(t target) *absent {
	if t.endpoint == "" {
		return &l.knowHost(t.host).absent
	}
	return &l.knowEndpoint(t).absent
}

// isReady says whether those can be called who wait for an endpoint or a host where
// nobody is left to call them when it ends.
func (l *lanes) isReady(t target) bool {
	if t.endpoint == "" {
		return l.hasRoom(l.knowHost(t.host))
	}
	e := l.knowEndpoint(t)
	return e.busy == 0 && !e.failing && l.isShort()
}

// isShort says whether the line for the fast lane is short enough to call others to
// it.
func (l *lanes) isShort() bool { return l.waiting.Len()+l.unprepared.Len() <= l.line/2 }

// hasRoom says whether a host has enough to call others to it.
func (l *lanes) hasRoom(h *host) bool {
	return len(h.backlog) == 0 && h.slow <= l.hostSlow/2 && l.isShort()
}

// callBack adds to calls, which are to be made without mu, the one that calls back
// what was put off, if there is something.
func (l *lanes) callBack(calls []func(), t target, mark *absent) []func() {
	if !mark.putOff || mark.waking || l.closing {
		return calls
	}
	mark.waking = true
	l.wakers.Add(1)
	return append(calls, func() {
		defer l.wakers.Done()
		for l.callOnce(t, mark) {
		}
	})
}

// callOnce calls back some of what was put off, and says whether to do it again at
// once: more was put off meanwhile. The caller does not hold mu.
func (l *lanes) callOnce(t target, mark *absent) (again bool) {
	limit := l.calledAtOnce
	if t.endpoint == "" {
		limit = calledOfHost
	}
	l.mu.Lock()
	mark.putOff = false
	l.mu.Unlock()
	n := l.wake(t, limit)
	l.mu.Lock()
	defer l.mu.Unlock()
	if n == 0 && mark.putOff && !l.closing && l.isReady(t) {
		return true
	}
	mark.waking = false
	mark.putOff = mark.putOff || n > 0 // they are heard of when they end
	if t.endpoint == "" {
		l.leaveHost(t.host)
	}
	return false
}

// leaveHost forgets a host where nothing is under way and nothing waits.
func (l *lanes) leaveHost(name string) {
	if h := l.hosts[name]; h != nil && h.isIdle() && h.absent == (absent{}) {
		delete(l.hosts, name)
	}
}

func (h *host) isIdle() bool { return h.busy == 0 && len(h.backlog) == 0 }
