// Package runtimeapi runs a Lambda function on this machine without Docker: it
// starts the function's bootstrap beside a Lambda Runtime API on loopback, hands
// it one event and takes its answer.
package runtimeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"time"
)

// Function is a function to run.
type Function struct {
	Bootstrap string    // path of the executable
	Env       []string  // its whole environment, as NAME=value; what Lambda adds is added
	Log       io.Writer // takes what it writes to stdout and stderr
}

// FunctionError is what the function itself reported: an error of its handler, a
// panic, or an init that failed.
type FunctionError struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

// Invoke starts f, gives it one event and returns its answer. The process has
// ended when Invoke returns. It fails with a FunctionError, when the process ends
// without an answer, and when ctx ends, whose deadline the function is told.
func Invoke(ctx context.Context, f Function, event []byte) ([]byte, error) {
	path, err := filepath.Abs(f.Bootstrap)
	if err != nil {
		return nil, fmt.Errorf("find bootstrap: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the runtime API: %w", err)
	}
	api := newAPI(ctx, event)
	server := &http.Server{Handler: api, ReadHeaderTimeout: time.Minute}
	go server.Serve(listener) //nolint:errcheck // ends with Close
	defer server.Close()

	process, stop := context.WithCancel(ctx)
	defer stop()
	cmd := exec.CommandContext(process, path)
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
		return nil, fmt.Errorf("start the function: %w", err)
	}
	var exit error
	ended := make(chan struct{})
	go func() {
		exit = cmd.Wait()
		close(ended)
	}()

	select {
	case result := <-api.result:
		stop()
		<-ended
		return result.body, result.err
	case <-ended:
		select {
		case result := <-api.result: // it may have answered with its last breath
			return result.body, result.err
		default:
		}
		if ctx.Err() == nil {
			return nil, fmt.Errorf("the function ended without an answer: %w", orExit0(exit))
		}
	case <-ctx.Done():
		stop()
		<-ended
	}
	return nil, fmt.Errorf("the function did not answer in time: %w", ctx.Err())
}

func orExit0(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// api is the Lambda Runtime API for one invocation.
type api struct {
	*http.ServeMux
	result chan result // of the first report
}

// result is an answer or an error.
type result struct {
	body []byte
	err  error
}

const (
	version      = "/2018-06-01/runtime"
	invocationID = "00000000-0000-4000-8000-000000000001"
)

func newAPI(ctx context.Context, event []byte) api {
	a := api{http.NewServeMux(), make(chan result, 1)}
	pending := make(chan []byte, 1)
	pending <- event
	a.HandleFunc("GET "+version+"/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case event := <-pending:
			h := w.Header()
			h.Set("Content-Type", "application/json")
			h.Set("Lambda-Runtime-Aws-Request-Id", invocationID)
			h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:local:000000000000:function:local")
			h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(deadline(ctx).UnixMilli()))
			_, _ = w.Write(event) // a function that hangs up is noticed by its end
		case <-r.Context().Done(): // there is no second event
		}
	})
	a.HandleFunc("POST "+version+"/invocation/"+invocationID+"/response", a.report(func(body []byte) result {
		return result{body: body}
	}))
	a.HandleFunc("POST "+version+"/invocation/"+invocationID+"/error", a.report(failed))
	a.HandleFunc("POST "+version+"/init/error", a.report(failed))
	return a
}

// report takes what the function says about its one invocation.
func (a api) report(read func([]byte) result) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		res := read(body)
		if err != nil {
			res = result{err: fmt.Errorf("read the answer of the function: %w", err)}
		}
		w.WriteHeader(http.StatusAccepted)
		select {
		case a.result <- res:
		default: // only the first counts
		}
	}
}

func failed(body []byte) result {
	e := &FunctionError{}
	if err := json.Unmarshal(body, e); err != nil {
		e.Type, e.Message = "Unknown", string(body)
	}
	return result{err: e}
}

// deadline is when the function must have answered: Lambda's longest time
// unless ctx says less.
func deadline(ctx context.Context) time.Time {
	if t, ok := ctx.Deadline(); ok {
		return t
	}
	return time.Now().Add(15 * time.Minute)
}
