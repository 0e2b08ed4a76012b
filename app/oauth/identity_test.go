package oauth

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/models"
)

func TestProvidersSayWhoCame(t *testing.T) {
	t.Parallel()
	w := start(t)
	issuer := w.settings.OIDC.Issuer + "#" // an issuer's subjects are its own
	for _, c := range []struct {
		provider, person string
		want             models.Identity
	}{
		{"google", "ada", models.Identity{Subject: "104201234567890123451", Email: "ada@gmail.com", Vouched: true,
			Name: "Ada Lovelace"}},
		{"google", "ada-renamed", models.Identity{Subject: "104201234567890123451", Email: "augusta@gmail.com", Vouched: true,
			Name: "Augusta King"}},
		{"google", "grace", models.Identity{Subject: "104201234567890123452", Email: "grace@navy.example", Vouched: true,
			Name: "Grace Hopper"}},
		{"google", "linus", models.Identity{Subject: "104201234567890123453", Email: "linus@kernel.example", Vouched: false,
			Name: "Linus T"}},
		{"google", "slim", models.Identity{Subject: "104201234567890123455", Email: "joan@gmail.com", Vouched: true,
			Name: "Joan Clarke"}},
		{"google", "mallory", models.Identity{Subject: "104201234567890123454", Email: "ada@gmail.com", Vouched: false,
			Name: "Mallory"}},
		{"github", "ada", models.Identity{Subject: "1815", Email: "ada@gmail.com", Vouched: true, Name: "Ada Lovelace"}},
		{"github", "ada-renamed", models.Identity{Subject: "1815", Email: "augusta@example.com", Vouched: true,
			Name: "Augusta King"}},
		{"github", "unverified", models.Identity{Subject: "666", Name: "Mallory"}},
		{"github", "public", models.Identity{Subject: "667", Email: "trudy@example.com", Vouched: true, Name: "trudy"}},
		{"github", "nobody", models.Identity{Subject: "404", Name: "ghost"}},
		{"twitter", "ada", models.Identity{Subject: "1815121000000000001", Email: "ada@gmail.com", Vouched: true,
			Name: "Ada Lovelace"}},
		{"twitter", "nobody", models.Identity{Subject: "1815121000000000002", Name: "Nobody"}},
		{"twitter", "ada-renamed", models.Identity{Subject: "1815121000000000001", Name: "Augusta King"}},
		{"apple", "ada", models.Identity{Subject: "000181.adaadaadaadaadaadaadaadaadaada00.1215", Email: "ada@gmail.com",
			Vouched: true, Name: "Ada Lovelace"}},
		{"apple", "relay", models.Identity{Subject: "000182.relayrelayrelayrelayrelayrelay00.1215",
			Email: "x7k2p9@privaterelay.appleid.com", Vouched: true, Name: "Grace Hopper"}},
		{"apple", "unverified", models.Identity{Subject: "000183.mallorymallorymallorymallorymal.1215",
			Email: "ada@gmail.com", Name: "Mallory"}},
		{"apple", "nobody", models.Identity{Subject: "000184.nobodynobodynobodynobodynobodyno.1215"}},
		{"oidc", "ada", models.Identity{Subject: issuer + "7c1f0a52-0001", Email: "ada@gmail.com", Vouched: true,
			Name: "Ada Lovelace"}},
		{"oidc", "slim", models.Identity{Subject: issuer + "7c1f0a52-0002", Email: "grace@navy.example", Vouched: true,
			Name: "Grace Hopper"}},
		{"oidc", "unverified", models.Identity{Subject: issuer + "7c1f0a52-0003", Email: "ada@gmail.com", Name: "Mallory"}},
		{"oidc", "nobody", models.Identity{Subject: issuer + "7c1f0a52-0004", Name: "Nobody"}},
	} {
		t.Run(c.provider+" "+c.person, func(t *testing.T) {
			c.want.Provider = c.provider
			got, err := w.signIn(c.provider, c.person)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestTokensAreDroppedUnlessKept(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, provider := range everyone {
		who, err := w.signIn(provider, "ada")
		if err != nil || who.Tokens != (models.ProviderTokens{}) {
			t.Errorf("%s: tokens %+v, %v", provider, who.Tokens, err)
		}
	}
}

func TestAppleNamesAPersonOnce(t *testing.T) {
	t.Parallel()
	w := start(t)
	first, _ := w.signIn("apple", "ada")
	again, err := w.signIn("apple", "ada")
	if first.Name != "Ada Lovelace" || again.Name != "" || again.Subject != first.Subject || err != nil {
		t.Errorf("first %+v, again %+v, %v", first, again, err)
	}
}

// The field "user" passes through the browser, unsigned.
func TestAppleFormNamesButProvesNothing(t *testing.T) {
	t.Parallel()
	w := start(t)
	for field, name := range map[string]string{
		`{"name":{"firstName":"Eve","lastName":"X"},"email":"victim@example.com","sub":"1"}`: "Eve X",
		`{"name":{"firstName":"` + strings.Repeat("é", 500) + `"}}`:                          strings.Repeat("é", 100),
		`{"name":{"firstName":"a\u0000\r\nb"}}`:                                              "ab",
		`{"name":{"firstName":"` + strings.Repeat("x", 5000) + `"}}`:                         "",
		`{"name":"Eve"}`: "", `not json`: "", ``: "",
	} {
		address, flow := w.begin("apple")
		callback := w.visit(address, "nobody")
		callback.Set("user", field)
		who, err := w.finish("apple", flow, callback)
		if err != nil || who.Name != name || who.Email != "" || who.Vouched || !strings.HasPrefix(who.Subject, "000184.") {
			t.Errorf("%.40s: %+v, %v", field, who, err)
		}
	}
}

func TestStringBooleansOfCognito(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.fail("oidc", "strings")
	for person, vouched := range map[string]bool{"ada": true, "slim": true, "unverified": false} {
		who, err := w.signIn("oidc", person)
		if err != nil || who.Vouched != vouched {
			t.Errorf("%s: %+v, %v", person, who, err)
		}
	}
	for claim, want := range map[any]bool{true: true, "true": true, "True": true, false: false, "false": false, "": false,
		"yes": false, 1.0: false, nil: false} {
		if isTrue(claim) != want {
			t.Errorf("truth(%#v) is %v", claim, !want)
		}
	}
}

func TestProfileOfAnotherSubjectIsRefused(t *testing.T) {
	t.Parallel()
	w := start(t)
	for provider, person := range map[string]string{"google": "linus", "oidc": "slim"} {
		w.fail(provider, "stranger")
		if who, err := w.signIn(provider, person); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %+v, %v", provider, who, err)
		}
	}
}

// At a re-authentication the provider is asked to see the person, and says when it did.
func TestReauthenticationIsNotASessionAtTheProvider(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, c := range []struct {
		provider, fault string
		fresh           bool
		want            error
	}{
		{"oidc", "", true, nil}, {"oidc", "stale", true, ErrToken}, {"oidc", "noauthtime", true, ErrToken},
		{"oidc", "stale", false, nil},
		{"google", "", true, nil}, {"google", "stale", true, ErrToken},
		{"google", "noauthtime", true, nil}, // Google does not promise the claim
		{"apple", "noauthtime", true, nil},
	} {
		w.fail(c.provider, c.fault)
		address, flow, err := w.providers.Begin(t.Context(), c.provider, Flow{Reauthenticate: c.fresh})
		if err != nil {
			t.Fatal(err)
		}
		at, _ := url.Parse(address)
		if got := at.Query().Get("max_age") == "0"; got != (c.fresh && c.provider != "apple") {
			t.Errorf("%+v: asks %s", c, address)
		}
		if got := at.Query().Get("prompt") == "login"; got != (c.fresh && c.provider == "oidc") {
			t.Errorf("%+v: asks %s", c, address)
		}
		if _, err := w.finish(c.provider, flow, w.visit(address, "ada")); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestNoSubjectIsNobody(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, provider := range everyone {
		w.fail(provider, "subject")
		if who, err := w.signIn(provider, "ada"); !errors.Is(err, ErrProvider) {
			t.Errorf("%s: %+v, %v", provider, who, err)
		}
	}
	w.fail("oidc", "longsubject")
	if who, err := w.signIn("oidc", "ada"); !errors.Is(err, ErrProvider) {
		t.Errorf("256 characters: %+v, %v", who, err)
	}
}

// An address from the ID token must not borrow the "verified" of another one in userinfo.
func TestVerifiedBelongsToItsAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		token, info idClaims
		email       string
		vouched     bool
	}{
		{idClaims{Subject: "1", Email: "victim@x.example"}, idClaims{Subject: "1", Email: "own@x.example", Verified: true},
			"victim@x.example", false},
		{idClaims{Subject: "1", Email: "own@x.example"}, idClaims{Subject: "1", Email: "own@x.example", Verified: true},
			"own@x.example", true},
		{idClaims{Subject: "1"}, idClaims{Subject: "1", Email: "own@x.example", Verified: "true"}, "own@x.example", true},
		{idClaims{Subject: "1", Email: "own@x.example", Verified: false}, idClaims{Subject: "1", Email: "own@x.example",
			Verified: true}, "own@x.example", false},
	} {
		provider := &codeFlow{profile: userOf(c.info)}
		got, err := completeFromUserinfo(c.token, provider, &codeSession{AccessToken: "x"})
		if err != nil || got.Email != c.email || isTrue(got.Verified) != c.vouched {
			t.Errorf("%+v with %+v: %+v, %v", c.token, c.info, got, err)
		}
	}
}

func TestGoogleAccessTokenStaysOutOfAddresses(t *testing.T) {
	t.Parallel()
	w := start(t)
	if _, err := w.signIn("google", "linus"); err != nil { // whose name is in the profile only
		t.Fatal(err)
	}
	if w.requests("oauth2/v2/userinfo") != 1 || w.requests("access_token=") != 0 {
		t.Errorf("asked %q", w.asked)
	}
}

func TestKeysAreFetchedOnce(t *testing.T) {
	t.Parallel()
	w := start(t)
	for range 3 {
		for _, provider := range []string{"google", "apple", "oidc"} {
			if _, err := w.signIn(provider, "ada"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := w.requests("/certs") + w.requests("/keys"); n != 3 {
		t.Errorf("keys fetched %d times", n)
	}
	if n := w.requests("openid-configuration"); n != 1 {
		t.Errorf("discovered %d times", n)
	}
}

func TestManyAtOnceAreNotMixedUp(t *testing.T) {
	t.Parallel()
	w := start(t)
	var group sync.WaitGroup
	for _, provider := range everyone {
		for _, person := range w.emulator.People(provider) {
			group.Go(func() {
				who, err := w.signIn(provider, person.ID)
				subject := who.Subject[strings.LastIndex(who.Subject, "#")+1:]
				if err != nil || subject != person.Subject || who.Provider != provider {
					t.Errorf("%s %s: %+v, %v", provider, person.ID, who, err)
				}
			})
		}
	}
	group.Wait()
}

func TestRealTokensWork(t *testing.T) {
	t.Parallel()
	w := start(t, func(s *Settings) { s.Keep = everyone })
	for _, provider := range everyone {
		who, err := w.signIn(provider, "ada")
		if err != nil {
			t.Fatal(provider, err)
		}
		if !strings.HasPrefix(who.Tokens.Access, "access_") || who.Tokens.Scope == "" {
			t.Errorf("%s: %+v", provider, who.Tokens)
		}
		if refreshable := provider != "github"; refreshable != (who.Tokens.Refresh != "") ||
			refreshable != who.Tokens.Expiry.After(w.now().Add(50*time.Minute)) {
			t.Errorf("%s: %+v", provider, who.Tokens)
		}
	}
}

func query(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// Account takeover by another issuer: whoever runs one chooses its subjects. A person is keyed by issuer and subject, so
// that the same subject of another OIDC_ISSUER is another person (OpenID Connect Core, 5.7).
func TestTheSameSubjectOfAnotherIssuerIsAnotherPerson(t *testing.T) {
	t.Parallel()
	ours, theirs := start(t), start(t)
	first, err := ours.signIn("oidc", "ada")
	if err != nil {
		t.Fatal(err)
	}
	second, err := theirs.signIn("oidc", "ada")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ours.signIn("oidc", "ada-renamed"); err != nil || again.Subject != first.Subject {
		t.Errorf("one person has the keys %q and %q, %v", first.Subject, again.Subject, err)
	}
	if first.Subject == second.Subject || first.Provider != second.Provider {
		t.Errorf("two issuers' persons have one key: %+v and %+v", first, second)
	}
}
