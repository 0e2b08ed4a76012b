// Package loopback knows the names of this machine. What travels no further may go without TLS, and what only
// its own browser may see is asked for by one of these names.
package loopback

import (
	"net/netip"
	"strings"
)

// Host reports whether a name or an address, without a port, is this machine's: 127.0.0.0/8, ::1, localhost and
// whatever ends in .localhost (RFC 6761, 6.3). A name that merely begins so is not (127.0.0.1.example.com).
func Host(host string) bool {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.Unmap().IsLoopback()
}
