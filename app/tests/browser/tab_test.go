// Package browser walks through the pages with Chromium: what needs a script, a layout or a real cookie jar.
package browser

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"gatehouse/app/tests/testkit"
	"gatehouse/app/tests/testkit/servers"
)

// tab is a real browser's tab on the house.
type tab struct {
	t   *testing.T
	h   *testkit.House
	ctx context.Context
	url string

	mu    sync.Mutex
	wrong []string // what the console complained of
	loads int      // documents requested
}

// localhost is the setting of a house under a name that is a site of its own: providers at 127.0.0.1
// are another site then, as they are in the world.
const localhost = "APP_URL=http://localhost:0"

// newTab opens a browser that knows nothing, with one tab.
func newTab(h *testkit.House) *tab {
	h.T.Helper()
	return newTabOf(h.T, h)
}

// newTabOf is tab for one of several tests in the same house.
func newTabOf(t *testing.T, h *testkit.House) *tab {
	t.Helper()
	path := servers.Need(t, "CHROMIUM", "no Chromium was found")
	chromium.once.Do(func() { startChromium(path) })
	if chromium.err != nil {
		t.Fatal(chromium.err)
	}
	return openTab(t, h, chromium.ctx, chromedp.WithNewBrowserContext())
}

// beside opens another tab of the same browser.
func (p *tab) beside() *tab {
	p.t.Helper()
	return openTab(p.t, p.h, p.ctx, chromedp.WithNewWindow(true)) // of its own, so that both are seen
}

func openTab(t *testing.T, h *testkit.House, parent context.Context, options ...chromedp.ContextOption) *tab {
	t.Helper()
	p := &tab{t: t, h: h, url: h.Env["APP_URL"]}
	ctx, stop := chromedp.NewContext(parent, append(options, chromedp.WithListener(p.hear))...)
	p.ctx = ctx
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil { // not within a step: what opens the tab has to live as long as it
		t.Fatal(err)
	}
	p.do(chromedp.EmulateViewport(1280, 900))
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	return p
}

// hear notes what goes wrong in the page. It runs in the tab's own loop.
func (p *tab) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		p.wrong = append(p.wrong, "exception: "+event.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if event.Type == runtime.ConsoleAPICalledTypeError || event.Type == runtime.ConsoleAPICalledTypeWarning {
			p.wrong = append(p.wrong, fmt.Sprintf("console %s: %s", event.Type, said(event.Args)))
		}
	case *log.EventEntryAdded:
		if event.Entry.Level == log.EntryLevelError || event.Entry.Level == log.EntryLevelWarning {
			p.wrong = append(p.wrong, fmt.Sprintf("%s: %s (%s)", event.Entry.Source, event.Entry.Text, event.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		if event.Type == network.ResourceTypeDocument {
			p.loads++
		}
	}
}

func said(args []*runtime.RemoteObject) string {
	var words []string
	for _, arg := range args {
		words = append(words, string(arg.Value)+arg.Description)
	}
	return strings.Join(words, " ")
}

// clean fails the test when the console complained of anything but answers of 4xx and 5xx.
func (p *tab) clean() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, complaint := range p.wrong {
		if !strings.Contains(complaint, "Failed to load resource: the server responded with a status of ") {
			p.t.Errorf("the console: %s", complaint)
		}
	}
}

func (p *tab) documents() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.loads
}

// do runs steps, each of which has to be done in half a minute.
func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	for i, step := range steps {
		ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
		err := chromedp.Do(ctx, step)
		cancel()
		if err != nil {
			p.t.Fatalf("step %d at %s: %v\n%s", i+1, p.where(), err, p.body())
		}
	}
}

// ask evaluates an expression; a page that is just going has no answer.
func ask[T any](p *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, 20*time.Second)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

func (p *tab) where() string {
	where, _ := ask[string](p, `location.pathname + location.search + location.hash`)
	return where
}

