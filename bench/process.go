package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"

	"tocsin/internal/trial"
)

// The parts that bench starts of itself.
const (
	roleRaw   = "raw"
	roleFsync = "raw-fsync" // its folder follows
	roleSink  = "sink"
)

// isRole says whether these arguments are those of a part.
func isRole(args []string) bool {
	switch len(args) {
	case 1:
		return args[0] == roleRaw || args[0] == roleSink
	case 2:
		return args[0] == roleFsync
	}
	return false
}

// play is a part's whole life.
func play(ctx context.Context, args []string) error {
	switch args[0] {
	case roleRaw:
		return serveRaw(ctx, rawServer(func([]byte) error { return nil }))
	case roleFsync:
		log, err := os.CreateTemp(args[1], "raw-*.log")
		if err != nil {
			return err
		}
		defer log.Close()
		return serveRaw(ctx, rawServer(appendTo(log)))
	}
	return serveSink(ctx)
}

// serveRaw serves on a free port of loopback, prints its URL on a line, and ends
// when its standard input does: so it never outlives the bench.
func serveRaw(ctx context.Context, handler http.Handler) error {
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

// What a sink answers beside its endpoints.
const (
	pathCounts = "/counts"
	pathTimes  = "/times" // gives them and forgets them
)

// serveSink does the same for a sink, with three ports: two for endpoints, one to
// ask what has arrived.
func serveSink(ctx context.Context) error {
	sink := trial.NewSink()
	defer sink.Close()
	urls := make([]string, 2)
	var err error
	for i := range urls {
		if urls[i], err = sink.Listen(ctx); err != nil {
			return err
		}
	}
	fmt.Print(strings.Join(urls, " "), " ")
	answer := func(v func() any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(v()) }
	}
	mux := http.NewServeMux()
	mux.HandleFunc(pathCounts, answer(func() any { return sink.Counts() }))
	mux.HandleFunc(pathTimes, answer(func() any { return sink.Times() }))
	return serveRaw(ctx, mux)
}

// process is a child and how to end it.
type process struct {
	urls []string
	stop func()
}

// startRole starts bench once more in one of its roles.
func startRole(ctx context.Context, args ...string) (process, error) {
	self, err := os.Executable()
	if err != nil {
		return process{}, err
	}
	cmd := exec.CommandContext(ctx, self, args...)
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
	urls, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return process{}, fmt.Errorf("start %s: %w", args[0], err)
	}
	return process{urls: strings.Fields(urls), stop: stop}, nil
}
