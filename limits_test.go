package authkit_test

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// flood sends until it is refused, at most a thousand times. It returns how many got through
// and the seconds that the refusal says to wait.
func flood(t *testing.T, send func(i int) answer) (through, wait int) {
	t.Helper()
	for i := range 1000 {
		got := send(i)
		if got.Code != 429 {
			continue
		}
		got.want(t, 429, "rate_limited")
		wait, err := strconv.Atoi(got.Header().Get("Retry-After"))
		if err != nil || wait < 1 {
			t.Fatalf("Retry-After: got %q, want seconds", got.Header().Get("Retry-After"))
		}
		return i, wait
	}
	t.Fatal("got a thousand through, want a limit")
	return 0, 0
}

// wrong tries a wrong password.
func (w *world) wrong(app, email string) answer {
	return w.send("POST", "/auth/credentials/"+app, signInBody(email, "another passphrase", "sign_in"))
}

func (w *world) nth(i int) string { return fmt.Sprintf("ann%d@example.com", i) }

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		send    func(w *world, i int) answer
		through int
		wait    int
	}{
		"20 credentials a minute from an address, refused ones too": {
			func(w *world, i int) answer { return w.wrong(w.app.ID.String(), w.nth(i)) }, 20, 3,
		},
		"20 credentials a minute from an address, whatever they are": {
			func(w *world, _ int) answer { return w.send("POST", w.in("/auth/credentials/{app_id}"), "nonsense") }, 20, 3,
		},
		"10 credentials a minute for an email, in any case and from anywhere": {
			func(w *world, i int) answer {
				email := []string{"ann@example.com", "Ann@Example.com", "ANN@EXAMPLE.COM"}[i%3]
				return w.from(fmt.Sprintf("198.51.100.%d:1", i)).wrong(w.app.ID.String(), email)
			}, 10, 6,
		},
		"30 mails an hour from an address": {
			func(w *world, i int) answer {
				return w.send("POST", w.in("/auth/magic-link/{app_id}"), `{"email":"`+w.nth(i)+`"}`)
			}, 30, 120,
		},
		"60 starts at providers a minute from an address, each of them finished": {
			func(w *world, _ int) answer {
				if got := w.send("GET", w.in("/auth/github/{app_id}"), ""); got.Code == 429 {
					return got
				}
				return w.send("POST", w.in("/auth/callback/github/{app_id}"), `{"code":"x","state":"y","binding":"z"}`)
			}, 60, 1,
		},
		"60 finishes a minute from an address": {
			func(w *world, _ int) answer {
				return w.send("POST", w.in("/auth/callback/github/{app_id}"), "nonsense")
			}, 60, 1,
		},
		"60 starts at providers a minute from an address": {
			func(w *world, _ int) answer { return w.send("GET", w.in("/auth/github/{app_id}"), "") }, 60, 1,
		},
		"one count for a whole network of IPv6": {
			func(w *world, i int) answer {
				return w.from(fmt.Sprintf("[2001:db8:1:2::%x]:1", i)).wrong(w.app.ID.String(), w.nth(i))
			}, 20, 3,
		},
		"one count for an address of IPv4, however it is written": {
			func(w *world, i int) answer {
				return w.from([]string{"192.0.2.7:1", "[::ffff:192.0.2.7]:1"}[i%2]).wrong(w.app.ID.String(), w.nth(i))
			}, 20, 3,
		},
		"one count whatever a stranger forwards": {
			func(w *world, i int) answer {
				return w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody(w.nth(i), "another passphrase", "sign_in"),
					fmt.Sprintf("X-Forwarded-For: 198.51.100.%d", i), fmt.Sprintf("X-Real-IP: 198.51.100.%d", i))
			}, 20, 3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.clock.Advance(time.Hour) // so that limits have room again
			through, wait := flood(t, func(i int) answer { return c.send(w, i) })
			if through != c.through || wait != c.wait {
				t.Errorf("got %d through and then %d s to wait, want %d and %d", through, wait, c.through, c.wait)
			}
			w.clock.Advance(time.Duration(wait)*time.Second - time.Millisecond)
			if got := c.send(w, through); got.Code != 429 {
				t.Errorf("before Retry-After: got %d, want 429", got.Code)
			}
			w.clock.Advance(time.Millisecond)
			if got := c.send(w, through); got.Code == 429 {
				t.Error("after Retry-After: got 429, want one through")
			}
			if got := c.send(w, through); got.Code != 429 {
				t.Errorf("and one more: got %d, want 429", got.Code)
			}
		})
	}
}

func TestLimitOfSignUps(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.clock.Advance(time.Hour)
	through, wait := flood(t, func(i int) answer {
		defer w.clock.Advance(3 * time.Second) // so that the limit of credentials has room
		return w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody(w.nth(i), password, ""))
	})
	if through != 20 || wait != 120 {
		t.Errorf("got %d sign-ups and then %d s to wait, want 20 and 120", through, wait)
	}
	w.signIn(w.app.ID.String(), w.nth(0))
	w.from("198.51.100.1:1").signUp(w.nth(20))
	if users, err := w.engine.Users(t.Context(), w.app.ID, authkit.UserFilter{Page: authkit.Page{Limit: 500}}); err != nil || len(users) != 21 {
		t.Errorf("users: got %d, %v, want 21", len(users), err)
	}
}

