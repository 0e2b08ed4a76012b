package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	attackRate = 200 // sign-ins a second, each from an address of its own
	attackFor  = 20 * time.Second
	inFlight   = 400
)

// measureAttack is how long an owner waits to get in while strangers sign in at 200 a second: aimed at her
// account, and spread over everyone's. Limits are on; the generator shares the processors.
func measureAttack(binary, folder string) error {
	for _, aimed := range []bool{true, false} {
		house, err := startHouse(binary, folder, "LIMITS=on", "TRUSTED_PROXIES=127.0.0.1",
			"DATABASE_URL="+os.Getenv("TEST_DATABASE_URL"), "REDIS_URL="+os.Getenv("TEST_REDIS_URL"))
		if err != nil {
			return err
		}
		err = attack(house, aimed)
		house.stop()
		if err != nil {
			return err
		}
	}
	return nil
}

func attack(house *process, aimed bool) error {
	people, err := signUpMany(house, 1)
	if err != nil {
		return err
	}
	owner := people[0].email
	known := []*http.Client{people[0].client}
	for range 4 {
		another := visitor()
		if to, err := enter(another, house, owner, password, ""); err != nil || to != "/dashboard" {
			return fmt.Errorf("bench: a browser of the owner is led to %q: %w", to, err)
		}
		known = append(known, another)
	}
	target, where := func() string { return owner }, "aimed at her account"
	if !aimed {
		target, where = func() string { return fmt.Sprintf("nobody%d@example.com", rand.Uint64()) }, "spread over accounts"
	}
	var statuses [600]atomic.Int64
	over := time.Now().Add(attackFor)
	var strangers sync.WaitGroup
	strangers.Go(func() { flood(house, over, target, &statuses) })
	time.Sleep(time.Second) // until the flood stands
	var waits, fresh []time.Duration
	used := ""
	for time.Now().Add(2 * time.Second).Before(over) {
		wait, err := waited(func() error { return again(known[len(waits)%len(known)], house, owner) })
		if err != nil {
			return err
		}
		if waits = append(waits, wait); len(waits)%8 == 0 {
			wait, err := waited(func() error { return anew(house, owner, &used) })
			if err != nil {
				return err
			}
			fresh = append(fresh, wait)
		}
		time.Sleep(400 * time.Millisecond)
	}
	strangers.Wait()
	fmt.Printf("%-44s %8.0f ms p95 of %d\n", "known browser, 200 sign-ins/s "+where, ms(percentile(waits, 95)), len(waits))
	fmt.Printf("%-44s %8.0f ms longest of %d\n", "new browser, code by mail and password", ms(slices.Max(fresh)),
		len(fresh))
	fmt.Printf("%-44s %v\n", "what the strangers were answered", counts(&statuses))
	return nil
}

// flood signs in from ever new addresses, as fast as it was told and no faster.
func flood(house *process, over time.Time, target func() string, statuses *[600]atomic.Int64) {
	client := &http.Client{Timeout: 20 * time.Second, CheckRedirect: stay,
		Transport: &http.Transport{MaxIdleConnsPerHost: inFlight}}
	room := make(chan struct{}, inFlight)
	var all sync.WaitGroup
	tick := time.NewTicker(time.Second / attackRate)
	defer tick.Stop()
	for time.Now().Before(over) {
		<-tick.C
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			form := url.Values{"email": {target()}, "password": {"a wrong way to the gatehouse"}}
			if response, err := send(client, house.url+"/sign-in", form, anyAddress()); err == nil {
				statuses[response.StatusCode].Add(1)
			}
		})
	}
	all.Wait()
}

func anyAddress() string {
	return fmt.Sprintf("%d.%d.%d.%d", 11+rand.IntN(80), rand.IntN(256), rand.IntN(256), 1+rand.IntN(254))
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func visitor() *http.Client {
	jar, _ := cookiejar.New(nil)
	return &http.Client{Jar: jar, Timeout: 20 * time.Second, CheckRedirect: stay}
}

// send posts a form and throws the page away.
func send(client *http.Client, address string, form url.Values, from string) (*http.Response, error) {
	request, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("X-Forwarded-For", from)
	response, err := client.Do(request)
	if err == nil {
		err = response.Body.Close()
	}
	return response, err
}

// enter signs in, or asks for a code with action=code, and says where that leads; "" for an answer that
// leads nowhere.
func enter(client *http.Client, house *process, email, password, action string) (string, error) {
	form := url.Values{"email": {email}, "password": {password}, "remember": {"on"}, "action": {action}}
	response, err := send(client, house.url+"/sign-in", form, anyAddress())
	if err != nil {
		return "", err
	}
	return response.Header.Get("Location"), nil
}

// again signs in a browser that has been here before.
func again(client *http.Client, house *process, email string) error {
	to, err := enter(client, house, email, password, "")
	if err == nil && to != "/dashboard" {
		err = fmt.Errorf("bench: a known browser is led to %q", to)
	}
	return err
}

// anew signs in a new browser: by the password alone where that is taken, otherwise with a mailed code.
func anew(house *process, email string, used *string) error {
	client := visitor()
	to, err := enter(client, house, email, password, "")
	if err != nil || to == "/dashboard" {
		return err
	}
	if to != "/verify" { // 503: the strangers' lane is full, and the page offers a code
		if _, err := enter(client, house, email, "", "code"); err != nil {
			return err
		}
	}
	code, err := codeFor(client, house, email, "Your code to sign in", *used)
	if err != nil {
		return err
	}
	*used = code
	response, err := send(client, house.url+"/verify", url.Values{"code": {code}, "password": {password}}, anyAddress())
	if err == nil && response.Header.Get("Location") != "/dashboard" {
		err = fmt.Errorf("bench: a new browser with its code is answered %s", response.Status)
	}
	return err
}

func waited(what func() error) (time.Duration, error) {
	began := time.Now()
	err := what()
	return time.Since(began), err
}

func percentile(waits []time.Duration, percent int) time.Duration {
	if len(waits) == 0 {
		return 0
	}
	slices.Sort(waits)
	return waits[len(waits)*percent/100]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func counts(statuses *[600]atomic.Int64) string {
	var said []string
	for status := range statuses {
		if n := statuses[status].Load(); n > 0 {
			said = append(said, fmt.Sprintf("%d: %d", status, n))
		}
	}
	return strings.Join(said, ", ")
}
