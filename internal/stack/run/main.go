// Command run serves the routes of the template on loopback, with the real bootstraps
// of the functions behind them, on emulators of AWS or in front of a service that
// runs already; or it shows the main job on such a stack, or gives one function one
// event, and ends. `make start-api`, `make demo-aws` and `make invoke` with the
// function deliver build what it needs and call it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"tocsin/internal/demo"
	"tocsin/internal/stack"
	"tocsin/shared/client"
	"tocsin/shared/smn"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type options struct {
	demo      bool
	invoke    string
	event     string
	addr      string
	backend   string
	functions string
	template  string
	envFile   string
}

func run() error {
	var o options
	flag.BoolVar(&o.demo, "demo", false, "show the main job and end")
	flag.StringVar(&o.invoke, "invoke", "", "function to give one event, such as deliver, on emulators; then end")
	flag.StringVar(&o.event, "event", "", "file with that event")
	flag.StringVar(&o.addr, "addr", "127.0.0.1:3000", "where to serve; loopback")
	flag.StringVar(&o.backend, "backend", "aws", "aws for emulators, remote for the service that env.json names")
	flag.StringVar(&o.functions, "functions", ".cache/functions", "folder with a folder for each function, with its bootstrap")
	flag.StringVar(&o.template, "template", "template.yaml", "the template")
	flag.StringVar(&o.envFile, "env-file", "env.json", "variables of functions with the backend remote")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch {
	case o.demo:
		return runDemo(ctx, o)
	case o.invoke != "":
		return invoke(ctx, o, os.Stdout)
	}
	return serve(ctx, o)
}

// invoke prints what a function answers to an event. What it writes to its log goes to
// stderr.
func invoke(ctx context.Context, o options, answers io.Writer) error {
	event, err := os.ReadFile(o.event)
	if err != nil {
		return fmt.Errorf("read event: %w", err)
	}
	cloud, err := stack.NewCloud(ctx)
	if err != nil {
		return err
	}
	o.addr = "127.0.0.1:0"
	config := o.config(os.Stderr)
	config.Env = maps.Clone(cloud.Env)
	config.Env["AWS_SAM_LOCAL"], config.Env["TOCSIN_SAMPLE_TOKEN"] = "true", sampleToken
	s, err := stack.Start(ctx, config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, invokeLimit)
	defer cancel()
	answer, err := s.Invoke(ctx, o.invoke, event)
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, answer, "", "  "); err != nil {
		return fmt.Errorf("the function's answer is no JSON: %w", err)
	}
	_, err = fmt.Fprintln(answers, text.String())
	return err
}

// sampleToken is what sample events carry instead of a signature that would be too old.
const sampleToken = "sample-token"

// invokeLimit is as much time as the template gives to any function.
const invokeLimit = time.Minute

// config is the stack without its environment.
func (o options) config(log io.Writer) stack.Config {
	return stack.Config{
		Template: o.template,
		Bootstrap: func(name string) string {
			return filepath.Join(o.functions, name, "bootstrap")
		},
		Address: o.addr,
		Log:     log,
	}
}

func serve(ctx context.Context, o options) error {
	config := o.config(os.Stderr)
	switch o.backend {
	case "aws":
		cloud, err := stack.NewCloud(ctx)
		if err != nil {
			return err
		}
		config.Env, config.Queue = cloud.Env, cloud.Queue
	case "remote":
		var err error
		if config.Env, err = readEnv(o.envFile); err != nil {
			return err
		}
	default:
		return errors.New("-backend is aws or remote")
	}
	s, err := stack.Start(ctx, config)
	if err != nil {
		return err
	}
	fmt.Printf("The functions answer on %s; Ctrl-C ends them.\n", s.URL)
	if o.backend == "aws" {
		fmt.Printf("Log in as %s of tocsin with the password %q, or sign as %s with %q. What is stored is in memory.\n",
			stack.User, stack.Password, stack.AccessKey, stack.SecretKey)
	}
	<-ctx.Done()
	return s.Close()
}

// readEnv reads the variables of functions out of the file that sam takes, which has
// the same for each that stands in front of a remote.
func readEnv(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var blocks map[string]map[string]string
	if err := json.Unmarshal(text, &blocks); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	env := map[string]string{"AWS_SAM_LOCAL": "true", "AWS_REGION": "us-east-1"}
	for _, block := range blocks {
		if block["TOCSIN_BACKEND"] == "remote" {
			maps.Copy(env, block)
		}
	}
	return env, nil
}

func runDemo(ctx context.Context, o options) error {
	cloud, err := stack.NewCloud(ctx)
	if err != nil {
		return err
	}
	log, err := os.CreateTemp("", "tocsin-demo-*.log")
	if err != nil {
		return err
	}
	defer log.Close()
	o.addr = "127.0.0.1:0"
	config := o.config(log)
	config.Env, config.Queue = cloud.Env, cloud.Queue
	s, err := stack.Start(ctx, config)
	if err != nil {
		return err
	}
	err = demo.Run(ctx, demo.Config{
		URL:        s.URL,
		Credential: client.Password{Domain: cloud.Env["TOCSIN_DOMAIN"], User: stack.User, Password: stack.Password, Project: cloud.Env["TOCSIN_REGION"]},
		Mails:      cloud.Mails,
		Notify:     notify(s),
	})
	if err = errors.Join(err, s.Close()); err != nil {
		return fmt.Errorf("demo: %w; the log of the functions is in %s", err, log.Name())
	}
	fmt.Println("\nEvery step was seen, done by functions on emulators of DynamoDB, SQS, SES and Secrets Manager.")
	return os.Remove(log.Name())
}

// notify gives the function notify an event, as EventBridge does.
func notify(s *stack.Stack) func(context.Context, smn.Service, string, []byte) (string, error) {
	return func(ctx context.Context, _ smn.Service, _ string, event []byte) (string, error) {
		answer, err := s.Invoke(ctx, "notify", event)
		if err != nil {
			return "", err
		}
		var result struct {
			MessageID string `json:"message_id"`
		}
		err = json.Unmarshal(answer, &result)
		return result.MessageID, err
	}
}
