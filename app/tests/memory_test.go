package tests

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
	"gatehouse/app/tests/testkit/servers"
)

// A few packed zeros would be gigabytes of form.
func TestPackedBodiesAreRefused(t *testing.T) {
	h := testkit.NewHouse(t)
	var body bytes.Buffer
	packed, _ := gzip.NewWriterLevel(&body, gzip.BestSpeed)
	_, _ = io.WriteString(packed, "--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n")
	for range 10 {
		_, _ = packed.Write(make([]byte, 1<<20))
	}
	_, _ = io.WriteString(packed, "\r\n--x--\r\n")
	_ = packed.Close()
	b := h.Browser()
	request := b.Request(http.MethodPost, "/sign-in", nil)
	request.Body, request.ContentLength = io.NopCloser(&body), int64(body.Len())
	request.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	request.Header.Set("Content-Encoding", "gzip")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := b.Send(request)
	runtime.ReadMemStats(&after)
	if err != nil || got.Status != 415 || after.TotalAlloc-before.TotalAlloc > 64<<20 {
		t.Errorf("%d %v, and %d MB were taken", got.Status, err, (after.TotalAlloc-before.TotalAlloc)>>20)
	}
}

// resident is the memory of a process in bytes.
func resident(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		servers.Without(t, "no /proc here: memory cannot be read")
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		if kilobytes, found := strings.CutPrefix(line, "VmHWM:"); found {
			n, _ := strconv.Atoi(strings.Fields(kilobytes)[0])
			return n << 10
		}
	}
	t.Fatal("no VmHWM in /proc")
	return 0
}

// served is the program itself in a process of its own, so that what it takes can be told from what the
// test takes.
func served(t *testing.T, settings ...string) (*testkit.House, int) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "gatehouse")
	if out, err := exec.Command("go", "build", "-o", binary, "gatehouse/app").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	process := exec.Command(binary)
	process.Env = []string{"ADDR=" + address, "APP_URL=http://" + address, "TRUSTED_PROXIES=127.0.0.1", "GOMAXPROCS=2",
		"DATABASE_URL=sqlite://" + filepath.Join(t.TempDir(), "gatehouse.db"),
		"APP_SECRETS=" + testkit.Secret}
	process.Env = append(process.Env, settings...)
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGTERM)
		_ = process.Wait()
	})
	h := &testkit.House{T: t, URL: "http://" + address, From: testkit.AnyAddress(), Clock: &testkit.Clock{}}
	testkit.Eventually(t, "the process answers", func() bool {
		response, err := http.Get(h.URL + "/healthz")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == 200
	})
	return h, process.Process.Pid
}

// The size of a body is judged before it is read: neither a form of a million fields nor a promise of
// megabytes takes memory (denial of service). docs/operations.md names these figures.
func TestBodiesOfStrangersTakeNoMemory(t *testing.T) {
	t.Parallel()
	h, pid := served(t)
	// each once, as an honest visitor
	for _, path := range []string{"/sign-in", "/profile", "/profile/picture", "/nowhere"} {
		h.Browser().Post(path, "email", "a")
	}
	before := resident(t, pid)
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			path := []string{"/sign-in", "/sign-up", "/forgot", "/verify", "/profile", "/auth/apple/callback"}[i%6]
			request, _ := http.NewRequest(http.MethodPost, h.URL+path, strings.NewReader(strings.Repeat("a&", 3<<19)))
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			response, err := http.DefaultClient.Do(request)
			if err != nil { // it was refused while it was still being sent
				return
			}
			defer func() { _ = response.Body.Close() }()
			if response.StatusCode != 413 {
				t.Errorf("%s: %d", path, response.StatusCode)
			}
		})
	}
	all.Wait()
	took := resident(t, pid) - before
	if t.Logf("twelve forms of 3 MB of ampersands took %d KB", took>>10); took > 60<<20 {
		t.Error("that is too much")
	}

	before = resident(t, pid)
	conns := make([]net.Conn, 800)
	for i := range conns {
		conns[i] = dialled(t, h)
		path := []string{"/sign-in", "/profile/picture", "/profile", "/auth/refresh"}[i%4]
		kind := map[bool]string{true: "multipart/form-data; boundary=x",
			false: "application/x-www-form-urlencoded"}[i%4 == 1 || i%4 == 2]
		_, _ = fmt.Fprintf(conns[i], "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: 3000000\r\n\r\na",
			path, kind)
	}
	for _, conn := range conns {
		if response, _ := answered(t, conn); response.StatusCode != 413 && response.StatusCode != 303 {
			t.Fatalf("a promise of 3 MB: %d", response.StatusCode)
		}
	}
	took = resident(t, pid) - before
	if t.Logf("800 promises of 3 MB took %d KB", took>>10); took > 100<<20 {
		t.Error("that is too much")
	}
}

