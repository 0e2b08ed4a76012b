package testkit

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// Announces posts no more than the header of a form of so many bytes. Too many are refused by it
// alone; a client that goes on writing may find the connection closed before it reads why.
func (b *Browser) Announces(path string, size int) Answer {
	b.T.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(b.House.URL, "http://"))
	if err != nil {
		b.T.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	_, _ = fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: localhost\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n", path, size)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		b.T.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.T.Fatal(err)
	}
	return Answer{response.StatusCode, response.Header, string(body)}
}
