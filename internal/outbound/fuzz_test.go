package outbound_test

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/outbound"
)

// FuzzCheckURL checks where an accepted URL leads: to https on port 443, and to an address only
// if it is public. With loopback allowed, it may lead there too.
func FuzzCheckURL(f *testing.F) {
	for _, seed := range []string{
		"https://example.com", "https://example.com:443/x", "https://example.com:8443", "http://example.com", "https://127.0.0.1", "https://localhost", "https://LOCALHOST", "https://localhost.",
		"https://[::1]", "https://[::ffff:10.0.0.1]", "https://[fe80::1%25eth0]", "https://10.0.0.1", "https://0x7f.1", "https://2130706433", "https://u@example.com", "https://example.com#x", "//example.com",
		"https:example.com", "https://", "http://127.0.0.1:8080", "http://127.0.0.1.example", "https://169.254.169.254/latest", "https://example.com:", "https://example.com:0443", "ftp://example.com",
		"https://[64:ff9b::808:808]", "https://[64:ff9b::7f00:1]",
		"http://[::1%250]",
	} {
		f.Add(seed)
	}
	loopback := outbound.Rules{Loopback: true}
	f.Fuzz(func(t *testing.T, raw string) {
		strict, lax := outbound.Rules{}.CheckURL(raw), loopback.CheckURL(raw)
		if strict == nil && lax != nil {
			t.Errorf("CheckURL(%q): got it refused only where loopback is allowed: %v", raw, lax)
		}
		if lax != nil {
			return
		}
		u, err := url.Parse(raw)
		if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
			t.Fatalf("CheckURL(%q): got nil, want it refused: %v", raw, err)
		}
		a, err := netip.ParseAddr(u.Hostname())
		if err == nil && !(outbound.Rules{Loopback: strict != nil}).Reachable(a) {
			t.Errorf("CheckURL(%q): got nil for %v", raw, a)
		}
		if strict == nil && (u.Scheme != "https" || (u.Port() != "" && u.Port() != "443") || strings.EqualFold(u.Hostname(), "localhost")) {
			t.Errorf("CheckURL(%q): got nil, want https on port 443 of another machine", raw)
		}
	})
}
