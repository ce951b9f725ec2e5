// Package runtimeapi runs a Lambda function on this machine without Docker: it
// starts the function's bootstrap beside a Lambda Runtime API on loopback, hands
// it events and takes its answers.
package runtimeapi

import (
	"context"
	"io"
)

// Function is a function to run.
type Function struct {
	Bootstrap string    // path of the executable
	Env       []string  // its whole environment, as NAME=value; what Lambda adds is added
	Log       io.Writer // takes what it writes to stdout and stderr
}

// Invoke starts f, gives it one event and returns its answer. The process has
// ended when Invoke returns. It fails with a FunctionError, when the process ends
// without an answer, and when ctx ends, whose deadline the function is told.
func Invoke(ctx context.Context, f Function, event []byte) ([]byte, error) {
	p, err := Start(ctx, f)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	return p.Invoke(ctx, event)
}
