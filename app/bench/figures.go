package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/valyala/fasthttp"

	"gatehouse/app/account"
	"gatehouse/app/session"
	"gatehouse/models"
)

const (
	rounds      = 9
	connections = 32 // that ask for pages at once, each somebody else's
)

type measurement func() (figure, error)

// beside takes a measure and the one that it is compared with in turn, so that the machine's moods
// meet both. It keeps the cheapest of each: whatever else the machine did, it did not do that more
// cheaply than it can be done. The ratio is the median of the pairs'.
func beside(name string, ours measurement, bareName string, bare measurement) error {
	var least, leastBare figure
	var ratios []float64
	for range rounds {
		b, err := bare()
		if err != nil {
			return err
		}
		f, err := ours()
		if err != nil {
			return err
		}
		least, leastBare = cheaper(least, f), cheaper(leastBare, b)
		ratios = append(ratios, float64(f.each)/float64(b.each))
	}
	slices.Sort(ratios)
	line(bareName, leastBare, "")
	line(name, least, fmt.Sprintf("%6.2f x bare (%.2f to %.2f)", ratios[rounds/2], ratios[0], ratios[rounds-1]))
	return nil
}

// cheaper is the cheaper of two rounds, all in, and the shorter of their waits.
func cheaper(a, b figure) figure {
	if a.each == 0 || b.all() < a.all() {
		a, b = b, a
	}
	if b.each > 0 {
		a.p99 = min(a.p99, b.p99)
	}
	return a
}

// line is a figure: our own processor time, that of the stores, and all in.
func line(name string, f figure, ratio string) {
	all := f.all()
	if f.postgres == unread {
		all = unread
	}
	fmt.Printf("%-34s %8s %8s %8s %8s %8.1f %8.0f  %s\n", name, micros(f.each), micros(f.postgres), micros(f.redis),
		micros(all), ms(f.p99), f.rate, ratio)
}

func heading() {
	fmt.Printf("%-34s %8s %8s %8s %8s %8s %8s\n", "µs of CPU a request", "ours", "Postgres", "Redis", "all in", "p99 ms",
		"a second")
}

func micros(d time.Duration) string {
	if d == unread {
		return "-"
	}
	return fmt.Sprintf("%.1f", float64(d.Nanoseconds())/1000)
}

func measureRequests(bare, house *process, people []*person) error {
	plain := func() (figure, error) { return run(bare, 20_000, 200, get(bare, "/json", people), nil) }
	warm := func() (figure, error) { return run(house, 20_000, 200, get(house, "/auth/session", people), nil) }
	script := func() (figure, error) { return run(bare, 10_000, 204, scripted(bare), nil) }
	refreshed := func() (figure, error) { return refreshes(house, people, 10_000) }
	page := func(path string) measurement {
		return func() (figure, error) { return runWith(house, connections, 4_000, 200, get(house, path, people), nil) }
	}
	heading()
	if err := beside("GET /auth/session, warm token", warm, "bare Fiber, a small JSON", plain); err != nil {
		return err
	}
	if err := beside("POST /auth/refresh, Redis", refreshed, "bare Fiber, one EVALSHA", script); err != nil {
		return err
	}
	if err := beside("GET /dashboard, 32 connections", page("/dashboard"), "bare Fiber, a small JSON", plain); err != nil {
		return err
	}
	return beside("GET /profile, 32 connections", page("/profile"), "bare Fiber, a small JSON", plain)
}

// get asks as a signed-in browser would.
func get(p *process, path string, people []*person) func(int, *fasthttp.Request) {
	return func(worker int, request *fasthttp.Request) {
		request.SetRequestURI(p.url + path)
		request.Header.SetCookie("access", people[worker].access)
	}
}

func scripted(bare *process) func(int, *fasthttp.Request) {
	return func(worker int, request *fasthttp.Request) {
		request.SetRequestURI(bare.url + "/script")
		request.Header.SetMethod(fasthttp.MethodPost)
		request.Header.Set("X-Key", fmt.Sprint(worker))
	}
}

// refreshes trades each worker's token for the next, in turn.
func refreshes(house *process, people []*person, count int) (figure, error) {
	return run(house, count, 204, func(worker int, request *fasthttp.Request) {
		request.SetRequestURI(house.url + "/auth/refresh")
		request.Header.SetMethod(fasthttp.MethodPost)
		request.Header.SetCookie("refresh", people[worker].refresh)
	}, func(worker int, response *fasthttp.Response) {
		people[worker].access = cookieValue(string(response.Header.PeekCookie("access")))
		people[worker].refresh = cookieValue(string(response.Header.PeekCookie("refresh")))
	})
}

func cookieValue(header string) string {
	_, value, _ := strings.Cut(header, "=")
	value, _, _ = strings.Cut(value, ";")
	return value
}

