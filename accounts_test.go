package authkit_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// passes returns the status of a sign-in with a password.
func (s *stage) passes(email, pw string) int {
	s.t.Helper()
	return s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody(email, pw, "sign_in")).Code
}

// lives returns the status of a request with an access token.
func (s *stage) lives(token string) int {
	s.t.Helper()
	return s.send("GET", s.in("/auth/me/{app_id}"), "", bearer(token)).Code
}

// user returns a member of the user in an answer.
func (a answer) user(name string) any {
	u, ok := a.body["user"].(map[string]any)
	if !ok {
		return a.body[name]
	}
	return u[name]
}

func (s *stage) equal(what string, got, want any) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

const reset = "/auth/password/reset/{app_id}"

func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	const withNew = `,"password":"` + newPassword + `"`
	for name, script := range map[string]func(s *stage){
		"the new one signs in, the old one and every session end": func(s *stage) {
			s.verified("ann@example.com")
			old := s.signIn(s.app.ID.String(), "ann@example.com")
			_, m := s.forgot("ann@example.com")
			got := s.send("POST", s.in(reset), byLink(m, withNew))
			got.want(s.t, 200, "")
			s.equal("the old session", s.lives(old), 401)
			s.equal("the new session", s.lives(got.text(s.t, "token")), 200)
			s.equal("the old password", s.passes("ann@example.com", password), 401)
			s.equal("the new password", s.passes("ann@example.com", newPassword), 200)
			s.equal("the method", got.user("auth_method"), "credentials")
		},
		"link and code spend one attempt": func(s *stage) {
			s.signUp("ann@example.com")
			pending, m := s.forgot("ann@example.com")
			s.send("POST", s.in(reset), byCode("ann@example.com", pending, m, withNew)).want(s.t, 200, "")
			s.send("POST", s.in(reset), byLink(m, withNew)).want(s.t, 401, "invalid_token")
		},
		"the newest counts": func(s *stage) {
			s.signUp("ann@example.com")
			_, first := s.forgot("ann@example.com")
			_, second := s.forgot("ann@example.com")
			s.send("POST", s.in(reset), byLink(first, withNew)).want(s.t, 401, "invalid_token")
			s.send("POST", s.in(reset), byLink(second, withNew)).want(s.t, 200, "")
		},
		"it lasts half an hour": func(s *stage) {
			s.signUp("ann@example.com")
			pending, m := s.forgot("ann@example.com")
			s.equal("expires_in", pending.body["expires_in"], 1800.0)
			s.clock.Advance(30 * time.Minute)
			s.send("POST", s.in(reset), byLink(m, withNew)).want(s.t, 401, "invalid_token")
		},
		"a change of the password ends it": func(s *stage) {
			token := s.signUp("ann@example.com").text(s.t, "token")
			_, m := s.forgot("ann@example.com")
			s.send("POST", s.in("/auth/password/change/{app_id}"), `{"current_password":"`+password+`","new_password":"a third long passphrase"}`, bearer(token)).want(s.t, 204, "")
			s.send("POST", s.in(reset), byLink(m, withNew)).want(s.t, 401, "invalid_token")
		},
		"a weak one spends nothing": func(s *stage) {
			s.signUp("ann@example.com")
			_, m := s.forgot("ann@example.com")
			s.send("POST", s.in(reset), byLink(m, `,"password":"short"`)).want(s.t, 422, "weak_password")
			s.send("POST", s.in(reset), byLink(m, `,"password":"ann@example.com"`)).want(s.t, 422, "weak_password")
			s.send("POST", s.in(reset), byLink(m, withNew)).want(s.t, 200, "")
		},
		"an unknown address gets no mail, and the same answer": func(s *stage) {
			s.signUp("ann@example.com")
			one := s.send("POST", s.in("/auth/password/forgot/{app_id}"), `{"email":"ann@example.com"}`)
			two := s.send("POST", s.in("/auth/password/forgot/{app_id}"), `{"email":"bob@example.com"}`)
			one.want(s.t, 202, "")
			two.want(s.t, 202, "")
			s.equal("members", len(one.body), len(two.body))
			s.equal("length", len(one.Body.String()), len(two.Body.String()))
			s.runOnce()
			if _, ok := s.outbox.Last("bob@example.com"); ok {
				s.t.Error("mail to the unknown address: got one, want none")
			}
		},
		"a disabled user stays so": func(s *stage) {
			in := s.signUp("ann@example.com")
			_, m := s.forgot("ann@example.com")
			s.send("PATCH", s.in("/users/{app_id}/")+in.user("user_id").(string), `{"disabled":true}`, bearer(s.key)).want(s.t, 200, "")
			s.send("POST", s.in(reset), byLink(m, withNew)).want(s.t, 401, "invalid_token") // it ended with the sessions
			_, m = s.forgot("ann@example.com")
			s.send("POST", s.in(reset), byLink(m, withNew)).want(s.t, 403, "user_disabled")
		},
		"GET never acts": func(s *stage) {
			s.signUp("ann@example.com")
			_, m := s.forgot("ann@example.com")
			for _, accept := range []string{"text/html", "application/json", "*/*"} {
				s.send("GET", linkPath(m)+"&password="+strings.ReplaceAll(newPassword, " ", "+"), "", "Accept: "+accept).want(s.t, 200, "")
				s.send("HEAD", linkPath(m), "", "Accept: "+accept).want(s.t, 200, "")
			}
			s.equal("the old password", s.passes("ann@example.com", password), 200)
			s.send("POST", s.in(reset), byLink(m, withNew)).want(s.t, 200, "")
		},
		"a reset works in its own app only": func(s *stage) {
			other, _, err := s.engine.CreateApp(s.t.Context(), s.devID, "Other")
			if err != nil {
				s.t.Fatal(err)
			}
			s.signUp("ann@example.com")
			s.send("POST", "/auth/credentials/"+other.ID.String(), signInBody("ann@example.com", password, "sign_up")).want(s.t, 201, "")
			_, m := s.forgot("ann@example.com")
			s.send("POST", "/auth/password/reset/"+other.ID.String(), byLink(m, withNew)).want(s.t, 401, "invalid_token")
		},
		"the page sets it, and only in the browser that was shown it": func(s *stage) {
			s.signUp("ann@example.com")
			_, m := s.forgot("ann@example.com")
			body, _ := s.shown(m)
			s.send("POST", s.in(reset), body+"&password=another+long+passphrase", form).want(s.t, 403, "forbidden")
			press := s.pressing(m, reset, map[string][]string{"password": {newPassword}})
			s.do(press()).want(s.t, 200, "")
			s.clock.Advance(time.Minute)
			s.do(press()).want(s.t, 401, "invalid_token")
			s.equal("the new password", s.passes("ann@example.com", newPassword), 200)
		},
		"the owner hears of it": func(s *stage) {
			s.verified("ann@example.com")
			_, m := s.forgot("ann@example.com")
			s.send("POST", s.in(reset), byLink(m, withNew)).want(s.t, 200, "")
			if m := s.mailTo("ann@example.com"); !strings.Contains(m.Subject, "password") || mail.Link(m) != "" {
				s.t.Errorf("mail: got %q, want a notice without a link", m.Subject)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overStores(t, script)
		})
	}
}

