package authkit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const identitiesOf = "/auth/identities/{app_id}"

// linkingWith begins to link with an access token or cookies, whichever header it is given.
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

// linking begins to link somebody new.
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

// finish hands in what the provider sent back, with the headers that are given.
func (w *world) finish(state, binding string, headers ...string) answer {
	w.t.Helper()
	return w.send("POST", w.in("/auth/callback/corp/{app_id}"), callbackBody(state, binding), headers...)
}

// link links somebody new to the user of a token.
func (s *stage) link(token string, said jwt.MapClaims) answer {
	s.t.Helper()
	state, binding := s.linking(token, said)
	got := s.finish(state, binding, bearer(token))
	got.want(s.t, 200, "")
	return got
}

// identities are what a list names: providers with their addresses.
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

// proven is the token of a user without a password, whose address is proven.
func (s *stage) proven(email string) string {
	s.t.Helper()
	_, m := s.mailed(email, "")
	got := s.verify(`{"token":"` + linkToken(m) + `"}`)
	got.want(s.t, 200, "")
	return got.text(s.t, "token")
}

// session answers the session of an access token, and its user.
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

func identityFlows() []flow {
	const list, one, post = "/auth/identities/{app_id}", "/auth/identities/{app_id}/corp", "POST /auth/callback/{provider}/{app_id}"
	const route = "DELETE /auth/identities/{app_id}/{provider}"
	up := func(s *stage) string { return s.signUp(s.email()).text(s.t, "token") }
	return []flow{
		{name: "list one's identities", route: "GET " + list, status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", list, "", bearer(up(s)))
		}},
		{name: "begin to link", route: "POST " + list, status: 200, ready: func(s *stage) func() *http.Request {
			s.provider()
			return s.again("POST", list, `{"provider":"corp"}`, bearer(up(s)))
		}},
		{name: "begin to link at a provider that is none", route: "POST " + list, status: 404, code: "provider_not_configured", ready: func(s *stage) func() *http.Request {
			return s.again("POST", list, `{"provider":"github"}`, bearer(up(s)))
		}},
		{name: "finish linking", route: post, status: 200, spends: true, ready: func(s *stage) func() *http.Request {
			token := s.proven(s.email())
			state, binding := s.linking(token, nil)
			return s.again("POST", "/auth/callback/corp/{app_id}", callbackBody(state, binding), bearer(token))
		}},
		{name: "finish linking without a session", route: post, status: 401, code: "unauthenticated", ready: func(s *stage) func() *http.Request {
			state, binding := s.linking(up(s), nil)
			return s.again("POST", "/auth/callback/corp/{app_id}", callbackBody(state, binding))
		}},
		{name: "finish linking with another's session", route: post, status: 401, code: "invalid_token", ready: func(s *stage) func() *http.Request {
			state, binding := s.linking(up(s), nil)
			return s.again("POST", "/auth/callback/corp/{app_id}", callbackBody(state, binding), bearer(up(s)))
		}},
		{name: "bounce the form of a flow that links", route: post, status: 303, ready: func(s *stage) func() *http.Request {
			state, _ := s.linking(up(s), nil)
			return s.again("POST", "/auth/callback/corp/{app_id}", "code=good&state="+state, form)
		}},
		{name: "unlink", route: route, status: 204, ready: func(s *stage) func() *http.Request {
			token := up(s)
			s.link(token, nil)
			return s.again("DELETE", one, "", bearer(token))
		}},
		{name: "unlink what is not linked", route: route, status: 404, code: "not_found", ready: func(s *stage) func() *http.Request {
			return s.again("DELETE", one, "", bearer(up(s)))
		}},
		{name: "unlink the last way in", route: route, status: 403, code: "forbidden", ready: func(s *stage) func() *http.Request {
			token := s.by(jwt.MapClaims{"sub": s.fresh("sub"), "email": s.email()}).text(s.t, "token")
			return s.again("DELETE", one, "", bearer(token))
		}},
	}
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
	if m, _ := s.outbox.Last("ann@example.com"); !strings.Contains(m.Text, "corp") {
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
		s.clock.advance(time.Second)
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
	s.link(s.signUp("ann@example.com").text(t, "token"), nil)
	s.runOnce()
	if m, ok := s.outbox.Last("ann@example.com"); ok {
		t.Errorf("mail to an unproven address: got %q, want none", m.Text)
	}
	if got := s.events(authkit.EventIdentityLink); got != 1 {
		t.Errorf("events: got %d, want 1", got)
	}
}

// pair is a stage with a second app of the same provider, and a session in each.
type pair struct {
	*stage

	mine, theirs string
	second       uuid.UUID
}

