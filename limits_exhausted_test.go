package authkit_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

// counted returns a world whose store records what is counted.
func counted(t *testing.T, change ...func(*authkit.Config)) (*world, *hitLog) {
	t.Helper()
	seen := &hitLog{}
	w := setup(t, append(change, func(c *authkit.Config) { seen.Store, c.Store = c.Store, seen })...)
	w.clock.Advance(time.Hour)
	return w, seen
}

// since returns how many hits do asked the store for.
func (l *hitLog) since(do func()) int {
	before := len(l.keys)
	do()
	return len(l.keys) - before
}

func TestAFullLimitCostsTheStoreNothing(t *testing.T) {
	t.Parallel()
	w, seen := counted(t)
	id := w.app.ID.String()
	_, wait := flood(t, func(i int) answer { return w.wrong(id, w.nth(i)) })
	if got := seen.since(func() {
		for i := range 100 {
			got := w.wrong(id, w.nth(i))
			got.want(t, 429, "rate_limited")
			if got.Header().Get("Retry-After") != strconv.Itoa(wait) {
				t.Errorf("Retry-After: got %s, want %d", got.Header().Get("Retry-After"), wait)
			}
		}
	}); got != 0 {
		t.Errorf("a flood asked the store %d times, want never", got)
	}
	w.clock.Advance(time.Duration(wait)*time.Second - time.Microsecond)
	if got := seen.since(func() { w.wrong(id, w.nth(0)).want(t, 429, "rate_limited") }); got != 0 {
		t.Errorf("just before there is room: asked %d times, want never", got)
	}
	w.clock.Advance(time.Microsecond)
	w.wrong(id, w.nth(0)).want(t, 401, "invalid_credentials")
	w.wrong("console", w.nth(0)).want(t, 401, "invalid_credentials")
}

// An attempt that an exhausted limit refuses is still charged to the limits before it.
func TestAFullLimitOfAnAddressStillCountsThePeer(t *testing.T) {
	t.Parallel()
	w, _ := counted(t)
	id := w.app.ID.String()
	flood(t, func(i int) answer { return w.from(fmt.Sprintf("198.51.100.%d:1", i)).wrong(id, "ann@example.com") })
	for range 20 {
		got := w.wrong(id, "ann@example.com")
		got.want(t, 429, "rate_limited")
		if got.Header().Get("Ratelimit") != `"credentials/email";r=0;t=6` {
			t.Errorf("RateLimit: got %s, want that of the address", got.Header().Get("Ratelimit"))
		}
	}
	got := w.wrong(id, "bob@example.com")
	got.want(t, 429, "rate_limited")
	if got.Header().Get("Ratelimit") != `"credentials/ip";r=0;t=3` {
		t.Errorf("RateLimit: got %s, want that of the peer", got.Header().Get("Ratelimit"))
	}
}

func TestAFullLimitIsForgottenWhenItChanges(t *testing.T) {
	t.Parallel()
	w, _ := counted(t)
	id := w.app.ID.String()
	w.settings(authkit.AppPatch{Limits: &authkit.AppLimits{Credentials: "2/h/ip"}})
	if through, _ := flood(t, func(i int) answer { return w.wrong(id, w.nth(i)) }); through != 2 {
		t.Fatalf("got %d through, want 2", through)
	}
	w.settings(authkit.AppPatch{Limits: &authkit.AppLimits{}})
	w.wrong(id, "ann@example.com").want(t, 401, "invalid_credentials")

	flood(t, func(i int) answer { return w.wrong(id, w.nth(i)) })
	w.clock.Advance(-2 * time.Hour) // set back: an exhausted limit of the earlier time locks no one out
	w.wrong(id, "ann@example.com").want(t, 401, "invalid_credentials")
}

// A right code gives back what it was charged, so an exhausted limit of codes may have room at
// any time.
func TestALimitThatIsGivenBackToIsAlwaysAsked(t *testing.T) {
	t.Parallel()
	w, seen := counted(t)
	w.settings(authkit.AppPatch{})
	for range 4 {
		pending, m := w.mailed("ann@example.com", "")
		for range 5 {
			w.verify(fmt.Sprintf(`{"email":"ann@example.com","code":%q,"binding":%q}`, wrongCode(mail.Code(m)), pending.body["binding"]))
		}
		w.clock.Advance(13 * time.Minute)
	}
	pending, m := w.mailed("ann@example.com", "")
	for range 3 {
		if got := seen.since(func() {
			w.verify(fmt.Sprintf(`{"email":"ann@example.com","code":%q,"binding":%q}`, mail.Code(m), pending.body["binding"])).want(t, 401, "")
		}); got != 3 { // those of the peer, and the exhausted one
			t.Errorf("a full limit of codes: asked for %d hits, want 3", got)
		}
	}
}

func wrongCode(code string) string { return string('0'+(code[0]-'0'+1)%10) + code[1:] }

// Two processes over one store let through exactly what the store alone would, in any order of
// requests.
func TestWhatIsRememberedRefusesNothingElse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		store := memory.New()
		share := func(c *authkit.Config) {
			c.Store, c.Secrets, c.Developers, c.Limits.Credentials = store, [][]byte{make([]byte, 32)}, hostDevelopers, "3/m/email"
		}
		w := setup(t, share)
		cfg := authkit.Config{BaseURL: base, Mailer: w.outbox, Now: w.clock.Now, Password: authkit.PasswordConfig{MemoryKiB: 8, Time: 1}}
		share(&cfg)
		second, err := authkit.New(cfg)
		if err != nil {
			rt.Fatal(err)
		}
		engines := []*authkit.Engine{w.engine, second}
		var full, now time.Duration // the arrival time of GCRA and the clock, since the start
		const each, window = 20 * time.Second, time.Minute
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			step := rapid.SampledFrom([]time.Duration{0, 0, 0, time.Microsecond, time.Second, each - time.Microsecond, each, window, 10 * window}).Draw(rt, "step")
			w.clock.Advance(step)
			now += step
			next := max(full, now) + each
			fits := next <= now+window
			if fits {
				full = next
			}
			which := rapid.IntRange(0, 1).Draw(rt, "engine")
			_, err := engines[which].SignInWithPassword(t.Context(), authkit.PasswordSignIn{
				App: w.app.ID, Email: "ann@example.com", Password: password, Intent: "sign_in",
			})
			if got := !errors.Is(err, authkit.CodeRateLimited); got != fits {
				rt.Fatalf("at %v, engine %d: got through %v, want %v", now, which, got, fits)
			}
		}
	})
}
