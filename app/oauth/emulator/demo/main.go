// Command demo runs Gatehouse with every provider's button working on a laptop: it plays Google, GitHub, X, Apple
// and an issuer on loopback, where anyone is anyone, and starts the command that it is given, registered with all
// of them. Both end together. Production refuses to start so.
//
//	demo COMMAND…
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"gatehouse/app/oauth/emulator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := demo(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func demo(ctx context.Context, command []string) error {
	if len(command) == 0 {
		return errors.New("usage: demo COMMAND…")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	at := "http://" + listener.Addr().String()
	stand := &http.Server{Handler: emulator.New(time.Now).Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = stand.Serve(listener) }()
	defer func() { _ = stand.Close() }()
	registrations, err := emulator.Registrations(at)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "the stand-in's people, and the switches that make it fail: %s/\n", at)
	return run(ctx, command, registrations)
}

// run runs the command until it ends or ctx does; then it is asked to end, and waited for.
func run(ctx context.Context, command []string, settings map[string]string) error {
	const patience = 40 * time.Second // what Gatehouse may take to finish requests in flight
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	cmd.Env = os.Environ()
	for name, value := range settings {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	err := cmd.Run()
	if err != nil && ctx.Err() != nil && cmd.ProcessState != nil && cmd.ProcessState.Success() {
		return nil // it was asked to end, and did
	}
	return err
}
