package main

import (
	"time"

	"gatehouse/app/account"
)

// whole is a person with all that show knows, as --json shows it.
type whole struct {
	person
	Identities []identity `json:"identities"`
	Sessions   []live     `json:"sessions"` // null where the session store does not answer
	Events     []event    `json:"events"`
}

type identity struct {
	Provider string    `json:"provider"`
	Subject  string    `json:"subject"`
	Email    string    `json:"email"`
	UsedAt   time.Time `json:"last_used_at"`
}

type live struct {
	ID        string    `json:"id"`
	AMR       []string  `json:"amr"`
	Provider  string    `json:"provider,omitempty"`
	Client    string    `json:"client"`
	IP        string    `json:"ip"`
	StartedAt time.Time `json:"started_at"`
	SeenAt    time.Time `json:"seen_at"`
}

type event struct {
	Kind      string    `json:"kind"`
	Detail    string    `json:"detail,omitempty"`
	SessionID string    `json:"session,omitempty"`
	Client    string    `json:"client,omitempty"`
	IP        string    `json:"ip,omitempty"`
	At        time.Time `json:"at"`
}

func wholeOf(found account.Person) whole {
	w := whole{person: personOf(found.User), Identities: []identity{}, Events: []event{}}
	for _, i := range found.Identities {
		w.Identities = append(w.Identities, identity{i.Provider, i.Subject, i.Email, i.LastUsedAt})
	}
	if found.Unknown == nil {
		w.Sessions = []live{}
	}
	for _, s := range found.Sessions {
		w.Sessions = append(w.Sessions, live{s.ID, s.AMR, s.Provider, s.Client, s.IP, s.StartedAt, s.SeenAt})
	}
	for _, e := range found.Events {
		w.Events = append(w.Events, event{e.Kind, e.Detail, e.SessionID, e.Client, e.IP, e.At})
	}
	return w
}
