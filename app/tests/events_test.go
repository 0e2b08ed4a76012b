package tests

import (
	"database/sql"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
	"gatehouse/models"
)

// The security log has a line for everything that matters, and the table has what belongs to a person.
func TestSecurityEventsAreKept(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		b := h.Browser().SignUp(email)
		b.Want(b.Post("/profile", "section", "details", "name", "Ada King", "phone", ""), 303, "/profile?notice=saved")
		left := b.Copy()
		b.Want(b.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		left.Expire()
		left.Get("/dashboard") // refused: ended
		left.Keep("refresh", "AQ")
		left.Get("/dashboard") // refused: forged
		b.Post("/sign-in", "email", email, "password", "not the password")
		b.SignIn(email)
		old := b.Copy()
		b.Post("/auth/refresh")
		b.Get("/dashboard")
		b.Post("/auth/refresh")
		old.Post("/auth/refresh") // reuse
		seen := map[string]int{}
		for line := range strings.Lines(h.Logs.String()) {
			fields := securityLine.FindStringSubmatch(line)
			if fields == nil {
				continue
			}
			if strings.Contains(line, email) {
				t.Errorf("a line says too much: %s", line)
			}
			seen[fields[1]+" "+strings.Trim(fields[2], `"`)]++
		}
		for _, want := range []string{"signed_up ", "profile_changed ", "signed_out ", "refresh_refused ended",
			"refresh_refused forged", "signed_in ", "refresh_token_reused Firefox on Linux"} {
			if seen[want] != 1 {
				t.Errorf("%q stands in the log %d times: %v", want, seen[want], seen)
			}
		}
		if count := eventsKept(h, models.EventRefreshRefused, email); count != 1 {
			t.Errorf("%d refused refreshes are in the table, want 1", count)
		}
		if page := b.SignIn(email).Get("/dashboard"); strings.Contains(page.Body, "Account activity") {
			t.Error("a refused refresh is shown to its owner")
		}
	})
}

var securityLine = regexp.MustCompile(`msg=security kind=(\S+) user=\S* session=\S* ` +
	`ip=[0-9.]+ detail=("[^"]*"|\S*) id=[A-Z0-9]{26}`)

// eventsKept counts a person's events of a kind in the table itself.
func eventsKept(h *testkit.House, kind, email string) (count int) {
	h.T.Helper()
	driver, address := "postgres", h.Env["DATABASE_URL"]
	if path, embedded := strings.CutPrefix(address, "sqlite://"); embedded {
		driver, address = "sqlite", "file:"+path
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		h.T.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	query := `SELECT count(*) FROM events JOIN users ON users.id = events.user_id WHERE kind = $1 AND users.email = $2`
	if err := db.QueryRow(query, kind, email).Scan(&count); err != nil {
		h.T.Fatal(err)
	}
	return count
}

// Events older than EVENTS_KEEP go, when a process starts and once an hour; younger ones stay.
func TestOldEventsAreSwept(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		b := h.Browser().SignUp(email)
		h.Clock.Advance(47 * time.Hour)
		b.SignIn(email)
		h.Twin()
		testkit.Eventually(t, "the first sweep is done",
			func() bool { return eventsKept(h, models.EventSignedUp, email) == 1 })
		h.Clock.Advance(2 * time.Hour)
		h.Twin()
		testkit.Eventually(t, "an event of 49 hours ago is gone",
			func() bool { return eventsKept(h, models.EventSignedUp, email) == 0 })
		if count := eventsKept(h, models.EventSignedIn, email); count != 1 {
			t.Errorf("%d sign-ins of two hours ago are kept, want 1", count)
		}
		h.Clock.Advance(48 * time.Hour)
		h.Twin()
		testkit.Eventually(t, "no event is left", func() bool { return eventsKept(h, models.EventSignedIn, email) == 0 })
		if page := b.Get("/dashboard"); page.Status != 200 || !strings.Contains(page.Body, "Nothing yet.") {
			t.Errorf("a person without events: %d %s", page.Status, testkit.Text(page.Body))
		}
	}, "EVENTS_KEEP=48h")
}

// Every failure that names a person is in their record: a wrong password at the door, at re-authentication, and where
// the password is changed or the account deleted. It is kept behind the answer, which takes no longer for it
// (enumeration).
func TestFailuresReachTheirPerson(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		b := h.Browser().SignUp(email)
		for path, form := range map[string][]string{
			"/sign-in":          {"email", email, "password", typedPassword},
			"/confirm":          {"password", typedPassword},
			"/profile/password": {"current", typedPassword, "password", otherPassword},
			"/profile/delete":   {"password", typedPassword},
		} {
			asking := b
			if path == "/sign-in" {
				asking = h.Browser()
			}
			if got := asking.Post(path, form...); got.Status != 422 {
				t.Errorf("%s: %d to %q", path, got.Status, got.To())
			}
		}
		testkit.Eventually(t, "the failures are in the record", func() bool {
			return h.Happened(b.User(), models.EventSignInFailed) == 1 && h.Happened(b.User(), models.EventReauthFailed) == 3
		})
	})
}