func TestLimitsAreAnAppsOwn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	other, _, err := w.engine.CreateApp(t.Context(), w.devID, "Other")
	if err != nil {
		t.Fatal(err)
	}
	flood(t, func(i int) answer { return w.wrong(w.app.ID.String(), w.nth(i)) })
	flood(t, func(int) answer { return w.from("198.51.100.1:1").wrong(w.app.ID.String(), "ann@example.com") })
	w.wrong(other.ID.String(), "ann@example.com").want(t, 401, "invalid_credentials")
	w.wrong("console", "ann@example.com").want(t, 401, "invalid_credentials")
	w.from("198.51.100.2:1").wrong(w.app.ID.String(), "bob@example.com").want(t, 401, "invalid_credentials")
	w.from("[2001:db8:1:3::1]:1").wrong(w.app.ID.String(), "bob@example.com").want(t, 401, "invalid_credentials")
	w.send("POST", w.in("/auth/verify/{app_id}"), `{"token":"x"}`).want(t, 401, "invalid_token")
}

// exhausts uses up every limit of an app, from one address and for one email. It returns how
// many requests each let through.
func (w *world) exhausts(app string) string {
	w.t.Helper()
	post := func(path, body string) answer { return w.send("POST", path+app, body) }
	email, _ := flood(w.t, func(int) answer { return w.try(app, "ann@example.com", "another passphrase") })
	signUps, _ := flood(w.t, func(i int) answer {
		defer w.clock.Advance(3 * time.Second)
		return post("/auth/credentials/", signInBody(w.nth(i), password, "sign_up"))
	})
	w.clock.Advance(time.Minute)
	peer, _ := flood(w.t, func(i int) answer { return w.wrong(app, w.nth(i)) })
	mails, _ := flood(w.t, func(int) answer { return post("/auth/magic-link/", `{"email":"ann@example.com"}`) })
	starts, _ := flood(w.t, func(int) answer { return w.send("GET", "/auth/github/"+app, "") })
	return fmt.Sprint(email, signUps, peer, mails, starts)
}

func TestAnExhaustedAppLeavesOthersUntouched(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var apps []string
	for i := range 3 {
		app, _, err := w.engine.CreateApp(t.Context(), w.devID, fmt.Sprint("App ", i))
		if err != nil {
			t.Fatal(err)
		}
		apps = append(apps, app.ID.String())
	}
	w.send("PATCH", "/apps/"+apps[0], `{"limits":{"credentials":"3/d/ip, 2/d/email","mail":"4/d/ip","sign_up":"1/d/ip","oauth":"5/d/ip"}}`, bearer(w.token)).want(t, 200, "")
	// A sign-up counts as a try, whether it succeeds or not: two of the three at the first app.
	for i, want := range []string{"2 1 1 4 5", "10 20 20 30 60", "10 20 20 30 60"} {
		if got := w.exhausts(apps[i]); got != want {
			t.Errorf("app %d: got %s through, want %s", i, got, want)
		}
	}
	w.signIn("console", "dev@example.com")
}

