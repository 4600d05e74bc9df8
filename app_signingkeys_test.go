package authkit_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// rotated makes the app's next signing key and returns its id.
func (s *stage) rotated(revokeOld bool) string {
	s.t.Helper()
	key, err := s.engine.RotateSigningKey(s.t.Context(), authkit.AppRef{Developer: s.devID, ID: s.app.ID}, authkit.SigningKeyRotation{RevokeOld: revokeOld})
	if err != nil {
		s.t.Fatal(err)
	}
	return key.KID
}

// stored returns the app as the store has it.
func (s *stage) stored() authkit.App {
	s.t.Helper()
	app, err := s.inner.App(s.t.Context(), s.app.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return app
}

// keysMade counts the events of new signing keys.
func (s *stage) keysMade() int {
	s.t.Helper()
	events, err := s.inner.Events(s.t.Context(), s.app.ID, authkit.EventQuery{
		Page: authkit.Page{Limit: 500}, Type: authkit.EventSigningKeyCreate,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return len(events)
}

func TestFewKeysWait(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		ask := func() string {
			s.t.Helper()
			got := s.send("POST", s.in("/apps/{app_id}/signing-keys/rotate"), `{}`, bearer(s.token))
			got.want(s.t, 201, "")
			return got.text(s.t, "kid")
		}
		seen, next := map[string]bool{}, ""
		for range 8 {
			next = ask()
			seen[next] = true
			s.clock.Advance(time.Second)
		}
		s.equal("keys made by as many rotations", len(seen), 8)
		was, made := s.stored(), s.keysMade()
		for range 3 {
			s.equal("asked once more", ask(), next)
		}
		s.equal("what the store has", fmt.Sprint(s.stored()), fmt.Sprint(was))
		s.equal("events", s.keysMade(), made)

		alg := "EdDSA"
		s.settings(authkit.AppPatch{SigningAlg: &alg})
		s.equal("asked for another algorithm", ask(), next)
		s.signUp(s.email()) // notices that a key is due
		if err := s.engine.RunOnce(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
		s.equal("keys made by themselves", s.keysMade(), made)

		s.clock.Advance(15*time.Minute - 8*time.Second)
		s.token = s.signIn("console", "dev@example.com")
		s.equal("the first of them signs, and another may wait", ask() == next, false)
		s.equal("of the algorithm that is asked for", s.stored().Keys[9].Alg, alg)

		revoking := s.rotated(true)
		s.equal("revoke_old makes one", s.stored().Keys[0].KID, revoking)
		s.equal("and one more", s.rotated(true) == revoking, false)
	})
}

func TestSigningKeysDoNotPileUp(t *testing.T) {
	t.Parallel()
	few := func(s *stage, most int) {
		s.t.Helper()
		if got := len(s.stored().Keys); got > most {
			s.t.Fatalf("at %s: got %d keys, want at most %d", s.clock.Now(), got, most)
		}
	}
	for name, script := range map[string]func(s *stage){
		"with revoke_old at once": func(s *stage) {
			for range 300 {
				kid := s.rotated(true)
				few(s, 1)
				s.equal("the one that stands alone", s.stored().Keys[0].KID, kid)
			}
		},
		"with revoke_old beside keys that wait": func(s *stage) {
			for i := range 300 {
				s.rotated(i%3 == 0)
				few(s, 3)
				s.clock.Advance(7 * time.Second)
			}
		},
		"by hand, all the time": func(s *stage) {
			for range 1000 {
				s.rotated(false)
				few(s, 8*10) // the pending keys, and as many for each fifteen minutes of two hours
				s.clock.Advance(time.Minute)
			}
		},
		"by themselves": func(s *stage) {
			email := s.email()
			s.signUp(email)
			for range 10 {
				s.clock.Advance(91 * 24 * time.Hour)
				keys := s.stored().Keys // their events are removed in time
				s.signIn(s.app.ID.String(), email)
				if err := s.engine.RunOnce(s.t.Context()); err != nil {
					s.t.Fatal(err)
				}
				now := s.stored().Keys
				s.equal("keys made", now[len(now)-1].Seq, keys[len(keys)-1].Seq+1)
				few(s, 2)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script(newStage(t, withoutLimits))
		})
	}
}

// However fast keys follow each other, a token is valid until it expires. This holds for the
// last token that a key signed, with the longest possible lifetime.
func TestAnOrdinaryRotationEndsNoToken(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.settings(authkit.AppPatch{AccessTTL: new(time.Hour)})
	email := s.email()
	s.signUp(email)
	live := map[string]time.Time{}
	for minute := range 5 * 60 {
		s.rotated(false)
		live[s.signIn(s.app.ID.String(), email)] = s.clock.Now()
		for token, at := range live {
			if s.clock.Now().Sub(at) >= time.Hour {
				delete(live, token)
				continue
			}
			if minute%5 == 0 || s.clock.Now().Sub(at) == 59*time.Minute {
				s.equal("a token of "+s.clock.Now().Sub(at).String(), s.lives(token), 200)
			}
		}
		s.clock.Advance(time.Minute)
	}
	s.equal("keys that were made", s.keysMade() >= 19, true)
}

// ahead returns another process, whose clock is ahead.
func (s *stage) ahead(by time.Duration) *authkit.Engine {
	s.t.Helper()
	other, err := authkit.New(authkit.Config{
		Store: s.inner, Secrets: [][]byte{make([]byte, 32)}, BaseURL: base, Mailer: mail.NewOutbox(),
		Now: func() time.Time { return s.clock.Now().Add(by) },
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return other
}

// The process that revokes keys may have a clock that is ahead. Other processes do not wait for
// the new key to begin.
func TestRevokedKeysAreGoneForAClockThatIsBehind(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		email := s.email()
		stolen := s.signUp(email).text(s.t, "token")
		key, err := s.ahead(time.Minute).RotateSigningKey(s.t.Context(), authkit.AppRef{Developer: s.devID, ID: s.app.ID}, authkit.SigningKeyRotation{RevokeOld: true})
		if err != nil {
			s.t.Fatal(err)
		}
		s.equal("signed before", s.lives(stolen), 401)
		s.equal("signed since", s.lives(s.signIn(s.app.ID.String(), email)), 200)
		keys := s.send("GET", s.in("/apps/{app_id}/.well-known/jwks.json"), "").body["keys"].([]any)
		s.equal("published", fmt.Sprint(len(keys), " ", keys[0].(map[string]any)["kid"]), "1 "+key.KID)
		s.equal("the one that follows", s.rotated(false) == key.KID, false)
	})
}

func TestAClockThatIsAheadDropsNoKeyThatOthersPublish(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.settings(authkit.AppPatch{AccessTTL: new(time.Hour)})
	email := s.email()
	s.signUp(email)
	s.rotated(false)
	s.clock.Advance(15*time.Minute - time.Second)
	last := s.signIn(s.app.ID.String(), email)
	s.clock.Advance(59 * time.Minute)
	if _, err := s.ahead(time.Hour).RotateSigningKey(t.Context(), authkit.AppRef{Developer: s.devID, ID: s.app.ID}, authkit.SigningKeyRotation{}); err != nil {
		t.Fatal(err)
	}
	s.equal("keys", len(s.stored().Keys), 3)
	s.equal("the first key's last token", s.lives(last), 200)
}

func TestRotationsAtOnceMakeAKeyEach(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		kids := make([]string, 5)
		var wg sync.WaitGroup
		for i := range kids {
			wg.Go(func() {
				key, err := s.engine.RotateSigningKey(s.t.Context(), authkit.AppRef{Developer: s.devID, ID: s.app.ID}, authkit.SigningKeyRotation{})
				if err != nil {
					s.t.Error(err)
				}
				kids[i] = key.KID
			})
		}
		wg.Wait()
		slices.Sort(kids)
		s.equal("ids", len(slices.Compact(kids)), 5)
		s.equal("keys", len(s.stored().Keys), 1+5)
		s.equal("events", s.keysMade(), 5)
	})
}
