package token

import (
	"crypto/ed25519"
	"errors"
	"reflect"
	"testing"
	"time"
)

// Fuzzed: whatever a browser sends, nothing opens but what we made, for what we made it.

const fuzzedUser, fuzzedSession = "0190b6a0-0000-7000-8000-000000000001", "AAAAAAAAAAAAAAAAAAAAAQ"

func fuzzKeys(f *testing.F, secrets ...string) (*Keys, time.Time) {
	f.Helper()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	keys, err := NewKeys(secrets, "https://accounts.example.com", func() time.Time { return now })
	if err != nil {
		f.Fatal(err)
	}
	return keys, now
}

const (
	ours   = "the first of two secrets for the fuzz targets"
	older  = "the second of two secrets for the fuzz targets"
	theirs = "a secret of somebody else for the fuzz targets"
)

// A refresh token that opens is spelled in the one way in which we sign it.
func FuzzRefreshToken(f *testing.F) {
	keys, _ := fuzzKeys(f, ours, older)
	old, _ := fuzzKeys(f, older)
	stranger, _ := fuzzKeys(f, theirs)
	for _, signer := range []*Keys{keys, old, stranger} {
		for _, count := range []int64{1, 2, 1 << 40, 1<<63 - 1} {
			text, err := signer.SignRefresh(Refresh{UserID: fuzzedUser, SessionID: fuzzedSession, Count: count})
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
			f.Add(text[:len(text)-1])
			f.Add(text + "=")
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		opened, err := keys.OpenRefresh(text)
		if err != nil {
			if !errors.Is(err, ErrInvalid) || opened != (Refresh{}) {
				t.Fatalf("%q: %+v, %v", text, opened, err)
			}
			return
		}
		if opened.UserID != fuzzedUser || opened.SessionID != fuzzedSession {
			t.Fatalf("forged: %q opens as %+v", text, opened)
		}
		again, err := keys.SignRefresh(opened)
		before, errOld := old.SignRefresh(opened)
		if err != nil || errOld != nil || text != again && text != before {
			t.Fatalf("another spelling: %q is %q", text, again)
		}
	})
}

// An access token that opens is one of ours.
func FuzzAccessToken(f *testing.F) {
	keys, now := fuzzKeys(f, ours, older)
	old, _ := fuzzKeys(f, older)
	stranger, _ := fuzzKeys(f, theirs)
	access := Access{UserID: fuzzedUser, SessionID: fuzzedSession, Count: 7, AuthTime: now, AMR: []string{"pwd"}}
	for _, signer := range []*Keys{keys, old, stranger} {
		text, _, err := signer.SignAccess(access, 10*time.Minute)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(text + ".")
	}
	f.Add("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.")
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		opened, err := keys.OpenAccess(text)
		if err != nil {
			if !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrExpired) || !reflect.DeepEqual(opened, Access{}) {
				t.Fatalf("%q: %+v, %v", text, opened, err)
			}
			return
		}
		if opened.UserID != access.UserID || opened.SessionID != access.SessionID || opened.Count != access.Count ||
			opened.ExpiresAt.After(now.Add(10*time.Minute)) {
			t.Fatalf("forged: %q opens as %+v", text, opened)
		}
	})
}

// Whatever stands under our own signature, a token opens only under our own header, complete and in
// its time: an older or a newer Gatehouse, or another use of the key, may have signed anything.
func FuzzAccessClaims(f *testing.F) {
	keys, now := fuzzKeys(f, ours)
	good := `{"iss":"https://accounts.example.com","aud":["https://accounts.example.com"],"sub":"u","sid":"s","cnt":1,"iat":1,"exp":99999999999,"jti":"j","auth_time":1,"amr":["pwd"]}`
	header := `{"alg":"EdDSA","kid":"` + keys.all[0].id + `","typ":"at+jwt"}`
	for _, seed := range [][2]string{
		{header, good}, {header, `{}`}, {header, `null`}, {header, `{"exp":1e400}`}, {header, `{"amr":[],"aud":[],"exp":-1}`},
		{`{"alg":"none","typ":"at+jwt"}`, good}, {`{"alg":"EdDSA","typ":"JWT","kid":"` + keys.all[0].id + `"}`, good},
		{`{"alg":"EdDSA","typ":"at+jwt","kid":{}}`, good}, {`[]`, good},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, header, claims string) {
		unsigned := encode([]byte(header)) + "." + encode([]byte(claims))
		text := unsigned + "." + encode(ed25519.Sign(keys.all[0].access, []byte(unsigned)))
		opened, err := keys.OpenAccess(text)
		if err != nil {
			return
		}
		if opened.UserID == "" || opened.SessionID == "" || opened.Count < 1 || opened.ExpiresAt.Before(now) {
			t.Fatalf("%s %s opens as %+v", header, claims, opened)
		}
	})
}

// A sealed value opens for its own purpose, as what was sealed; and so does one that was sealed with
// anything inside.
func FuzzSealed(f *testing.F) {
	keys, _ := fuzzKeys(f, ours, older)
	old, _ := fuzzKeys(f, older)
	stranger, _ := fuzzKeys(f, theirs)
	for _, signer := range []*Keys{keys, old, stranger} {
		text, err := signer.Seal("cookie flow", "what was sealed", time.Minute)
		if err != nil {
			f.Fatal(err)
		}
		f.Add("cookie flow", text)
		f.Add("cookie reset", text)
		f.Add("cookie flow", text[:len(text)/2])
	}
	f.Fuzz(func(t *testing.T, purpose, text string) {
		var got string
		if err := keys.Open(purpose, text, &got); err == nil && (got != "what was sealed" || purpose != "cookie flow") {
			t.Fatalf("forged: %q opens for %q as %q", text, purpose, got)
		}
		sealed, err := keys.Seal(purpose, []byte(text), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		var back []byte
		if err := keys.Open(purpose, sealed, &back); err != nil || string(back) != text {
			t.Fatalf("%q, sealed for %q, comes back as %q, %v", text, purpose, back, err)
		}
		if err := keys.Open(purpose+"x", sealed, &back); !errors.Is(err, ErrInvalid) {
			t.Fatalf("%q, sealed for %q, opens for another purpose: %v", text, purpose, err)
		}
	})
}
