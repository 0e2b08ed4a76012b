package testkit

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Browser is one person's browser: a cookie jar, no JavaScript, redirects followed only when asked.
type Browser struct {
	T      *testing.T
	House  *House
	Client *http.Client
	Agent  string
	From   string // its address, as a trusted proxy reports it
	HTMX   bool
}

// Browser is a browser that has never been here.
func (h *House) Browser() *Browser {
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar, Timeout: 60 * time.Second, CheckRedirect: stay}
	return &Browser{T: h.T, House: h, Client: client, Agent: firefox, From: h.From}
}

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// stay follows no redirect.
func stay(*http.Request, []*http.Request) error {
	return http.ErrUseLastResponse
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// To is where a redirect leads.
func (a Answer) To() string { return a.Header.Get("Location") }

// Get asks for a page of ours from a page of ours.
func (b *Browser) Get(path string) Answer {
	b.T.Helper()
	return b.Do(http.MethodGet, path, nil)
}

// Post sends a form as a page of ours would. Pairs are name, value, name, value.
func (b *Browser) Post(path string, pairs ...string) Answer {
	b.T.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.Do(http.MethodPost, path, form)
}

// Do sends a request and fails the test without an answer.
func (b *Browser) Do(method, path string, form url.Values) Answer {
	b.T.Helper()
	request := b.Request(method, path, form)
	got, err := b.Send(request)
	if err != nil {
		b.T.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

// Request is what Do sends, for tests that change it first and Send it.
func (b *Browser) Request(method, path string, form url.Values) *http.Request {
	request, err := http.NewRequest(method, b.House.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.T.Fatal(err)
	}
	request.Header.Set("User-Agent", b.Agent)
	request.Header["X-Forwarded-For"] = strings.Split(b.From, "\n") // a header line each
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.HTMX {
		request.Header.Set("HX-Request", "true")
	}
	return request
}

// Send sends a request of this browser.
func (b *Browser) Send(request *http.Request) (Answer, error) {
	response, err := b.Client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if request.Method == http.MethodPost && response.StatusCode/100 == 3 && response.StatusCode != http.StatusSeeOther {
		b.T.Errorf("POST %s answered %d: after a POST only 303 makes every browser ask by GET", request.URL.Path,
			response.StatusCode)
	}
	return Answer{response.StatusCode, response.Header, string(body)}, err
}

// Cookies are what the jar holds, by name.
func (b *Browser) Cookies() map[string]string {
	at, _ := url.Parse(b.House.URL)
	found := map[string]string{}
	for _, cookie := range b.Client.Jar.Cookies(at) {
		found[cookie.Name] = cookie.Value
	}
	return found
}

// Keep puts a cookie into the jar, as a thief or an older page would have it. "" removes it.
func (b *Browser) Keep(name, value string) {
	at, _ := url.Parse(b.House.URL)
	age := 0
	if value == "" {
		age = -1
	}
	b.Client.Jar.SetCookies(at, []*http.Cookie{{Name: name, Value: value, Path: "/", MaxAge: age}})
}

// Copy is another browser with the same cookies.
func (b *Browser) Copy() *Browser {
	other := b.House.Browser()
	other.From = b.From
	for name, value := range b.Cookies() {
		other.Keep(name, value)
	}
	return other
}

// Try is Do for goroutines: what went wrong has status 0 and is in the body.
func (b *Browser) Try(method, path string, form url.Values) Answer {
	got, err := b.Send(b.Request(method, path, form))
	if err != nil {
		return Answer{Body: err.Error(), Header: http.Header{}}
	}
	return got
}
