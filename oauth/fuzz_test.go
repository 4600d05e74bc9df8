package oauth

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// A URL that a developer gives leads to https on its own port, to no address that is not a
// public one; with loopback allowed, to that besides.
func FuzzCheckURL(f *testing.F) {
	for _, seed := range []string{
		"https://example.com", "https://example.com:443/x", "https://example.com:8443", "http://example.com", "https://127.0.0.1", "https://localhost", "https://LOCALHOST", "https://localhost.",
		"https://[::1]", "https://[::ffff:10.0.0.1]", "https://[fe80::1%25eth0]", "https://10.0.0.1", "https://0x7f.1", "https://2130706433", "https://u@example.com", "https://example.com#x", "//example.com",
		"https:example.com", "https://", "http://127.0.0.1:8080", "http://127.0.0.1.example", "https://169.254.169.254/latest", "https://example.com:", "https://example.com:0443", "ftp://example.com",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		strict, lax := checkURL(raw, false), checkURL(raw, true)
		if strict == nil && lax != nil {
			t.Errorf("checkURL(%q): got it refused only where loopback is allowed: %v", raw, lax)
		}
		if lax != nil {
			return
		}
		u, err := url.Parse(raw)
		if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
			t.Fatalf("checkURL(%q): got nil, want it refused: %v", raw, err)
		}
		a, err := netip.ParseAddr(u.Hostname())
		if err == nil && !public(a, strict != nil) {
			t.Errorf("checkURL(%q): got nil for %v", raw, a)
		}
		if strict == nil && (u.Scheme != "https" || (u.Port() != "" && u.Port() != "443") || strings.EqualFold(u.Hostname(), "localhost")) {
			t.Errorf("checkURL(%q): got nil, want https on port 443 of another machine", raw)
		}
	})
}

// A name that is taken is none of those that stand in the same place of a path.
func FuzzValidName(f *testing.F) {
	for _, seed := range []string{"corp", "github", "verify", "a", "ab", "A-b", "a_b", "a/b", "é", strings.Repeat("a", 32), strings.Repeat("a", 33), "--", "token", "mfa"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !ValidName(s) {
			return
		}
		if len(s) < 2 || len(s) > 32 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || url.PathEscape(s) != s {
			t.Errorf("ValidName(%q): got true", s)
		}
	})
}
