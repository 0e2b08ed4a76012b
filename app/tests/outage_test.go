package tests

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
	"gatehouse/app/tests/testkit/servers"
)

const otherPassword = "another way to the gatehouse"

// A reset while the session store is down is done: nobody can refresh meanwhile, and the sessions end within a
// second of its return (session takeover).
func TestResetDuringAnOutage(t *testing.T) {
	t.Parallel()
	w, setting := toRedis(t)
	h := testkit.NewHouse(t, setting)
	email := testkit.Someone()
	thief, owner := h.Browser().SignUp(email), h.Browser()
	owner.Want(owner.Post("/forgot", "email", email), 303, "/reset")
	code := h.Code(email)
	w.down()
	form := []string{"code", code, "password", otherPassword}
	done := "/sign-in?notice=reset&next=%2Fdashboard"
	owner.Want(owner.Post("/reset", form...), 303, done)
	h.Mail(email) // tells of it while the store is still down
	again := owner.Copy()
	if got := again.Post("/sign-in", "email", email, "password", otherPassword); got.Status != 503 {
		t.Fatalf("a sign-in while what is to end has not ended: %d", got.Status)
	}
	w.up(h)
	again.Want(again.Post("/sign-in", "email", email, "password", otherPassword), 303, "/dashboard")
	thief.Refuses("the password was reset")
	if !again.SignedIn() {
		t.Error("the ending took the session that began after it")
	}
}

func TestPasswordChangeDuringAnOutage(t *testing.T) {
	t.Parallel()
	w, setting := toRedis(t)
	h := testkit.NewHouse(t, setting)
	email := testkit.Someone()
	thief, owner := h.Browser().SignUp(email), h.Browser().SignIn(email)
	w.down()
	owner.Want(owner.Post("/profile/password", "current", testkit.Password, "password", otherPassword),
		303, "/profile?notice=password")
	w.up(h)
	testkit.Eventually(t, "the thief's session has ended", func() bool {
		return thief.Copy().Get("/auth/session").Status == 401
	})
	thief.Refuses("the password was changed")
	if !owner.SignedIn() {
		t.Error("the session that changed the password ended, too")
	}
}

// Signing out always works: here at once, and everywhere as soon as the store answers.
func TestSignOutDuringAnOutage(t *testing.T) {
	t.Parallel()
	w, setting := toRedis(t)
	h := testkit.NewHouse(t, setting)
	for name, expired := range map[string]bool{"with an access token": false, "with a refresh token alone": true} {
		b := h.Browser().SignUp(testkit.Someone())
		stolen := b.Copy()
		if expired {
			b.Expire()
		}
		w.down()
		b.Want(b.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		if left := b.Cookies(); left["access"] != "" || left["refresh"] != "" {
			t.Errorf("%s: the browser still has %v", name, left)
		}
		w.up(h)
		testkit.Eventually(t, name+": the session has ended", func() bool {
			return stolen.Copy().Get("/auth/session").Status == 401
		})
		stolen.Refuses(name + ": its owner signed out")
	}
}

// The answer of an outage clears nothing, the waiting sign-up's cookie included.
func TestSignUpDuringAnOutage(t *testing.T) {
	t.Parallel()
	w, setting := toRedis(t)
	h := testkit.NewHouse(t, setting)
	b, email := h.Browser(), testkit.Someone()
	b.Want(b.Post("/sign-up", "name", "Ada", "email", email, "password", testkit.Password), 303, "/verify")
	code := h.Code(email)
	w.down()
	if got := b.Post("/verify", "code", code); got.Status != 503 || len(got.Header["Set-Cookie"]) > 0 ||
		strings.Contains(got.Body, "still signed in") {
		t.Fatalf("while the store is down: %d, cookies %q: %s", got.Status, got.Header["Set-Cookie"], testkit.Text(got.Body))
	}
	w.up(h)
	b.Want(b.Post("/verify", "code", code), 303, "/sign-in?notice=ready&next=%2Fdashboard")
	b.SignIn(email)
}

// While nobody knows who is asking, "Connect" must not make an account of its own.
func TestConnectDuringAnOutage(t *testing.T) {
	t.Parallel()
	w, setting := toRedis(t)
	h, _ := testkit.NewEmulated(t, setting)
	b := h.Member(testkit.Someone())
	b.Expire()
	w.down()
	if got := b.Post("/auth/github/link"); got.Status != 503 {
		t.Errorf("while the store is down: %d to %q", got.Status, got.To())
	}
	if page := b.Get("/sign-in"); page.Status != 200 {
		t.Errorf("the sign-in page: %d", page.Status)
	}
}

// Packets that vanish are the worst a database can do: lib/pq would wait for ever.
func TestSilentPostgresIsAnswered(t *testing.T) {
	t.Parallel()
	at, err := url.Parse(servers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	w := wired(t, at.Host)
	at.Host = w.address
	h := testkit.NewHouse(t, "DATABASE_URL="+at.String()+"&statement_timeout=1000",
		"REDIS_URL="+servers.Redis(t))
	b := h.Browser().SignUp(testkit.Someone())
	w.hush()
	defer w.down()
	var all sync.WaitGroup
	for _, path := range []string{"/readyz", "/dashboard"} {
		all.Go(func() {
			asking := b.Copy()
			asking.Client.Timeout = 20 * time.Second
			got, err := asking.Send(asking.Request(http.MethodGet, path, nil))
			if err != nil || got.Status != 503 {
				t.Errorf("%s: %d %v", path, got.Status, err)
			}
		})
	}
	all.Wait()
}

// The page is there without the list, and says nothing that it does not know.
func TestDashboardDuringAnOutage(t *testing.T) {
	t.Parallel()
	w, setting := toRedis(t)
	h := testkit.NewHouse(t, setting)
	b := h.Browser().SignUp(testkit.Someone())
	w.down()
	page := b.Get("/dashboard")
	if page.Status != 200 || !strings.Contains(page.Body, "cannot be read") || strings.Contains(page.Body, "0001") ||
		strings.Contains(page.Body, "Signed in with") {
		t.Errorf("%d %s", page.Status, testkit.Text(page.Body))
	}
}