func newPair(t *testing.T) *pair {
	t.Helper()
	s := &pair{stage: newStage(t, withoutLimits)}
	other, _, err := s.engine.CreateApp(t.Context(), s.devID, "Second")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.engine.CreateOAuthConfig(t.Context(), s.devID, other.ID, "corp", authkit.OAuthPatch{
		ClientID: new("client"), ClientSecret: new("x"), RedirectURI: new("https://spa.example/cb"), Issuer: &s.provider().URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.second, s.mine = other.ID, s.signUp("ann@example.com").text(t, "token")
	up := s.send("POST", "/auth/credentials/"+other.ID.String(), signInBody("ann@example.com", password, "sign_up"))
	s.theirs = up.text(t, "token")
	return s
}

// Every way to spend a state that links in another place than where it began. It is
// refused, spends nothing, and the one that began can still finish.
func TestAStateLinksForItsOwnSessionAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		code   string
		try    func(s *pair, state, binding string) answer
	}{
		"without a session": {401, "unauthenticated", func(s *pair, state, binding string) answer {
			return s.finish(state, binding)
		}},
		"in a victim's session, with all that the attacker has": {401, "invalid_token", func(s *pair, state, binding string) answer {
			return s.finish(state, binding, bearer(s.signUp("victim@example.com").text(s.t, "token")))
		}},
		"in another session of the same user": {401, "invalid_token", func(s *pair, state, binding string) answer {
			return s.finish(state, binding, bearer(s.signIn(s.app.ID.String(), "ann@example.com")))
		}},
		"with another binding": {401, "invalid_token", func(s *pair, state, _ string) answer {
			return s.finish(state, strings.Repeat("A", 64), bearer(s.mine))
		}},
		"with the binding of a sign-in": {401, "invalid_token", func(s *pair, state, _ string) answer {
			_, binding := s.begin(s.t, s.idp, nil)
			return s.finish(state, binding, bearer(s.mine))
		}},
		"as the state of a sign-in": {401, "invalid_token", func(s *pair, state, binding string) answer {
			return s.finish(strings.TrimPrefix(state, "ls_"), binding, bearer(s.mine))
		}},
		"as the state of a sign-in, by nobody": {401, "invalid_token", func(s *pair, state, binding string) answer {
			return s.finish(strings.TrimPrefix(state, "ls_"), binding)
		}},
		"in another app": {401, "invalid_token", func(s *pair, state, binding string) answer {
			return s.send("POST", "/auth/callback/corp/"+s.second.String(), callbackBody(state, binding), bearer(s.theirs))
		}},
		"in another app, with the session of this one": {401, "invalid_token", func(s *pair, state, binding string) answer {
			return s.send("POST", "/auth/callback/corp/"+s.second.String(), callbackBody(state, binding), bearer(s.mine))
		}},
		"here, with the session of another app": {401, "invalid_token", func(s *pair, state, binding string) answer {
			return s.finish(state, binding, bearer(s.theirs))
		}},
		"with an API key": {401, "invalid_token", func(s *pair, state, binding string) answer {
			return s.finish(state, binding, bearer(s.key))
		}},
		"in a browser, without a cookie": {401, "invalid_token", func(s *pair, state, _ string) answer {
			return s.send("GET", s.in("/auth/callback/corp/{app_id}?code=good&state=")+state, "", bearer(s.mine))
		}},
		"in a browser, with a cookie that did not begin": {401, "invalid_token", func(s *pair, state, _ string) answer {
			return s.send("GET", s.in("/auth/callback/corp/{app_id}?code=good&state=")+state, "", bearer(s.mine), "Cookie: authkit-b="+strings.Repeat("A", 43))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newPair(t)
			state, binding := s.linking(s.mine, nil)
			nonce, said := s.idp.nonce, s.idp.said
			got := c.try(s, state, binding)
			got.want(t, c.status, c.code)
			if got.body["token"] != nil || len(got.Header().Values("Set-Cookie")) != 0 {
				t.Errorf("got %s with %v, want nobody signed in", got.Body, got.Header())
			}
			s.wantIdentities(t, s.mine)
			s.idp.says(nonce, said)
			s.finish(state, binding, bearer(s.mine)).want(t, 200, "")
			s.wantIdentities(t, s.mine, "corp ann@example.com")
			if users, err := s.engine.Users(t.Context(), s.app.ID, authkit.UserFilter{}); err != nil || len(users) > 2 {
				t.Errorf("users: got %d, %v, want none that came from the provider", len(users), err)
			}
		})
	}
}

