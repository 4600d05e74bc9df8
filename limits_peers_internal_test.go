package authkit

import "testing"

// The gate does not use the client that a backend names: the app stands for all of them, so
// that no client can be named to take another one's turn.
func TestGatePeer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		who  Client
		want string
	}{
		"an address":                  {Client{IP: "203.0.113.7"}, "203.0.113.7"},
		"IPv6, by its /48":            {Client{IP: "2001:db8:1:2::3"}, "2001:db8:1::/48"},
		"a peer without an address":   {Client{IP: "local"}, "local"},
		"a Go caller that tells none": {Client{}, ""},
		"what a backend tells":        {Client{IP: "203.0.113.7", forwarder: "console:x"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.who.gatePeer(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
