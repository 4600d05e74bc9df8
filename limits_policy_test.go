package authkit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

// limitHeaders returns the headers of an answer that report limits.
func limitHeaders(a answer) string {
	return fmt.Sprintf("%s|%s|%s", a.Header().Get("Ratelimit-Policy"), a.Header().Get("Ratelimit"), a.Header().Get("Retry-After"))
}

func TestAnswersTellTheLimit(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.settings(authkit.AppPatch{Limits: &authkit.AppLimits{Mail: "2/h/ip", SignUp: "1/d/ip"}})
	w.signUp("ann@example.com")
	id := w.app.ID.String()
	mailTo := func(email string) answer { return w.send("POST", "/auth/magic-link/"+id, `{"email":"`+email+`"}`) }
	for _, c := range []struct {
		name string
		got  answer
		code int
		want string
	}{
		{"a sign-in", w.send("POST", "/auth/credentials/"+id, signInBody("ann@example.com", password, "")), 200, `"credentials/ip";q=20;w=60||`},
		{"a refusal", w.wrong(id, "ann@example.com"), 401, `"credentials/ip";q=20;w=60||`},
		{"the same for an unknown address", w.wrong(id, "bob@example.com"), 401, `"credentials/ip";q=20;w=60||`},
		{"what cannot be read", w.send("POST", "/auth/credentials/"+id, "x"), 400, `"credentials/ip";q=20;w=60||`},
		{"an app's own limit", mailTo("ann@example.com"), 202, `"mail/ip";q=2;w=3600||`},
		{"the same for another address", mailTo("bob@example.com"), 202, `"mail/ip";q=2;w=3600||`},
		{"one that is full", mailTo("ann@example.com"), 429, `"mail/ip";q=2;w=3600|"mail/ip";r=0;t=1800|1800`},
		{"one inside a flow", w.send("POST", "/auth/credentials/"+id, signInBody("eve@example.com", password, "")), 429, `"signup/ip";q=1;w=86400|"signup/ip";r=0;t=86400|86400`},
		{"an unknown app", w.wrong("0190b3a2-7c1e-7abc-8def-0123456789ab", "ann@example.com"), 404, "||"},
		{"what is not limited", w.send("GET", "/healthz", ""), 200, "||"},
	} {
		if got := limitHeaders(c.got); c.got.Code != c.code || got != c.want {
			t.Errorf("%s: got %d with %s, want %d with %s", c.name, c.got.Code, got, c.code, c.want)
		}
	}
	t.Run("the wait is never told too short", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		w.clock.Advance(time.Hour)
		flood(t, func(i int) answer { return w.wrong(w.app.ID.String(), w.nth(i)) })
		w.clock.Advance(900 * time.Millisecond)
		if got := limitHeaders(w.wrong(w.app.ID.String(), w.nth(0))); !strings.HasSuffix(got, `"credentials/ip";r=0;t=3|3`) {
			t.Errorf("2.1 s before there is room: got %s, want 3 s", got)
		}
	})
	t.Run("with limits off there is none to tell", func(t *testing.T) {
		t.Parallel()
		w := setup(t, withoutLimits)
		if got := limitHeaders(w.wrong(w.app.ID.String(), "ann@example.com")); got != "||" {
			t.Errorf("got %s, want none", got)
		}
	})
}

// The headers of a limit must not reveal what others ask about an address. A known address with
// many requests and an unknown one look alike, before the limit is exhausted and after.
func TestTheLimitOfAnAddressTellsNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.signUp("ann@example.com")
	w.clock.Advance(time.Hour)
	id := w.app.ID.String()
	asked := func(email string) (out []string) {
		for i := range 11 {
			got := w.from(fmt.Sprintf("198.51.100.%d:1", i)).wrong(id, email)
			got.Header().Del("X-Request-ID")
			out = append(out, fmt.Sprint(got.Code, got.Header()))
		}
		return out
	}
	known, unknown := asked("ann@example.com"), asked("bob@example.com")
	if fmt.Sprint(known) != fmt.Sprint(unknown) {
		t.Errorf("known: got\n%s, want it like unknown:\n%s", strings.Join(known, "\n"), strings.Join(unknown, "\n"))
	}
	if !strings.HasPrefix(known[9], "401 ") || !strings.HasPrefix(known[10], "429 ") || !strings.Contains(known[10], `"credentials/email";r=0;t=6`) {
		t.Errorf("the last two: got %q, want a 401 and a 429 by address", known[9:])
	}
	if known[0] != known[9] {
		t.Errorf("the tenth: got %s, want it like the first: %s", known[9], known[0])
	}
}