func TestTheStateOfASignInNeverLinks(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	token := s.signUp("ann@example.com").text(t, "token")
	state, binding := s.begin(t, s.provider(), jwt.MapClaims{"sub": "eve", "email": "eve@example.com"})
	s.finish("ls_"+state, binding, bearer(token)).want(t, 401, "invalid_token")
	_, err := s.engine.FinishLink(t.Context(), authkit.LinkReturn{OAuthReturn: authkit.OAuthReturn{
		App: s.app.ID, Provider: "corp", Code: "good", State: state, Binding: binding,
	}})
	if !errors.Is(err, authkit.CodeInvalidToken) {
		t.Errorf("FinishLink: got %v, want %s", err, authkit.CodeInvalidToken)
	}
	in := authkit.OAuthReturn{App: s.app.ID, Provider: "corp", Code: "good", State: "ls_" + state, Binding: binding}
	if got, err := s.engine.FinishOAuth(t.Context(), in); !errors.Is(err, authkit.CodeInvalidToken) || got.Token != "" {
		t.Errorf("FinishOAuth of the state spelled otherwise: got %v, want %s", err, authkit.CodeInvalidToken)
	}
	got := s.finish(state, binding, bearer(token)) // a session beside it is of no account
	got.want(t, 200, "")
	if got.body["created"] != true {
		t.Errorf("sign-in: got %s, want a new user", got.Body)
	}
	s.wantIdentities(t, token)

	linking, binding := s.linking(token, nil)
	in.State, in.Binding = linking, binding
	if got, err := s.engine.FinishOAuth(t.Context(), in); !errors.Is(err, authkit.CodeInvalidToken) || got.Token != "" {
		t.Errorf("FinishOAuth: got %v, want %s", err, authkit.CodeInvalidToken)
	}
	s.finish(linking, binding, bearer(token)).want(t, 200, "")
}

// What ends a flow that links, before the provider answers and while it does.
func TestLinkingStops(t *testing.T) {
	t.Parallel()
	disable := func(s *stage, disabled bool) {
		s.t.Helper()
		account, err := s.inner.Account(s.t.Context(), s.app.ID, authkit.AccountKey{Email: "ann@example.com"})
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := s.engine.ChangeUser(s.t.Context(), s.app.ID, account.User.ID, authkit.UserPatch{Disabled: &disabled}); err != nil {
			s.t.Fatal(err)
		}
	}
	for name, stop := range map[string]func(s *stage, token string){
		"after a sign-out": func(s *stage, token string) {
			s.send("POST", s.in("/auth/sign-out/{app_id}"), `{}`, bearer(token)).want(s.t, 204, "")
		},
		"after a sign-out everywhere": func(s *stage, token string) {
			s.send("POST", s.in("/auth/sign-out/{app_id}"), `{"all":true}`, bearer(token)).want(s.t, 204, "")
		},
		"after the user was disabled":             func(s *stage, _ string) { disable(s, true) },
		"after the user was disabled and enabled": func(s *stage, _ string) { disable(s, true); disable(s, false) },
		"after the user was deleted": func(s *stage, token string) {
			s.send("DELETE", s.in("/auth/me/{app_id}"), "", bearer(token)).want(s.t, 204, "")
		},
		"after somebody else proved the address": func(s *stage, _ string) { s.proven("ann@example.com") },
		"after the configuration was changed": func(s *stage, _ string) {
			s.send("PATCH", s.in("/apps/{app_id}/oauth-configs/corp"), `{"scopes":["openid","email"]}`, bearer(s.token)).want(s.t, 200, "")
		},
		"after the app was deleted": func(s *stage, _ string) {
			if err := s.engine.DeleteApp(s.t.Context(), s.devID, s.app.ID); err != nil {
				s.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, late := range []bool{false, true} {
				s := newStage(t, withoutLimits)
				token := s.signUp("ann@example.com").text(t, "token")
				said := jwt.MapClaims{"sub": "at-corp"}
				if late {
					said["name"] = meanwhile(func() { stop(s, token) })
				}
				state, binding := s.linking(token, said)
				if !late {
					stop(s, token)
				}
				got := s.finish(state, binding, bearer(token))
				if got.Code != 401 && got.Code != 404 {
					t.Errorf("while the provider answers %v: got %d %s, want it refused", late, got.Code, got.Body)
				}
				_, err := s.inner.Account(t.Context(), s.app.ID, authkit.AccountKey{Kind: "oauth", Subject: s.idp.URL + " at-corp"})
				if !errors.Is(err, authkit.ErrNotFound) {
					t.Errorf("while the provider answers %v: the identity: got %v, want it linked to nobody", late, err)
				}
			}
		})
	}
	t.Run("after the other sessions were ended, while this one goes on", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		token := s.signUp("ann@example.com").text(t, "token")
		state, binding := s.linking(token, nil)
		session, u := s.session(token)
		if _, err := s.inner.ChangeUser(t.Context(), authkit.UserChange{Now: s.clock.now(), App: s.app.ID, ID: u, End: true, Keep: session}); err != nil {
			t.Fatal(err)
		}
		s.finish(state, binding, bearer(token)).want(t, 401, "invalid_token")
		s.link(token, nil)
	})
	t.Run("after ten minutes", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		token := s.signUp("ann@example.com").text(t, "token")
		state, binding := s.linking(token, nil)
		s.clock.advance(10*time.Minute + time.Second)
		s.finish(state, binding, bearer(token)).want(t, 401, "invalid_token")
	})
	t.Run("once it is done", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		token := s.signUp("ann@example.com").text(t, "token")
		state, binding := s.linking(token, nil)
		s.finish(state, binding, bearer(token)).want(t, 200, "")
		s.finish(state, binding, bearer(token)).want(t, 401, "invalid_token")
	})
	t.Run("at another provider's callback", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		token := s.signUp("ann@example.com").text(t, "token")
		state, binding := s.linking(token, nil)
		s.send("POST", s.in("/auth/callback/github/{app_id}"), callbackBody(state, binding), bearer(token)).want(t, 401, "invalid_token")
		s.wantIdentities(t, token)
	})
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