// verified makes a user with a password and a proven address. The one who signed up proved it.
func (s *stage) verified(email string) (token string) {
	s.t.Helper()
	token = s.signUp(email).text(s.t, "token")
	_, m := s.posted("/auth/email/send/{app_id}", `{}`, email, bearer(token))
	s.send("POST", s.in("/auth/email/verify/{app_id}"), byLink(m, ""), bearer(token)).want(s.t, 200, "")
	return token
}

func TestOfManyResetsOneWins(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.signUp("ann@example.com")
	pending, m := s.forgot("ann@example.com")
	var requests []func() answer
	for i := range 16 {
		body := byLink(m, `,"password":"`+newPassword+`"`)
		if i%2 == 0 {
			body = byCode("ann@example.com", pending, m, `,"password":"`+newPassword+`"`)
		}
		requests = append(requests, func() answer { return s.send("POST", s.in(reset), body) })
	}
	wantOneWinner(t, requests)
}

func TestPasswordChange(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	token := s.verified("ann@example.com")
	s.clock.Advance(time.Millisecond)
	other := s.signIn(s.app.ID.String(), "ann@example.com")
	const path = "/auth/password/change/{app_id}"
	s.send("POST", s.in(path), `{"current_password":"wrong","new_password":"`+newPassword+`"}`, bearer(token)).want(t, 401, "invalid_credentials")
	s.send("POST", s.in(path), `{"current_password":"`+password+`","new_password":"short"}`, bearer(token)).want(t, 422, "weak_password")
	s.send("POST", s.in(path), `{"current_password":"`+password+`","new_password":"`+newPassword+`"}`, bearer(token)).want(t, 204, "")
	s.equal("this session", s.lives(token), 200)
	s.equal("the other session", s.lives(other), 401)
	s.equal("the old password", s.passes("ann@example.com", password), 401)
	s.equal("the new password", s.passes("ann@example.com", newPassword), 200)
	if m := s.mailTo("ann@example.com"); !strings.Contains(m.Subject, "was changed") {
		t.Errorf("mail: got %q, want a notice", m.Subject)
	}
}

