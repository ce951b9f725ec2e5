// Package trial puts a real tocsin to the test: it starts and kills the process,
// and receives what it delivers at endpoints that behave well or badly. The bench
// and the tests that kill stand on it.
package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// patience bounds every single step here that something else has to answer.
const patience = 30 * time.Second

// Config says how to start a process.
type Config struct {
	Binary string   // path of the executable
	Data   string   // its data folder
	Log    string   // file that takes its log; emptied at the start
	Addr   string   // to listen on; empty for a free port of loopback
	Args   []string // further arguments of serve
	Env    []string // settings, as NAME=value; those of the caller are left out, but for how durable it is
}

// Process is a running tocsin. Its methods may be called from many goroutines at
// once.
type Process struct {
	Addr  string // host and port that it listens on
	PID   int
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // how it ended
}

// Build compiles tocsin to a file.
func Build(ctx context.Context, file string) error {
	build := exec.CommandContext(ctx, "go", "build", "-o", file, "tocsin/cmd/tocsin")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build tocsin: %w\n%s", err, out)
	}
	return nil
}

// Start starts a process and waits until it listens. The caller ends it, by Kill
// or Interrupt.
func Start(ctx context.Context, cfg Config) (*Process, error) {
	log, err := os.Create(cfg.Log)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own handle
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	args := append([]string{"serve", "-addr", cfg.Addr, "-data", cfg.Data}, cfg.Args...)
	// Not of ctx: whoever started it says how it ends.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), cfg.Binary, args...)
	cmd.Env = append(withoutSettings(os.Environ()), cfg.Env...)
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, PID: cmd.Process.Pid, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		p.err = cmd.Wait()
	}()
	if p.Addr, err = p.listening(ctx, cfg.Log); err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

// URL is where its API is.
func (p *Process) URL() string { return "http://" + p.Addr }

// Kill is a SIGKILL: nothing is flushed, nobody is asked. It returns when the
// process is gone, also if it was gone before.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// Interrupt stops the process as Ctrl-C does and returns how it ended: nil for an
// exit with 0.
func (p *Process) Interrupt() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	<-p.ended
	return p.err
}

// Ended is closed when the process is gone.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// listening waits for the line of the log that tells the address.
func (p *Process) listening(ctx context.Context, file string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		log, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		if address := addressIn(log); address != "" {
			return address, nil
		}
		select {
		case <-p.ended:
			return "", errors.Join(fmt.Errorf("tocsin ended before it listened:\n%s", log), p.err)
		case <-ctx.Done():
			return "", fmt.Errorf("tocsin does not say where it listens: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

func addressIn(log []byte) string {
	for line := range bytes.Lines(log) {
		var entry struct {
			Msg     string `json:"msg"`
			Address string `json:"address"`
		}
		if json.Unmarshal(line, &entry) == nil && entry.Msg == "listening" {
			return entry.Address
		}
	}
	return ""
}

// withoutSettings leaves out what would change the service's defaults; how
// durable it is, and Go's own settings, may be chosen for comparison.
func withoutSettings(env []string) []string {
	return slices.DeleteFunc(env, func(v string) bool {
		return strings.HasPrefix(v, "TOCSIN_") && !strings.HasPrefix(v, "TOCSIN_DURABILITY=")
	})
}
