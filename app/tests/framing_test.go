package tests

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
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