// Mail that anyone can cause may reach anyone, so it counts for the address's share of mail
// even if the address is not proven.
func TestANoticeToAnUnprovenAddress(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token, current := w.signUp("ann@example.com").text(t, "token"), password
	for i := range 8 {
		next := fmt.Sprintf("a passphrase of its own %d", i)
		w.clock.Advance(6 * time.Second)
		w.send("POST", w.in("/auth/password/change/{app_id}"), fmt.Sprintf(`{"current_password":%q,"new_password":%q}`, current, next), bearer(token)).want(t, 204, "")
		current = next
	}
	if m := w.mailTo("ann@example.com"); !strings.Contains(m.Subject, "was changed") || strings.Contains(m.Text, "http") {
		t.Errorf("mail: got %q, want a notice without a link", m.Subject)
	}
	if n := len(w.outbox.Messages()); n != 5 {
		t.Errorf("mails: got %d, want 5", n)
	}
}

// A person gets the form again, a program gets the refusal.
func TestAWeakPasswordOnThePage(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.signUp("ann@example.com")
	_, m := s.forgot("ann@example.com")
	const path = "/auth/password/reset/{app_id}"
	press := func(pw, accept string) answer {
		return s.do(s.pressing(m, path, url.Values{"password": {pw}}, "Accept: "+accept)())
	}
	const browsers = "text/html,application/xhtml+xml,*/*;q=0.8"
	page := press("short", browsers)
	if page.Code != 422 || !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") ||
		!strings.Contains(page.Body.String(), "<form") || !strings.Contains(page.Body.String(), "The password is too short.") {
		t.Errorf("in a browser: got %d %s, want 422 and the form with the reason", page.Code, page.Body)
	}
	press("short", "*/*").want(t, 422, "weak_password")
	press(newPassword, browsers).want(t, 200, "")
	s.equal("the new password", s.passes("ann@example.com", newPassword), 200)
}

func TestFirstPassword(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	const path, body = "/auth/password/set/{app_id}", `{"new_password":"` + newPassword + `"}`
	token := s.provenUser("ann@example.com").text(t, "token")
	s.clock.Advance(10*time.Minute + time.Second)
	s.send("POST", s.in(path), body, bearer(token)).want(t, 403, "reauthentication_required")
	s.clock.Advance(time.Hour)
	token = s.provenUser("ann@example.com").text(t, "token")
	s.send("POST", s.in(path), body, bearer(token)).want(t, 204, "")
	s.send("POST", s.in(path), body, bearer(token)).want(t, 409, "password_set")
	s.equal("the session", s.lives(token), 200)
	s.equal("the password", s.passes("ann@example.com", newPassword), 200)
}