func (p *tab) body() string {
	body, _ := ask[string](p, `document.body.innerText`)
	return strings.Join(strings.Fields(body), " ")
}

// scripts turns JavaScript off, as the person's setting does, or on.
func (p *tab) scripts(on bool) *tab {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
		p.t.Fatal(err)
	}
	return p
}

func (p *tab) open(path string) *tab {
	p.t.Helper()
	p.do(chromedp.Navigate(p.url + path))
	return p
}

// fill types into fields: selector, text, selector, text.
func (p *tab) fill(pairs ...string) *tab {
	p.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		if _, err := ask[bool](p, `document.querySelector(`+quote(pairs[i])+`).value = "", true`); err != nil {
			p.t.Fatalf("no field %s at %s: %v", pairs[i], p.where(), err)
		}
		p.do(chromedp.SendKeys(chromedp.CSS(pairs[i]), pairs[i+1]))
	}
	return p
}

func (p *tab) click(selector string) *tab {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
	return p
}

// at waits until the tab has arrived at a path, whole.
func (p *tab) at(path string) *tab {
	p.t.Helper()
	return p.until("at "+path, `document.readyState === "complete"
		&& location.origin + location.pathname + location.search + location.hash === `+quote(p.url+path))
}

// sees waits until the page says something.
func (p *tab) sees(words string) *tab {
	p.t.Helper()
	return p.until("sees "+words, `document.body.innerText.replace(/\s+/g, " ").includes(`+quote(words)+`)`)
}

// until waits until an expression is true.
func (p *tab) until(what, expression string) *tab {
	p.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		if so, err := ask[bool](p, expression); err == nil && so {
			return p
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("still not %s after 30 s, but at %s: %s", what, p.where(), p.body())
		}
		<-time.After(20 * time.Millisecond)
	}
}

// signUp makes a user by the pages and leaves the tab on the dashboard.
func (p *tab) signUp(email string) *tab {
	p.t.Helper()
	p.open("/sign-up").fill("#name", "Ada Lovelace", "#email", email, "#password", testkit.Password).
		click("form[action='/sign-up'] button[type=submit]")
	p.at("/verify").sees(email).fill("#code", p.h.Code(email)).click("form[action='/verify'] button[type=submit]")
	return p.at("/dashboard").sees("Ada Lovelace")
}

func (p *tab) signIn(email string) *tab {
	p.t.Helper()
	return p.open("/sign-in").fill("#email", email, "#password", testkit.Password).
		click("form[action='/sign-in'] button[type=submit]").at("/dashboard")
}

// served counts the answers of a route in the log.
func served(h *testkit.House, method, route string, status int) int {
	return strings.Count(h.Logs.String(), fmt.Sprintf(" method=%s route=%s status=%d ", method, route, status))
}

// bothWays runs a walk with JavaScript and without.
func bothWays(t *testing.T, walk func(t *testing.T, scripts bool)) {
	t.Helper()
	for name, scripts := range map[string]bool{"with JavaScript": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			walk(t, scripts)
		})
	}
}

// quote is a text as JavaScript writes it.
func quote(text string) string { return strconv.Quote(text) }

// tabTo presses Tab until an element has the focus; whoever has no mouse has to get there too.
func (p *tab) tabTo(selector string) *tab {
	p.t.Helper()
	for range 30 {
		p.do(chromedp.KeyEvent(kb.Tab))
		if there, err := ask[bool](p, `document.activeElement.matches(`+quote(selector)+`)`); err == nil && there {
			return p
		}
	}
	p.t.Fatalf("Tab does not reach %s at %s", selector, p.where())
	return nil
}

// offline takes the network away, or gives it back.
func (p *tab) offline(off bool) {
	p.t.Helper()
	conditions := network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}}}
	if _, err := chromedp.Call(p.ctx, network.EmulateNetworkConditionsByRule, conditions); err != nil {
		p.t.Fatal(err)
	}
}
