package authkit_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const identitiesOf = "/auth/identities/{app_id}"

// linkingWith begins to link, with an access token or cookies in the given header.
func (w *world) linkingWith(p *issuer, said jwt.MapClaims, body, header string) answer {
	w.t.Helper()
	got := w.send("POST", w.in(identitiesOf), body, header)
	got.want(w.t, 200, "")
	u, err := url.Parse(got.text(w.t, "redirect_url"))
	if err != nil {
		w.t.Fatal(err)
	}
	if u.Query().Get("state") != got.text(w.t, "state") {
		w.t.Errorf("redirect_url: got %s, want the state %s", u, got.text(w.t, "state"))
	}
	p.says(u.Query().Get("nonce"), said)
	return got
}

// linking begins to link a new identity.
func (s *stage) linking(token string, said jwt.MapClaims) (state, binding string) {
	s.t.Helper()
	if said == nil {
		said = jwt.MapClaims{}
	}
	if said["sub"] == nil {
		said["sub"] = s.fresh("sub")
	}
	got := s.linkingWith(s.provider(), said, `{"provider":"corp"}`, bearer(token))
	return got.text(s.t, "state"), got.text(s.t, "binding")
}

func callbackBody(state, binding string) string {
	return fmt.Sprintf(`{"code":"good","state":%q,"binding":%q}`, state, binding)
}

// finish sends what the provider sent back, with the given headers.
func (w *world) finish(state, binding string, headers ...string) answer {
	w.t.Helper()
	return w.send("POST", w.in("/auth/callback/corp/{app_id}"), callbackBody(state, binding), headers...)
}

// link links a new identity to the user of a token.
func (s *stage) link(token string, said jwt.MapClaims) answer {
	s.t.Helper()
	state, binding := s.linking(token, said)
	got := s.finish(state, binding, bearer(token))
	got.want(s.t, 200, "")
	return got
}

// identities returns the providers and addresses in a list.
func (a answer) identities(t *testing.T) []string {
	t.Helper()
	a.want(t, 200, "")
	out := []string{}
	for _, one := range a.body["identities"].([]any) {
		email, _ := one.(map[string]any)["email"].(string)
		out = append(out, strings.TrimSpace(one.(map[string]any)["provider"].(string)+" "+email))
	}
	return out
}

func (w *world) identities(token string) []string {
	w.t.Helper()
	return w.send("GET", w.in(identitiesOf), "", bearer(token)).identities(w.t)
}

func (w *world) wantIdentities(t *testing.T, token string, want ...string) {
	t.Helper()
	if got := w.identities(token); !slices.Equal(got, want) {
		t.Errorf("identities: got %q, want %q", got, want)
	}
}

// by signs in at the provider.
func (s *stage) by(said jwt.MapClaims) answer {
	s.t.Helper()
	state, binding := s.begin(s.t, s.provider(), said)
	return s.callback("good", state, binding)
}

// proven returns the token of a user with a proven address and without a password.
func (s *stage) proven(email string) string {
	s.t.Helper()
	_, m := s.mailed(email, "")
	got := s.verify(`{"token":"` + linkToken(m) + `"}`)
	got.want(s.t, 200, "")
	return got.text(s.t, "token")
}

// session returns the session of an access token and its user.
func (s *stage) session(token string) (session, user uuid.UUID) {
	s.t.Helper()
	var claims jwt.RegisteredClaims
	own := struct {
		*jwt.RegisteredClaims

		Session uuid.UUID `json:"sid"`
	}{RegisteredClaims: &claims}
	if _, _, err := jwt.NewParser().ParseUnverified(token, &own); err != nil {
		s.t.Fatal(err)
	}
	return own.Session, uuid.MustParse(claims.Subject)
}

func userID(a answer) uuid.UUID {
	return uuid.MustParse(a.body["user"].(map[string]any)["user_id"].(string))
}

