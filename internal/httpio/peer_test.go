package httpio_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// sender returns the part of a Sender that most tests check.
func sender(r *http.Request, trusted []netip.Prefix) (key, addr string, stranger bool) {
	s := httpio.Proxies{Ranges: trusted}.Sender(r)
	return s.Key, s.Addr, s.UntrustedHeader
}

func TestSender(t *testing.T) {
	t.Parallel()
	tcp := httpio.Proxies{Ranges: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	unix := tcp
	unix.Local = true
	const proxy = "10.0.0.1:1"
	for name, c := range map[string]struct {
		by                httpio.Proxies
		remote, forwarded string
		want              httpio.Sender
	}{
		"a peer":                               {tcp, "203.0.113.9:1", "", httpio.Sender{Addr: "203.0.113.9", Key: "203.0.113.9"}},
		"an untrusted peer that forwards":      {tcp, "203.0.113.9:1", "198.51.100.1", httpio.Sender{Addr: "203.0.113.9", Key: "203.0.113.9", UntrustedHeader: true}},
		"behind a proxy":                       {tcp, proxy, "198.51.100.1", httpio.Sender{Addr: "198.51.100.1", Key: "198.51.100.1"}},
		"behind two proxies":                   {tcp, proxy, "192.0.2.66, 198.51.100.1, 10.0.0.2", httpio.Sender{Addr: "198.51.100.1", Key: "198.51.100.1"}},
		"a proxy itself":                       {tcp, proxy, "", httpio.Sender{Addr: "10.0.0.1", Key: "10.0.0.1"}},
		"a proxy with an empty header":         {tcp, proxy, " ", httpio.Sender{Addr: "10.0.0.1", Key: "10.0.0.1"}},
		"IPv6":                                 {tcp, "[2001:db8:1:2:3::4]:1", "", httpio.Sender{Addr: "2001:db8:1:2:3::4", Key: "2001:db8:1:2::/64"}},
		"IPv4 mapped into IPv6":                {tcp, "[::ffff:203.0.113.9]:1", "", httpio.Sender{Addr: "203.0.113.9", Key: "203.0.113.9"}},
		"an address with a port":               {tcp, proxy, "198.51.100.7:51000", httpio.Sender{Addr: "198.51.100.7", Key: "198.51.100.7"}},
		"IPv6 in brackets with a port":         {tcp, proxy, "[2001:db8:7::1]:443", httpio.Sender{Addr: "2001:db8:7::1", Key: "2001:db8:7::/64"}},
		"IPv6 in brackets":                     {tcp, proxy, "[2001:db8:7::1]", httpio.Sender{Addr: "2001:db8:7::1", Key: "2001:db8:7::/64"}},
		"a proxy's own address with a port":    {tcp, proxy, "198.51.100.7, 10.0.0.1:4444", httpio.Sender{Addr: "198.51.100.7", Key: "198.51.100.7"}},
		"mapped, in brackets, with a port":     {tcp, proxy, "[::ffff:198.51.100.7]:1", httpio.Sender{Addr: "198.51.100.7", Key: "198.51.100.7"}},
		"a zone":                               {tcp, proxy, "[fe80::1%eth0]:1", httpio.Sender{Addr: "fe80::1", Key: "fe80::/64"}},
		"no address":                           {tcp, proxy, "unknown", httpio.Sender{Addr: "10.0.0.1", Key: "10.0.0.1", Unreadable: "unknown"}},
		"no address behind a proxy":            {tcp, proxy, "198.51.100.7, _hidden, 10.0.0.2", httpio.Sender{Addr: "10.0.0.2", Key: "10.0.0.2", Unreadable: " _hidden"}},
		"no address before a valid one":        {tcp, proxy, "unknown, 198.51.100.7", httpio.Sender{Addr: "198.51.100.7", Key: "198.51.100.7"}},
		"an empty part":                        {tcp, proxy, "198.51.100.7,", httpio.Sender{Addr: "10.0.0.1", Key: "10.0.0.1", Unreadable: "(empty)"}},
		"a port out of range":                  {tcp, proxy, "198.51.100.7:99999", httpio.Sender{Addr: "10.0.0.1", Key: "10.0.0.1", Unreadable: "198.51.100.7:99999"}},
		"IPv4 in brackets":                     {tcp, proxy, "[198.51.100.7]", httpio.Sender{Addr: "10.0.0.1", Key: "10.0.0.1", Unreadable: "[198.51.100.7]"}},
		"a missing bracket":                    {tcp, proxy, "[2001:db8::1", httpio.Sender{Addr: "10.0.0.1", Key: "10.0.0.1", Unreadable: "[2001:db8::1"}},
		"a Unix socket":                        {tcp, "@", "", httpio.Sender{Key: "local"}},
		"a Unix socket that forwards":          {tcp, "@", "198.51.100.1", httpio.Sender{Key: "local", UntrustedHeader: true}},
		"a trusted Unix socket":                {unix, "", "198.51.100.1:7", httpio.Sender{Addr: "198.51.100.1", Key: "198.51.100.1"}},
		"a trusted Unix socket, two proxies":   {unix, "@", "198.51.100.1, 10.0.0.2", httpio.Sender{Addr: "198.51.100.1", Key: "198.51.100.1"}},
		"a trusted Unix socket without header": {unix, "@", "", httpio.Sender{Key: "local"}},
		"a trusted Unix socket, no address":    {unix, "@", "unix:", httpio.Sender{Key: "local", Unreadable: "unix:"}},
		"TCP where Unix sockets are trusted":   {unix, "203.0.113.9:1", "198.51.100.1", httpio.Sender{Addr: "203.0.113.9", Key: "203.0.113.9", UntrustedHeader: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = c.remote
			if c.forwarded != "" {
				r.Header.Set("X-Forwarded-For", c.forwarded)
			}
			if got := c.by.Sender(r); got != c.want {
				t.Errorf("from %q with %q: got %+v, want %+v", c.remote, c.forwarded, got, c.want)
			}
		})
	}
}

func TestPeerNets(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string][]string{
		"203.0.113.9":            {"203.0.113.9 x1"},
		"::ffff:203.0.113.9":     {"203.0.113.9 x1"},
		"2001:db8:1:23ff:4::5":   {"2001:db8:1:23ff::/64 x1", "2001:db8:1:2300::/56 x4", "2001:db8:1::/48 x16"},
		"":                       {"local x1"},
		"no address":             {"local x1"},
		"203.0.113.9:4711":       {"203.0.113.9 x1"},
		"[2001:db8:1:23ff::5]:1": {"2001:db8:1:23ff::/64 x1", "2001:db8:1:2300::/56 x4", "2001:db8:1::/48 x16"},
		"2001:db8:1:23ff:4::%5":  {"2001:db8:1:23ff::/64 x1", "2001:db8:1:2300::/56 x4", "2001:db8:1::/48 x16"},
	} {
		var got []string
		for _, n := range httpio.PeerNets(addr) {
			got = append(got, fmt.Sprintf("%s x%d", n.Key, n.Times))
		}
		if !slices.Equal(got, want) {
			t.Errorf("PeerNets(%q): got %q, want %q", addr, got, want)
		}
	}
}
