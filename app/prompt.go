package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/term"
)

func (c console) asksSomeone() bool { return term.IsTerminal(int(c.in.Fd())) }

// readPassword is a line of standard input or, on a terminal, typed twice without an echo.
func (c console) readPassword(ctx context.Context) (string, error) {
	if !c.asksSomeone() {
		return c.line(ctx)
	}
	first, err := c.hidden(ctx, "New password: ")
	if err != nil {
		return "", err
	}
	again, err := c.hidden(ctx, "Again: ")
	if err == nil && again != first {
		err = errors.New("these are two passwords; nothing was changed")
	}
	return first, err
}

// confirm asks for a yes. Where nobody can be asked, --yes says it.
func (c console) confirm(ctx context.Context, question string) error {
	if !c.asksSomeone() {
		return misused("nobody can be asked here: add --yes")
	}
	_, _ = fmt.Fprint(c.err, question+" Type yes: ")
	answer, err := c.line(ctx)
	if err == nil && strings.TrimSpace(answer) != "yes" {
		err = errors.New("nothing was changed")
	}
	return err
}

func (c console) line(ctx context.Context) (string, error) {
	return untilDone(ctx, func() (string, error) {
		line, err := bufio.NewReader(c.in).ReadString('\n')
		if line == "" && err != nil {
			return "", errors.New("standard input holds nothing")
		}
		return strings.TrimRight(line, "\r\n"), nil
	})
}

// hidden reads what is typed, unseen. ^C gives the terminal its echo back.
func (c console) hidden(ctx context.Context, prompt string) (string, error) {
	terminal := int(c.in.Fd())
	before, err := term.GetState(terminal)
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(terminal, before) }()
	_, _ = fmt.Fprint(c.err, prompt)
	defer func() { _, _ = fmt.Fprintln(c.err) }()
	return untilDone(ctx, func() (string, error) {
		typed, err := term.ReadPassword(terminal)
		return string(typed), err
	})
}

// untilDone waits for something that cannot be interrupted no longer than ctx.
func untilDone(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		text, err := read()
		answered <- answer{text, err}
	}()
	select {
	case a := <-answered:
		return a.text, a.err
	case <-ctx.Done():
		return "", errors.New("interrupted; nothing was changed")
	}
}
