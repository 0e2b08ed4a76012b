package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"gatehouse/app/account"
	"gatehouse/models"
)

// person is a user as --json shows them.
type person struct {
	ID         string     `json:"id"`
	Email      string     `json:"email"`
	Name       string     `json:"name"`
	Phone      string     `json:"phone,omitempty"`
	Roles      []string   `json:"roles"`
	Password   bool       `json:"has_password"`
	CreatedAt  time.Time  `json:"created_at"`
	DisabledAt *time.Time `json:"disabled_at"`
}

func personOf(user models.User) person {
	return person{ID: user.ID, Email: user.Email, Name: user.Name, Phone: user.Phone,
		Roles: append([]string{}, user.Roles...), Password: user.PasswordHash != "", CreatedAt: user.CreatedAt, DisabledAt: user.DisabledAt}
}

// list shows one page of people, the newest first.
func (o *operator) list(ctx context.Context) error {
	search := strings.Join(o.args, "")
	found, err := o.accounts.People(ctx, search, o.after, o.limit+1)
	if err != nil {
		return err
	}
	next := ""
	if len(found) > o.limit {
		found = found[:o.limit]
		next = found[o.limit-1].ID
	}
	if o.json {
		people := make([]person, len(found))
		for i, user := range found {
			people[i] = personOf(user)
		}
		return o.write(struct {
			Users []person `json:"users"`
			Next  string   `json:"next,omitempty"`
		}{people, next})
	}
	rows := [][]string{{"ID", "EMAIL", "NAME", "ROLES", "STATE", "CREATED"}}
	for _, user := range found {
		rows = append(rows, []string{user.ID, user.Email, user.Name, user.Roles.String(), state(user), day(user.CreatedAt)})
	}
	o.table(rows)
	if next != "" {
		_, _ = fmt.Fprintf(o.err, "there are more: --after %s\n", next)
	}
	return nil
}

// shownEvents is how many of the latest events show prints.
const shownEvents = 20

// show prints one person with identities, sessions and recent events.
func (o *operator) show(ctx context.Context) error {
	user, err := o.who(ctx)
	if err != nil {
		return err
	}
	found, err := o.accounts.Look(ctx, user.ID, shownEvents)
	if err != nil {
		return err
	}
	if o.json {
		return o.write(wholeOf(found))
	}
	password := "yes"
	if found.PasswordHash == "" {
		password = "none"
	}
	o.table([][]string{{"id", found.ID}, {"email", found.Email}, {"name", found.Name}, {"phone", found.Phone},
		{"roles", found.Roles.String()}, {"state", state(found.User)}, {"password", password},
		{"created", stamp(found.CreatedAt)}})
	o.showParts(found)
	return nil
}

func (o *operator) showParts(found account.Person) {
	rows := [][]string{{"IDENTITY", "SUBJECT", "EMAIL", "USED"}}
	for _, i := range found.Identities {
		rows = append(rows, []string{i.Provider, i.Subject, i.Email, stamp(i.LastUsedAt)})
	}
	o.part(rows)
	rows = [][]string{{"SESSION", "CLIENT", "IP", "BY", "STARTED", "SEEN"}}
	for _, s := range found.Sessions {
		by := strings.Join(s.AMR, " ") + " " + s.Provider
		rows = append(rows, []string{s.ID, s.Client, s.IP, by, stamp(s.StartedAt), stamp(s.SeenAt)})
	}
	o.part(rows)
	if found.Unknown != nil {
		_, _ = fmt.Fprintln(o.err, "sessions are not known:", found.Unknown)
	}
	rows = [][]string{{"EVENT", "DETAIL", "CLIENT", "IP", "AT"}}
	for _, e := range found.Events {
		rows = append(rows, []string{e.Kind, e.Detail, e.Client, e.IP, stamp(e.At)})
	}
	o.part(rows)
}

// part is a table below others, where it has rows.
func (o *operator) part(rows [][]string) {
	if len(rows) > 1 {
		o.say("\n")
		o.table(rows)
	}
}

// table aligns columns.
func (o *operator) table(rows [][]string) {
	w := tabwriter.NewWriter(o.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i := range row {
			row[i] = cmp.Or(plain(row[i]), "-")
		}
		_, _ = fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush()
}

// plain keeps what people call themselves from moving the cursor, or the columns, of an operator's terminal.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, text)
}

func (o *operator) write(value any) error {
	to := json.NewEncoder(o.out)
	to.SetIndent("", "  ")
	return to.Encode(value)
}

func state(user models.User) string {
	if user.DisabledAt != nil {
		return "disabled " + day(*user.DisabledAt)
	}
	return "active"
}

func day(t time.Time) string   { return t.UTC().Format(time.DateOnly) }
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
