package authkit_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authkit-dev/authkit"
)

func TestUnlink(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ready  func(s *stage) string // the token of a user with an identity at corp
		status int
		code   string
	}{
		"a password is a way in": {func(s *stage) string {
			token := s.signUp("ann@example.com").text(s.t, "token")
			s.link(token, nil)
			return token
		}, 204, ""},
		"a proven address is one": {func(s *stage) string {
			token := s.proven("ann@example.com")
			s.link(token, nil)
			return token
		}, 204, ""},
		"an address that is not proven is no way in": {func(s *stage) string {
			return s.by(nil).text(s.t, "token")
		}, 409, "last_credential"},
		"an identity at another provider is one": {func(s *stage) string {
			token := s.by(nil).text(s.t, "token")
			s.another("github", token)
			return token
		}, 204, ""},
		"but not where the provider is switched off": {func(s *stage) string {
			token := s.by(nil).text(s.t, "token")
			s.another("github", token)
			s.send("PATCH", s.in("/apps/{app_id}/oauth-configs/github"), `{"enabled":false}`, bearer(s.token)).want(s.t, 200, "")
			return token
		}, 409, "last_credential"},
		"nor where the app has it no more": {func(s *stage) string {
			token := s.by(nil).text(s.t, "token")
			s.another("github", token)
			s.send("DELETE", s.in("/apps/{app_id}/oauth-configs/github"), "", bearer(s.token)).want(s.t, 204, "")
			return token
		}, 409, "last_credential"},
		"another of the same provider goes, too": {func(s *stage) string {
			token := s.by(nil).text(s.t, "token")
			s.link(token, nil)
			return token
		}, 409, "last_credential"},
		"who has none": {func(s *stage) string { return s.signUp("ann@example.com").text(s.t, "token") }, 404, "identity_not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits)
			token := c.ready(s)
			before := s.identities(token)
			got := s.send("DELETE", s.in(identitiesOf)+"/corp", "", bearer(token))
			got.want(t, c.status, c.code)
			if c.status != 204 {
				s.wantIdentities(t, token, before...)
				return
			}
			s.wantIdentities(t, token, slices.DeleteFunc(before, func(one string) bool { return strings.HasPrefix(one, "corp") })...)
			if s.events(authkit.EventIdentityUnlink) != 1 {
				t.Errorf("events: got %d, want 1", s.events(authkit.EventIdentityUnlink))
			}
			s.send("DELETE", s.in(identitiesOf)+"/corp", "", bearer(token)).want(t, 404, "identity_not_found")
		})
	}
}

// another gives the user of a token an identity at GitHub, and the app its configuration.
func (s *stage) another(provider, token string) {
	s.t.Helper()
	body := `{"provider":"` + provider + `","client_id":"c","client_secret":"s","redirect_uri":"https://a.example/gh"}`
	s.send("POST", s.in("/apps/{app_id}/oauth-configs"), body, bearer(s.token)).want(s.t, 201, "")
	s.give(token, authkit.Credential{Subject: "https://github.com 42"})
}

// give puts an identity into the store unchanged.
func (s *stage) give(token string, c authkit.Credential) {
	s.t.Helper()
	u, err := s.engine.Me(s.t.Context(), s.app.ID, token)
	if err != nil {
		s.t.Fatal(err)
	}
	s.clock.Advance(time.Second)
	c.App, c.UserID, c.Kind, c.CreatedAt = s.app.ID, u.ID, "oauth", s.clock.Now()
	change := authkit.UserChange{Now: s.clock.Now(), App: s.app.ID, ID: u.ID, Version: u.Version, Put: []authkit.Credential{c}}
	if _, err := s.inner.ChangeUser(s.t.Context(), change); err != nil {
		s.t.Fatal(err)
	}
}

func TestUnlinkedSignsInNoMore(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	said := jwt.MapClaims{"sub": "ann-at-corp", "email": "ann@example.com"}
	token := s.proven("ann@example.com")
	s.link(token, said)
	s.send("DELETE", s.in(identitiesOf)+"/corp", "", bearer(token)).want(t, 204, "")
	s.by(said).want(t, 409, "link_required")
	s.link(token, said).want(t, 200, "")
	s.by(said).want(t, 200, "")
}

// A passkey signs in as long as the app has its relying party.
func TestAStrandedPasskeyIsNoWayToSignIn(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.provider()
	p := &factored{w: s.world, token: s.by(jwt.MapClaims{"sub": "ann", "email": "ann@example.com", "email_verified": false}).text(t, "token")}
	p.enrolPasskey(t)
	unlink := func() answer { return s.send("DELETE", s.in(identitiesOf)+"/corp", "", bearer(p.token)) }
	s.settings(authkit.AppPatch{Origins: &[]string{"https://shop.example.com"}, PasskeyRPID: new("example.com"), StrandPasskeys: true})
	unlink().want(t, 409, "last_credential")
	s.settings(authkit.AppPatch{PasskeyRPID: new("localhost"), StrandPasskeys: true})
	unlink().want(t, 204, "")
	p.byPasskey(t).want(t, 200, "")
}

func TestOfTheLastTwoWaysOneStays(t *testing.T) {
	t.Parallel()
	for range 20 {
		s := newStage(t, withoutLimits)
		token := s.by(nil).text(t, "token")
		s.another("github", token)
		var wg sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		for i := range 8 {
			wg.Go(func() {
				got := s.send("DELETE", s.in(identitiesOf)+"/"+[]string{"corp", "github"}[i%2], "", bearer(token))
				mu.Lock()
				defer mu.Unlock()
				statuses[got.Code]++
			})
		}
		wg.Wait()
		if left := s.identities(token); len(left) != 1 || statuses[204] != 1 || statuses[204]+statuses[409]+statuses[404] != 8 {
			t.Fatalf("got statuses %v and %q left, want one 204 and one left", statuses, left)
		}
	}
	t.Run("though both were decided at once", func(t *testing.T) {
		t.Parallel()
		s, b := newBeside(t)
		token := s.by(nil).text(t, "token")
		s.another("github", token)
		b.first = func() { s.send("DELETE", s.in(identitiesOf)+"/github", "", bearer(token)).want(t, 204, "") }
		s.send("DELETE", s.in(identitiesOf)+"/corp", "", bearer(token)).want(t, 409, "last_credential")
		s.wantIdentities(t, token, "corp ann@example.com")
	})
}

func TestIdentitiesOfWhichNothingWasNoted(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	token := s.signUp("ann@example.com").text(t, "token")
	s.give(token, authkit.Credential{Subject: s.provider().URL + " ann-at-corp"})
	s.another("github", token)
	s.give(token, authkit.Credential{Subject: "https://idp.example 1", Data: []byte("nonsense")})
	s.wantIdentities(t, token, "corp", "github", "idp.example")
	s.by(jwt.MapClaims{"sub": "ann-at-corp", "email": "ann@corp.example"}).want(t, 200, "")
	s.wantIdentities(t, token, "corp ann@corp.example", "github", "idp.example")
	for _, provider := range []string{"idp.example", "github", "corp"} {
		s.send("DELETE", s.in(identitiesOf)+"/"+provider, "", bearer(token)).want(t, 204, "")
	}
	s.wantIdentities(t, token)
}
