package deliver

import (
	"sync"
	"time"

	"tocsin/shared/queue"
)

// Attempts begin in the fast lane, which is small, so that what is under way costs
// little. One that takes longer than a moment moves on to the slow lane, so that
// endpoints that hang hold up nobody but themselves.
const (
	slowAfter  = 100 * time.Millisecond // how long an attempt stays in the fast lane
	watchEvery = 20 * time.Millisecond  // how often that is looked at

	// patience is how long a task waits for its attempts to begin before another task
	// may begin, too.
	patience = time.Second
)

// attempt is an attempt that is to be made.
type attempt struct {
	aim
	job
	prepare func() // what is to be done before it begins and takes the processor's time; nil for nothing

	place place // while it is under way, or may be
}

// aim is what an attempt is aimed at, and for whom.
type aim struct {
	project, topic string // who has it made, for fairness
	target
}

// target is an endpoint. A phone that gets SMS and calls is two of them.
type target struct {
	endpoint string
	host     string // host and port of the endpoint; empty when there is none to speak of
}

// job is what there is to do for an attempt.
type job interface {
	// run makes the attempt. It says how the endpoint did.
	run() condition
	// refuse is called instead when there is no place for it: it is to be put off.
	refuse()
	// begun is called before either of them, and when the attempt waits to be prepared or
	// for an endpoint that has turned slow: nobody should wait any longer for it to begin. It may be
	// called twice.
	begun()
}

// condition is how an endpoint did in an attempt.
type condition int

const (
	answered condition = iota
	failed             // it did not answer, or said itself that it is in trouble
	untried            // the attempt was not made
)

// lanes says which attempts may begin, in what order: projects take turns for the
// fast lane, and so do their topics.
type lanes struct {
	bounds
	wake func(t target, limit int) int // makes attempts that were put off due now, and says how many tasks they are

	mu          sync.Mutex
	inFast      int // places taken
	inSlow      int
	unprepared  queue.Turns[*place]
	preparing   int                 // goroutines that prepare
	waiting     queue.Turns[*place] // for the fast lane
	endpoints   map[target]*endpoint
	hosts       map[string]*host
	closing     bool          // nothing waits any more: what finds no place is put off
	closed      bool          // nothing begins any more
	inBacklogs  int           // attempts in the backlogs of endpoints and hosts
	first, last *place        // of the fast lane, in the order of beginning
	empty       chan struct{} // closed when the fast lane is; nil while it is

	wakers sync.WaitGroup // those who call back what was put off
}

func newLanes(b bounds, wake func(t target, limit int) int) *lanes {
	return &lanes{bounds: b, wake: wake, endpoints: make(map[target]*endpoint), hosts: make(map[string]*host)}
}

// place is what an attempt has that is under way, or may be: its endpoint can bear it.
type place struct {
	*attempt
	at         *endpoint
	on         *host
	onSlow     bool // counted in on.slow
	lane       lane
	began      time.Time
	next, prev *place // in the fast lane
}

type lane int

const (
	noLane lane = iota
	fastLane
	slowLane
)

// enter has an attempt made, in a goroutine of its own, as soon as there is a place for
// it, or refuses it. The caller does not wait.
func (l *lanes) enter(a *attempt) {
	l.mu.Lock()
	e, h := l.know(a.target)
	switch {
	case e.busy >= e.limit:
		l.queue(a, &e.backlog, e.slow, l.backlog)
	case h.full(e, &l.bounds):
		bound := l.hostBacklog
		if !e.slow {
			bound += l.host // those that are slow do not take it from them
		}
		l.queue(a, &h.backlog, e.slow || l.isSlow(h), bound)
	default:
		l.begin(l.take(a, e, h))
	}
}

// isSlow says whether a host is so slow that nobody should wait for it to have room.
func (l *lanes) isSlow(h *host) bool { return h.slow >= l.hostSlow }

// queue lets an attempt wait in a backlog, for which there is a bound if what it waits
// for is slow. The caller holds mu, which queue gives back.
func (l *lanes) queue(a *attempt, backlog *[]*attempt, isSlow bool, bound int) {
	if l.closing || isSlow && (len(*backlog) >= bound || l.inBacklogs >= l.backlogs) {
		l.mu.Unlock()
		a.begun()
		a.refuse()
		return
	}
	*backlog = append(*backlog, a)
	l.inBacklogs++
	l.mu.Unlock()
	if isSlow {
		a.begun()
	}
}

