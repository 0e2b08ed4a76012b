package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"gatehouse/models"
)

// change does something to the person who is named, and says so.
func (o *operator) change(ctx context.Context, done string, do func(user models.User) error) error {
	user, err := o.who(ctx)
	if err != nil {
		return err
	}
	if err := do(user); err != nil {
		return err
	}
	o.say("%s: %s\n", done, called(user))
	return nil
}

// called is how a person is named back to the operator.
func called(user models.User) string {
	if user.Email == "" {
		return user.ID
	}
	return user.Email + " (" + user.ID + ")"
}

func (o *operator) say(format string, args ...any) { _, _ = fmt.Fprintf(o.out, format, args...) }

func (o *operator) disable(ctx context.Context) error {
	return o.change(ctx, "disabled", func(user models.User) error {
		return o.accounts.Disable(ctx, o.caller, user.ID)
	})
}

func (o *operator) enable(ctx context.Context) error {
	return o.change(ctx, "enabled", func(user models.User) error {
		return o.accounts.Enable(ctx, o.caller, user.ID)
	})
}

func (o *operator) endSessions(ctx context.Context) error {
	return o.change(ctx, "signed out everywhere", func(user models.User) error {
		return o.accounts.EndSessions(ctx, o.caller, user.ID)
	})
}

func (o *operator) setEmail(ctx context.Context) error {
	return o.change(ctx, "address set to "+o.args[1]+", before", func(user models.User) error {
		return o.accounts.SetEmailFor(ctx, o.caller, user.ID, o.args[1])
	})
}

// setPassword takes the password from no argument: those stand in the list of processes and in the shell's history.
func (o *operator) setPassword(ctx context.Context) error {
	return o.change(ctx, "password set, signed out everywhere", func(user models.User) (err error) {
		password := rand.Text()
		if !o.generate {
			if password, err = o.readPassword(ctx); err != nil {
				return err
			}
		}
		if err := o.accounts.SetPasswordFor(ctx, o.caller, user.ID, password); err != nil || !o.generate {
			return err
		}
		o.say("%s\n", password)
		return nil
	})
}

func (o *operator) roles(ctx context.Context) error {
	roles := models.Roles(o.args[1:])
	if len(roles) > 0 && o.none {
		return usersUsage
	}
	if len(roles) == 0 && !o.none {
		user, err := o.who(ctx)
		for _, role := range user.Roles {
			o.say("%s\n", role)
		}
		return err
	}
	return o.change(ctx, "roles set", func(user models.User) error {
		return o.accounts.SetRoles(ctx, o.caller, user.ID, roles)
	})
}

func (o *operator) remove(ctx context.Context) error {
	return o.change(ctx, "deleted", func(user models.User) error {
		if !o.yes {
			if err := o.confirm(ctx, "Delete "+called(user)+" and all that is theirs?"); err != nil {
				return err
			}
		}
		return o.accounts.Remove(ctx, o.caller, user.ID)
	})
}
