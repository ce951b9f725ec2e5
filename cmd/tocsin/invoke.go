package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/runtimeapi"
)

// invokeCommand runs one function with one event.
type invokeCommand struct {
	Bootstrap string        `required:"" type:"existingfile" help:"Executable of the function."`
	Event     string        `required:"" type:"existingfile" help:"File with the event."`
	EnvFile   string        `type:"existingfile" help:"JSON file with the variables of functions, as sam local invoke takes it."`
	Function  string        `help:"Name of the function in that file, such as PublishFunction."`
	Timeout   time.Duration `default:"60s" help:"How long the function may take."`
}

// Run prints the answer on stdout and the log of the function on stderr. It fails
// when the function does; an answer of 404 is an answer.
func (c *invokeCommand) Run(ctx context.Context) error {
	return c.invoke(ctx, os.Environ(), os.Stdout, os.Stderr)
}

func (c *invokeCommand) invoke(ctx context.Context, environ []string, stdout, stderr io.Writer) error {
	event, err := os.ReadFile(c.Event)
	if err != nil {
		return fmt.Errorf("read event: %w", err)
	}
	env, err := c.environment(environ)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	answer, err := runtimeapi.Invoke(ctx, runtimeapi.Function{Bootstrap: c.Bootstrap, Env: env, Log: stderr}, event)
	if err != nil {
		return err
	}
	return printAnswer(stdout, answer)
}

// environment is that of the function: what sam would give it, the block of the
// file, and above both the TOCSIN_ variables of whoever calls.
func (c *invokeCommand) environment(environ []string) ([]string, error) {
	env := map[string]string{
		"AWS_SAM_LOCAL": "true",
		"AWS_REGION":    "us-east-1",
	}
	if c.EnvFile != "" {
		text, err := os.ReadFile(c.EnvFile)
		if err != nil {
			return nil, fmt.Errorf("read variables: %w", err)
		}
		var blocks map[string]map[string]string
		if err := json.Unmarshal(text, &blocks); err != nil {
			return nil, fmt.Errorf("read variables in %s: %w", c.EnvFile, err)
		}
		block, ok := blocks[c.Function]
		if !ok {
			return nil, fmt.Errorf("%s has no variables for the function %q", c.EnvFile, c.Function)
		}
		maps.Copy(env, block)
	}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "TOCSIN_") {
			env[name] = value
		}
	}
	pairs := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		pairs = append(pairs, name+"="+env[name])
	}
	return pairs, nil
}

// printAnswer prints what a function said: status and body if it spoke to a
// gateway, else the JSON as it is.
func printAnswer(w io.Writer, answer []byte) error {
	var gateway struct {
		StatusCode      int    `json:"statusCode"`
		Body            string `json:"body"`
		IsBase64Encoded bool   `json:"isBase64Encoded"`
	}
	if err := json.Unmarshal(answer, &gateway); err != nil || gateway.StatusCode == 0 {
		_, err := fmt.Fprintln(w, pretty(answer))
		return err
	}
	body := []byte(gateway.Body)
	if gateway.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(gateway.Body); err != nil {
			return errors.New("the function answered with a body that is not base64, though it says so")
		}
	}
	_, err := fmt.Fprintf(w, "%d\n%s\n", gateway.StatusCode, pretty(body))
	return err
}

// pretty indents JSON and leaves other text alone.
func pretty(text []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, bytes.TrimSpace(text), "", "  ") == nil {
		return b.String()
	}
	if !utf8.Valid(text) {
		return fmt.Sprintf("(%d bytes that are not text)", len(text))
	}
	return string(text)
}