// take counts an attempt as one of its endpoint and host.
func (l *lanes) take(a *attempt, e *endpoint, h *host) *place {
	p := &a.place
	*p = place{attempt: a, at: e, on: h, onSlow: e.slow}
	e.busy++
	h.busy++
	if p.onSlow {
		h.slow++
	}
	return p
}

// begin finds a lane for an attempt and runs it there, or lets it wait for its turn.
// The caller holds mu, which begin gives back.
func (l *lanes) begin(p *place) {
	lined := l.waiting.Len() + l.unprepared.Len()
	switch {
	case p.prepare != nil && !l.closing && lined < l.line:
		l.toPrepare(p)
	case p.prepare == nil && !l.closed && l.start(p):
		l.mu.Unlock()
		go l.run(p)
	case l.closing || p.prepare != nil || lined >= l.line:
		next := l.leave(p, untried)
		l.mu.Unlock()
		next.refused = append(next.refused, p.attempt)
		l.goOn(next)
	default:
		l.waiting.Push(p.project, p.topic, p)
		l.mu.Unlock()
	}
}

// start gives an attempt a place in a lane, if there is one. The caller holds mu, as
// for all below that say nothing else.
func (l *lanes) start(p *place) bool {
	switch {
	case p.at.slow && l.inSlow < l.slow:
		p.lane = slowLane
		l.inSlow++
	case l.inFast < l.fast:
		p.lane = fastLane
		l.inFast++
		l.append(p)
	default:
		return false
	}
	p.began = time.Now()
	return true
}

// run makes an attempt, and then those whose turn it is when it ends: one goroutine
// for many attempts has grown its stack once. The caller does not hold mu.
func (l *lanes) run(p *place) {
	for p != nil {
		p.begun()
		how := p.run()
		l.mu.Lock()
		next := l.leave(p, how)
		p = l.startNext()
		next.started = l.startWaiting()
		l.mu.Unlock()
		l.goOn(next)
	}
}

// following are the attempts whose waiting is over when another has ended.
type following struct {
	started []*place // they have their places already
	begin   []*place
	refused []*attempt
	calls   []func() // they call back what was put off
}

// leave ends an attempt. Its place in a lane is free then. The caller holds mu.
func (l *lanes) leave(p *place, how condition) (next following) {
	switch p.lane {
	case fastLane:
		l.inFast--
		l.remove(p)
	case slowLane:
		l.inSlow--
	}
	e, h := p.at, p.on
	e.busy--
	h.busy--
	if p.onSlow {
		h.slow--
	}
	e.learn(how, time.Since(p.began), l.endpoint)
	if how == failed && len(e.backlog) > 0 {
		// They would fail, too, one after the other.
		next.refused, e.backlog = e.backlog, nil
		l.inBacklogs -= len(next.refused)
	}
	for len(e.backlog) > 0 && e.busy < e.limit && !h.full(e, &l.bounds) {
		next.begin = append(next.begin, l.take(l.pop(&e.backlog), e, h))
	}
	if len(e.backlog) > 0 && e.busy == 0 { // nobody at this endpoint is left to call them
		h.backlog = append(h.backlog, e.backlog...)
		e.backlog = nil
	}
	next.begin = l.callUp(h, next.begin)
	if how == answered && e.busy == 0 {
		next.calls = l.callBack(next.calls, p.target, &e.absent)
	}
	if l.hasRoom(h) {
		next.calls = l.callBack(next.calls, p.wholeHost(), &h.absent)
	}
	l.leaveHost(p.host)
	return next
}

// startWaiting gives places to those whose turn it is, as long as there are some.
func (l *lanes) startWaiting() (started []*place) {
	for p := l.startNext(); p != nil; p = l.startNext() {
		started = append(started, p)
	}
	return started
}

// startNext gives a place to the one whose turn it is, nil if there is none of either.
func (l *lanes) startNext() *place {
	if l.inFast >= l.fast {
		return nil
	}
	p, ok := l.waiting.Pop()
	if ok {
		l.start(p)
	}
	return p
}

