package authkit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

// apps makes apps of the world's developer and returns their ids.
func (w *world) apps(n int) []string {
	w.t.Helper()
	var ids []string
	for i := range n {
		app, _, err := w.engine.CreateApp(w.t.Context(), w.devID, fmt.Sprint("Tenant ", i))
		if err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, app.ID.String())
	}
	return ids
}

// A peer is counted over all apps. App ids are public, and one address must not get a share of
// the hash gate for each of three hundred apps.
func TestAPeerIsCountedOverAllApps(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		w := setup(t, func(c *authkit.Config) { c.Store, c.Secrets = store, [][]byte{make([]byte, 32)} })
		w.clock.Advance(time.Hour)
		ids := w.apps(30)
		evil := w.from("203.0.113.66:1")
		through := 0
		for range 20 {
			for _, id := range ids {
				if evil.wrong(id, "ann@example.com").Code == 401 {
					through++
				}
			}
		}
		if through != 100 {
			t.Errorf("one address at 30 apps: got %d tries through, want 5 times the 20 of one app", through)
		}
		got := evil.wrong(ids[0], "ann@example.com")
		got.want(t, 429, "rate_limited")
		if policy := got.Header().Get("Ratelimit"); !strings.HasPrefix(policy, `"credentials/ip/all";r=0`) {
			t.Errorf("RateLimit: got %s", policy)
		}
		for _, id := range ids {
			w.from("203.0.113.67:1").wrong(id, "ann@example.com").want(t, 401, "invalid_credentials")
		}
		evil.send("GET", "/auth/github/"+ids[0], "").want(t, 404, "provider_not_configured") // another limit
	})
}

// A limit that one app has tightened does not apply to a peer elsewhere.
func TestAPeerInAllAppsIsCountedByTheEnginesRate(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.clock.Advance(time.Hour)
	ids := w.apps(1)
	w.settings(authkit.AppPatch{Limits: &authkit.AppLimits{Credentials: "1/d/ip"}})
	w.wrong(w.app.ID.String(), "ann@example.com").want(t, 401, "")
	w.wrong(w.app.ID.String(), "ann@example.com").want(t, 429, "rate_limited")
	for i := range 20 {
		w.wrong(ids[0], w.nth(i)).want(t, 401, "invalid_credentials")
	}
}

// An attempt that a peer's limit at one app refuses is not charged anywhere. A peer that floods
// one app is refused there, and not at the others because of it.
func TestAFloodOfOneAppIsNotChargedElsewhere(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.clock.Advance(time.Hour)
	ids := w.apps(3)
	for i := range 500 {
		w.wrong(ids[0], w.nth(i))
	}
	for _, id := range ids[1:] {
		for i := range 20 {
			w.wrong(id, w.nth(i)).want(t, 401, "invalid_credentials")
		}
	}
}

func TestWiderNetworksOfIPv6AreCounted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		address string // of the nth peer
		through int
	}{
		"a /64 has one share":             {"2001:db8:1:2::%x", 20},
		"a /56 has four":                  {"2001:db8:1:2%02x::1", 80},
		"a /48 has sixteen":               {"2001:db8:1:%x00::1", 320},
		"each network of its own has one": {"2001:db8:%x::1", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.clock.Advance(time.Hour)
			through := 0
			for i := range 20 {
				for j := range 20 {
					peer := w.from("[" + fmt.Sprintf(c.address, j+1) + "]:1")
					if peer.wrong(w.app.ID.String(), w.nth(20*i+j)).Code == 401 {
						through++
					}
				}
			}
			if through != c.through {
				t.Errorf("got %d tries of 400 through, want %d", through, c.through)
			}
		})
	}
	t.Run("in all apps together, too", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		w.clock.Advance(time.Hour)
		through := 0
		for n, id := range w.apps(50) {
			for i := range 10 {
				peer := w.from(fmt.Sprintf("[2001:db8:1:2%02x::1]:1", n))
				if peer.wrong(id, w.nth(i)).Code == 401 {
					through++
				}
			}
		}
		if through != 400 {
			t.Errorf("one /56 at 50 apps: got %d tries through, want 5 times the 80 of one app", through)
		}
	})
}

