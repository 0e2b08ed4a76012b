// Command app is Gatehouse: the sign-in of a web app, whole.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/joho/godotenv"

	"gatehouse/app/session"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	getenv, err := settings()
	if err == nil {
		err = command(ctx, os.Args[1:], getenv)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string, getenv func(string) string) error {
	switch {
	case len(args) == 0:
		return serve(ctx, getenv)
	case args[0] == "demo":
		return demo(ctx, getenv)
	case args[0] == "doctor":
		session.Quiet(slog.Default())
		return doctor(ctx, getenv, os.Stdout)
	case args[0] == "migrate":
		return migrate(ctx, getenv, os.Stdout)
	case args[0] == "healthcheck":
		return healthcheck(ctx, getenv)
	}
	return errors.New("usage: gatehouse [demo | doctor | migrate | healthcheck]")
}

// settings is the environment and, in development, what .env adds to it.
func settings() (func(string) string, error) {
	if os.Getenv("APP_ENV") == "production" {
		return os.Getenv, nil
	}
	file, err := godotenv.Read()
	if errors.Is(err, os.ErrNotExist) {
		return os.Getenv, nil
	}
	if err != nil {
		return nil, errors.New("gatehouse does not start: .env has a line that is not NAME=value") // the error quotes the file, secrets and all
	}
	return func(name string) string {
		if value, set := os.LookupEnv(name); set {
			return value
		}
		return file[name]
	}, nil
}