// callUp begins what has waited for a host, as far as there is room now. What is too
// much there is passed over: an endpoint that is slow has less room than others.
func (l *lanes) callUp(h *host, begin []*place) []*place {
	for i := 0; i < len(h.backlog) && h.slow < l.host; {
		a := h.backlog[i]
		e := l.knowEndpoint(a.target)
		if e.busy < e.limit && h.full(e, &l.bounds) {
			i++
			continue
		}
		copy(h.backlog[1:i+1], h.backlog[:i])
		h.backlog[0] = a
		if e.busy < e.limit {
			begin = append(begin, l.take(l.pop(&h.backlog), e, h))
		} else { // it is called from there
			e.backlog = append(e.backlog, a)
			h.backlog = h.backlog[1:]
		}
	}
	return begin
}

func (l *lanes) pop(backlog *[]*attempt) *attempt {
	a := (*backlog)[0]
	(*backlog)[0] = nil
	*backlog = (*backlog)[1:]
	l.inBacklogs--
	return a
}

// goOn begins attempts that have waited, or puts them off. The caller does not hold mu.
func (l *lanes) goOn(next following) {
	for _, p := range next.started {
		go l.run(p)
	}
	for _, a := range next.refused {
		a.begun()
		a.refuse()
	}
	for _, p := range next.begin {
		l.mu.Lock()
		l.begin(p)
	}
	for _, call := range next.calls {
		go call()
	}
}

// close puts off what waits for endpoints and hosts, and what comes after it and finds
// no place at once, until open is called. At once: no place is given any more.
func (l *lanes) close(atOnce bool) {
	l.mu.Lock()
	l.closing, l.closed = true, atOnce
	var next following
	for _, e := range l.endpoints {
		next.refused = append(next.refused, e.backlog...)
		e.backlog = nil
	}
	for _, h := range l.hosts {
		next.refused = append(next.refused, h.backlog...)
		h.backlog = nil
	}
	l.inBacklogs = 0
	for _, line := range []*queue.Turns[*place]{&l.unprepared, &l.waiting} {
		for p, ok := line.Pop(); ok; p, ok = line.Pop() {
			l.leave(p, untried) // nothing can follow
			next.refused = append(next.refused, p.attempt)
		}
	}
	l.mu.Unlock()
	l.goOn(next)
}

func (l *lanes) open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closing, l.closed = false, false
}

// append adds a place to the fast lane and sees that someone looks after it.
func (l *lanes) append(p *place) {
	if p.prev = l.last; p.prev != nil {
		p.prev.next = p
	} else {
		l.first = p
	}
	l.last = p
	if l.empty == nil {
		l.empty = make(chan struct{})
		go l.watch(l.empty)
	}
}

// remove takes a place out of the fast lane.
func (l *lanes) remove(p *place) {
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		l.first = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		l.last = p.prev
	}
	p.next, p.prev = nil, nil
	if l.first == nil {
		close(l.empty)
		l.empty = nil
	}
}

// watch moves attempts that take long out of the fast lane, until nothing is under
// way there. One that looks at all of them is cheaper than a timer for each.
func (l *lanes) watch(empty <-chan struct{}) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-empty:
			return
		case <-tick.C:
		}
		freed, started := l.moveOver()
		for _, a := range freed {
			a.begun()
		}
		for _, p := range started {
			go l.run(p)
		}
	}
}

// moveOver moves what takes long to the slow lane. It gives the attempts that wait
// for endpoints and hosts which have turned slow by that, and those that have got a
// place by it. The caller does not hold mu.
func (l *lanes) moveOver() (freed []*attempt, started []*place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := l.first; p != nil && time.Since(p.began) >= slowAfter && l.inSlow < l.slow; p = l.first {
		l.remove(p)
		l.inFast--
		l.inSlow++
		p.lane = slowLane
		if !p.onSlow {
			p.onSlow = true
			if p.on.slow++; p.on.slow == l.hostSlow {
				freed = append(freed, p.on.backlog...)
			}
		}
		if !p.at.slow {
			p.at.slow = true
			freed = append(freed, p.at.backlog...)
		}
	}
	return freed, l.startWaiting()
}
