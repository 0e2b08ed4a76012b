package token

import (
	"errors"
	"testing"
	"time"
)

// A process whose clock runs ahead of the store's may be asked for a token of a session that is
// over by its own clock. It must never come out longer than asked.
func TestLifeThatIsOverIsNeverLong(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	keys, err := NewKeys([]string{"a secret for tests only and long enough to be one"}, "https://accounts.example.com",
		func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	for _, life := range []time.Duration{0, -1, -20, -21, -time.Second, -2 * time.Minute, -time.Hour} {
		for range 50 {
			access, expires, err := keys.SignAccess(Access{UserID: "u", SessionID: "s", Count: 1, AuthTime: now,
				AMR: []string{"pwd"}}, life)
			if err != nil {
				t.Fatal(err)
			}
			if expires.After(now) || expires.Before(now.Add(life-time.Second)) {
				t.Fatalf("a life of %s ends at %s", life, expires)
			}
			if _, err := keys.OpenAccess(access); !errors.Is(err, ErrExpired) {
				t.Fatalf("a life of %s: %v", life, err)
			}
		}
	}
}