// Only whoever carries a token that we signed may send a picture's worth of bytes: others are asked to sign
// in, before a byte is read.
func TestPicturesOfStrangersAreNotRead(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	owner := h.Browser().SignUp(testkit.Someone())
	picture := append(drawn(300, 300, asPNG), bytes.Repeat([]byte{0}, 1<<20)...)
	for _, path := range []string{"/profile", "/profile/picture"} {
		stranger := h.Browser()
		stranger.Want(uploadTo(stranger, path, picture), 303, "/sign-in?next=%2Fprofile")
		stranger.Keep("access", "forged")
		stranger.Keep("refresh", "forged")
		stranger.Want(uploadTo(stranger, path, picture), 303, "/sign-in?next=%2Fprofile")
		owner.Want(uploadTo(owner, path, picture), 303, "/profile?notice=saved")
		owner.Expire() // the refresh token alone will do: nothing is lost when the access token runs out
		owner.Want(uploadTo(owner, path, picture), 303, "/profile?notice=saved")
	}
	refused := 0
	for range 40 {
		if got := uploadTo(owner, "/profile/picture", picture); got.Status == 429 {
			refused++
		}
	}
	if refused == 0 {
		t.Error("one person sends pictures without end")
	}
}

// Text that grows when it is normalised is measured first (NFKC makes eighteen letters of U+FDFA).
func TestExpandingLettersCostNothing(t *testing.T) {
	t.Parallel()
	h, pid := served(t, "LIMITS=off")
	b, email := h.Browser(), testkit.Someone()
	b.Want(b.Post("/sign-up", "name", "Ada", "email", email, "password", testkit.Password), 303, "/verify")
	b.Want(b.Post("/forgot", "email", email), 303, "/reset")
	ada, mine := h.Browser(), testkit.Someone()
	ada.Want(ada.Post("/sign-up", "name", "Ada", "email", mine, "password", testkit.Password), 303, "/verify")
	ada.Want(ada.Post("/verify", "code", shownCode(h, mine)), 303, "/dashboard")
	for _, size := range []int{900, 5000, 900_000} {
		letters := strings.Repeat("ﷺ", size)
		for _, send := range []struct {
			b     *testkit.Browser
			path  string
			field []string
		}{
			{b, "/sign-in", []string{"email", letters, "password", "x"}}, {b, "/verify", []string{"code", letters}},
			{b, "/sign-up", []string{"name", letters, "email", email, "password", letters}},
			{b, "/reset", []string{"code", letters, "password", letters}}, {b, "/forgot", []string{"email", letters}},
			{ada, "/profile", []string{"section", "details", "name", letters, "phone", letters}},
			{ada, "/profile", []string{"section", "email", "email", letters}},
			{b, "/sign-in?next=/" + url.QueryEscape("ﷺ"), []string{"email", letters}},
		} {
			before := used(t, pid)
			got := send.b.Post(send.path, send.field...)
			if took := used(t, pid) - before; took > 250*time.Millisecond || got.Status != 413 && got.Status != 422 {
				t.Errorf("%d letters to %s %v: %d in %v", size, send.path, send.field[:1], got.Status, took)
			}
		}
	}
}

// used is the processor time of a process so far.
func used(t *testing.T, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		servers.Without(t, "no /proc here: processor time cannot be read")
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	ticks := 0
	for _, field := range fields[11:13] { // utime and stime
		n, _ := strconv.Atoi(field)
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100 // USER_HZ
}

// shownCode waits for a code at /dev/mail, as someone who tries the program does.
func shownCode(h *testkit.House, to string) (code string) {
	h.T.Helper()
	mail := regexp.MustCompile(`To ` + regexp.QuoteMeta(to) + `[^^]*?\b([0-9A-Z]{4}-[0-9A-Z]{4})\b`)
	here := h.Browser()
	here.From = "127.0.0.1"
	testkit.Eventually(h.T, "a code is shown", func() bool {
		found := mail.FindStringSubmatch(here.Get("/dev/mail").Body)
		if found != nil {
			code = found[1]
		}
		return found != nil
	})
	return code
}
