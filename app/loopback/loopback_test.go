package loopback

import "testing"

// A name that only looks like this machine is another's: it would be trusted with passwords in the clear.
func TestHost(t *testing.T) {
	t.Parallel()
	for host, ours := range map[string]bool{"localhost": true, "a.localhost": true, "127.0.0.1": true, "127.8.8.8": true,
		"::1": true, "[::1]": true, "::ffff:127.0.0.1": true, "": false, "localhost.example.com": false,
		"127.0.0.1.example.com": false, "notlocalhost": false, "10.0.0.1": false, "0.0.0.0": false, "::": false} {
		if Host(host) != ours {
			t.Errorf("Host(%q) is %t", host, !ours)
		}
	}
}
