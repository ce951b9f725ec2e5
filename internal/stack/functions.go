package stack

import (
	"context"
	"io"
	"maps"
	"slices"
	"sync"

	"tocsin/internal/runtimeapi"
)

// instances is how many processes of a function run at once at most.
const instances = 4

// functions keeps processes of functions and gives them events, one at a time each.
type functions struct {
	bootstrap func(name string) string
	env       []string
	log       io.Writer

	mu     sync.Mutex
	pools  map[string]*pool
	closed bool
}

// pool is the processes of a function.
type pool struct {
	places chan struct{} // as many as may run
	idle   []*runtimeapi.Process
	busy   map[*runtimeapi.Process]bool
}

func newFunctions(c Config) *functions {
	f := &functions{bootstrap: c.Bootstrap, log: c.Log, pools: map[string]*pool{}}
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		f.env = append(f.env, name+"="+c.Env[name])
	}
	return f
}

// invoke gives a function an event. A process that fails to answer is given up; the
// next event gets a new one.
func (f *functions) invoke(ctx context.Context, name string, event []byte) ([]byte, error) {
	pool, err := f.pool(name)
	if err != nil {
		return nil, err
	}
	select {
	case pool.places <- struct{}{}:
		defer func() { <-pool.places }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	process, err := f.take(ctx, name, pool)
	if err != nil {
		return nil, err
	}
	answer, err := process.Invoke(ctx, event)
	f.giveBack(pool, process)
	return answer, err
}

func (f *functions) pool(name string) (*pool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, errClosed
	}
	if f.pools[name] == nil {
		f.pools[name] = &pool{places: make(chan struct{}, instances), busy: map[*runtimeapi.Process]bool{}}
	}
	return f.pools[name], nil
}

func (f *functions) take(ctx context.Context, name string, pool *pool) (*runtimeapi.Process, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(pool.idle) > 0 {
		process := pool.idle[len(pool.idle)-1]
		pool.idle = pool.idle[:len(pool.idle)-1]
		select {
		case <-process.Ended():
			process.Close()
		default:
			pool.busy[process] = true
			return process, nil
		}
	}
	if f.closed {
		return nil, errClosed
	}
	process, err := runtimeapi.Start(ctx, runtimeapi.Function{Bootstrap: f.bootstrap(name), Env: f.env, Log: f.log})
	if err == nil {
		pool.busy[process] = true
	}
	return process, err
}

func (f *functions) giveBack(pool *pool, process *runtimeapi.Process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(pool.busy, process)
	if f.closed {
		process.Close()
		return
	}
	pool.idle = append(pool.idle, process) // whether it has ended is seen when it is taken
}

// close ends all processes.
func (f *functions) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for _, pool := range f.pools {
		for _, process := range pool.idle {
			process.Close()
		}
		for process := range pool.busy {
			process.Close()
		}
	}
}
