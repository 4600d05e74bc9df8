package authkit_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

const (
	askLinkAt = "/auth/magic-link/{app_id}"
	linkAt    = "/auth/verify/{app_id}"
	annAsks   = `{"email":"ann@example.com"}`
)

// browser returns a browser without cookies.
func (s *stage) browser() *seat { return &seat{s, map[string]string{}} }

// signsUp signs a user up in the browser.
func (b *seat) signsUp(email, name string) answer {
	b.s.t.Helper()
	got := b.send("POST", "/auth/credentials/{app_id}", `{"email":"`+email+`","password":"`+password+`","name":"`+name+`","intent":"sign_up"}`)
	got.want(b.s.t, 201, "")
	return got
}

// asks asks for a magic link for Ann in the browser.
func (b *seat) asks() (pending answer, m mail.Message) {
	b.s.t.Helper()
	pending = b.send("POST", askLinkAt, annAsks)
	pending.want(b.s.t, 202, "")
	return pending, b.s.mailTo("ann@example.com")
}

// A person who signed up, and later uses a magic link in the same browser, may keep the password.
func TestTheDeviceOfTheSignUpMayKeepThePassword(t *testing.T) {
	t.Parallel()
	const keep = `,"keep_password":true`
	for name, c := range map[string]struct {
		redeem func(b *seat) answer
		kept   bool
	}{
		"by the link, which the person wants": {func(b *seat) answer {
			_, m := b.asks()
			return b.send("POST", linkAt, byLink(m, keep))
		}, true},
		"by the code, which the person wants": {func(b *seat) answer {
			pending, m := b.asks()
			return b.send("POST", linkAt, byCode("ann@example.com", pending, m, keep))
		}, true},
		"by the page, which the person wants": {func(b *seat) answer {
			_, m := b.asks()
			page := b.send("GET", linkPath(m), "")
			first := b.send("POST", linkAt, formOf(page)+"&keep_password=on", form)
			first.want(b.s.t, 303, "")
			b.send("POST", linkAt, formOf(page)+"&keep_password=on", form).want(b.s.t, 303, "") // pressed twice
			return b.send("GET", "/auth/me/{app_id}", "")
		}, true},
		"by the link, and the person says no": {func(b *seat) answer {
			_, m := b.asks()
			return b.send("POST", linkAt, byLink(m, `,"keep_password":false`))
		}, false},
		"by the page, and the person says nothing": {func(b *seat) answer {
			b.s.t.Helper()
			_, m := b.asks()
			b.press(m, linkAt).want(b.s.t, 200, "") // the page that offers another one
			return b.send("GET", "/auth/me/{app_id}", "")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overStores(t, func(s *stage) {
				s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
				s.provider()
				desk, phone := s.browser(), s.browser()
				desk.signsUp("ann@example.com", "Ann")
				phone.send("POST", "/auth/credentials/{app_id}", signInBody("ann@example.com", password, "sign_in")).want(s.t, 200, "")
				got := c.redeem(desk)
				got.want(s.t, 200, "")
				wantName, wantPassword := any(nil), 401
				if c.kept {
					wantName, wantPassword = "Ann", 200
				}
				s.equal("email_verified", got.user("email_verified"), true)
				s.equal("name", got.user("name"), wantName)
				s.equal("the password", s.passes("ann@example.com", password), wantPassword)
				s.equal("another session", phone.send("GET", "/auth/me/{app_id}", "").Code, 401)
				s.equal("the session that began", desk.send("GET", "/auth/me/{app_id}", "").Code, 200)
			})
		})
	}
}

