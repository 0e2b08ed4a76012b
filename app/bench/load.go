package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

const password = "a long way to the gatehouse"

// person is a signed-in user of the benchmark.
type person struct {
	email           string
	access, refresh string
	client          *http.Client // its browser
}

// signUpMany makes users through the pages, reading their codes at /dev/mail.
func signUpMany(house *process, count int) ([]*person, error) {
	var people []*person
	for i := range count {
		email := fmt.Sprintf("bench%d-%d@example.com", time.Now().UnixNano(), i)
		jar, _ := cookiejar.New(nil)
		client := &http.Client{Jar: jar, Timeout: 10 * time.Second}
		form := url.Values{"name": {"Ada"}, "email": {email}, "password": {password}, "remember": {"on"}}
		if _, err := post(client, house.url+"/sign-up", form); err != nil {
			return nil, err
		}
		code, err := codeFor(client, house, email, "Your code to create an account", "")
		if err != nil {
			return nil, err
		}
		if _, err := post(client, house.url+"/verify", url.Values{"code": {code}}); err != nil {
			return nil, err
		}
		at, _ := url.Parse(house.url)
		p := &person{email: email, client: &http.Client{Jar: jar, Timeout: 20 * time.Second, CheckRedirect: stay}}
		for _, cookie := range jar.Cookies(at) {
			switch cookie.Name {
			case "access":
				p.access = cookie.Value
			case "refresh":
				p.refresh = cookie.Value
			}
		}
		if p.access == "" {
			return nil, errors.New("bench: a sign-up did not sign in")
		}
		people = append(people, p)
	}
	return people, nil
}

func post(client *http.Client, address string, form url.Values) (string, error) {
	response, err := client.PostForm(address, form)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// codeFor waits for the newest code to an address, of the mails with a subject; one that was used is none.
func codeFor(client *http.Client, house *process, email, subject, used string) (string, error) {
	mail := regexp.MustCompile(`(?s)` + regexp.QuoteMeta(subject) + `.{0,300}?` + regexp.QuoteMeta(email) +
		`.*?\b([0-9A-Z]{4}-[0-9A-Z]{4})\b`)
	for began := time.Now(); time.Since(began) < 5*time.Second; time.Sleep(5 * time.Millisecond) {
		response, err := client.Get(house.url + "/dev/mail")
		if err != nil {
			return "", err
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			return "", err
		}
		if found := mail.FindSubmatch(body); found != nil && string(found[1]) != used {
			return string(found[1]), nil
		}
	}
	return "", errors.New("bench: no code came")
}

const workers = 8

// all is what a request cost together, as far as it was read.
func (f figure) all() time.Duration { return f.each + max(0, f.postgres) + max(0, f.redis) }

// figure is what one kind of request cost.
type figure struct {
	each            time.Duration // server CPU for one request
	postgres, redis time.Duration // theirs, or unread
	p99             time.Duration // from sending to the whole answer
	rate            float64       // requests in a second
	memory          float64       // MB afterwards
}

// run sends count requests over a few connections and reads what they cost the server. ask fills in
// a worker's next request and takes what it needs from the answer.
func run(p *process, count int, status int, ask func(worker int, request *fasthttp.Request),
	take func(worker int, response *fasthttp.Response)) (figure, error) {
	return runWith(p, workers, count, status, ask, take)
}

func runWith(p *process, workers, count, status int, ask func(int, *fasthttp.Request),
	take func(int, *fasthttp.Response)) (figure, error) {
	client := &fasthttp.Client{MaxConnsPerHost: workers, ReadTimeout: 30 * time.Second}
	errs := make([]error, workers)
	var all sync.WaitGroup
	waits := make([][]time.Duration, workers)
	began, before, behind := time.Now(), p.cpu(), p.stores.spent()
	for worker := range workers {
		all.Go(func() {
			request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			for range count / workers {
				request.Reset()
				ask(worker, request)
				sent := time.Now()
				if err := client.DoTimeout(request, response, 30*time.Second); err != nil {
					errs[worker] = err
					return
				}
				if response.StatusCode() != status {
					errs[worker] = fmt.Errorf("bench: %s answered %d, not %d", request.URI().Path(), response.StatusCode(), status)
					return
				}
				waits[worker] = append(waits[worker], time.Since(sent))
				if take != nil {
					take(worker, response)
				}
			}
		})
	}
	all.Wait()
	took, used := time.Since(began), p.cpu()-before
	f := figure{each: used / time.Duration(count), rate: float64(count) / took.Seconds(), memory: p.megabytes(),
		p99: percentile(slices.Concat(waits...), 99)}
	f.postgres, f.redis = p.stores.spent().since(behind, count)
	return f, errors.Join(errs...)
}