func TestChangeOfAddress(t *testing.T) {
	t.Parallel()
	const change, confirm, undo = "/auth/email/change/{app_id}", "/auth/email/confirm/{app_id}", "/auth/email/undo/{app_id}"
	for name, script := range map[string]func(s *stage){
		"the new address signs in, the old one gets a way back": func(s *stage) {
			token := s.verified("ann@example.com")
			_, m := s.posted(change, `{"new_email":"Ann@new.example"}`, "Ann@new.example", bearer(token))
			got := s.send("POST", s.in(confirm), byLink(m, ""), bearer(token))
			got.want(s.t, 200, "")
			s.equal("email", got.user("email"), "Ann@new.example")
			s.equal("email_verified", got.user("email_verified"), true)
			s.equal("the new address", s.passes("ann@new.example", password), 200)
			s.equal("the old address", s.passes("ann@example.com", password), 401)
			s.equal("the session", s.lives(token), 200)
			back := s.mailTo("ann@example.com")
			s.send("GET", linkPath(back), "").want(s.t, 200, "")
			s.send("POST", s.in(undo), byLink(back, "")).want(s.t, 204, "")
			s.equal("the session after the undo", s.lives(token), 401)
			s.equal("the password after the undo", s.passes("ann@example.com", password), 401)
			s.send("POST", s.in(undo), byLink(back, "")).want(s.t, 401, "invalid_token")
			m = s.mailTo("ann@example.com")
			s.send("POST", s.in(reset), byLink(m, `,"password":"`+newPassword+`"`)).want(s.t, 200, "")
			s.equal("a new password", s.passes("ann@example.com", newPassword), 200)
		},
		"a taken address gets the mail, and is not changed over": func(s *stage) {
			token := s.verified("ann@example.com")
			s.signUp("bob@example.com")
			taken, m := s.posted(change, `{"new_email":"bob@example.com"}`, "bob@example.com", bearer(token))
			free, _ := s.posted(change, `{"new_email":"carol@example.com"}`, "carol@example.com", bearer(token))
			s.equal("length of the answers", taken.Body.Len(), free.Body.Len())
			s.send("POST", s.in(confirm), byLink(m, ""), bearer(token)).want(s.t, 401, "invalid_token") // the newer one counts
			_, m = s.posted(change, `{"new_email":"bob@example.com"}`, "bob@example.com", bearer(token))
			s.send("POST", s.in(confirm), byLink(m, "")).want(s.t, 401, "unauthenticated")
			s.send("POST", s.in(confirm), byLink(m, ""), bearer(token)).want(s.t, 409, "email_taken")
		},
		"a thief who moves on and on is undone by the first owner, for good": func(s *stage) {
			token := s.verified("ann@example.com")
			_, m := s.posted(change, `{"new_email":"eve@example.com"}`, "eve@example.com", bearer(token))
			s.send("POST", s.in(confirm), byLink(m, ""), bearer(token)).want(s.t, 200, "")
			back := s.mailTo("ann@example.com")
			_, m = s.posted(change, `{"new_email":"eve2@example.com"}`, "eve2@example.com", bearer(token))
			s.send("POST", s.in(confirm), byLink(m, ""), bearer(token)).want(s.t, 200, "")
			if link := mail.Link(s.mailTo("eve@example.com")); link != "" {
				s.t.Errorf("mail to the address between: got the link %s, want none", link)
			}
			s.send("POST", s.in("/auth/password/change/{app_id}"), `{"current_password":"`+password+`","new_password":"`+newPassword+`"}`, bearer(token)).want(s.t, 204, "")
			_, pending := s.posted(change, `{"new_email":"eve3@example.com"}`, "eve3@example.com", bearer(token))
			s.send("POST", s.in(undo), byLink(back, "")).want(s.t, 204, "")
			s.send("POST", s.in(confirm), byLink(pending, ""), bearer(token)).want(s.t, 401, "invalid_token")
			s.equal("the thief's password", s.passes("ann@example.com", newPassword), 401)
			s.runOnce()
			s.provenUser("ann@example.com")
		},
		"an undo lasts 72 hours": func(s *stage) {
			m, _ := s.moved()
			s.clock.Advance(72 * time.Hour)
			s.send("POST", s.in(undo), byLink(m, "")).want(s.t, 401, "invalid_token")
			s.send("GET", linkPath(m), "").want(s.t, 401, "invalid_token")
		},
		"it dies with a change of the password": func(s *stage) {
			token := s.verified("ann@example.com")
			_, m := s.posted(change, `{"new_email":"new@example.com"}`, "new@example.com", bearer(token))
			s.send("POST", s.in("/auth/password/change/{app_id}"), `{"current_password":"`+password+`","new_password":"`+newPassword+`"}`, bearer(token)).want(s.t, 204, "")
			s.send("POST", s.in(confirm), byLink(m, ""), bearer(token)).want(s.t, 401, "invalid_token")
		},
		"it wants a fresh sign-in, another address, and an address": func(s *stage) {
			token := s.signUp("ann@example.com").text(s.t, "token")
			s.send("POST", s.in(change), `{"new_email":"Ann@Example.com"}`, bearer(token)).want(s.t, 400, "invalid_request")
			s.send("POST", s.in(change), `{"new_email":"ann"}`, bearer(token)).want(s.t, 400, "invalid_request")
			s.clock.Advance(10*time.Minute + time.Second)
			s.send("POST", s.in(change), `{"new_email":"new@example.com"}`, bearer(token)).want(s.t, 403, "reauthentication_required")
		},
		"in cookie mode the page confirms, for the same account": func(s *stage) {
			mode := authkit.SessionEither
			s.settings(authkit.AppPatch{SessionMode: &mode})
			got := s.send("POST", s.in("/auth/credentials/{app_id}")+"?session=cookie", signInBody("ann@example.com", password, ""))
			var jar []string
			for _, c := range got.Result().Cookies() {
				jar = append(jar, c.Name+"="+c.Value)
			}
			session := "Cookie: " + strings.Join(jar, "; ")
			pending, m := s.posted(change, `{"new_email":"new@example.com"}`, "new@example.com", session)
			all := session + "; " + cookieOf(pending)
			page := s.send("GET", linkPath(m), "", all)
			fields := url.Values{}
			for _, f := range hidden.FindAllStringSubmatch(page.Body.String(), -1) {
				fields.Set(f[1], f[2])
			}
			s.send("POST", s.in(confirm), fields.Encode(), form, all).want(s.t, 200, "")
			s.equal("the new address", s.passes("new@example.com", password), 200)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overStores(t, script)
		})
	}
}

