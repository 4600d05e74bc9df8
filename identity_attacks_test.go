package authkit_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

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
	_, err = s.engine.CreateOAuthConfig(t.Context(), authkit.ProviderRef{App: authkit.AppRef{Developer: s.devID, ID: other.ID}, Provider: "corp"}, authkit.OAuthPatch{
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

// This test lists every way to spend a linking state in a place other than where it began. It
// is refused and spends nothing, and the session that began can still finish.
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
		"as the state of a sign-in, without a credential": {401, "invalid_token", func(s *pair, state, binding string) answer {
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
			return s.send("GET", s.in("/auth/callback/corp/{app_id}?code=good&state=")+state, "", bearer(s.mine), "Cookie: "+authkit.BindingCookie(s.engine))
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
				t.Errorf("got %s with %v, want no sign-in", got.Body, got.Header())
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
	_, err := s.engine.FinishIdentityLink(t.Context(), authkit.IdentityLinkReturn{OAuthReturn: authkit.OAuthReturn{
		App: s.app.ID, Provider: "corp", Code: "good", State: state, Binding: binding,
	}})
	if !errors.Is(err, authkit.CodeInvalidToken) {
		t.Errorf("FinishIdentityLink: got %v, want %s", err, authkit.CodeInvalidToken)
	}
	in := authkit.OAuthReturn{App: s.app.ID, Provider: "corp", Code: "good", State: "ls_" + state, Binding: binding}
	if got, err := s.engine.FinishOAuth(t.Context(), in); !errors.Is(err, authkit.CodeInvalidToken) || got.Token != "" {
		t.Errorf("FinishOAuth of the state spelled otherwise: got %v, want %s", err, authkit.CodeInvalidToken)
	}
	got := s.finish(state, binding, bearer(token)) // an additional session makes no difference
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

// This test lists what ends a linking flow, before the provider answers and while it does.
func TestLinkingStops(t *testing.T) {
	t.Parallel()
	disable := func(s *stage, disabled bool) {
		s.t.Helper()
		account, err := s.inner.Account(s.t.Context(), s.app.ID, authkit.AccountKey{Email: "ann@example.com"})
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := s.engine.ChangeUser(s.t.Context(), authkit.UserRef{App: s.app.ID, ID: account.User.ID}, authkit.UserPatch{Disabled: &disabled}); err != nil {
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
		"after another person proved the address": func(s *stage, _ string) { s.proven("ann@example.com") },
		"after the configuration was changed": func(s *stage, _ string) {
			s.send("PATCH", s.in("/apps/{app_id}/oauth-configs/corp"), `{"scopes":["openid","email"]}`, bearer(s.token)).want(s.t, 200, "")
		},
		"after the app was deleted": func(s *stage, _ string) {
			if err := s.engine.DeleteApp(s.t.Context(), authkit.AppRef{Developer: s.devID, ID: s.app.ID}); err != nil {
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
					t.Errorf("while the provider answers %v: the identity: got %v, want it linked to no user", late, err)
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
		if _, err := s.inner.ChangeUser(t.Context(), authkit.UserChange{Now: s.clock.Now(), App: s.app.ID, ID: u, End: true, Keep: session}); err != nil {
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
		s.clock.Advance(10*time.Minute + time.Second)
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
		s.send("POST", s.in("/auth/callback/github/{app_id}"), callbackBody(state, binding), bearer(token)).want(t, 404, "provider_not_configured")
		s.wantIdentities(t, token)
	})
}
