package emulator

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// world is the emulator as any client sees it: over HTTP, and a clock.
type world struct {
	*testing.T
	*Emulator
	base string

	mu    sync.Mutex
	clock time.Time
}

func start(t *testing.T) *world {
	w := &world{T: t, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	w.Emulator = New(func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.clock
	})
	server := httptest.NewServer(w.Handler())
	t.Cleanup(server.Close)
	w.base = server.URL
	return w
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// authorizeURL is a right request to GitHub, changed by pairs; "" takes a parameter away.
func (w *world) authorizeURL(path string, change ...string) string {
	q := url.Values{"client_id": {"id"}, "redirect_uri": {"https://app.example/callback"}, "response_type": {"code"},
		"state": {"s"},
		"scope": {"user:email users.read tweet.read users.email"}, "code_challenge": {s256Challenge("verifier")},
		"code_challenge_method": {"S256"}}
	for i := 0; i < len(change); i += 2 {
		q.Set(change[i], change[i+1])
		if change[i+1] == "" {
			q.Del(change[i])
		}
	}
	return w.base + path + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

func (w *world) code(path string, change ...string) string {
	w.Helper()
	answer, err := Visit(w.authorizeURL(path, change...), "ada")
	if err != nil {
		w.Fatal(err)
	}
	return answer.Values.Get("code")
}

// post sends a token request of code, changed by pairs.
func (w *world) post(path, code string, change ...string) (int, map[string]any) {
	w.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri":  {"https://app.example/callback"},
		"code_verifier": {"verifier"}, "client_id": {"id"}, "client_secret": {"secret"}}
	for i := 0; i < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	r, _ := http.NewRequest(http.MethodPost, w.base+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	if strings.Contains(path, "x.com") && form.Get("client_secret") != "" {
		r.SetBasicAuth("id", "secret")
	}
	return w.do(r)
}

func (w *world) do(r *http.Request) (int, map[string]any) {
	w.Helper()
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	raw, _ := io.ReadAll(res.Body)
	var body map[string]any
	if json.Unmarshal(raw, &body) != nil {
		body = map[string]any{"text": string(raw), "location": res.Header.Get("Location")}
	}
	return res.StatusCode, body
}

func (w *world) get(address string, headers ...string) (int, map[string]any) {
	w.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		w.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.do(r)
}

const (
	githubAuthorize = "/github.com/login/oauth/authorize"
	githubToken     = "/github.com/login/oauth/access_token"
	xAuthorize      = "/x.com/i/oauth2/authorize"
	xToken          = "/api.x.com/2/oauth2/token"
)

func TestCodesAreCheckedAsProvidersCheckThem(t *testing.T) {
	t.Parallel()
	w := start(t)
	for name, c := range map[string]struct{ ask, change []string }{
		"another verifier":        {nil, []string{"code_verifier", "wrong"}},
		"no verifier":             {nil, []string{"code_verifier", ""}},
		"verifier to no question": {[]string{"code_challenge", ""}, nil},
		"another redirect_uri":    {nil, []string{"redirect_uri", "https://app.example/other"}},
		"another client":          {nil, []string{"client_id", "other"}},
		"made up":                 {nil, []string{"code", "code_made_up"}},
		"another grant":           {nil, []string{"grant_type", "password"}},
	} {
		if status, body := w.post(githubToken, w.code(githubAuthorize, c.ask...), c.change...); status != 200 ||
			body["error"] != "bad_verification_code" {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	code := w.code(xAuthorize)
	if _, body := w.post(xToken, code); body["access_token"] == nil {
		t.Error(body)
	}
	if _, body := w.post(xToken, code); body["error"] != "invalid_grant" {
		t.Error("a code is good twice", body)
	}
	code = w.code(xAuthorize)
	w.pass(31 * time.Second)
	if status, body := w.post(xToken, code); status != 400 || body["error"] != "invalid_grant" {
		t.Error("a code of X lives longer than 30 s", body)
	}
	if status, body := w.post("/oauth2.googleapis.com/token", w.code(githubAuthorize)); status != 400 ||
		body["error"] != "invalid_grant" {
		t.Error("Google takes a code of GitHub", body)
	}
}

func TestClientsSayWhoTheyAre(t *testing.T) {
	t.Parallel()
	w := start(t)
	if _, body := w.post(githubToken, w.code(githubAuthorize), "client_secret",
		""); body["error"] != "incorrect_client_credentials" {
		t.Error(body)
	}
	if status, body := w.post(xToken, w.code(xAuthorize), "client_secret", ""); status != 401 ||
		body["error"] != "invalid_client" {
		t.Error("X takes a client without Basic", body)
	}
	part := func(s string) string { return encode([]byte(s)) }
	header, signature := part(`{"alg":"ES256","kid":"k"}`), part(strings.Repeat("s", 64))
	// 12:00 to 13:00
	right := `{"iss":"team","sub":"id","aud":"https://appleid.apple.com","iat":1772366400,"exp":1772370000}`
	for secret, accepted := range map[string]bool{
		header + "." + part(right) + "." + signature:                                                 true,
		part(`{"alg":"HS256","kid":"k"}`) + "." + part(right) + "." + signature:                      false,
		part(`{"alg":"ES256"}`) + "." + part(right) + "." + signature:                                false,
		header + "." + part(strings.Replace(right, "apple.com", "example", 1)) + "." + signature:     false,
		header + "." + part(strings.Replace(right, `"id"`, `"other"`, 1)) + "." + signature:          false,
		header + "." + part(strings.Replace(right, "team", "", 1)) + "." + signature:                 false,
		header + "." + part(strings.Replace(right, "1772370000", "1772366399", 1)) + "." + signature: false,
		header + "." + part(strings.Replace(right, "1772370000", "1802366400", 1)) + "." + signature: false,
		header + "." + part(right) + "." + part("short"):                                             false,
		"secret": false,
	} {
		code := w.code("/appleid.apple.com/auth/authorize", "scope", "name email", "response_mode", "form_post",
			"code_challenge", "")
		_, body := w.post("/appleid.apple.com/auth/token", code, "client_secret", secret, "code_verifier", "")
		if accepted != (body["access_token"] != nil) || !accepted && body["error"] != "invalid_client" {
			t.Errorf("%s: %v", secret, body)
		}
	}
}

func TestBadQuestionsAreNotAnswered(t *testing.T) {
	t.Parallel()
	w := start(t)
	apple := "/appleid.apple.com/auth/authorize"
	for name, address := range map[string]string{
		"no client":           w.authorizeURL(githubAuthorize, "client_id", ""),
		"no redirect_uri":     w.authorizeURL(githubAuthorize, "redirect_uri", ""),
		"relative redirect":   w.authorizeURL(githubAuthorize, "redirect_uri", "/callback"),
		"another response":    w.authorizeURL(githubAuthorize, "response_type", "token"),
		"plain challenge":     w.authorizeURL(githubAuthorize, "code_challenge_method", "plain"),
		"X without challenge": w.authorizeURL(xAuthorize, "code_challenge", ""),
		"Apple by query":      w.authorizeURL(apple, "scope", "name email"),
		"Apple with plus": strings.ReplaceAll(w.authorizeURL(apple, "scope", "name email", "response_mode",
			"form_post"), "name%20email", "name+email"),
		"a person nobody knows": w.authorizeURL(githubAuthorize, "person", "eve"),
	} {
		if status, body := w.get(address); status != 400 || body["location"] != "" {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
}

func TestPeopleAreChosenOnAPage(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, s := range w.services {
		path := map[string]string{"google": "/accounts.google.com/o/oauth2/auth", "github": githubAuthorize,
			"twitter": xAuthorize,
			"apple":   "/appleid.apple.com/auth/authorize", "oidc": "/oidc/authorize"}[s.name]
		status, body := w.get(w.authorizeURL(path, "response_mode", "form_post", "client_id", "<script>x</script>"))
		page, _ := body["text"].(string)
		if status != 200 || !strings.Contains(page, "not the real "+s.title) || strings.Contains(page, "<script>x") {
			t.Errorf("%s: %d %s", s.name, status, page)
		}
		for _, id := range append([]string{"cancel"}, ids(w.People(s.name))...) {
			if !strings.Contains(page, `id="person-`+id+`"`) || !strings.Contains(page, "person="+id) {
				t.Errorf("%s: %s is not on the page", s.name, id)
			}
		}
	}
	status, body := w.get(w.authorizeURL(githubAuthorize, "person", "ada"))
	if back, _ := body["location"].(string); status != 302 ||
		!strings.HasPrefix(back, "https://app.example/callback?code=code_") || !strings.HasSuffix(back, "&state=s") {
		t.Error(status, body)
	}
}

func ids(people []Person) (found []string) {
	for _, person := range people {
		found = append(found, person.ID)
	}
	return found
}

// Apple answers by a form that submits itself, and has a button where script is off.
func TestAppleAnswersByForm(t *testing.T) {
	t.Parallel()
	w := start(t)
	address := w.authorizeURL("/appleid.apple.com/auth/authorize", "scope", "name email", "response_mode", "form_post",
		"person", "ada")
	_, body := w.get(address)
	page, _ := body["text"].(string)
	for _, part := range []string{`<form method="post" action="https://app.example/callback">`, `name="code"`,
		`name="state" value="s"`, `name="user"`, "<button>", "submit()"} {
		if !strings.Contains(page, part) {
			t.Errorf("%s is not in %s", part, page)
		}
	}
	if _, body = w.get(address); strings.Contains(body["text"].(string), `name="user"`) {
		t.Error("Apple gives the name twice")
	}
	w.Reset()
	if _, body = w.get(address); !strings.Contains(body["text"].(string), `name="user"`) {
		t.Error("Reset remembers whom Apple has named")
	}
}

func TestXWantsScopesAndFields(t *testing.T) {
	t.Parallel()
	w := start(t)
	me := func(scope, fields string) (int, map[string]any) {
		_, body := w.post(xToken, w.code(xAuthorize, "scope", scope))
		token, _ := body["access_token"].(string)
		return w.get(w.base+"/api.x.com/2/users/me?user.fields="+fields, "Authorization", "Bearer "+token)
	}
	if status, body := me("users.read", ""); status != 403 {
		t.Error(status, body)
	}
	for scope, given := range map[string]bool{"users.read tweet.read": false, "users.read tweet.read users.email": true} {
		_, body := me(scope, "confirmed_email,name")
		data, _ := body["data"].(map[string]any)
		if given != (data["confirmed_email"] == "ada@gmail.com") || data["id"] == nil {
			t.Errorf("%s: %v", scope, body)
		}
	}
	if status, _ := w.get(w.base+"/api.x.com/2/users/me", "Authorization", "Bearer made-up"); status != 401 {
		t.Error(status)
	}
}

func TestGitHubAnswersInAForm(t *testing.T) {
	t.Parallel()
	w := start(t)
	form := url.Values{"grant_type": {"authorization_code"}, "code": {w.code(githubAuthorize)},
		"redirect_uri":  {"https://app.example/callback"},
		"code_verifier": {"verifier"}, "client_id": {"id"}, "client_secret": {"secret"}}
	res, err := http.PostForm(w.base+githubToken, form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, _ := io.ReadAll(res.Body)
	if values, err := url.ParseQuery(string(raw)); err != nil || !strings.HasPrefix(values.Get("access_token"),
		"access_") {
		t.Errorf("%s", raw)
	}
}

func TestSwitches(t *testing.T) {
	t.Parallel()
	w := start(t)
	turn := func(query string) int {
		r, _ := http.NewRequest(http.MethodPost, w.base+"/switch?"+query, nil)
		status, _ := w.do(r)
		return status
	}
	for query, want := range map[string]int{"provider=google&fail=500": 204, "provider=google&fail=profile-429": 204,
		"provider=google&fail=":         204,
		"provider=google&fail=nonsense": 400, "provider=google&fail=profile-nonce": 400, "provider=nobody&fail=500": 400} {
		if got := turn(query); got != want {
			t.Errorf("%s: %d", query, got)
		}
	}
	turn("provider=github&fail=token-429")
	if status, _ := w.post(githubToken, w.code(githubAuthorize)); status != 429 {
		t.Error(status)
	}
	w.Reset()
	if status, _ := w.post(githubToken, w.code(githubAuthorize)); status != 200 {
		t.Error(status)
	}
	if status, body := w.get(w.base + "/"); status != 200 || !strings.Contains(body["text"].(string), "profile") &&
		!strings.Contains(body["text"].(string), "signature") {
		t.Error(status, body)
	}
}
