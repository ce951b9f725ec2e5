package queue

// Turns keeps what waits for its turn, so that a crowd from one side holds up
// nobody else: projects take turns, and so do the topics of a project; within a
// topic, first come is first served. The zero value is empty. It is for one
// goroutine at a time.
type Turns[T any] struct {
	projects ring[ring[line[T]]]
	n        int
}

// Push lets v wait in the line of a topic.
func (t *Turns[T]) Push(project, topic string, v T) {
	t.projects.at(project).at(topic).push(v)
	t.n++
}

// Pop takes what is next. ok is false when nothing waits.
func (t *Turns[T]) Pop() (v T, ok bool) {
	if t.n == 0 {
		return v, false
	}
	t.n--
	topics := t.projects.next()
	line := topics.next()
	v = line.pop()
	topics.seen(len(line.items) > 0)
	t.projects.seen(len(topics.order.items) > 0)
	return v, true
}

// Len is how many wait.
func (t *Turns[T]) Len() int { return t.n }

// LenOf is how many of them wait in the line of a topic.
func (t *Turns[T]) LenOf(project, topic string) int {
	topics := t.projects.of[project]
	if topics == nil {
		return 0
	}
	line := topics.of[topic]
	if line == nil {
		return 0
	}
	return len(line.items)
}

// ring holds those that have something waiting, in the order of their turns.
type ring[T any] struct {
	of    map[string]*T
	order line[string]
}

// at is the one of that name; a new one has its turn last.
func (r *ring[T]) at(name string) *T {
	if r.of == nil {
		r.of = make(map[string]*T)
	}
	if r.of[name] == nil {
		r.of[name] = new(T)
		r.order.push(name)
	}
	return r.of[name]
}

// next is the one whose turn it is. Seen ends its turn.
func (r *ring[T]) next() *T { return r.of[r.order.items[0]] }

// seen sends the one whose turn it was to the end, or away if it has nothing more.
func (r *ring[T]) seen(more bool) {
	name := r.order.pop()
	if more {
		r.order.push(name)
	} else {
		delete(r.of, name)
	}
}

// line is first in, first out.
type line[T any] struct{ items []T }

func (l *line[T]) push(v T) { l.items = append(l.items, v) }

func (l *line[T]) pop() T {
	v := l.items[0]
	var none T
	l.items[0] = none // appending makes the slice anew now and then, without what was taken
	if len(l.items) == 1 {
		l.items = l.items[:0] // but not for one that comes and goes
	} else {
		l.items = l.items[1:]
	}
	return v
}
