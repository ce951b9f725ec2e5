package emulators

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"sync"
	"time"

	"tocsin/internal/loopback"
)

// emulator is a server that is started when it is asked for first.
type emulator struct {
	name    string
	file    string                     // made when it is set up
	command func(port string) []string // what serves there

	once sync.Once
	url  string
	err  error
}

// patience is how long a server may take to listen.
const patience = time.Minute

// keeper runs a command and ends it when its own input ends, which happens when
// the process at the other end of the pipe ends, in whatever way. It lets go of the
// output, so that this ends with the command.
const keeper = `"$@" </dev/null & exec >/dev/null 2>&1; read -r _; kill -9 $!`

// start gives the address of a new server. Should somebody take the port that was
// found free, it tries others.
func (e *emulator) start() (url string, err error) {
	for range 3 {
		if url, err = e.try(); err == nil {
			return url, nil
		}
	}
	return "", err
}

func (e *emulator) try() (string, error) {
	address, err := loopback.FreeAddress()
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", keeper, "sh"}, e.command(port)...)...) //nolint:noctx // it ends with this process
	input, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return "", err
	}
	said, ended := &tail{}, make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(said, output)
	}()
	if err := untilItListens(address, ended); err != nil {
		_ = input.Close()
		<-ended
		return "", errors.Join(fmt.Errorf("%w; it said: %s", err, said), cmd.Wait())
	}
	inputs = append(inputs, input)
	return "http://" + address, nil
}

// inputs keep the servers alive: a file that nobody holds is closed some day.
var inputs []io.Closer

// untilItListens waits until something listens at an address.
func untilItListens(address string, ended <-chan struct{}) error {
	deadline := time.After(patience)
	for {
		conn, err := net.Dial("tcp", address) //nolint:noctx // the loopback answers at once
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ended:
			return errors.New("it ended at once")
		case <-deadline:
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// tail keeps the last of what is written.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = bytes.Clone(t.text[max(0, len(t.text)-tailSize):])
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