// measureSignIn compares sign-ins with what the hash alone takes, in turn: in processor time, which a busy machine
// stretches less than the clock's.
func measureSignIn(house *process, people []*person) error {
	const count, concurrent = 128, 64
	var alone time.Duration
	var least figure
	var parts []float64
	for range 3 {
		hash, err := hashAlone(count)
		if err != nil {
			return err
		}
		f, err := runWith(house, concurrent, count, 303, func(worker int, request *fasthttp.Request) {
			request.SetRequestURI(house.url + "/sign-in")
			request.Header.SetMethod(fasthttp.MethodPost)
			request.Header.SetContentType("application/x-www-form-urlencoded")
			request.SetBodyString("email=" + people[worker%len(people)].email + "&password=" +
				strings.ReplaceAll(password, " ", "+"))
		}, nil)
		if err != nil {
			return err
		}
		alone, least = max(alone, hash), cheaper(least, f)
		parts = append(parts, 100*float64(hash)/float64(f.each))
	}
	slices.Sort(parts)
	line("Argon2id alone", figure{each: alone, postgres: unread, redis: unread}, "")
	line("POST /sign-in, 64 at once", least, fmt.Sprintf("%.1f %% is the hash (%.1f to %.1f), %.0f MB",
		parts[1], parts[0], parts[2], least.memory))
	return nil
}

// hashAlone is the processor time of one hash, of count on two goroutines.
func hashAlone(count int) (time.Duration, error) {
	passwords := account.NewPasswords(workers, count, 12)
	hash, err := passwords.Hash(context.Background(), account.Known, password)
	if err != nil {
		return 0, err
	}
	self := &process{command: &exec.Cmd{Process: &os.Process{Pid: os.Getpid()}}}
	before, errs := self.cpu(), make([]error, 2)
	var all sync.WaitGroup
	for half := range errs {
		all.Go(func() {
			for range count / 2 {
				if _, _, err := passwords.Verify(context.Background(), account.Known, hash, password); err != nil {
					errs[half] = err
				}
			}
		})
	}
	all.Wait()
	return (self.cpu() - before) / time.Duration(count), errors.Join(errs...)
}

// measureSessions fills Redis, and repeats the figures that should not grow with it.
func measureSessions(bare, house *process, people []*person, count int) error {
	client, err := session.Dial(os.Getenv("TEST_REDIS_URL"))
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	ctx := context.Background()
	before, err := used(ctx, client)
	if err != nil {
		return err
	}
	store := session.NewRedis(client, 30*time.Second, 10*time.Minute, func() time.Duration { return 0 })
	users := make(chan string, 1000)
	errs := make(chan error, workers)
	for range workers {
		go func() {
			var failed error
			for user := range users {
				_, _, err := store.Start(ctx, models.Session{ID: strings.ReplaceAll(user, "-", "")[:22], UserID: user, Count: 1,
					Idle:       168 * time.Hour,
					Remembered: true, AMR: []string{"pwd"}, Client: "Chrome on Windows", IP: "203.0.113.77",
					Claims: models.Claims{Name: "Ada Lovelace", Email: "ada.lovelace@example.com", EmailVerified: true,
						Roles: models.Roles{"admin"}}}, 720*time.Hour)
				if err != nil {
					failed = err
				}
			}
			errs <- failed
		}()
	}
	for range count {
		users <- uuid.NewString()
	}
	close(users)
	for range workers {
		if err := <-errs; err != nil {
			return err
		}
	}
	after, err := used(ctx, client)
	if err != nil {
		return err
	}
	fmt.Printf("%-44s %8.0f bytes each\n", fmt.Sprintf("%d sessions in Redis", count),
		float64(after-before)/float64(count))
	return measureRequests(bare, house, people)
}

// giveRoles has the sessions of people claim as much as most teams would ask of them.
func giveRoles(people []*person) error {
	client, err := session.Dial(os.Getenv("TEST_REDIS_URL"))
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	store := session.NewRedis(client, 30*time.Second, 10*time.Minute, func() time.Duration { return 0 })
	for _, p := range people {
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(p.access, ".")[1])
		if err != nil {
			return err
		}
		var said struct{ Sub string }
		if err := json.Unmarshal(payload, &said); err != nil {
			return err
		}
		claims := models.Claims{Roles: models.Roles{"admin", "billing", "support"}, Name: "Ada Lovelace", Email: p.email,
			EmailVerified: true, Picture: "0123456789abcdef"}
		if err := store.Rewrite(context.Background(), said.Sub, claims); err != nil {
			return err
		}
	}
	return nil
}

// used is Redis's own count of the memory it holds, in bytes.
func used(ctx context.Context, client redis.UniversalClient) (int64, error) {
	info, err := client.Info(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(info, "used_memory:")
	var bytes int64
	_, err = fmt.Sscan(after, &bytes)
	return bytes, err
}
