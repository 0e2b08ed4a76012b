package commands

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
	"gatehouse/models"
)

// by runs `gatehouse users` beside a house, and fails the test unless it ends with a code.
func by(h *testkit.House, code int, stdin string, args ...string) testkit.Command {
	h.T.Helper()
	got := h.Command(gatehouse, stdin, append([]string{"users"}, args...)...)
	if got.Code != code {
		h.T.Fatalf("users %v ended with %d, want %d\n%s%s", args, got.Code, code, got.Out, got.Err)
	}
	return got
}

const another = "lantern moss quarry 7"

// Whom an operator disables, deletes or signs out is refused by the process that serves: by the JSON that other apps
// ask and by a refresh, within 100 ms of the command's end (the best of three, on a machine that has more to do).
func TestWhatAnOperatorEndsIsOverAtOnce(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		for _, verb := range [][]string{{"disable"}, {"end-sessions"}, {"delete", "--yes"}, {"set-password", "--generate"}} {
			best := time.Hour
			for range 3 {
				email := testkit.Someone()
				b := h.Browser().SignUp(email)
				if got := b.Get("/auth/session"); got.Status != 200 {
					t.Fatalf("before: %d", got.Status)
				}
				ended := by(h, 0, "", append(verb, email)...).Ended
				testkit.Eventually(t, "the session is refused", func() bool { return b.Get("/auth/session").Status == 401 })
				best = min(best, time.Since(ended))
				b.Refuses("users " + verb[0])
			}
			if best > 100*time.Millisecond {
				t.Errorf("%s: refused %s after the command at the earliest", verb[0], best)
			}
		}
	})
}

func TestDisabledAndEnabled(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		b := h.Browser().SignUp(email)
		user := b.User()
		by(h, 0, "", "disable", strings.ToUpper(email))
		guest := h.Browser()
		if got := guest.Post("/sign-in", "email", email, "password", testkit.Password); got.Status != 422 {
			t.Errorf("a disabled person signs in: %d to %q", got.Status, got.To())
		}
		by(h, 0, "", "disable", user) // again is no failure, and no second event
		by(h, 0, "", "enable", user)
		guest.SignIn(email)
		if off, on := h.Happened(user, models.EventDisabled), h.Happened(user, models.EventEnabled); off != 1 || on != 1 {
			t.Errorf("events: disabled %d, enabled %d", off, on)
		}
	})
}

// A password comes from standard input, is judged as any other, and its owner is told.
func TestSetPassword(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		b := h.Browser().SignUp(email)
		if got := by(h, 1, "password1234\n", "set-password", email); !strings.Contains(got.Err, "password") || !b.SignedIn() {
			t.Errorf("a weak password: %q, signed in %t", got.Err, b.SignedIn())
		}
		by(h, 1, "", "set-password", email)
		got := by(h, 0, another+"\r\n", "set-password", email)
		if strings.Contains(got.Out+got.Err, another) {
			t.Errorf("the password is told: %s%s", got.Out, got.Err)
		}
		h.MailAbout(email, "Your password was changed")
		guest := h.Browser()
		if got := guest.Post("/sign-in", "email", email, "password", testkit.Password); got.Status != 422 {
			t.Errorf("the old password: %d", got.Status)
		}
		guest.Want(guest.Post("/sign-in", "email", email, "password", another), 303, "/dashboard")
		made := strings.Fields(by(h, 0, "", "set-password", "--generate", email).Out)[0]
		guest = h.Browser()
		guest.Want(guest.Post("/sign-in", "email", email, "password", made), 303, "/dashboard")
	})
}

// An address that an operator gives signs in; the one before is told; nobody gets somebody else's.
func TestSetEmail(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email, taken, fresh := testkit.Someone(), testkit.Someone(), testkit.Someone()
		b := h.Browser().SignUp(email)
		h.Browser().SignUp(taken)
		if got := by(h, 1, "", "set-email", email, taken); !strings.Contains(got.Err, "belongs to another") {
			t.Errorf("somebody else's address: %q", got.Err)
		}
		by(h, 1, "", "set-email", email, "not an address")
		by(h, 0, "", "set-email", email, fresh)
		h.MailAbout(email, "Your address was changed")
		b.Want(b.Post("/auth/refresh"), 204, "")
		if says := testkit.Claims(t, b.Cookies()["access"])["email"]; says != fresh {
			t.Errorf("after a rotation the token says %v", says)
		}
		h.Browser().SignIn(fresh)
		by(h, 3, "", "show", email)
	})
}