// beside is a store that does something just before a user is changed, or read, once.
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
		"an address that somebody else proved is":                       func(b *beside, then func()) { b.first = then },
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

// The proof rule: nothing that was linked before the address was proven survives the proof.
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

func TestUnlink(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ready  func(s *stage) string // the token of somebody with an identity at corp
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
		"an address that is not proven is none": {func(s *stage) string {
			return s.by(nil).text(s.t, "token")
		}, 403, "forbidden"},
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
		}, 403, "forbidden"},
		"nor where the app has it no more": {func(s *stage) string {
			token := s.by(nil).text(s.t, "token")
			s.another("github", token)
			s.send("DELETE", s.in("/apps/{app_id}/oauth-configs/github"), "", bearer(s.token)).want(s.t, 204, "")
			return token
		}, 403, "forbidden"},
		"another of the same provider goes, too": {func(s *stage) string {
			token := s.by(nil).text(s.t, "token")
			s.link(token, nil)
			return token
		}, 403, "forbidden"},
		"who has none": {func(s *stage) string { return s.signUp("ann@example.com").text(s.t, "token") }, 404, "not_found"},
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
			s.send("DELETE", s.in(identitiesOf)+"/corp", "", bearer(token)).want(t, 404, "not_found")
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

// give puts an identity into the store as it is.
func (s *stage) give(token string, c authkit.Credential) {
	s.t.Helper()
	u, err := s.engine.Me(s.t.Context(), s.app.ID, token)
	if err != nil {
		s.t.Fatal(err)
	}
	s.clock.advance(time.Second)
	c.App, c.UserID, c.Kind, c.CreatedAt = s.app.ID, u.ID, "oauth", s.clock.now()
	change := authkit.UserChange{Now: s.clock.now(), App: s.app.ID, ID: u.ID, Version: u.Version, Put: []authkit.Credential{c}}
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
		if left := s.identities(token); len(left) != 1 || statuses[204] != 1 || statuses[204]+statuses[403]+statuses[404] != 8 {
			t.Fatalf("got statuses %v and %q left, want one 204 and one left", statuses, left)
		}
	}
	t.Run("though both were decided at once", func(t *testing.T) {
		t.Parallel()
		s, b := newBeside(t)
		token := s.by(nil).text(t, "token")
		s.another("github", token)
		b.first = func() { s.send("DELETE", s.in(identitiesOf)+"/github", "", bearer(token)).want(t, 204, "") }
		s.send("DELETE", s.in(identitiesOf)+"/corp", "", bearer(token)).want(t, 403, "forbidden")
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

func TestChangingIdentitiesWantsAFreshSignIn(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.provider()
	token := s.signUp("ann@example.com").text(t, "token")
	state, binding := s.linking(token, nil)
	s.clock.advance(9*time.Minute + 59*time.Second)
	s.finish(state, binding, bearer(token)).want(t, 200, "")
	state, binding = s.linking(token, nil)
	s.clock.advance(2 * time.Second)
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
		"Identities":     func() error { _, err := s.engine.Identities(t.Context(), s.app.ID, uuid.New()); return err },
		"UnlinkIdentity": func() error { return s.engine.UnlinkIdentity(t.Context(), s.app.ID, uuid.New(), "corp") },
	} {
		if err := call(); !errors.Is(err, authkit.CodeUserNotFound) {
			t.Errorf("%s of nobody: got %v, want %s", name, err, authkit.CodeUserNotFound)
		}
	}
}
