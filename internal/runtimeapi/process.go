package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"time"
)

// Process is a function that runs and takes one event after the other, as an
// instance of it does on Lambda.
type Process struct {
	api    *api
	server *http.Server
	stop   context.CancelFunc
	pid    int
	ended  chan struct{} // closed when the process has ended
	exit   error         // of the process; set when ended is closed
}

// Start starts a function. It runs until Close, or until it ends by itself; ctx is
// for starting alone.
func Start(ctx context.Context, f Function) (*Process, error) {
	path, err := filepath.Abs(f.Bootstrap)
	if err != nil {
		return nil, fmt.Errorf("find bootstrap: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the runtime API: %w", err)
	}
	p := &Process{api: newAPI(), ended: make(chan struct{})}
	p.server = &http.Server{Handler: p.api, ReadHeaderTimeout: time.Minute}
	go p.server.Serve(listener) //nolint:errcheck // ends with Close

	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stop = stop
	cmd := exec.CommandContext(running, path)
	cmd.Dir = filepath.Dir(path)
	cmd.Stdout, cmd.Stderr = f.Log, f.Log
	cmd.WaitDelay = time.Second // for children that keep the log open
	cmd.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String(),
		"AWS_LAMBDA_FUNCTION_NAME=" + filepath.Base(cmd.Dir),
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
		"LAMBDA_TASK_ROOT=" + cmd.Dir,
		"_HANDLER=bootstrap",
	}, f.Env...)
	if err := cmd.Start(); err != nil {
		stop()
		_ = p.server.Close()
		return nil, fmt.Errorf("start the function: %w", err)
	}
	p.pid = cmd.Process.Pid
	go func() {
		p.exit = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// Invoke gives the function an event and returns its answer. One call at a time. It
// fails as the function Invoke does. When ctx ends, so does the process, as on
// Lambda.
func (p *Process) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	result := p.api.offer(ctx, event)
	select {
	case r := <-result:
		return r.body, r.err
	case r := <-p.api.init:
		return r.body, r.err
	case <-p.ended:
		select {
		case r := <-result: // it may have answered with its last breath
			return r.body, r.err
		case r := <-p.api.init:
			return r.body, r.err
		default:
		}
		if ctx.Err() == nil {
			return nil, fmt.Errorf("the function ended without an answer: %w", orExit0(p.exit))
		}
	case <-ctx.Done():
		p.Close()
	}
	return nil, fmt.Errorf("the function did not answer in time: %w", ctx.Err())
}

// Ready is closed when the function has asked for its first event: its init is over.
func (p *Process) Ready() <-chan struct{} { return p.api.ready }

// PID is the number of the process.
func (p *Process) PID() int { return p.pid }

// Ended is closed when the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Close ends the process, and returns when it has ended. It may be called again.
func (p *Process) Close() {
	p.stop()
	<-p.ended
	_ = p.server.Close()
}

func orExit0(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}
