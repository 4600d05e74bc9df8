package authkit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

const proofOfSignUp = "/auth/email/verify/{app_id}"

// signUpAnn signs Ann up by a browser, and returns the mail with the proof.
func (w *world) signUpAnn() (up answer, m mail.Message) {
	w.t.Helper()
	up = w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"ann@example.com","password":"`+password+`","name":"Ann","intent":"sign_up"}`)
	up.want(w.t, 201, "")
	return up, w.mailTo("ann@example.com")
}

func TestASignUpMailsAProofAndLetsTheUserIn(t *testing.T) {
	t.Parallel()
	for name, redeem := range map[string]func(s *stage, up answer, m mail.Message) answer{
		"the code, with the session": func(s *stage, up answer, m mail.Message) answer {
			return s.send("POST", s.in(proofOfSignUp), `{"code":"`+mail.Code(m)+`"}`, bearer(up.text(s.t, "token")))
		},
		"the code and the address, with the session": func(s *stage, up answer, m mail.Message) answer {
			return s.send("POST", s.in(proofOfSignUp), `{"email":"Ann@example.com","code":"`+mail.Code(m)+`"}`, bearer(up.text(s.t, "token")))
		},
		"the code, with another session of the account": func(s *stage, _ answer, m mail.Message) answer {
			return s.send("POST", s.in(proofOfSignUp), `{"code":"`+mail.Code(m)+`"}`, bearer(s.signIn(s.app.ID.String(), "ann@example.com")))
		},
		"the link, with the session": func(s *stage, up answer, m mail.Message) answer {
			return s.send("POST", s.in(proofOfSignUp), byLink(m, ""), bearer(up.text(s.t, "token")))
		},
		"the code, by a Go caller who knows the user": func(s *stage, up answer, m mail.Message) answer {
			ref := s.userRef(up)
			if _, err := s.engine.VerifyEmail(s.t.Context(), authkit.EmailProof{App: ref.App, User: ref.ID, Code: mail.Code(m)}); err != nil {
				s.t.Error(err)
			}
			return s.send("GET", s.in("/auth/me/{app_id}"), "", bearer(up.text(s.t, "token")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overStores(t, func(s *stage) {
				up, m := s.signUpAnn()
				s.equal("before", up.user("email_verified"), false)
				got := redeem(s, up, m)
				got.want(s.t, 200, "")
				if got.user("email_verified") != true || got.user("name") != "Ann" || got.body["token"] != nil {
					s.t.Errorf("user: got %s, want it proven, with its name, and no token", got.Body)
				}
				s.equal("the session", s.lives(up.text(s.t, "token")), 200)
				s.equal("the password", s.passes("ann@example.com", password), 200)
				s.send("POST", s.in(proofOfSignUp), byLink(m, ""), bearer(up.text(s.t, "token"))).want(s.t, 401, "invalid_token")
			})
		})
	}
}

// userRef names the user of a sign-in.
func (w *world) userRef(in answer) authkit.UserRef {
	w.t.Helper()
	users, err := w.engine.Users(w.t.Context(), w.app.ID, authkit.UserFilter{Email: fmt.Sprint(in.user("email"))})
	if err != nil || len(users) != 1 {
		w.t.Fatalf("got %v, %v, want the one user", users, err)
	}
	return authkit.UserRef{App: w.app.ID, ID: users[0].ID}
}

func TestTheProofOfASignUpIsBoundToItsBrowser(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	kept := map[string]string{}
	for _, before := range []string{"", "bob@example.com"} { // another person used the browser before
		t.Run("after "+before, func(t *testing.T) {
			s.t = t
			if before != "" {
				got := s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody(before, password, "sign_up"), jarOf(kept))
				got.want(t, 201, "")
				jar(got.Header(), kept)
			}
			email := s.email()
			up := s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody(email, password, "sign_up"), jarOf(kept))
			up.want(t, 201, "")
			cookies := jar(up.Header(), kept)
			m := s.mailTo(email)
			page := s.send("GET", linkPath(m), "", cookies)
			got := s.send("POST", s.in(proofOfSignUp), formOf(page), form, cookies)
			got.want(t, 200, "")
			if !strings.Contains(got.Body.String(), "Confirmed") {
				t.Errorf("the page: got %s, want it confirmed", got.Body)
			}
			s.equal("the session", s.lives(up.text(t, "token")), 200)
			s.equal("the password", s.passes(email, password), 200)
		})
	}
}

// jarOf returns cookies as a request header.
func jarOf(kept map[string]string) string { return jar(nil, kept) }

func TestTheProofOfASignUpResetsTheAccountElsewhere(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		up, m := s.signUpAnn()
		got := s.send("POST", s.in(proofOfSignUp), byLink(m, ""))
		got.want(s.t, 200, "")
		if got.user("email_verified") != true || got.user("name") != nil {
			s.t.Errorf("the account: got %s, want it proven and without the name", got.Body)
		}
		s.equal("the session of the sign-up", s.lives(up.text(s.t, "token")), 401)
		s.equal("the password", s.passes("ann@example.com", password), 401)
	})
}

func TestACodeWithASessionIsThatOfTheAccountsNewestProof(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]func(s *stage, token string, first mail.Message) (code string, status int){
		"a newer proof takes its place": func(s *stage, token string, first mail.Message) (string, int) {
			s.posted("/auth/email/send/{app_id}", `{}`, "ann@example.com", bearer(token))
			return mail.Code(first), 401
		},
		"and its code works": func(s *stage, token string, _ mail.Message) (string, int) {
			_, m := s.posted("/auth/email/send/{app_id}", `{}`, "ann@example.com", bearer(token))
			return mail.Code(m), 200
		},
		"a mail that a limit holds back takes no place": func(s *stage, token string, _ mail.Message) (string, int) {
			var m mail.Message
			for range 4 { // the first of five is that of the sign-up
				_, m = s.posted("/auth/email/send/{app_id}", `{}`, "ann@example.com", bearer(token))
			}
			s.posted("/auth/email/send/{app_id}", `{}`, "ann@example.com", bearer(token))
			return mail.Code(m), 200
		},
		"a magic link of a stranger is no proof of the account": func(s *stage, _ string, _ mail.Message) (string, int) {
			_, m := s.mailed("ann@example.com", "")
			return mail.Code(m), 401
		},
		"a wrong code is wrong": func(_ *stage, _ string, first mail.Message) (string, int) {
			return wrongCode(mail.Code(first)), 401
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEveryStore(t, func(t *testing.T, store authkit.Store) {
				t.Helper()
				s := newStageOn(t, store, func(c *authkit.Config) { c.Limits.InsecureOff = false })
				up, first := s.signUpAnn()
				token := up.text(t, "token")
				code, want := script(s, token, first)
				if got := s.send("POST", s.in(proofOfSignUp), `{"code":"`+code+`"}`, bearer(token)); got.Code != want {
					t.Errorf("got %d %s, want %d", got.Code, got.Body, want)
				}
			})
		})
	}
	t.Run("another user's session is refused", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		_, m := s.signUpAnn()
		eve := s.signUp("eve@example.com").text(t, "token")
		s.send("POST", s.in(proofOfSignUp), `{"code":"`+mail.Code(m)+`"}`, bearer(eve)).want(t, 401, "invalid_token")
		s.send("POST", s.in(proofOfSignUp), `{"email":"ann@example.com","code":"`+mail.Code(m)+`"}`, bearer(eve)).want(t, 401, "invalid_token")
		s.send("POST", s.in(proofOfSignUp), `{"code":"`+mail.Code(m)+`"}`).want(t, 400, "invalid_request")
	})
	t.Run("five wrong ones are all", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		up, m := s.signUpAnn()
		for range 5 {
			s.send("POST", s.in(proofOfSignUp), `{"code":"`+wrongCode(mail.Code(m))+`"}`, bearer(up.text(t, "token"))).want(t, 401, "invalid_token")
		}
		s.send("POST", s.in(proofOfSignUp), `{"code":"`+mail.Code(m)+`"}`, bearer(up.text(t, "token"))).want(t, 401, "invalid_token")
	})
}

// proofs returns the mails with a proof to an address.
func (w *world) proofs(to string) (n int) {
	w.t.Helper()
	w.runOnce()
	for _, m := range w.mails() {
		if m.To == to && strings.HasPrefix(m.Subject, "Confirm your address") {
			n++
		}
	}
	return n
}

func TestWhoGetsTheProofOfASignUp(t *testing.T) {
	t.Parallel()
	const ann = "ann@example.com"
	credentials := func(w *world, intent string) answer {
		return w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody(ann, password, intent))
	}
	for name, c := range map[string]struct {
		does func(w *world)
		want int
	}{
		"a sign-up":                   {func(w *world) { credentials(w, "sign_up").want(w.t, 201, "") }, 1},
		"a sign-up without an intent": {func(w *world) { credentials(w, "").want(w.t, 201, "") }, 1},
		"a Go caller's": {func(w *world) {
			if _, err := w.engine.SignInWithPassword(w.t.Context(), authkit.PasswordSignIn{App: w.app.ID, Email: ann, Password: password}); err != nil {
				w.t.Error(err)
			}
		}, 1},
		"where the app says ask": {func(w *world) {
			w.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailAsk)})
			credentials(w, "").want(w.t, 201, "")
		}, 1},
		"a sign-in of a user who has not proven the address": {func(w *world) {
			credentials(w, "").want(w.t, 201, "")
			credentials(w, "").want(w.t, 200, "")
			credentials(w, "sign_in").want(w.t, 200, "")
		}, 1},
		"a sign-up that is refused": {func(w *world) {
			w.signUp(ann)
			credentials(w, "sign_up").want(w.t, 409, "email_taken")
		}, 1},
		"where the app says off": {func(w *world) {
			w.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailOff)})
			credentials(w, "sign_up").want(w.t, 201, "")
		}, 0},
		"where it says off, and the user asks": {func(w *world) {
			w.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailOff)})
			in := credentials(w, "sign_up")
			w.send("POST", w.in("/auth/email/send/{app_id}"), `{}`, bearer(in.text(w.t, "token"))).want(w.t, 202, "")
		}, 1},
		"where the limit of the address is exhausted, who is let in all the same": {func(w *world) {
			for range 5 {
				w.ask(ann)
			}
			credentials(w, "sign_up").want(w.t, 201, "")
			credentials(w, "sign_in").want(w.t, 200, "")
		}, 0},
		"a user who signs up by link": {func(w *world) {
			_, m := w.mailed(ann, "")
			w.verify(byLink(m, "")).want(w.t, 200, "")
		}, 0},
		"a user of the host's making": {func(w *world) {
			if _, err := w.engine.CreateUser(w.t.Context(), w.app.ID, authkit.UserRequest{Email: ann}); err != nil {
				w.t.Error(err)
			}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			c.does(w)
			if got := w.proofs(ann); got != c.want {
				t.Errorf("got %d proofs, want %d", got, c.want)
			}
		})
	}
	t.Run("a sign-up that the host refuses", func(t *testing.T) {
		t.Parallel()
		w := setup(t, func(c *authkit.Config) {
			c.Hooks.Before = func(_ context.Context, m authkit.HookEvent) error {
				if m.Kind == authkit.HookSignUp {
					return errors.New("no")
				}
				return nil
			}
		})
		credentials(w, "sign_up").want(t, 403, "forbidden")
		if got := w.proofs(ann); got != 0 {
			t.Errorf("got %d proofs, want 0", got)
		}
	})
	t.Run("a developer who signs up", func(t *testing.T) {
		t.Parallel()
		w := setup(t, func(c *authkit.Config) { c.ConsoleSignup = true })
		in := w.send("POST", "/auth/credentials/console", signInBody(ann, password, "sign_up"))
		in.want(t, 201, "")
		token := in.text(t, "token")
		w.send("POST", "/apps/", `{"name":"Mine"}`, bearer(token)).want(t, 403, "")
		w.send("POST", "/auth/email/verify/console", `{"code":"`+mail.Code(w.mailTo(ann))+`"}`, bearer(token)).want(t, 200, "")
		w.send("POST", "/apps/", `{"name":"Mine"}`, bearer(token)).want(t, 201, "")
	})
}

func TestTheFormerNameOfASettingLeadsToTheNewOne(t *testing.T) {
	t.Parallel()
	w := setup(t)
	got := w.send("PATCH", w.in("/apps/{app_id}"), `{"require_verified_email":true}`, bearer(w.token))
	got.want(t, 400, "invalid_request")
	if got.fields() != "require_verified_email" || !strings.Contains(got.Body.String(), "verify_email, which is") {
		t.Errorf("got %s, want the new name", got.Body)
	}
}
