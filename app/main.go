// Command app is Gatehouse: the sign-in of a web app, whole.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"gatehouse/app/server"
	"gatehouse/app/session"
	"gatehouse/models"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	at := console{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	getenv, err := settings()
	if err == nil {
		err = command(ctx, os.Args[1:], getenv, at)
	}
	if err != nil {
		_, _ = fmt.Fprintln(at.err, err)
	}
	os.Exit(exitCode(err))
}

// console is where a command reads and writes.
type console struct {
	in       *os.File
	out, err io.Writer
}

// misused says how a command is to be called.
type misused string

// Error is the usage.
func (m misused) Error() string { return string(m) }

const usage = misused(`usage: gatehouse [serve]      serve; what nothing but settings is needed for
       gatehouse users …       people: list, show, disable, enable, end-sessions, set-password, set-email,
                               roles, delete
       gatehouse doctor        what is configured, what to register, what answers; changes nothing
       gatehouse migrate       bring the schema of the database up to date, as a start does
       gatehouse healthcheck   whether the process beside it is alive
       gatehouse version       what this is`)

// exitCode is 0 for done, 1 for failed, 2 for a wrong call and 3 where there is no such person.
func exitCode(err error) int {
	var wrong misused
	switch {
	case err == nil:
		return 0
	case errors.As(err, &wrong):
		return 2
	case errors.Is(err, models.ErrNotFound):
		return 3
	}
	return 1
}

func command(ctx context.Context, args []string, getenv func(string) string, at console) error {
	if len(args) == 0 {
		return serve(ctx, getenv)
	}
	session.Quiet(slog.Default())
	switch name, rest := args[0], args[1:]; {
	case name == "users":
		return users(ctx, rest, getenv, at)
	case len(rest) > 0:
		return usage
	case name == "serve":
		return serve(ctx, getenv)
	case name == "doctor":
		return doctor(ctx, getenv, at.out)
	case name == "migrate":
		return migrate(ctx, getenv, at.out)
	case name == "version":
		_, _ = fmt.Fprintf(at.out, "gatehouse %s (%s, %s/%s)\n",
			server.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return nil
	case name == "healthcheck":
		return healthcheck(ctx, getenv)
	}
	return usage
}
