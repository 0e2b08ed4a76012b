package tests

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
)

// raw sends bytes to the house and reads one answer.
func raw(t *testing.T, h *testkit.House, request string) (*http.Response, string) {
	t.Helper()
	conn := dialled(t, h)
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return answered(t, conn)
}

func dialled(t *testing.T, h *testkit.House) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	return conn
}

func answered(t *testing.T, conn net.Conn) (*http.Response, string) {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(response.Body)
	return response, string(body)
}

// resident is the memory of a process in bytes.
func resident(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		t.Skip("no /proc here: memory cannot be read")
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
		"APP_SECRETS=a secret for tests only and long enough to be one"}
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

// The browser that sends too much sees the page that says so, not a reset connection; and a form that just
// fits is taken.
func TestTooLargeIsSaid(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	b := h.Browser().SignUp(testkit.Someone())
	large := strings.Repeat("x", 1<<20)
	if got := b.Post("/sign-in", "email", large); got.Status != 413 ||
		!strings.Contains(got.Body, "more than this form takes") {
		t.Errorf("a form of 1 MB: %d %s", got.Status, testkit.Text(got.Body))
	}
	if got := upload(b, bytes.Repeat([]byte("x"), 4<<20)); got.Status != 413 ||
		!strings.Contains(got.Body, "a picture may have 3 MB") {
		t.Errorf("a picture of 4 MB: %d %s", got.Status, testkit.Text(got.Body))
	}
	if got := b.Post("/profile", "section", "details", "name", "Ada", "phone",
		strings.Repeat("1", 15<<10)); got.Status != 422 {
		t.Errorf("a form of 15 KB: %d %s", got.Status, testkit.Text(got.Body))
	}
	if got := b.Post("/sign-in", strings.Split(strings.Repeat("a ", 140), " ")...); got.Status != 400 {
		t.Errorf("a form of 70 fields: %d", got.Status)
	}
	if !b.SignedIn() {
		t.Error("and the session is gone")
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

// uploadTo sends a picture to a route.
func uploadTo(b *testkit.Browser, path string, file []byte) testkit.Answer {
	b.T.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("section", "picture")
	part, _ := form.CreateFormFile("picture", "me.png")
	_, _ = part.Write(file)
	_ = form.Close()
	request := b.Request(http.MethodPost, path, nil)
	request.Body, request.ContentLength = io.NopCloser(&body), int64(body.Len())
	request.Header.Set("Content-Type", form.FormDataContentType())
	got, err := b.Send(request)
	if err != nil {
		b.T.Fatal(err)
	}
	return got
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
		t.Skip("no /proc here: processor time cannot be read")
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

// Requests whose end or host two servers could see in different places are refused, and nothing that comes
// after them on the connection is read (request smuggling).
func TestAmbiguousFramingIsRefused(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	body := "email=a&password=b"
	for name, request := range map[string]string{
		"Transfer-Encoding twice": "POST /sign-in HTTP/1.1\r\nHost: a\r\n" +
			"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"identity, then chunked": "POST /sign-in HTTP/1.1\r\nHost: a\r\n" +
			"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"identity beside a length": "POST /sign-in HTTP/1.1\r\nHost: a\r\n" +
			"Transfer-Encoding: identity\r\nContent-Length: 18\r\n\r\n" + body,
		"Transfer-Encoding in HTTP/1.0": "POST /sign-in HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a length beside chunks": "POST /sign-in HTTP/1.1\r\nHost: a\r\n" +
			"Content-Length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
		"a chunk of 0x0":             "POST /sign-in HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
		"two hosts":                  "GET /sign-in HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"two hosts, one in capitals": "GET /healthz HTTP/1.1\r\nHost: a\r\nHOST: b\r\n\r\n",
		"no host":                    "GET /sign-in HTTP/1.1\r\nAccept: */*\r\n\r\n",
	} {
		conn := dialled(t, h)
		_, _ = io.WriteString(conn, request+"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
		all, _ := io.ReadAll(conn)
		first, _, _ := strings.Cut(string(all), "\r\n")
		if !strings.HasPrefix(first, "HTTP/1.1 400") && !strings.HasPrefix(first, "HTTP/1.1 411") ||
			strings.Count(string(all), "HTTP/1.1 ") != 1 {
			t.Errorf("%s: %s, and %d answers", name, first, strings.Count(string(all), "HTTP/1.1 "))
		}
	}
	for name, request := range map[string]string{
		"a health check of HTTP/1.0": "GET /healthz HTTP/1.0\r\n\r\n",
		"a plain request":            "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n",
	} {
		if response, _ := raw(t, h, request); response.StatusCode != 200 {
			t.Errorf("%s: %d", name, response.StatusCode)
		}
	}
}

// A flood of requests that are refused leaves no more lines in the log than there are seconds in it.
func TestForgedRefreshesFillNoLog(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	b := h.Browser()
	b.Keep("refresh", "AQ")
	statuses := map[int]int{}
	for range 300 {
		b.Keep("refresh", "AQ") // the answer takes it
		statuses[b.Post("/auth/refresh").Status]++
	}
	if statuses[401] > 260 || statuses[429] < 40 {
		t.Errorf("answers %v", statuses)
	}
	if lines := strings.Count(h.Logs.String(), "kind=refresh_refused"); lines == 0 || lines > 12 {
		t.Errorf("%d lines of 300 forged tokens", lines)
	}
	other := h.Browser()
	other.From = testkit.AnyAddress()
	other.Keep("refresh", "AQ")
	if got := other.Post("/auth/refresh"); got.Status != 401 {
		t.Errorf("another client: %d", got.Status)
	}
}

// Every form is bounded in its size, its fields and its rate: whichever route a client chooses, it is refused
// after a while, and told how long to wait.
func TestEveryFormIsBounded(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t, "LIMITS=on")
	member := h.Member(testkit.Someone())
	many := strings.Split(strings.Repeat("a b ", 70), " ")
	for _, route := range h.Web.GetRoutes(true) {
		if route.Method != http.MethodPost {
			continue
		}
		t.Run(route.Path, func(t *testing.T) {
			path := strings.Replace(route.Path, ":provider", "google", 1)
			b := member.Copy()
			b.T, b.From = t, testkit.AnyAddress()
			if got := b.Post(path, "a", strings.Repeat("x", 17<<10)); got.Status != 413 {
				t.Errorf("17 KB: %d", got.Status)
			}
			if got := b.Post(path, many...); got.Status != 400 && path != "/auth/refresh" { // which reads no form
				t.Errorf("70 fields: %d", got.Status)
			}
			if path == "/auth/sign-out" || path == "/auth/refresh" {
				b = h.Browser() // the session is for the others
				b.T, b.From = t, testkit.AnyAddress()
			}
			for range 2600 {
				if path == "/auth/refresh" {
					b.Keep("refresh", "AQ") // the answer takes it
				}
				got := b.Post(path, "email", "nobody")
				if got.Status != http.StatusTooManyRequests {
					continue
				}
				if got.Header.Get("Retry-After") == "" {
					t.Error("and is not told how long to wait")
				}
				return
			}
			t.Error("posted without end")
		})
	}
}