// Roles reach the next rotation without a sign-in.
func TestRoles(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		for _, roles := range []string{"admin editor", "--none"} {
			by(h, 0, "", append([]string{"roles", b.User()}, strings.Fields(roles)...)...)
			b.Want(b.Post("/auth/refresh"), 204, "")
			said, _ := testkit.Claims(t, b.Cookies()["access"])["roles"].([]any)
			if want := strings.TrimPrefix(roles, "--none"); fmt.Sprint(said) != "["+want+"]" {
				t.Errorf("%s: the token says %v", roles, said)
			}
			b.Get("/auth/session") // acknowledges
			h.Confirmed(b.User())
		}
		by(h, 1, "", "roles", b.User(), "two words")
		by(h, 0, "", "roles", b.User(), "reader")
		if got := by(h, 0, "", "roles", b.User()); got.Out != "reader\n" {
			t.Errorf("roles: %q", got.Out)
		}
	})
}

// A search finds by name and address, and pages reach everybody once while others are being made.
func TestListPages(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		var made []string
		add := func(name string) {
			user, err := h.DB.Users.Create(t.Context(), models.User{Name: name, Email: testkit.Someone()}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, user.ID)
		}
		for range 7 {
			add("Gr_ce Hopper")
		}
		add("Grace Other")
		type page struct {
			Users []struct{ ID, Name string }
			Next  string
		}
		var seen []string
		for next := ""; ; {
			var p page
			args := []string{"list", "gr_ce hopp", "--json", "--limit", "3"}
			if next != "" {
				args = append(args, "--after", next)
			}
			if err := json.Unmarshal([]byte(by(h, 0, "", args...).Out), &p); err != nil {
				t.Fatal(err)
			}
			for _, u := range p.Users {
				seen = append(seen, u.ID)
			}
			add("Gr_ce Hopper, later")
			if next = p.Next; next == "" {
				break
			}
		}
		slices.Sort(seen)
		if !slices.Equal(seen, made[:7]) {
			t.Errorf("pages show %v, want %v", seen, made[:7])
		}
		got := by(h, 0, "", "list", "--limit", "2")
		if strings.Count(got.Out, "\n") != 3 || !strings.Contains(got.Err, "--after") {
			t.Errorf("a table of two:\n%s%s", got.Out, got.Err)
		}
	})
}

// show has what is known of a person, and no secret.
func TestShow(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		b := h.Browser().SignUp(email)
		var got struct {
			ID, Email string
			Password  bool `json:"has_password"`
			Sessions  []struct{ ID string }
			Events    []struct{ Kind string }
		}
		shown := by(h, 0, "", "show", "--json", email).Out
		if err := json.Unmarshal([]byte(shown), &got); err != nil {
			t.Fatal(err)
		}
		if got.ID != b.User() || got.Email != email || !got.Password || len(got.Sessions) != 1 ||
			got.Sessions[0].ID != b.Session() || len(got.Events) == 0 || strings.Contains(shown, "argon2") {
			t.Errorf("show --json: %s", shown)
		}
		text := by(h, 0, "", "show", email).Out
		for _, part := range []string{email, "signed_up", b.Session(), "Firefox on Linux"} {
			if !strings.Contains(text, part) {
				t.Errorf("show does not say %q:\n%s", part, text)
			}
		}
	})
}

// A wrong call changes nothing and says how it is done; who is not there is told from what failed.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	email := testkit.Someone()
	b := h.Browser().SignUp(email)
	for _, wrong := range [][]string{{}, {"frob"}, {"disable"}, {"disable", email, email}, {"disable", email, "--yes"},
		{"show", email, "--limit", "3"}, {"list", "--limit", "0"}, {"roles", email, "admin", "--none"}, {"delete", email}} {
		by(h, 2, "", wrong...)
	}
	by(h, 3, "", "disable", testkit.Someone())
	by(h, 3, "", "delete", "--yes", "no-such-id")
	if !b.SignedIn() {
		t.Error("a wrong call did something")
	}
	none := []string{"DATABASE_URL=sqlite://" + t.TempDir() + "/none.db"}
	nowhere := testkit.Run(t, gatehouse, none, "", "users", "list")
	if nowhere.Code != 1 || !strings.Contains(nowhere.Err, "no database of Gatehouse yet") {
		t.Errorf("without a database: %d %s", nowhere.Code, nowhere.Err)
	}
}

// With the session store away a person is disabled all the same, and their sessions end when it is back: here, as
// soon as a process that reaches it looks.
func TestDisabledWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, testkit.OnServers(t)...)
	email := testkit.Someone()
	b := h.Browser().SignUp(email)
	settings := []string{"REDIS_URL=redis://127.0.0.1:1/0"}
	for name, value := range h.Env {
		if name != "REDIS_URL" {
			settings = append(settings, name+"="+value)
		}
	}
	got := testkit.Run(t, gatehouse, settings, "", "users", "disable", email)
	if got.Code != 0 || !strings.Contains(got.Err, "sessions end later") {
		t.Fatalf("%d %s%s", got.Code, got.Out, got.Err)
	}
	testkit.Eventually(t, "the session ends", func() bool { return b.Get("/auth/session").Status == 401 })
	b.Refuses("disabled while the store was away")
}
