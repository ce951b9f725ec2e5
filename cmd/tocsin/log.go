package main

import (
	"bufio"
	"io"
	"sync"
	"time"
)

// flushEvery is how long a line of the log waits at most. One system call for many
// lines spares a busy service more than half of what logging costs.
const flushEvery = 100 * time.Millisecond

// lineBuffer gathers lines of the log. A process that is killed loses those of the
// last moment; nothing else depends on them.
type lineBuffer struct {
	mu    sync.Mutex
	out   *bufio.Writer
	timer *time.Timer
	set   bool // the timer is
}

func newLineBuffer(out io.Writer) *lineBuffer {
	b := &lineBuffer{out: bufio.NewWriterSize(out, 64<<10)}
	b.timer = time.AfterFunc(time.Hour, b.flush)
	b.timer.Stop()
	return b
}

// Write takes one line.
func (b *lineBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.set {
		b.set = true
		b.timer.Reset(flushEvery)
	}
	return b.out.Write(line)
}

func (b *lineBuffer) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set = false
	_ = b.out.Flush() // there is nowhere to complain
}
