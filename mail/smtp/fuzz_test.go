package smtp

import (
	"net"
	"net/url"
	"strings"
	"testing"
)

// FuzzParse checks that an accepted URL is read the same after it is written again, and that
// the error of a refused one does not hold the password.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"smtp://u:p@h.example:587", "smtps://h.example:465", "smtp://127.0.0.1:25", "smtp://[::1]:25", "smtp://localhost:25/", "smtp://localhost.evil.example:25", "http://h:1", "smtp://h",
		"smtp://u:secret@h:x", "smtp://u:secret@h:1/path", "smtp://u:s%40e@h:1", "smtp://u@h:1", "SMTP://h:1", "smtp://h:1?x", "smtp://h:1#x", "smtp:h:1", "smtps://u:secret@:1", "smtp://u:p@h:1@i:2", "://", "smtp://h:99999", "smtp://h:",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		c, err := Parse(raw)
		if err != nil {
			if u, err2 := url.Parse(raw); err2 == nil {
				pw, ok := u.User.Password()
				if ok && len(pw) > 5 && !strings.Contains(strings.Replace(raw, pw, "", 1), pw) && strings.Contains(err.Error(), pw) {
					t.Errorf("Parse(%q): got %q, want it without the password", raw, err)
				}
			}
			return
		}
		host, port, err := net.SplitHostPort(c.Addr)
		if err != nil || host == "" || port == "" {
			t.Fatalf("Parse(%q): got address %q, %v", raw, c.Addr, err)
		}
		u := url.URL{Scheme: "smtp", Host: c.Addr}
		switch c.TLS {
		case Implicit:
			u.Scheme = "smtps"
		case Opportunistic:
			if !loopback(host) {
				t.Errorf("Parse(%q): got no need of TLS for %q", raw, host)
			}
		case STARTTLS:
			if loopback(host) {
				t.Errorf("Parse(%q): got a need of TLS for %q", raw, host)
			}
		}
		u.User = url.UserPassword(c.Username, c.Password)
		again, err := Parse(u.String())
		if err != nil || again != c {
			t.Errorf("Parse(%q): got %+v, and written again as %q %+v, %v", raw, c, &u, again, err)
		}
	})
}
