package web

import (
	"bytes"
	"net"
	"time"

	"github.com/valyala/fasthttp"
)

// RejectAmbiguousFraming refuses requests whose end, or whose host, two servers on the way could read differently
// (request smuggling; RFC 9112, 3.2, 6.1 and 11.2). fasthttp takes Transfer-Encoding twice, on HTTP/1.0
// and with sizes like 0x0; no browser and no proxy in front of a form needs it, so there is none here.
func RejectAmbiguousFraming(serve fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		if status := misframed(&c.Request.Header); status != 0 {
			c.Error(fasthttp.StatusMessage(status), status)
			c.SetConnectionClose()
			return
		}
		serve(c)
	}
}

// misframed is the status to refuse a request with, or 0.
func misframed(header *fasthttp.RequestHeader) int {
	hosts := 0
	for lines := header.RawHeaders(); len(lines) > 0; {
		line := lines
		if end := bytes.IndexByte(lines, '\n'); end >= 0 {
			line, lines = lines[:end], lines[end+1:]
		} else {
			lines = nil
		}
		switch {
		case named(line, "host"):
			hosts++
		case named(line, "transfer-encoding"):
			return fasthttp.StatusLengthRequired
		}
	}
	if hosts > 1 || hosts == 0 && header.IsHTTP11() {
		return fasthttp.StatusBadRequest
	}
	return 0
}

// named reports whether a header line has this name, in small letters.
func named(line []byte, name string) bool {
	if len(line) <= len(name) || line[len(name)] != ':' || line[0]|0x20 != name[0] {
		return false
	}
	return bytes.EqualFold(line[:len(name)], []byte(name))
}

// What is read of a body that is too large, so that the browser that sends it sees the answer instead of a
// reset connection.
const (
	drainMost   = 16 << 20
	drainWithin = 3 * time.Second
	drainQuiet  = 500 * time.Millisecond
)

// drain reads the rest of a body for a moment, and keeps none of it.
func drain(conn net.Conn) {
	var scrap [4 << 10]byte
	over := time.Now().Add(drainWithin)
	for read := 0; read < drainMost && time.Now().Before(over); {
		if conn.SetReadDeadline(time.Now().Add(drainQuiet)) != nil {
			return
		}
		n, err := conn.Read(scrap[:])
		if err != nil {
			return
		}
		read += n
	}
}
