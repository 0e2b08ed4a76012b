package tests

import (
	"encoding/json"
	"net/url"
	"reflect"
	"sync"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
	"gatehouse/models"
)

// who is what another app is told of whoever asks.
func who(t *testing.T, b *testkit.Browser) map[string]any {
	t.Helper()
	got := b.Get("/auth/session")
	if got.Status != 200 {
		t.Fatalf("GET /auth/session: %d %s", got.Status, got.Body)
	}
	var said map[string]any
	if err := json.Unmarshal([]byte(got.Body), &said); err != nil {
		t.Fatal(err)
	}
	return said
}

// Another app reads who is signed in, with the roles and what ACCESS_CLAIMS names, out of the token alone; a
// change reaches it with the next rotation of each of the person's sessions.
func TestAppsReadRolesAndClaims(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		b := h.Browser().SignUp(email)
		before := who(t, b)
		for name, want := range map[string]any{"sub": b.User(), "amr": []any{"pwd"}, "roles": []any{}, "name": "Ada Lovelace",
			"email": email, "email_verified": true, "picture": nil} {
			if !reflect.DeepEqual(before[name], want) {
				t.Errorf("%s is %v, want %v", name, before[name], want)
			}
		}
		other := h.Browser().SignIn(email)
		b.Want(b.Post("/profile", "section", "details", "name", "Ada King", "phone", ""), 303, "/profile?notice=saved")
		roles := models.Roles{"admin", "billing"}
		if err := h.DB.Users.SetRoles(t.Context(), b.User(), roles, time.Now()); err != nil {
			t.Fatal(err)
		}
		user, err := h.DB.Users.ByID(t.Context(), b.User())
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Sessions.Rewrite(t.Context(), user.ID, user.Claims()); err != nil {
			t.Fatal(err)
		}
		for _, browser := range []*testkit.Browser{b, other, h.Browser().SignIn(email)} {
			if browser.Post("/auth/refresh").Status != 204 {
				t.Fatal("not refreshed")
			}
			after := who(t, browser)
			if after["name"] != "Ada King" || !reflect.DeepEqual(after["roles"], []any{"admin", "billing"}) {
				t.Errorf("after the change: %v", after)
			}
			if said := testkit.Claims(t, browser.Cookies()["access"]); !reflect.DeepEqual(said["roles"], after["roles"]) ||
				said["name"] != "Ada King" {
				t.Errorf("the token says %v", said)
			}
		}
	}, "ACCESS_CLAIMS=name,email,email_verified,picture")
}

// The address and the picture are claims, too; and a token says no more of a person than the settings name.
func TestTokensSayWhatTheSettingsName(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, "ACCESS_CLAIMS=email,picture", "TOKEN_AUDIENCE=https://api.example.com")
	b := h.Browser().SignUp(testkit.Someone())
	fresh := testkit.Someone()
	b.Want(b.Post("/profile", "section", "email", "email", fresh), 303, "/verify")
	b.Want(b.Post("/verify", "code", h.Code(fresh)), 303, "/profile?notice=email")
	user, err := h.DB.Users.ByID(t.Context(), b.User())
	if err != nil {
		t.Fatal(err)
	}
	user.Picture = "0123456789abcdef"
	if err := h.Sessions.Rewrite(t.Context(), user.ID, user.Claims()); err != nil {
		t.Fatal(err)
	}
	if b.Post("/auth/refresh").Status != 204 {
		t.Fatal("not refreshed")
	}
	said := who(t, b)
	if said["email"] != fresh || said["name"] != nil ||
		said["picture"] != h.Env["APP_URL"]+"/profile/picture?v=0123456789abcdef" {
		t.Errorf("said %v", said)
	}
	if aud := testkit.Claims(t, b.Cookies()["access"])["aud"]; !reflect.DeepEqual(aud,
		[]any{h.Env["APP_URL"], "https://api.example.com"}) {
		t.Errorf("aud is %v", aud)
	}
	none := testkit.NewHouse(t, "ACCESS_CLAIMS=none")
	silent := none.Browser().SignUp(testkit.Someone())
	for _, claim := range []string{"name", "email", "email_verified", "picture"} {
		if value, there := testkit.Claims(t, silent.Cookies()["access"])[claim]; there {
			t.Errorf("%s is %v where nothing is named", claim, value)
		}
	}
}

// A sign-in that is under way while a role is taken away does not bring it back: its person was read before, and
// its session begins after the others were rewritten.
func TestASignInUnderWayKeepsNoRoleThatWasTaken(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	email := testkit.Someone()
	user := h.Browser().SignUp(email).User()
	give := func(roles models.Roles) {
		if err := h.DB.Users.SetRoles(t.Context(), user, roles, time.Now()); err != nil {
			t.Error(err)
		}
		if err := h.Sessions.Rewrite(t.Context(), user, models.Claims{Roles: roles}); err != nil {
			t.Error(err)
		}
	}
	give(models.Roles{"admin"})
	first, once := make(chan struct{}), sync.Once{}
	testkit.Race(9, func(i int) {
		if i == 0 {
			<-first // the others have been read by now, and wait for their hashes
			give(nil)
			return
		}
		b := h.Browser()
		if got := b.Try("POST", "/sign-in", url.Values{"email": {email}, "password": {testkit.Password}}); got.Status != 303 {
			t.Errorf("a sign-in: %d", got.Status)
		}
		once.Do(func() { close(first) })
	})
	live, err := h.Sessions.List(t.Context(), user)
	if err != nil || len(live) != 9 {
		t.Fatalf("%d sessions, %v", len(live), err)
	}
	for _, s := range live {
		if len(s.Claims.Roles) > 0 {
			t.Errorf("a session claims %q", s.Claims.Roles)
		}
	}
}