func TestLinkRequiredHasAWayOut(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	said := jwt.MapClaims{"sub": "ann-at-corp", "email": "Ann@example.com"}
	token := s.proven("ann@example.com")
	s.by(said).want(t, 409, "link_required")

	got := s.link(token, said)
	if list := got.identities(t); !slices.Equal(list, []string{"corp Ann@example.com"}) || got.body["token"] != nil {
		t.Errorf("linked: got %s, want the list alone", got.Body)
	}
	if wrong := (shape{"identities": each(shape{"provider": is("corp"), "email": is("Ann@example.com"), "created_at": isTime})}).wrong(got.body); wrong != "" {
		t.Error(wrong)
	}
	s.runOnce()
	if m, _ := s.outbox.Last("ann@example.com"); !strings.Contains(m.Text, "Corp") {
		t.Errorf("mail: got %q, want one about corp", m.Text)
	}
	in := s.by(said)
	in.want(t, 200, "")
	if me := s.send("GET", s.in("/auth/me/{app_id}"), "", bearer(token)).text(t, "user_id"); userID(in).String() != me {
		t.Errorf("the provider signs in to %s, want %s", userID(in), me)
	}
	t.Run("a second time changes nothing, and says nothing", func(t *testing.T) {
		mails, events := s.outbox.Messages(), s.events(authkit.EventIdentityLink)
		if list := s.link(token, jwt.MapClaims{"sub": "ann-at-corp", "email": "Ann@example.com"}).identities(t); len(list) != 1 {
			t.Errorf("identities: got %q, want one", list)
		}
		s.runOnce()
		if got := s.outbox.Messages(); len(got) != len(mails) || s.events(authkit.EventIdentityLink) != events {
			t.Errorf("got %d mails and %d events more", len(got)-len(mails), s.events(authkit.EventIdentityLink)-events)
		}
	})
	t.Run("the address is the one that the provider told last", func(t *testing.T) {
		events := s.events(authkit.EventIdentityLink)
		got := s.link(token, jwt.MapClaims{"sub": "ann-at-corp", "email": "married@example.com"})
		if list := got.identities(t); !slices.Equal(list, []string{"corp married@example.com"}) || s.events(authkit.EventIdentityLink) != events {
			t.Errorf("linked: got %q and %d events more, want the new address alone", list, s.events(authkit.EventIdentityLink)-events)
		}
		s.wantIdentities(t, token, "corp married@example.com")
		s.by(jwt.MapClaims{"sub": "ann-at-corp", "email": ""}).want(t, 200, "")
		s.wantIdentities(t, token, "corp")
		s.by(jwt.MapClaims{"sub": "ann-at-corp", "email": "not an address"}).want(t, 200, "")
		s.wantIdentities(t, token, "corp")
	})
	t.Run("a user may have another, of another address", func(t *testing.T) {
		s.clock.Advance(time.Second)
		s.link(token, jwt.MapClaims{"sub": "ann-at-work", "email": "ann@work.example"})
		s.wantIdentities(t, token, "corp", "corp ann@work.example")
	})
}

// events counts the app's events of a type.
func (s *stage) events(kind string) int {
	s.t.Helper()
	list, err := s.inner.Events(s.t.Context(), s.app.ID, authkit.EventQuery{Page: authkit.Page{Limit: 500}, Type: kind})
	if err != nil {
		s.t.Fatal(err)
	}
	return len(list)
}

func TestLinkingTellsOnlyAProvenAddress(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.mailsNoProof()
	s.link(s.signUp("ann@example.com").text(t, "token"), nil)
	s.runOnce()
	if m, ok := s.outbox.Last("ann@example.com"); ok {
		t.Errorf("mail to an unproven address: got %q, want none", m.Text)
	}
	if got := s.events(authkit.EventIdentityLink); got != 1 {
		t.Errorf("events: got %d, want 1", got)
	}
}

func TestAnIdentityOfAnotherAccountStaysThere(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	said := jwt.MapClaims{"sub": "bob-at-corp", "email": "bob@example.com"}
	bob := s.by(said).text(t, "token")
	ann := s.proven("ann@example.com")
	state, binding := s.linking(ann, said)
	s.finish(state, binding, bearer(ann)).want(t, 409, "link_required")
	s.wantIdentities(t, ann)
	s.wantIdentities(t, bob, "corp bob@example.com")
}

// beside is a store that calls a function once, just before a user is changed or read.
type beside struct {
	authkit.Store

	first, read func()
}

func (b *beside) Account(ctx context.Context, app uuid.UUID, by authkit.AccountKey) (authkit.Account, error) {
	if read := b.read; read != nil {
		b.read = nil
		read()
	}
	return b.Store.Account(ctx, app, by)
}

func (b *beside) ChangeUser(ctx context.Context, c authkit.UserChange) (authkit.User, error) {
	if first := b.first; first != nil {
		b.first = nil
		first()
	}
	return b.Store.ChangeUser(ctx, c)
}

func newBeside(t *testing.T) (*stage, *beside) {
	t.Helper()
	b := &beside{}
	s := newStage(t, withoutLimits, func(c *authkit.Config) { b.Store, c.Store = c.Store, b })
	return s, b
}

func TestLinkingIsDecidedAnewWhereTheAccountChanged(t *testing.T) {
	t.Parallel()
	t.Run("a name that changed is no matter", func(t *testing.T) {
		t.Parallel()
		s, b := newBeside(t)
		token := s.signUp("ann@example.com").text(t, "token")
		state, binding := s.linking(token, nil)
		b.first = func() {
			s.send("PATCH", s.in("/auth/me/{app_id}"), `{"name":"Ann"}`, bearer(token)).want(t, 200, "")
		}
		s.finish(state, binding, bearer(token)).want(t, 200, "")
		s.wantIdentities(t, token, "corp ann@example.com")
	})
	for name, at := range map[string]func(*beside, func()){
		"an address that another person proved is":                      func(b *beside, then func()) { b.first = then },
		"and so is one that was proved after the session was asked for": func(b *beside, then func()) { b.read = then },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, b := newBeside(t)
			token := s.signUp("ann@example.com").text(t, "token")
			state, binding := s.linking(token, nil)
			owner := ""
			at(b, func() { owner = s.proven("ann@example.com") })
			s.finish(state, binding, bearer(token)).want(t, 401, "invalid_token")
			s.wantIdentities(t, owner)
		})
	}
}

