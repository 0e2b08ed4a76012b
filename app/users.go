package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"gatehouse/app/account"
	"gatehouse/app/config"
	"gatehouse/app/server"
	"gatehouse/app/words"
	"gatehouse/models"
)

const usersUsage = misused(`usage: gatehouse users list [TEXT] [--limit N] [--after ID] [--json]
       gatehouse users show WHO [--json]
       gatehouse users disable WHO           sessions end; enable lets them in again
       gatehouse users enable WHO
       gatehouse users end-sessions WHO      they may sign in again
       gatehouse users set-password WHO      from standard input, or typed; sessions end
                       [--generate]          a random one, printed
       gatehouse users set-email WHO ADDRESS you vouch for it; the address before is told
       gatehouse users roles WHO [ROLE…]     replaces all; none named: shows them
                       [--none]              takes them all away
       gatehouse users delete WHO [--yes]    with all that is theirs
WHO is an id or an address. The exit code is 0 when it is done, 1 when not, 2 for a wrong call, 3 when there
is nobody of that name.`)

// operator is one call of `gatehouse users`.
type operator struct {
	console
	accounts *account.Accounts
	caller   account.Caller
	args     []string // without the flags

	after                     string
	limit                     int
	json, yes, generate, none bool
}

// users does what its arguments say, beside the processes that serve.
func users(ctx context.Context, args []string, getenv func(string) string, at console) error {
	o := &operator{console: at, caller: account.Caller{Client: "gatehouse users"}}
	called, err := o.parse(args)
	if err != nil {
		return err
	}
	cfg, err := config.Load(getenv)
	if err != nil {
		return fmt.Errorf("these settings need mending:\n%w", err)
	}
	log := server.NewLog(at.err, at.err, cfg.Production, slog.LevelInfo)
	core, err := server.OpenCore(ctx, cfg, time.Now, log.Logger)
	if err != nil {
		return err
	}
	o.accounts = core.Accounts
	return errors.Join(said(called.do(o, ctx)), core.Close(context.WithoutCancel(ctx)))
}

// subcommand is what follows `gatehouse users`: what it does, the flags it takes, and how many arguments.
type subcommand struct {
	do          func(o *operator, ctx context.Context) error
	flags       []string
	least, most int
}

func subcommands() map[string]subcommand {
	return map[string]subcommand{
		"list":         {(*operator).list, []string{"limit", "after", "json"}, 0, 1},
		"show":         {(*operator).show, []string{"json"}, 1, 1},
		"disable":      {(*operator).disable, nil, 1, 1},
		"enable":       {(*operator).enable, nil, 1, 1},
		"end-sessions": {(*operator).endSessions, nil, 1, 1},
		"set-password": {(*operator).setPassword, []string{"generate"}, 1, 1},
		"set-email":    {(*operator).setEmail, nil, 2, 2},
		"roles":        {(*operator).roles, []string{"none"}, 1, 64},
		"delete":       {(*operator).remove, []string{"yes"}, 1, 1},
	}
}

// parse reads the call. A flag may stand anywhere; one that the subcommand does not take is a wrong call.
func (o *operator) parse(args []string) (subcommand, error) {
	if len(args) == 0 {
		return subcommand{}, usersUsage
	}
	called, known := subcommands()[args[0]]
	flags := o.flags(args[0])
	for rest := args[1:]; known; {
		if flags.Parse(rest) != nil {
			return subcommand{}, usersUsage
		}
		if flags.NArg() == 0 {
			break
		}
		o.args, rest = append(o.args, flags.Arg(0)), flags.Args()[1:]
	}
	flags.Visit(func(f *flag.Flag) { known = known && slices.Contains(called.flags, f.Name) })
	if !known || len(o.args) < called.least || len(o.args) > called.most || o.limit < 1 || o.limit > 1000 {
		return subcommand{}, usersUsage
	}
	return called, nil
}

func (o *operator) flags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&o.limit, "limit", 50, "")
	flags.StringVar(&o.after, "after", "", "")
	flags.BoolVar(&o.json, "json", false, "")
	flags.BoolVar(&o.yes, "yes", false, "")
	flags.BoolVar(&o.generate, "generate", false, "")
	flags.BoolVar(&o.none, "none", false, "")
	return flags
}

// who is the person that the first argument names.
func (o *operator) who(ctx context.Context) (models.User, error) {
	user, err := o.accounts.Find(ctx, o.args[0])
	if errors.Is(err, models.ErrNotFound) {
		return user, nobody(o.args[0])
	}
	return user, err
}

// nobody is a models.ErrNotFound that says who was looked for.
type nobody string

// Error is a sentence.
func (n nobody) Error() string { return fmt.Sprintf("nobody has the id or the address %q", string(n)) }

// Unwrap is models.ErrNotFound.
func (nobody) Unwrap() error { return models.ErrNotFound }

// said puts what account refuses into a sentence.
func said(err error) error {
	var mistakes account.FieldErrors
	switch {
	case errors.As(err, &mistakes):
		return errors.New(words.English().Say("error."+mistakes[0].Code, mistakes[0].Args))
	case errors.Is(err, account.ErrTaken):
		return errors.New("this address belongs to another account")
	case errors.Is(err, account.ErrNoAddress):
		return errors.New("give them an address first (set-email): a password needs one to sign in with")
	case errors.Is(err, models.ErrRoles):
		return errors.New("a role is one word without commas, and all of a person's have 512 bytes or less")
	}
	return err
}
