package web

import (
	"net/netip"
	"strings"
	"testing"
)

func prefixes(list string) []netip.Prefix {
	var all []netip.Prefix
	for text := range strings.FieldsSeq(list) {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

func TestClientIsTheRightmostUntrustedHop(t *testing.T) {
	for _, c := range []struct{ socket, chain, trusted, want string }{
		{"198.51.100.1", "", "", "198.51.100.1"},
		{"198.51.100.1", "203.0.113.5", "", "198.51.100.1"},
		{"198.51.100.1", "203.0.113.5", "10.0.0.0/8", "198.51.100.1"},
		{"10.0.0.1", "203.0.113.5", "10.0.0.0/8", "203.0.113.5"},
		{"10.0.0.1", "1.1.1.1, 203.0.113.5", "10.0.0.0/8", "203.0.113.5"},
		{"10.0.0.1", "1.1.1.1,203.0.113.5 ,10.9.9.9", "10.0.0.0/8", "203.0.113.5"},
		{"10.0.0.1", "10.1.1.1, 10.2.2.2", "10.0.0.0/8", "10.1.1.1"},
		{"10.0.0.1", "", "10.0.0.0/8", "10.0.0.1"},
		{"10.0.0.1", "not an address", "10.0.0.0/8", "10.0.0.1"},
		{"10.0.0.1", "203.0.113.5, ", "10.0.0.0/8", "10.0.0.1"},
		{"10.0.0.1", "203.0.113.5:443", "10.0.0.0/8", "203.0.113.5"},
		{"10.0.0.1", "[2001:db8::5]:443", "10.0.0.0/8", "2001:db8::5"},
		{"10.0.0.1", "::ffff:203.0.113.5", "10.0.0.0/8", "203.0.113.5"},
		{"10.0.0.1", "::ffff:10.0.0.2", "10.0.0.0/8", "10.0.0.2"},
		{"fd00::1", "2001:db8::5", "fd00::/8", "2001:db8::5"},
		{"10.0.0.1", "fe80::1%eth0", "10.0.0.0/8", "fe80::1"},
	} {
		if got := forwarded(netip.MustParseAddr(c.socket), c.chain, prefixes(c.trusted)); got.String() != c.want {
			t.Errorf("socket %s, chain %q, trusted %q: %s, want %s", c.socket, c.chain, c.trusted, got, c.want)
		}
	}
}

// What stands left of an untrusted hop never changes the answer: the client wrote it.
func FuzzForwarded(f *testing.F) {
	f.Add("1.1.1.1", "203.0.113.5")
	f.Add("10.0.0.1, x", "10.0.0.2")
	f.Add("", "::1")
	trusted, socket := prefixes("10.0.0.0/8 fd00::/8"), netip.MustParseAddr("10.0.0.1")
	f.Fuzz(func(t *testing.T, claimed, last string) {
		nearest := last[strings.LastIndexByte(last, ',')+1:] // a comma in last makes two hops of it
		hop, err := netip.ParseAddr(strings.TrimSpace(nearest))
		got := forwarded(socket, claimed+","+last, trusted)
		if !got.IsValid() || got.Is4In6() || got.Zone() != "" {
			t.Fatalf("%q, %q: %s", claimed, last, got)
		}
		if err == nil && !contains(trusted, hop.Unmap().WithZone("")) && got != hop.Unmap().WithZone("") {
			t.Fatalf("%q claims to stand before %s, and is believed: %s", claimed, hop, got)
		}
		if forwarded(netip.MustParseAddr("192.0.2.1"), claimed+","+last, trusted) != netip.MustParseAddr("192.0.2.1") {
			t.Fatal("an untrusted socket is believed")
		}
	})
}
