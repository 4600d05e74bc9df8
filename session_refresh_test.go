package authkit_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

// keyed refreshes with an idempotency key.
func (w *world) keyed(token, key string) answer {
	w.t.Helper()
	return w.send("POST", w.in("/auth/refresh/{app_id}"), `{"refresh_token":"`+token+`"}`, "Idempotency-Key: "+key)
}

func TestRefreshWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		seen := map[string]int{}
		var mu sync.Mutex
		w := setup(t, withoutLimits, func(c *authkit.Config) {
			c.Store = store
			c.Secrets = [][]byte{[]byte(strings.Repeat("s", 32))}
			c.Observer = func(ev authkit.Event) {
				mu.Lock()
				defer mu.Unlock()
				seen[ev.Type]++
			}
		})
		n := 0
		begin := func() string {
			n++
			return w.signUp("ann"+strings.Repeat("n", n)+"@example.com").text(t, "refresh_token")
		}
		const key, other = "0123456789abcdef", "fedcba9876543210"
		t.Run("with the key of the first call the predecessor gets a new successor", func(t *testing.T) {
			t0 := begin()
			t1 := w.keyed(t0, key).text(t, "refresh_token")
			w.clock.Advance(12 * time.Second)
			t2 := w.keyed(t0, key).text(t, "refresh_token")
			if t2 == t1 || t2 == t0 {
				t.Fatalf("successor: got %q after %q, want a new one", t2, t1)
			}
			w.clock.Advance(5 * time.Second)
			if again := w.keyed(t0, key).text(t, "refresh_token"); again != t2 {
				t.Errorf("again: got %q, want %q", again, t2)
			}
			if seen[authkit.EventSessionRenew] != 1 {
				t.Errorf("events: got %v, want one renewal", seen)
			}
			w.refresh(t2).want(t, 200, "")
		})
		t.Run("the successor that was replaced ends the session", func(t *testing.T) {
			t0 := begin()
			t1 := w.keyed(t0, key).text(t, "refresh_token")
			w.clock.Advance(time.Hour)
			t2 := w.keyed(t0, key).text(t, "refresh_token")
			w.refresh(t1).want(t, 401, "invalid_token")
			w.refresh(t2).want(t, 401, "invalid_token")
		})
		t.Run("without the key, or with another, the session ends", func(t *testing.T) {
			for _, header := range []string{"", other} {
				t0 := begin()
				t1 := w.keyed(t0, key).text(t, "refresh_token")
				w.clock.Advance(12 * time.Second)
				if header == "" {
					w.refresh(t0).want(t, 401, "invalid_token")
				} else {
					w.keyed(t0, header).want(t, 401, "invalid_token")
				}
				w.refresh(t1).want(t, 401, "invalid_token")
			}
		})
		t.Run("after a day, after three times, and once the successor was used, the session ends", func(t *testing.T) {
			t0 := begin()
			w.keyed(t0, key).want(t, 200, "")
			w.clock.Advance(24*time.Hour - time.Second)
			w.keyed(t0, key).want(t, 200, "")
			w.clock.Advance(12 * time.Second)
			w.keyed(t0, key).want(t, 401, "invalid_token")
			t0 = begin()
			for range 4 {
				w.keyed(t0, key).want(t, 200, "")
				w.clock.Advance(12 * time.Second)
			}
			w.keyed(t0, key).want(t, 401, "invalid_token")
			t0 = begin()
			t1 := w.keyed(t0, key).text(t, "refresh_token")
			w.keyed(t1, other).want(t, 200, "")
			w.clock.Advance(12 * time.Second)
			w.keyed(t0, key).want(t, 401, "invalid_token")
		})
		t.Run("a use in the grace moves it on, up to a minute", func(t *testing.T) {
			t0 := begin()
			t1 := w.refresh(t0).text(t, "refresh_token")
			for range 6 {
				w.clock.Advance(9 * time.Second)
				if again := w.refresh(t0).text(t, "refresh_token"); again != t1 {
					t.Fatalf("again: got %q, want %q", again, t1)
				}
			}
			w.clock.Advance(6 * time.Second)
			w.refresh(t0).want(t, 401, "invalid_token")
		})
		t.Run("a key that came with an earlier rotation is refused, and nothing is spent", func(t *testing.T) {
			t0 := begin()
			t1 := w.keyed(t0, key).text(t, "refresh_token")
			got := w.keyed(t1, key)
			got.want(t, 400, "invalid_request")
			if got.fields() != "Idempotency-Key" {
				t.Errorf("fields: got %q", got.fields())
			}
			w.keyed(t1, other).want(t, 200, "")
			w.keyed(begin(), key).want(t, 200, "") // of another session
		})
	})
}

func TestIdempotencyKeysThatAreNone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rt := w.signUp("ann@example.com").text(t, "refresh_token")
	for _, bad := range []string{"", "short", strings.Repeat("x", 65), "0123456789abcde\x7f", "0123456789abcdé"} {
		got := w.keyed(rt, bad)
		if got.want(t, 400, "invalid_request"); got.fields() != "Idempotency-Key" {
			t.Errorf("%q: got %q, want the header named", bad, got.fields())
		}
	}
	twice := w.request("POST", w.in("/auth/refresh/{app_id}"), `{"refresh_token":"`+rt+`"}`)
	twice.Header["Idempotency-Key"] = []string{"0123456789abcdef", "0123456789abcdef"}
	w.do(twice).want(t, 400, "invalid_request")
	w.send("POST", "/auth/refresh/00000000-0000-7000-8000-000000000001", `{}`, "Idempotency-Key: short").want(t, 404, "app_not_found")
	w.keyed(rt, `"quoted-as-the-draft-does"`).want(t, 200, "")
}

func TestFiftyRepetitionsWithOneKeyMakeOneSuccessor(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	const key = "0123456789abcdef"
	t0 := w.signUp("ann@example.com").text(t, "refresh_token")
	w.keyed(t0, key).want(t, 200, "")
	w.clock.Advance(time.Hour)
	told := make([]string, 50)
	var wg sync.WaitGroup
	for i := range told {
		wg.Go(func() { told[i] = w.keyed(t0, key).field("refresh_token") })
	}
	wg.Wait()
	for _, each := range told {
		if each == "" || each != told[0] {
			t.Fatalf("successors: got %q, want one", told)
		}
	}
	w.refresh(told[0]).want(t, 200, "")
}

// A failed hook undoes the rotation, and the client repeats the same call until it succeeds.
func TestARefreshThatAHookFailedIsRepeatedWithItsKey(t *testing.T) {
	t.Parallel()
	broken := false
	w := setup(t, withoutLimits, func(c *authkit.Config) {
		c.Hooks.Claims = func(context.Context, authkit.HookEvent) (map[string]any, error) {
			if broken {
				return nil, errors.New("away")
			}
			return nil, nil
		}
	})
	t0, key := w.signUp("ann@example.com").text(t, "refresh_token"), base64.RawURLEncoding.EncodeToString([]byte("a random key"))
	broken = true
	for range 10 {
		w.keyed(t0, key).want(t, 500, "internal")
		w.clock.Advance(20 * time.Second)
	}
	broken = false
	t1 := w.keyed(t0, key).text(t, "refresh_token")
	w.refresh(t1).want(t, 200, "")
}