// A sign-in is counted for its peer and its address in one step, even if it is refused.
func TestASignInIsCountedInOneStep(t *testing.T) {
	t.Parallel()
	seen := &hitLog{}
	w := setup(t, func(c *authkit.Config) { seen.Store, c.Store = c.Store, seen })
	w.signUp("ann@example.com")
	path := w.in("/auth/credentials/{app_id}")
	for _, c := range []struct{ name, body, want string }{
		{"a sign-in", signInBody("ann@example.com", password, ""), "200 in 1: credentials/ip/all credentials/ip credentials/email credentials/day"},
		{"a wrong password", signInBody("ann@example.com", "another passphrase", ""), "401 in 1: credentials/ip/all credentials/ip credentials/email credentials/day"},
		{"a sign-up", signInBody("bob@example.com", password, ""), "201 in 2: credentials/ip/all credentials/ip credentials/email credentials/day signup/ip/all signup/ip mail/email"},
		{"no address", signInBody("ann", password, ""), "400 in 1: credentials/ip/all credentials/ip"},
		{"no object", "[]", "400 in 1: credentials/ip/all credentials/ip"},
		{"no intent that there is", signInBody("ann@example.com", password, "sign_off"), "400 in 1: credentials/ip/all credentials/ip"},
	} {
		seen.keys, seen.calls = nil, 0
		status := w.send("POST", path, c.body).Code
		var names []string
		for _, key := range seen.keys {
			names = append(names, key[:strings.LastIndex(key, "/")])
		}
		if got := fmt.Sprintf("%d in %d: %s", status, seen.calls, strings.Join(names, " ")); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestLimitsBehindAProxy(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	behind := func(client string) answer {
		return w.from("10.0.0.1:1").send("POST", w.in("/auth/credentials/{app_id}"), "{}", "X-Forwarded-For: 198.51.100.99, "+client+", 10.0.0.2")
	}
	flood(t, func(int) answer { return behind("203.0.113.7") })
	behind("203.0.113.8").want(t, 400, "invalid_request")
	w.from("203.0.113.7:1").send("POST", w.in("/auth/credentials/{app_id}"), "{}").want(t, 429, "rate_limited")
}

func TestLimitOfMailToAnAddressIsSilent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var first answer
	for i := range 9 {
		got := w.from(fmt.Sprintf("198.51.100.%d:1", i)).send("POST", w.in("/auth/magic-link/{app_id}"), `{"email":"Ann@example.com"}`)
		got.want(t, 202, "")
		if i == 0 {
			first = got
			continue
		}
		if len(got.Body.String()) != len(first.Body.String()) || got.body["expires_in"] != first.body["expires_in"] || got.body["binding"] == first.body["binding"] ||
			fmt.Sprint(headerNames(got)) != fmt.Sprint(headerNames(first)) {
			t.Errorf("answer %d: got %s %v, want it like the first", i, got.Body, got.Header())
		}
	}
	w.runOnce()
	if got := len(w.outbox.Messages()); got != 5 {
		t.Errorf("mails: got %d, want 5", got)
	}
	w.clock.Advance(12 * time.Minute)
	w.ask("ann@example.com")
	w.ask("ann@example.com")
	w.runOnce()
	if got := len(w.outbox.Messages()); got != 6 {
		t.Errorf("mails, 12 minutes later: got %d, want 6", got)
	}
}

func headerNames(a answer) map[string]int {
	names := map[string]int{}
	for name, values := range a.Header() {
		names[name] = len(values)
	}
	return names
}

func TestLimitOfWrongCodes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	code := func(pending answer, text string) answer {
		return w.verify(fmt.Sprintf(`{"email":"ann@example.com","code":%q,"binding":%q}`, text, pending.body["binding"]))
	}
	other := func(text string) string { return strconv.Itoa((int(text[0]-'0')+1)%10) + text[1:] }
	pending, m := w.mailed("ann@example.com", "")
	code(pending, mail.Code(m)).want(t, 200, "") // a right one does not count
	for range 4 {
		pending, m = w.mailed("ann@example.com", "")
		for range 5 {
			code(pending, other(mail.Code(m))).want(t, 401, "invalid_token")
		}
		w.clock.Advance(13 * time.Minute) // for the limit of mails
	}
	pending, m = w.mailed("ann@example.com", "")
	code(pending, mail.Code(m)).want(t, 401, "invalid_token")
	w.verify(`{"token":"`+linkToken(m)+`"}`).want(t, 200, "")
	w.clock.Advance(24 * time.Hour)
	pending, m = w.mailed("ann@example.com", "")
	code(pending, mail.Code(m)).want(t, 200, "")
}

func TestAtMostFiveLiveAttempts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var links []string
	for range 5 {
		_, m := w.mailed("ann@example.com", "")
		links = append(links, linkToken(m))
	}
	w.ask("ann@example.com")
	w.runOnce()
	if got := len(w.outbox.Messages()); got != len(links) {
		t.Fatalf("mails: got %d, want %d", got, len(links))
	}
	w.verify(`{"token":"`+links[0]+`"}`).want(t, 200, "")
	for _, dropped := range links[1:] {
		w.verify(`{"token":"`+dropped+`"}`).want(t, 401, "invalid_token")
	}
}

func TestLimitsOff(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	for range 100 {
		w.wrong(w.app.ID.String(), "ann@example.com").want(t, 401, "invalid_credentials")
	}
	for range 10 {
		w.ask("ann@example.com")
	}
	w.runOnce()
	if got := len(w.outbox.Messages()); got != 10 {
		t.Errorf("mails: got %d, want 10", got)
	}
}

// hitLog records the keys under which limits are counted.
type hitLog struct {
	authkit.Store

	keys  []string
	calls int
}

func (l *hitLog) Hit(ctx context.Context, hits authkit.Hits, now time.Time) (authkit.HitResult, error) {
	l.calls++
	for _, h := range hits.Each {
		l.keys = append(l.keys, h.Key)
	}
	return l.Store.Hit(ctx, hits, now)
}

// A limit is kept under a hash, so a store that leaks reveals no addresses.
func TestLimitsNameNobody(t *testing.T) {
	t.Parallel()
	seen := &hitLog{}
	w := setup(t, func(c *authkit.Config) { seen.Store, c.Store = c.Store, seen })
	w.wrong(w.app.ID.String(), "ann@example.com").want(t, 401, "")
	w.ask("ann@example.com")
	if len(seen.keys) < 4 {
		t.Fatalf("limits: got %v, want some", seen.keys)
	}
	for _, key := range seen.keys {
		if strings.Contains(key, "ann") || strings.Contains(key, "192.0.2") {
			t.Errorf("limit: got %q, want no address in it", key)
		}
	}
}
