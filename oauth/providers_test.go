package oauth

import (
	"net/url"
	"strings"
	"testing"
)

func TestTrusted(t *testing.T) {
	t.Parallel()
	mine := builtIn(nil)[google]
	for _, c := range []struct {
		facts facts
		said  claims
		want  bool
	}{
		{mine, claims{Email: "ann@gmail.com"}, true},
		{mine, claims{Email: "ann@corp.example", HD: "corp.example"}, true},
		{mine, claims{Email: "ann@corp.example"}, false},
		{mine, claims{Email: "ann@corp.example", HD: "evil.example"}, false},
		{custom(Config{Provider: "corp"}), claims{Email: "ann@gmail.com"}, false},
		{custom(Config{Provider: "corp", TrustEmail: true}), claims{Email: "ann@corp.example"}, true},
	} {
		if got := c.facts.trusted(c.said); got != c.want {
			t.Errorf("trusted(%+v): got %v, want %v", c.said, got, c.want)
		}
	}
}

func TestOwnIssuer(t *testing.T) {
	t.Parallel()
	pattern := facts{issuer: "https://login.example/{tenant}/v2.0", tenants: true}
	for iss, want := range map[string]bool{
		"https://login.example/9188040d-6c67/v2.0": true, "https://login.example/a.example/v2.0": true,
		"https://login.example/{tenant}/v2.0": false, "https://login.example//v2.0": false, "https://login.example/a/b/v2.0": false,
		"https://login.example/a/v2.0/": false, "https://evil.example/a/v2.0": false, "https://login.example/a?x/v2.0": false, "https://login.example/v2.0": false, "": false,
	} {
		if got := pattern.ownIssuer(iss); got != want {
			t.Errorf("ownIssuer(%q): got %v, want %v", iss, got, want)
		}
	}
	for _, c := range []struct {
		provider, custom, issuer string
		want                     bool
	}{
		{github, "", "https://github.com", true}, {google, "", "https://accounts.google.com", true}, {github, "https://github.com/x", "https://github.com/x", false},
		{"corp", "https://corp.example", "https://corp.example", true}, {"corp", "https://corp.example", "https://corp.example/", false},
	} {
		if got := Issues(c.provider, c.custom, c.issuer); got != c.want {
			t.Errorf("Issues(%q, %q, %q): got %v, want %v", c.provider, c.custom, c.issuer, got, c.want)
		}
	}
}

// FuzzValidName checks that a valid name is not one of the words that a path has in the same
// place.
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
