// Command tocsin is the whole house in one binary: it serves the API with an
// embedded store, shows the main job, and runs single functions.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands are what the binary can do.
type commands struct {
	Serve        serveCommand        `cmd:"" help:"Serve the API on one machine."`
	Status       statusCommand       `cmd:"" help:"Ask the running server how it is."`
	Backup       backupCommand       `cmd:"" help:"Copy a data folder, beside the server that works in it."`
	Check        checkCommand        `cmd:"" help:"Look for damage in a data folder."`
	Listen       listenCommand       `cmd:"" help:"Receive notifications of MNS and SMN, check them and write them down."`
	Demo         demoCommand         `cmd:"" help:"Show the main job from end to end, then clean up."`
	Invoke       invokeCommand       `cmd:"" help:"Run one function with one event, as Lambda would."`
	HashPassword hashPasswordCommand `cmd:"" help:"Read a password from the input and print its hash, for a credentials file."`
	Version      versionCommand      `cmd:"" help:"Print the version."`

	Topic        topicCommand        `cmd:"" group:"client" help:"Make, list, describe, change and remove topics."`
	Subscription subscriptionCommand `cmd:"" group:"client" help:"Add, list, describe, change and remove subscriptions."`
	Template     templateCommand     `cmd:"" group:"client" help:"Make, list, describe, change and remove message templates."`
	Publish      publishCommand      `cmd:"" group:"client" help:"Send a message."`
	Message      messageCommand      `cmd:"" group:"client" help:"List published messages and tell how their delivery stands."`
	Dead         deadCommand         `cmd:"" group:"client" help:"List deliveries that were given up, and try them again."`
	Token        tokenCommand        `cmd:"" group:"client" help:"Log in and print the token."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "tocsin:", explain(err))
		stop()
		os.Exit(exitCode(err))
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	parser, err := kong.New(&commands{},
		kong.Name("tocsin"),
		kong.Description("An SMN-compatible notification service."),
		kong.Vars{"defaultPassword": defaultPassword, "defaultSecretKey": defaultSecretKey},
		kong.ExplicitGroups([]kong.Group{{Key: "client", Title: "Client, for Tocsin and for SMN:"}}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(stdout, (*io.Writer)(nil)),
	)
	if err != nil {
		return err
	}
	command, err := parser.Parse(longFlags(args))
	if err != nil {
		return fmt.Errorf("%w (see tocsin --help)", err)
	}
	if serve, ok := command.Selected().Target.Addr().Interface().(*serveCommand); ok {
		return serve.Run(ctx) // for long, and without the parser: what it knows of all commands would stay in memory
	}
	return command.Run()
}

// longFlags lets flags be written with one dash, -addr, as Go programs do.
func longFlags(args []string) []string {
	long := make([]string, len(args))
	for i, arg := range args {
		if arg == "--" { // no flags behind it
			copy(long[i:], args[i:])
			break
		}
		if len(arg) > 2 && arg[0] == '-' && arg[1] >= 'a' && arg[1] <= 'z' && arg[2] != '=' {
			arg = "-" + arg
		}
		long[i] = arg
	}
	return long
}