// No one but the person at the device of the sign-up keeps what another may have set.
func TestNothingElseKeepsThePassword(t *testing.T) {
	t.Parallel()
	const keep = `,"keep_password":true`
	redeems := func(b *seat, m mail.Message) answer { return b.send("POST", linkAt, byLink(m, keep)) }
	for name, come := range map[string]func(s *stage, desk *seat) answer{
		"redeemed in another browser": func(s *stage, desk *seat) answer {
			_, m := desk.asks()
			return redeems(s.browser(), m)
		},
		"asked for in another browser": func(s *stage, desk *seat) answer {
			_, m := s.browser().asks()
			return redeems(desk, m)
		},
		"asked for and redeemed in a browser that signed in later": func(s *stage, _ *seat) answer {
			phone := s.browser()
			phone.send("POST", "/auth/credentials/{app_id}", signInBody("ann@example.com", password, "sign_in")).want(s.t, 200, "")
			_, m := phone.asks()
			return redeems(phone, m)
		},
		"after all sessions were ended": func(s *stage, desk *seat) answer {
			if err := s.engine.EndSessions(s.t.Context(), s.refOf("ann@example.com")); err != nil {
				s.t.Fatal(err)
			}
			_, m := desk.asks()
			return redeems(desk, m)
		},
		"after all sessions were ended, and a sign-in in that browser": func(s *stage, desk *seat) answer {
			if err := s.engine.EndSessions(s.t.Context(), s.refOf("ann@example.com")); err != nil {
				s.t.Fatal(err)
			}
			desk.send("POST", "/auth/credentials/{app_id}", signInBody("ann@example.com", password, "sign_in")).want(s.t, 200, "")
			_, m := desk.asks()
			return redeems(desk, m)
		},
		"after the account was made anew in another browser": func(s *stage, desk *seat) answer {
			if err := s.engine.DeleteUser(s.t.Context(), s.refOf("ann@example.com")); err != nil {
				s.t.Fatal(err)
			}
			s.browser().signsUp("ann@example.com", "Eve")
			_, m := desk.asks()
			return redeems(desk, m)
		},
		"with a device token of another app": func(s *stage, _ *seat) answer {
			ann := s.browser()
			ann.send("POST", "/auth/credentials/"+s.otherApp(), signInBody("ann@example.com", password, "sign_up")).want(s.t, 201, "")
			s.runOnce() // the proof of that sign-up
			_, m := ann.asks()
			return redeems(ann, m)
		},
		"by the link of the sign-up's own proof": func(s *stage, desk *seat) answer {
			m := s.mailTo("ann@example.com")
			desk.send("POST", "/auth/sign-out/{app_id}", `{}`).want(s.t, 204, "")
			return desk.send("POST", proveEmail, byLink(m, ""))
		},
		"by a forgotten password": func(s *stage, desk *seat) answer {
			desk.send("POST", "/auth/password/forgot/{app_id}", annAsks).want(s.t, 202, "")
			return desk.send("POST", reset, byLink(s.mailTo("ann@example.com"), `,"password":"`+newPassword+`"`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overStores(t, func(s *stage) {
				s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
				desk := s.browser()
				desk.signsUp("ann@example.com", "Eve")
				got := come(s, desk)
				got.want(s.t, 200, "")
				if got.user("email_verified") != true || got.user("name") != nil {
					s.t.Errorf("user: got %s, want it proven and without the name", got.Body)
				}
				s.equal("the password", s.passes("ann@example.com", password), 401)
			})
		})
	}
}

// refOf names the user of an address.
func (w *world) refOf(email string) authkit.UserRef {
	w.t.Helper()
	users, err := w.engine.Users(w.t.Context(), w.app.ID, authkit.UserFilter{Email: email})
	if err != nil || len(users) != 1 {
		w.t.Fatalf("got %v, %v, want the one user", users, err)
	}
	return authkit.UserRef{App: w.app.ID, ID: users[0].ID}
}

// Eve has the device of the sign-up and asks for links; Ann redeems what is mailed, elsewhere, and
// even says that she wants to keep what is there.
func TestPreHijackingByADevice(t *testing.T) {
	t.Parallel()
	const ann = "ann@example.com"
	asks := map[string]func(eve, ann *seat) mail.Message{
		"Eve asks, then signs up": func(eve, _ *seat) mail.Message {
			_, m := eve.asks()
			eve.signsUp(ann, "Pay Eve")
			return m
		},
		"Eve signs up, then asks": func(eve, _ *seat) mail.Message {
			eve.signsUp(ann, "Pay Eve")
			_, m := eve.asks()
			return m
		},
		"Eve signs up, signs in again, then asks": func(eve, _ *seat) mail.Message {
			eve.signsUp(ann, "Pay Eve")
			eve.send("POST", "/auth/credentials/{app_id}", signInBody(ann, password, "sign_in")).want(eve.s.t, 200, "")
			_, m := eve.asks()
			return m
		},
		"Eve signs up, and Ann asks": func(eve, ann *seat) mail.Message {
			eve.signsUp("ann@example.com", "Pay Eve")
			_, m := ann.asks()
			return m
		},
		"Ann asks, and Eve signs up": func(eve, ann *seat) mail.Message {
			_, m := ann.asks()
			eve.signsUp("ann@example.com", "Pay Eve")
			return m
		},
		"Ann has signed up at another app in that browser": func(eve, ann *seat) mail.Message {
			ann.send("POST", "/auth/credentials/"+eve.s.otherApp(), signInBody("ann@example.com", password, "sign_up")).want(eve.s.t, 201, "")
			eve.signsUp("ann@example.com", "Pay Eve")
			eve.s.runOnce() // the proofs of both sign-ups
			_, m := ann.asks()
			return m
		},
	}
	redeems := map[string]func(ann *seat, m mail.Message) answer{
		"Ann redeems the link": func(ann *seat, m mail.Message) answer { return ann.send("POST", linkAt, byLink(m, "")) },
		"Ann redeems the link and would keep all": func(ann *seat, m mail.Message) answer {
			return ann.send("POST", linkAt, byLink(m, `,"keep_password":true`))
		},
		"Ann presses the page and would keep all": func(ann *seat, m mail.Message) answer {
			page := ann.send("GET", linkPath(m), "")
			ann.send("POST", linkAt, formOf(page)+"&keep_password=on", form).want(ann.s.t, 200, "") // the page that says what is gone
			return ann.send("GET", "/auth/me/{app_id}", "")
		},
	}
	for asking, ask := range asks {
		for redeeming, redeem := range redeems {
			t.Run(asking+", "+redeeming, func(t *testing.T) {
				t.Parallel()
				overStores(t, func(s *stage) {
					s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
					s.provider()
					eve, owner := s.browser(), s.browser()
					m := ask(eve, owner)
					eve.linking("")
					got := redeem(owner, m)
					got.want(s.t, 200, "")
					if got.user("email_verified") != true || got.user("email") != ann || got.user("name") != nil {
						s.t.Errorf("Ann's account: got %s, want it proven and without Eve's name", got.Body)
					}
					s.equal("Eve's password", s.passes(ann, password), 401)
					s.equal("Eve's session", eve.send("GET", "/auth/me/{app_id}", "").Code, 401)
					s.equal("Ann's session", owner.send("GET", "/auth/me/{app_id}", "").Code, 200)
					_, later := eve.asks() // who still has a device token
					eve.send("POST", linkAt, `{"token":"x","keep_password":true}`).want(s.t, 401, "")
					s.equal("the next link", owner.send("POST", linkAt, byLink(later, "")).user("user_id"), got.user("user_id"))
				})
			})
		}
	}
}

// otherApp makes another app of the developer and returns its id.
func (w *world) otherApp() string {
	w.t.Helper()
	app, _, err := w.engine.CreateApp(w.t.Context(), w.devID, "Other")
	if err != nil {
		w.t.Fatal(err)
	}
	return app.ID.String()
}

// A device token that Eve has planted in Ann's browser keeps nothing unless Ann says so.
func TestACopiedDeviceTokenKeepsNothingByItself(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	eve, ann := s.browser(), s.browser()
	eve.signsUp("ann@example.com", "Pay Eve")
	for name, value := range eve.kept {
		if strings.HasSuffix(name, "-d") {
			ann.kept[name] = value
		}
	}
	if len(ann.kept) != 1 {
		t.Fatalf("got the cookies %v of %v, want the device token", ann.kept, eve.kept)
	}
	_, m := ann.asks()
	got := ann.send("POST", linkAt, byLink(m, ""))
	got.want(t, 200, "")
	s.equal("name", got.user("name"), nil)
	s.equal("Eve's password", s.passes("ann@example.com", password), 401)
}

func TestAResetIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		name   string
		body   string // of the redemption, beside the proof
		path   string
		want   *authkit.AccountReset
		mailed bool // whether a mail tells of what went
	}{
		"a link that takes both away":       {"Ann", "", linkAt, &authkit.AccountReset{Password: true, Name: true}, true},
		"a link that takes the password":    {"", "", linkAt, &authkit.AccountReset{Password: true}, true},
		"a link that keeps both":            {"Ann", `,"keep_password":true`, linkAt, &authkit.AccountReset{}, false},
		"a new password that takes a name":  {"Ann", `,"password":"` + newPassword + `"`, reset, &authkit.AccountReset{Password: true, Name: true}, true},
		"a new password where no name was":  {"", `,"password":"` + newPassword + `"`, reset, &authkit.AccountReset{Password: true}, false},
		"the proof that the account wanted": {"Ann", "", proveEmail, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var told []authkit.HookEvent
			s := newStage(t, withoutLimits, func(cfg *authkit.Config) {
				cfg.Hooks.After = func(_ context.Context, m authkit.HookEvent) { told = append(told, m) }
			})
			desk := s.browser()
			up := desk.signsUp("ann@example.com", c.name)
			var headers []string
			m := s.mailTo("ann@example.com")
			switch c.path {
			case linkAt:
				_, m = desk.asks()
			case reset:
				desk.send("POST", "/auth/password/forgot/{app_id}", annAsks).want(t, 202, "")
				m = s.mailTo("ann@example.com")
			default:
				headers = []string{bearer(up.text(t, "token"))}
			}
			s.runOnce()
			told = nil
			desk.send("POST", c.path, byLink(m, c.body), headers...).want(t, 200, "")
			s.runOnce()
			var got []*authkit.AccountReset
			for _, m := range told {
				if m.Reset != nil {
					got = append(got, m.Reset)
					if m.Kind != authkit.HookSignIn || m.User.ID == uuid.Nil || !m.User.Verified {
						t.Errorf("got the event %+v, want a sign-in of the proven user", m)
					}
				}
			}
			if c.want == nil && len(got) > 0 || c.want != nil && (len(got) != 1 || got[0].Password != c.want.Password || got[0].Name != c.want.Name || len(got[0].Identities) != 0) {
				t.Errorf("told: got %+v, want %+v", got, c.want)
			}
			mailed := slices.ContainsFunc(s.mails(), func(m mail.Message) bool {
				return m.To == "ann@example.com" && strings.Contains(m.Subject, "was reset")
			})
			if mailed != c.mailed {
				t.Errorf("mailed: got %v, want %v", mailed, c.mailed)
			}
		})
	}
}
