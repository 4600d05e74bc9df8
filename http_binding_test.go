package authkit_test

import (
	"maps"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

// An attacker who used a browser before may know the binding secret that it had then. A flow
// that the attacker begins with that secret must not end in a session of the next user's
// browser (login CSRF).
func TestWhatTheUserBeforeBeganEndsInNoOtherUsersBrowser(t *testing.T) {
	t.Parallel()
	signIn := func(s *stage, email, intent string, kept map[string]string) answer {
		got := s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody(email, password, intent), jar(nil, kept))
		if got.Code > 201 {
			s.t.Fatalf("sign-in: got %d %s", got.Code, got.Body)
		}
		jar(got.Header(), kept)
		return got
	}
	for _, mode := range []authkit.SessionMode{authkit.SessionCookie, authkit.SessionBearer} {
		for name, between := range map[string]func(s *stage, in answer, kept map[string]string){
			"the secret was made after the sign-in": func(*stage, answer, map[string]string) {},
			"the secret is another one a day later": func(s *stage, _ answer, kept map[string]string) {
				s.comes("", "code=good", kept)
				s.clock.Advance(25 * time.Hour)
			},
			"the browser was closed":                  func(_ *stage, _ answer, kept map[string]string) { delete(kept, "authkit-b") },
			"what the browser knows of devices is no": func(_ *stage, _ answer, kept map[string]string) { kept["authkit-d"] = "x" },
		} {
			t.Run(string(mode)+", "+name, func(t *testing.T) {
				t.Parallel()
				s := newStage(t)
				s.provider()
				s.settings(authkit.AppPatch{SessionMode: &mode})
				kept := map[string]string{}
				bob := s.email()
				signIn(s, bob, "sign_up", map[string]string{})
				between(s, signIn(s, s.email(), "sign_up", kept), kept)
				ask := s.comes("", "code=good", kept)
				thief := maps.Clone(kept)
				signIn(s, bob, "sign_in", kept)
				if got := s.do(ask()); got.Code != 401 {
					t.Errorf("in the next user's browser: got %s, want it refused", told(got))
				}
				if kept["authkit-b"] = thief["authkit-b"]; s.do(ask()).Code >= 400 {
					t.Error("with the secret before: got it refused, want it taken")
				}
			})
		}
		t.Run(string(mode)+", the same user again goes on", func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.provider()
			s.settings(authkit.AppPatch{SessionMode: &mode})
			kept := map[string]string{}
			ann := s.email()
			signIn(s, ann, "sign_up", kept)
			ask := s.comes("", "code=good", kept)
			signIn(s, ann, "sign_in", kept)
			if got := s.do(ask()); got.Code >= 400 {
				t.Errorf("got %s, want it taken", told(got))
			}
		})
	}
}

// A page of an app in token mode signs out with its token.
func TestASignOutByTokenMakesTheBindingAnew(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.provider()
	in := s.signUp(s.email())
	for name, end := range map[string]func(headers ...string) answer{
		"by an access token": func(h ...string) answer {
			return s.send("POST", s.in("/auth/sign-out/{app_id}"), `{}`, append(h, bearer(in.text(t, "token")))...)
		},
		"by a refresh token": func(h ...string) answer {
			return s.send("POST", s.in("/auth/sign-out/{app_id}"), `{"refresh_token":"`+in.text(t, "refresh_token")+`"}`, h...)
		},
		"with the account": func(h ...string) answer {
			return s.send("DELETE", s.in("/auth/me/{app_id}"), "", append(h, bearer(in.text(t, "token")))...)
		},
	} {
		in = s.signUp(s.email())
		kept := map[string]string{}
		ask := s.comes("", "code=good", kept)
		got := end(jar(nil, kept))
		got.want(t, 204, "")
		if jar(got.Header(), kept); s.do(ask()).Code != 401 {
			t.Errorf("%s: got the flow finished after it, want it refused", name)
		}
		if len(sessionCookies(s.world, got)) != 1 {
			t.Errorf("%s: got %v set, want the binding alone", name, sessionCookies(s.world, got))
		}
	}
}
