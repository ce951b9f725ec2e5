package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The parts that bench starts of itself.
const (
	roleRaw  = "raw"
	roleSink = "sink"
)

// serveRole serves on a free port of loopback, prints its URL on a line, and ends
// when its standard input does: so it never outlives the bench.
func serveRole(ctx context.Context, handler http.Handler) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: patience}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	fmt.Println("http://" + listener.Addr().String())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// process is a child and how to end it.
type process struct {
	url  string
	stop func()
}

// startRole starts bench once more in one of its roles.
func startRole(ctx context.Context, role string) (process, error) {
	self, err := os.Executable()
	if err != nil {
		return process{}, err
	}
	cmd := exec.CommandContext(ctx, self, role)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return process{}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return process{}, err
	}
	if err := cmd.Start(); err != nil {
		return process{}, err
	}
	stop := func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return process{}, fmt.Errorf("start %s: %w", role, err)
	}
	return process{url: strings.TrimSpace(url), stop: stop}, nil
}

// startTocsin builds the service and starts it with an empty data folder in dir.
// Its log goes to a file there, as it would in life.
func startTocsin(ctx context.Context, dir string) (process, error) {
	binary := filepath.Join(dir, "tocsin")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "tocsin/cmd/tocsin")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return process{}, fmt.Errorf("build tocsin: %w\n%s", err, out)
	}
	return startBinary(ctx, binary, dir)
}

func startBinary(ctx context.Context, binary, dir string) (process, error) {
	log, err := os.Create(filepath.Join(dir, "tocsin.log"))
	if err != nil {
		return process{}, err
	}
	defer log.Close() // the child has its own handle
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, binary, "serve", "-addr", "127.0.0.1:0", "-data", filepath.Join(dir, "data"))
	cmd.Env = withoutSettings(os.Environ())
	cmd.Stderr = log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 2 * patience // then it is killed
	if err := cmd.Start(); err != nil {
		cancel()
		return process{}, err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	stop := func() {
		cancel()
		<-ended
	}
	url, err := listening(ctx, log.Name(), ended)
	if err != nil {
		stop()
		return process{}, err
	}
	return process{url: url, stop: stop}, nil
}

// listening waits for the line of the log that tells the address.
func listening(ctx context.Context, file string, ended <-chan struct{}) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		log, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		if address := addressIn(log); address != "" {
			return "http://" + address, nil
		}
		select {
		case <-ended:
			return "", fmt.Errorf("tocsin ended:\n%s", log)
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
