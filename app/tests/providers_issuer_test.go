package tests

import (
	"bufio"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/app/oauth/emulator"
	"gatehouse/app/tests/testkit"
	"gatehouse/app/tests/testkit/servers"
)

// independent starts a certified OpenID provider that no one here wrote, and registers the house
// with it. It wants PKCE.
func independent(h *testkit.House, settings ...string) {
	h.T.Helper()
	folder := servers.Need(h.T, "OIDC_PROVIDER", "the issuer from npm could not be installed")
	node := exec.CommandContext(h.T.Context(), "node", "issuer.js")
	node.Dir = folder
	node.Env = append(os.Environ(), "CLIENT_ID=gatehouse", "CLIENT_SECRET="+testkit.RegisteredSecret,
		"REDIRECT_URI="+h.URL+"/auth/oidc/callback")
	input, err := node.StdinPipe()
	if err != nil {
		h.T.Fatal(err)
	}
	output, err := node.StdoutPipe()
	if err != nil {
		h.T.Fatal(err)
	}
	if err := node.Start(); err != nil {
		h.T.Fatal(err)
	}
	h.T.Cleanup(func() {
		_ = input.Close()
		_ = node.Wait()
	})
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		h.T.Fatalf("the issuer did not start: %v", err)
	}
	h.Restart(append(settings, "OIDC_ISSUER="+strings.TrimSpace(address), "OIDC_CLIENT_ID=gatehouse",
		"OIDC_CLIENT_SECRET="+testkit.RegisteredSecret)...)
}

// atIssuer is a person's browser at the issuer.
type atIssuer struct {
	t      *testing.T
	client *http.Client
	back   string // where its answers begin
}

func visitIssuer(b *testkit.Browser) *atIssuer {
	jar, _ := cookiejar.New(nil)
	back := b.House.URL + "/auth/"
	return &atIssuer{t: b.T, back: back, client: &http.Client{Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			if strings.HasPrefix(r.URL.String(), back) {
				return http.ErrUseLastResponse
			}
			return nil
		}}}
}

var (
	formAction  = regexp.MustCompile(`<form[^>]*action="([^"]+)"`)
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
	abortLink   = regexp.MustCompile(`href="([^"]+/abort)"`)
)

// answers signs in and consents, form by form, or presses the link that says no; then it returns
// what the issuer sends back.
func (p *atIssuer) answers(address, login string, agrees bool) emulator.AuthorizationResponse {
	p.t.Helper()
	res, err := p.client.Get(address)
	for range 4 {
		if err != nil {
			p.t.Fatal(err)
		}
		if back := res.Header.Get("Location"); strings.HasPrefix(back, p.back) {
			_ = res.Body.Close()
			at, _ := url.Parse(back)
			values := at.Query()
			at.RawQuery = ""
			return emulator.AuthorizationResponse{Method: http.MethodGet, URL: at.String(), Values: values}
		}
		page, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if link := abortLink.FindSubmatch(page); link != nil && !agrees {
			res, err = p.client.Get(p.absolute(res, string(link[1])))
			continue
		}
		action := formAction.FindSubmatch(page)
		if action == nil {
			p.t.Fatalf("the issuer shows no form: %s", testkit.Text(string(page)))
		}
		form := url.Values{"login": {login}, "password": {"anything"}}
		for _, field := range hiddenField.FindAllSubmatch(page, -1) {
			form.Set(string(field[1]), string(field[2]))
		}
		res, err = p.client.PostForm(p.absolute(res, string(action[1])), form)
	}
	p.t.Fatal("the issuer asks for ever")
	return emulator.AuthorizationResponse{}
}

func (p *atIssuer) absolute(from *http.Response, address string) string {
	p.t.Helper()
	to, err := from.Request.URL.Parse(html.UnescapeString(address))
	if err != nil {
		p.t.Fatal(err)
	}
	return to.String()
}

// A provider that nobody here wrote signs a person in, and refuses what it should.
func TestCertifiedIssuer(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	independent(h, "KEEP_PROVIDER_TOKENS=oidc")
	s := testkit.Elsewhere(t)
	owner := h.Member("ada@issuer.example")

	b := h.Browser()
	address := b.Begin("oidc", "next=%2Fprofile")
	b.Want(b.Bring(visitIssuer(b).answers(address, "ada", true)), 303, "/profile")
	if b.User() != owner.User() {
		t.Error("a verified address did not join")
	}
	tokens, err := h.Accounts.ProviderTokens(t.Context(), b.User(), "oidc", h.Providers.Refresh)
	if err != nil || tokens.Access == "" || tokens.Refresh == "" {
		t.Fatalf("tokens were not kept: %v", err)
	}
	h.Clock.Advance(2 * time.Hour)
	if fresh, err := h.Accounts.ProviderTokens(t.Context(), b.User(), "oidc", h.Providers.Refresh); err != nil ||
		fresh.Access == tokens.Access {
		t.Errorf("tokens were not refreshed: %v", err)
	}
	h.Clock.Advance(-2 * time.Hour) // the issuer lives by the machine's clock

	unverified := h.Browser()
	unverified.Want(unverified.Bring(visitIssuer(unverified).answers(unverified.Begin("oidc"), "unverified", true)),
		303, "/dashboard")
	if user := userOf(h, unverified.User()); user.Email != "" || user.Name != "Person unverified" {
		t.Errorf("made %+v", user)
	}

	denied := h.Browser()
	denied.Fails(s, denied.Bring(visitIssuer(denied).answers(denied.Begin("oidc"), "ada", false)), "oidc", "denied")

	victim, thief := h.Browser(), h.Browser()
	stolen := visitIssuer(victim).answers(victim.Begin("oidc"), "ada", true)
	mine := visitIssuer(thief).answers(thief.Begin("oidc"), "thief", true)
	thief.Fails(s, thief.Bring(with(mine, "code", stolen.Values.Get("code"))), "oidc", "provider")

	anonymous := h.Browser()
	back := visitIssuer(anonymous).answers(anonymous.Begin("oidc"), "ada", true)
	if back.Values.Get("iss") == "" {
		t.Fatal("the issuer does not say who it is")
	}
	anonymous.Fails(s, anonymous.Bring(with(back, "iss", "")), "oidc", "state")

	bare, err := url.Parse(h.Browser().Begin("oidc"))
	if err != nil {
		t.Fatal(err)
	}
	query := bare.Query()
	query.Del("code_challenge")
	query.Del("code_challenge_method")
	bare.RawQuery = query.Encode()
	if refused := visitIssuer(h.Browser()).
		answers(bare.String(), "ada", true); refused.Values.Get("error") != "invalid_request" {
		t.Errorf("the issuer wants no PKCE: %v", refused.Values)
	}
}