// Tries at codes and links of many accounts are counted by peer.
func TestProofsAreCountedByPeer(t *testing.T) {
	t.Parallel()
	for path, body := range map[string]string{
		"/auth/verify/{app_id}":         `{"email":"ann%d@example.com","code":"123456","binding":"x"}`,
		"/auth/password/reset/{app_id}": `{"email":"ann%d@example.com","code":"123456","binding":"x","password":"a long enough passphrase"}`,
		"/auth/email/verify/{app_id}":   `{"email":"ann%d@example.com","code":"123456","binding":"x"}`,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			through, wait := flood(t, func(i int) answer { return w.send("POST", w.in(path), fmt.Sprintf(body, i)) })
			if through != 20 || wait != 3 {
				t.Errorf("got %d through and then %d s to wait, want 20 and 3", through, wait)
			}
			w.wrong(w.app.ID.String(), "ann@example.com").want(t, 401, "invalid_credentials") // a limit of its own
			w.from("203.0.113.7:1").send("POST", w.in(path), fmt.Sprintf(body, 0)).want(t, 401, "invalid_token")
		})
	}
}

// Ten tries a minute at one account would be 14,400 a day. Strangers have a hundred, evenly
// refilled, and known devices are not locked out by them.
func TestStrangersHaveAHundredTriesADayAtOneAccount(t *testing.T) {
	t.Parallel()
	w := setup(t)
	known := w.deviceOf(w.proven("ann@example.com"))
	w.clock.Advance(24 * time.Hour)
	app := w.app.ID.String()
	day := func() (through int, last answer) {
		for range 24 * 60 {
			w.clock.Advance(time.Minute)
			for range 10 {
				if last = w.try(app, "ann@example.com", "another passphrase"); last.Code == 429 {
					break
				}
				through++
			}
		}
		return through, last
	}
	if through, _ := day(); through < 195 || through > 200 {
		t.Errorf("the first day: got %d tries through, want the 100 there were and 100 more", through)
	}
	through, last := day()
	if through < 95 || through > 101 {
		t.Errorf("the second day: got %d tries through, want 100", through)
	}
	last.want(t, 429, "rate_limited")
	for _, word := range []string{"link", "reset", "devices that signed in before"} {
		if !strings.Contains(last.text(t, "detail"), word) {
			t.Errorf("detail: got %q, want it to tell of %q", last.text(t, "detail"), word)
		}
	}
	w.try(app, "ann@example.com", password, known).want(t, 200, "")
	pending, m := w.mailed("ann@example.com", "")
	w.verify(`{"token":"`+linkToken(m)+`","binding":"`+pending.text(t, "binding")+`"}`).want(t, 200, "")
	w.send("POST", w.in("/auth/password/forgot/{app_id}"), `{"email":"ann@example.com"}`).want(t, 202, "")
	w.runOnce()
	m, _ = w.outbox.Last("ann@example.com")
	w.send("POST", w.in("/auth/password/reset/{app_id}"), `{"token":"`+linkToken(m)+`","password":"`+newPassword+`"}`).want(t, 200, "")
	w.try(app, "unknown@example.com", "another passphrase").want(t, 401, "invalid_credentials")
}

// A host may limit tries by peer alone, as Config.Limits says.
func TestWithoutALimitByAddressThereIsNoneForTheDay(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.Limits.Credentials = "20/m/ip" })
	w.signUp("ann@example.com")
	for i := range 120 {
		w.from(fmt.Sprintf("198.51.100.%d:1", i)).wrong(w.app.ID.String(), "ann@example.com").want(t, 401, "invalid_credentials")
	}
}

// An unknown address has the same count, so the answer does not reveal an account.
func TestTheCountOfADayTellsOfNoAccount(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.signUp("ann@example.com")
	w.clock.Advance(24 * time.Hour)
	said := map[string]string{}
	for _, email := range []string{"ann@example.com", "unknown@example.com"} {
		var last answer
		for range 200 {
			last = w.try(w.app.ID.String(), email, "another passphrase")
			if last.Code == 429 && strings.Contains(last.Body.String(), "today") {
				break
			}
			w.clock.Advance(6 * time.Second)
		}
		said[email] = fmt.Sprint(last.Code, last.body["detail"], last.Header().Get("Ratelimit"))
	}
	if said["ann@example.com"] != said["unknown@example.com"] || !strings.HasPrefix(said["ann@example.com"], "429") {
		t.Errorf("got %v, want the same 429 for both", said)
	}
}