// The proof rule: an identity that was linked before the address was proven does not survive
// the proof.
func TestAnIdentityOfAnUnprovenAccountIsLostToTheOwner(t *testing.T) {
	t.Parallel()
	for name, prove := range map[string]func(s *stage) answer{
		"by a link": func(s *stage) answer {
			_, m := s.mailed("ann@example.com", "")
			return s.verify(`{"token":"` + linkToken(m) + `"}`)
		},
		"by a provider that is trusted for it": func(s *stage) answer {
			s.send("PATCH", s.in("/apps/{app_id}/oauth-configs/corp"), `{"trust_email":true}`, bearer(s.token)).want(s.t, 200, "")
			return s.by(jwt.MapClaims{"sub": "ann-at-corp", "email": "ann@example.com"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits)
			eve := s.signUp("ann@example.com")
			said := jwt.MapClaims{"sub": "eve-at-corp", "email": "eve@example.com"}
			s.link(eve.text(t, "token"), said)
			s.by(said).want(t, 200, "")
			state, binding := s.linking(eve.text(t, "token"), jwt.MapClaims{"sub": "eve-elsewhere"})

			owner := prove(s)
			owner.want(t, 200, "")
			if userID(owner) != userID(eve) {
				t.Fatalf("the owner got user %s, want %s", userID(owner), userID(eve))
			}
			for _, one := range s.identities(owner.text(t, "token")) {
				if strings.Contains(one, "eve") {
					t.Errorf("identities: got %s, want none of before", one)
				}
			}
			s.finish(state, binding, bearer(eve.text(t, "token"))).want(t, 401, "invalid_token")
			in := s.by(said)
			in.want(t, 200, "")
			if userID(in) == userID(owner) {
				t.Error("the identity still signs in to the account")
			}
		})
	}
}

func TestChangingIdentitiesWantsAFreshSignIn(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.provider()
	token := s.signUp("ann@example.com").text(t, "token")
	state, binding := s.linking(token, nil)
	s.clock.Advance(9*time.Minute + 59*time.Second)
	s.finish(state, binding, bearer(token)).want(t, 200, "")
	state, binding = s.linking(token, nil)
	s.clock.Advance(2 * time.Second)
	s.send("POST", s.in(identitiesOf), `{"provider":"corp"}`, bearer(token)).want(t, 403, "reauthentication_required")
	s.send("DELETE", s.in(identitiesOf)+"/corp", "", bearer(token)).want(t, 403, "reauthentication_required")
	s.wantIdentities(t, token, "corp ann@example.com")
	s.finish(state, binding, bearer(token)).want(t, 200, "") // it was fresh when it began
}

func TestBeginningToLinkIsStrict(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.provider()
	token := s.signUp("ann@example.com").text(t, "token")
	for body, c := range map[string]struct {
		status int
		code   string
	}{
		`{}`:                     {400, "invalid_request"},
		`{"provider":"nothing"}`: {404, "provider_not_configured"},
		`{"provider":"corp","redirect_to":"https://evil.example"}`: {400, "invalid_request"},
		`{"provider":"corp","redirect_to":"` + goal + `"}`:         {200, ""},
	} {
		s.send("POST", s.in(identitiesOf), body, bearer(token)).want(t, c.status, c.code)
	}
	_, err := s.engine.LinkIdentity(t.Context(), authkit.IdentityLink{App: s.app.ID, User: uuid.New(), Session: uuid.New(), Provider: "corp"})
	if !errors.Is(err, authkit.CodeInvalidToken) {
		t.Errorf("LinkIdentity without a session: got %v, want %s", err, authkit.CodeInvalidToken)
	}
	session, _ := s.session(token)
	bob := s.signUp("bob@example.com")
	_, err = s.engine.LinkIdentity(t.Context(), authkit.IdentityLink{App: s.app.ID, User: userID(bob), Session: session, Provider: "corp"})
	if !errors.Is(err, authkit.CodeInvalidToken) {
		t.Errorf("LinkIdentity with another's session: got %v, want %s", err, authkit.CodeInvalidToken)
	}
	for name, call := range map[string]func() error{
		"Identities": func() error {
			_, err := s.engine.Identities(t.Context(), authkit.UserRef{App: s.app.ID, ID: uuid.New()})
			return err
		},
		"UnlinkIdentity": func() error {
			return s.engine.UnlinkIdentity(t.Context(), authkit.UserRef{App: s.app.ID, ID: uuid.New()}, "corp")
		},
	} {
		if err := call(); !errors.Is(err, authkit.CodeUserNotFound) {
			t.Errorf("%s of an unknown user: got %v, want %s", name, err, authkit.CodeUserNotFound)
		}
	}
}