func TestPagesOfLinks(t *testing.T) {
	t.Parallel()
	const firefox = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) <b>Gecko</b>/20100101 Firefox/140.0"
	s := newStage(t, withoutLimits)
	pending, m := s.mailed("ann@example.com", `,"redirect_to":"`+abroad+`","code_challenge":"`+challenge+`"`, firefox)
	own := "Cookie: " + cookieOf(pending)
	for name, c := range map[string]struct {
		headers  []string
		has, not []string
		byItself bool
	}{
		"the browser that asked goes on by itself": {[]string{own}, []string{"history.replaceState", "client.example", "a***@example.com"}, []string{"Asked for"}, true},
		"another one is told who asked, and when":  {nil, []string{"05:06 UTC, with Firefox on Linux", "client.example", "a***@example.com"}, []string{"Gecko", "ann@"}, false},
		"a browser that only looks ahead waits":    {[]string{own, "Sec-Purpose: prefetch"}, []string{"<button"}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.send("GET", linkPath(m), "", c.headers...)
			got.want(t, 200, "")
			for _, text := range c.has {
				if !strings.Contains(got.Body.String(), text) {
					t.Errorf("got %s, want %q in it", got.Body, text)
				}
			}
			for _, text := range c.not {
				if strings.Contains(got.Body.String(), text) {
					t.Errorf("got %s, want no %q", got.Body, text)
				}
			}
			if got.movesBySelf() != c.byItself {
				t.Errorf("got a page that goes on by itself: %v, want %v", !c.byItself, c.byItself)
			}
		})
	}
	_, r := s.forgot(func() string { s.signUp("bob@example.com"); return "bob@example.com" }())
	page := s.send("GET", linkPath(r), "")
	for _, text := range []string{`type="password"`, `autocomplete="new-password"`, `minlength="12"`, `<label for="password">`} {
		if !strings.Contains(page.Body.String(), text) {
			t.Errorf("reset page: got %s, want %q in it", page.Body, text)
		}
	}
}
