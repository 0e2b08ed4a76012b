package main

import (
	"encoding/json"
	"net/url"
	"reflect"
	"sync"
	"testing"
	"time"

	"gatehouse/models"
)

// who is what another app is told of whoever asks.
func who(t *testing.T, b *browser) map[string]any {
	t.Helper()
	got := b.get("/auth/session")
	if got.status != 200 {
		t.Fatalf("GET /auth/session: %d %s", got.status, got.body)
	}
	var said map[string]any
	if err := json.Unmarshal([]byte(got.body), &said); err != nil {
		t.Fatal(err)
	}
	return said
}

// Another app reads who is signed in, with the roles and what ACCESS_CLAIMS names, out of the token alone; a
// change reaches it with the next rotation of each of the person's sessions.
func TestAppsReadRolesAndClaims(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		b := h.browser().signUp(email)
		before := who(t, b)
		for name, want := range map[string]any{"sub": b.user(), "amr": []any{"pwd"}, "roles": []any{}, "name": "Ada Lovelace", "email": email, "email_verified": true, "picture": nil} {
			if !reflect.DeepEqual(before[name], want) {
				t.Errorf("%s is %v, want %v", name, before[name], want)
			}
		}
		other := h.browser().signIn(email)
		b.want(b.post("/profile", "section", "details", "name", "Ada King", "phone", ""), 303, "/profile?notice=saved")
		roles := models.Roles{"admin", "billing"}
		if err := h.DB.Users.SetRoles(t.Context(), b.user(), roles, time.Now()); err != nil {
			t.Fatal(err)
		}
		user, err := h.DB.Users.ByID(t.Context(), b.user())
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Sessions.Rewrite(t.Context(), user.ID, user.Claims()); err != nil {
			t.Fatal(err)
		}
		for _, browser := range []*browser{b, other, h.browser().signIn(email)} {
			if browser.post("/auth/refresh").status != 204 {
				t.Fatal("not refreshed")
			}
			after := who(t, browser)
			if after["name"] != "Ada King" || !reflect.DeepEqual(after["roles"], []any{"admin", "billing"}) {
				t.Errorf("after the change: %v", after)
			}
			if said := claims(t, browser.cookies()["access"]); !reflect.DeepEqual(said["roles"], after["roles"]) || said["name"] != "Ada King" {
				t.Errorf("the token says %v", said)
			}
		}
	}, "ACCESS_CLAIMS=name,email,email_verified,picture")
}

// The address and the picture are claims, too; and a token says no more of a person than the settings name.
func TestTokensSayWhatTheSettingsName(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ACCESS_CLAIMS=email,picture", "TOKEN_AUDIENCE=https://api.example.com")
	b := h.browser().signUp(someone())
	fresh := someone()
	b.want(b.post("/profile", "section", "email", "email", fresh), 303, "/verify")
	b.want(b.post("/verify", "code", h.code(fresh)), 303, "/profile?notice=email")
	user, err := h.DB.Users.ByID(t.Context(), b.user())
	if err != nil {
		t.Fatal(err)
	}
	user.Picture = "0123456789abcdef"
	if err := h.Sessions.Rewrite(t.Context(), user.ID, user.Claims()); err != nil {
		t.Fatal(err)
	}
	if b.post("/auth/refresh").status != 204 {
		t.Fatal("not refreshed")
	}
	said := who(t, b)
	if said["email"] != fresh || said["name"] != nil || said["picture"] != h.env["APP_URL"]+"/profile/picture?v=0123456789abcdef" {
		t.Errorf("said %v", said)
	}
	if aud := claims(t, b.cookies()["access"])["aud"]; !reflect.DeepEqual(aud, []any{h.env["APP_URL"], "https://api.example.com"}) {
		t.Errorf("aud is %v", aud)
	}
	none := newHouse(t, "ACCESS_CLAIMS=none")
	silent := none.browser().signUp(someone())
	for _, claim := range []string{"name", "email", "email_verified", "picture"} {
		if value, there := claims(t, silent.cookies()["access"])[claim]; there {
			t.Errorf("%s is %v where nothing is named", claim, value)
		}
	}
}

// A sign-in that is under way while a role is taken away does not bring it back: its person was read before, and
// its session begins after the others were rewritten.
func TestASignInUnderWayKeepsNoRoleThatWasTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	email := someone()
	user := h.browser().signUp(email).user()
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
	race(9, func(i int) {
		if i == 0 {
			<-first // the others have been read by now, and wait for their hashes
			give(nil)
			return
		}
		b := h.browser()
		if got := b.try("POST", "/sign-in", url.Values{"email": {email}, "password": {password}}); got.status != 303 {
			t.Errorf("a sign-in: %d", got.status)
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
