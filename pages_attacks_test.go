package authkit_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// Only a second press of the very same form is answered as the first: a form that was shown later is
// another one, even with the same content.
func TestAFormThatIsShownLaterIsAnother(t *testing.T) {
	t.Parallel()
	t.Run("a name that is saved again is saved", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		b := s.visitor()
		b.enters()
		for _, name := range []string{"Ann", "Bob", "Ann"} {
			b.presses(b.opens(ownPage), "name", "name="+name).want(t, 303, "")
		}
		s.equal("the name", b.send("GET", "/auth/me/{app_id}", "").user("name"), "Ann")
	})
	t.Run("a session that began after the others were ended ends with the next press", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		b := s.visitor()
		email := b.enters()
		for range 2 {
			other := s.signIn(s.app.ID.String(), email)
			b.presses(b.opens(ownPage), "end-others").want(t, 303, "")
			s.equal("the other session", s.lives(other), 401)
		}
	})
	t.Run("a second sign-in of an app that holds tokens gets a code of its own", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		b, email := s.visitor(), s.email()
		s.signUp(email)
		for range 2 {
			code := b.presses(b.opens(signInPage+toGoal), "password", "email="+email, "password="+password).query(t).Get("code")
			b.send("POST", "/auth/token/{app_id}", `{"code":"`+code+`"}`).want(t, 200, "")
		}
	})
}

// A sign-in by link resets an account whose address was never proven, so that the account page does
// not use one as its proof there.
func TestTheAccountPageResetsNoAccount(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	b := s.visitor()
	email := b.enters()
	s.clock.Advance(15 * time.Minute)
	b.presses(b.opens(ownPage), "fresh-mail").want(t, 403, "")
	s.equal("the password", s.passes(email, password), 200)

	page, m := b.awaits("link", email, "?session=cookie&other=1") // its step is also one for the account page
	steps := unescaped(action.FindStringSubmatch(page.Body.String())[1])
	_, query, _ := strings.Cut(steps, "?")
	own := b.opens(ownPage + "?" + query)
	b.presses(own, "fresh-code", "code="+mail.Code(m)).want(t, 403, "")
	s.equal("the password", s.passes(email, password), 200)
}

// A step that only the sign-in page has is a sign-up with a password on the sign-up page, and counts
// as one.
func TestAStepOfAnotherPageDodgesNoLimit(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"password", "forgot", "reset", "PASSWORD", ""} {
		t.Run("the step "+step, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.settings(authkit.AppPatch{Limits: &authkit.AppLimits{Credentials: "2/h/ip"}})
			b := s.visitor()
			for i := range 3 {
				want := 303
				if i == 2 {
					want = 429
				}
				b.presses(b.opens(signUpPage+toGoal), step, "email="+s.email(), "password="+password).want(t, want, "")
			}
		})
	}
}

// A stranger's attacks on the pages. Each fails.
func TestAttacksOnThePages(t *testing.T) {
	t.Parallel()
	for name, attack := range map[string]func(s *stage){
		"a form of the attacker's browser is not one of the victim's": func(s *stage) {
			attacker, victim := s.visitor(), s.visitor()
			victim.opens(signInPage)
			s.signUp("eve@example.com")
			forged := attacker.filled(attacker.opens(signInPage+"?session=cookie"), "password", "email=eve@example.com", "password="+password)()
			forged.Header.Set("Cookie", strings.TrimPrefix(jar(nil, victim.kept), "Cookie: "))
			got := s.do(forged)
			got.want(s.t, 403, "")
			s.equal("session cookies", len(sessionCookies(s.world, got)), 0)
		},
		"a form of one page is not one of another": func(s *stage) {
			b := s.visitor()
			b.enters()
			stolen, _ := url.ParseQuery(formOf(b.opens(signInPage + "?other=1")))
			s.do(s.posts(ownPage, "do=name&name=x&form_token="+url.QueryEscape(stolen.Get("form_token")), b.kept)()).want(s.t, 403, "")
		},
		"a form from before a sign-out is refused after it": func(s *stage) {
			b := s.visitor()
			email := b.enters()
			old := b.filled(b.opens(ownPage), "name", "name=x")()
			b.presses(b.opens(signOutPage), "").want(s.t, 303, "")
			b.presses(b.opens(signInPage+"?session=cookie"), "password", "email="+email, "password="+password).want(s.t, 303, "")
			old.Header.Set("Cookie", strings.TrimPrefix(jar(nil, b.kept), "Cookie: "))
			s.do(old).want(s.t, 403, "")
		},
		"no other origin posts a form, not even one of the app's": func(s *stage) {
			b := s.visitor()
			b.enters()
			for _, from := range []string{"https://evil.example", "null", friend} {
				r := b.filled(b.opens(ownPage), "end-others")()
				r.Header.Set("Origin", from)
				s.do(r).want(s.t, 403, "")
			}
		},
		"no other origin reads a page, not even one of the app's": func(s *stage) {
			b := s.visitor()
			b.enters()
			for _, path := range []string{signInPage, signUpPage, ownPage, signOutPage} {
				got := b.send("GET", path, "", "Origin: "+friend)
				s.equal(path+": Access-Control-Allow-Origin", got.Header().Get("Access-Control-Allow-Origin"), "")
				s.equal(path+": Cache-Control", got.Header().Get("Cache-Control"), "no-store")
			}
		},
		"a step of the attacker's browser takes no code of the victim": func(s *stage) {
			attacker, victim := s.visitor(), s.visitor()
			victim.opens(signInPage)
			step := attacker.presses(attacker.opens(signInPage), "link", "email=eve@example.com").leadsTo()
			got := victim.opens(step)
			if body := got.Body.String(); strings.Contains(body, "eve@example.com") || strings.Contains(body, `name="code"`) {
				s.t.Errorf("got %s, want the page without the step", body)
			}
		},
		"no text leads a sign-in to another origin or back to a page of this handler": func(s *stage) {
			b := s.visitor()
			s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
			for _, to := range []string{
				"https://evil.example", "//evil.example", `/\evil.example`, "/%2fevil.example", "/.//evil.example", "/a/..//evil.example", "javascript:alert(1)", "data:text/html,x",
				goal + "@evil.example", goal + "/../x", strings.ToUpper(goal), "/id/auth/sign-out/" + s.app.ID.String(), "/ID//auth/account/" + s.app.ID.String(), "/\t/evil.example", "evil.example", `\evil.example`,
			} {
				got := b.opens(signInPage + "?redirect_to=" + url.QueryEscape(to))
				got.want(s.t, 400, "")
				s.equal(to, got.leadsTo(), "")
			}
		},
		"the parameters session and redirect_to count once": func(s *stage) {
			b := s.visitor()
			s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionEither)})
			for _, query := range []string{"?session=bearer&session=cookie", "?session=COOKIE", "?redirect_to=%2Fa&redirect_to=%2Fb&session=cookie"} {
				b.opens(signInPage+query).want(s.t, 400, "")
			}
		},
		"the page of an app without cookies starts no session without a goal": func(s *stage) {
			b, email := s.visitor(), s.email()
			s.signUp(email)
			got := b.presses(b.opens(signInPage+"?session=cookie"), "password", "email="+email, "password="+password)
			got.want(s.t, 200, "")
			s.equal("session cookies", len(sessionCookies(s.world, got)), 0)
			s.equal("where it leads", got.leadsTo(), "")
		},
		"HEAD and a prefetch leave no cookie": func(s *stage) {
			for _, path := range []string{signInPage, signUpPage, signOutPage} {
				s.equal("HEAD "+path, s.send("HEAD", s.in(path), "").Header().Get("Set-Cookie"), "")
				s.equal("prefetch "+path, s.send("GET", s.in(path), "", "Sec-Purpose: prefetch").Header().Get("Set-Cookie"), "")
			}
		},
		"a known address is asked like an unknown one": func(s *stage) {
			known := s.email()
			s.signUp(known)
			for _, step := range []string{"link", "forgot"} {
				var sizes []int
				for _, email := range []string{known, "xxx1@example.com"} {
					b := s.visitor()
					got := b.presses(b.opens(signInPage), step, "email="+email)
					got.want(s.t, 303, "")
					sizes = append(sizes, len(got.leadsTo())-len(email)*4/3)
				}
				if off := sizes[0] - sizes[1]; off < -2 || off > 2 {
					s.t.Errorf("%s: got addresses of %v bytes, want the same", step, sizes)
				}
			}
		},
		"a sign-up that waits for its proof does not tell whether the address is known": func(s *stage) {
			s.verified("ann@example.com")
			s.signUp("bob@example.com")
			s.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired), SessionMode: new(authkit.SessionCookie)})
			for _, email := range []string{"ann@example.com", "bob@example.com", "eve@example.com"} {
				for _, pw := range []string{password, newPassword} {
					b := s.visitor()
					got := b.presses(b.opens(signUpPage), "password", "email="+email, "password="+pw)
					got.want(s.t, 303, "")
					s.equal("the cookies for "+email, len(got.Header().Values("Set-Cookie")), 0)
					s.equal("the length for "+email, len(got.leadsTo()), len(s.in(base+signUpPage))+len("?flow=")+flowText)
				}
			}
		},
		"what wants a fresh sign-in is not done without one": func(s *stage) {
			b := s.visitor()
			email := b.enters()
			s.clock.Advance(15 * time.Minute)
			for _, step := range []string{"leave", "change-email", "set-password", "connect", "disconnect"} {
				b.presses(b.opens(ownPage), step, "email="+email, "new_email=eve@example.com", "new_password="+newPassword, "provider=github").want(s.t, 403, "")
			}
			s.equal("the account", s.passes(email, password), 200)
		},
		"a person ends no session of another": func(s *stage) {
			b := s.visitor()
			b.enters()
			other := s.signUp(s.email()).text(s.t, "token")
			sessions := s.send("GET", s.in("/auth/sessions/{app_id}"), "", bearer(other))
			ids := anyID.FindAllString(sessions.Body.String(), -1)
			s.equal("the other's sessions", len(ids) > 0, true)
			for _, id := range ids {
				b.presses(b.opens(ownPage), "end-session", "session_id="+id).want(s.t, 404, "")
			}
			s.equal("the other's session", s.lives(other), 200)
		},
		"a form names its step once, and is a form": func(s *stage) {
			b := s.visitor()
			b.enters()
			token, _ := url.ParseQuery(formOf(b.opens(ownPage)))
			body := "do=name&name=x&form_token=" + url.QueryEscape(token.Get("form_token"))
			s.do(s.posts(ownPage, body+"&do=name", b.kept)()).want(s.t, 400, "")
			b.send("POST", ownPage, `{"do":"name"}`).want(s.t, 415, "")
		},
		"a link chooses no text of a page": func(s *stage) {
			b := s.visitor()
			b.enters()
			for _, query := range []string{"?call+555=1&call+555=2", "?done=call+555&provider=call+555", "?done=disconnect&provider=call+555", "?flow=call+555"} {
				for _, path := range []string{ownPage, signInPage} {
					if got := b.opens(path + query); strings.Contains(got.Body.String(), "call 555") {
						s.t.Errorf("%s: got a page that says so", path+query)
					}
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			attack(newStage(t, withoutLimits))
		})
	}
}

// flowText is the length of a sealed step of an address of 15 bytes.
const flowText = 272

// A step that the flow refuses at sight, before it charges a limit, counts as one that it tries: as it does
// for programs.
func TestAStepThatIsRefusedAtSightCounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opens func(s *stage, p *factored, b *seat) answer
		do    string
		typed []string
	}{
		"a code of another form":             {func(_ *stage, p *factored, b *seat) answer { return p.signsIn(b, "") }, "second", []string{"code=12345"}},
		"a passkey of no form":               {func(_ *stage, p *factored, b *seat) answer { return p.signsIn(b, "") }, "second", []string{"state=x", "credential={}"}},
		"a passkey of no form, to sign in":   {func(_ *stage, _ *factored, b *seat) answer { return b.opens(signInPage) }, "passkey", []string{"state=x", "credential={}"}},
		"a password of no address":           {func(_ *stage, _ *factored, b *seat) answer { return b.opens(signInPage) }, "password", []string{"email=x", "password=" + password}},
		"a code of another form, to step up": {stepsUp, "fresh-factor", []string{"code=12345"}},
		"a passkey of no form, to step up":   {stepsUp, "fresh-factor", []string{"state=x", "credential={}"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := secured(t, authkit.SessionCookie)
			s.settings(authkit.AppPatch{Limits: &authkit.AppLimits{Credentials: "8/h/ip"}})
			b := s.visitor()
			page := c.opens(s, p, b)
			for range 9 {
				if b.presses(page, c.do, c.typed...).Code == 429 {
					return
				}
			}
			t.Error("got no step refused for the limit, want the ninth at the latest")
		})
	}
}

// stepsUp opens the account page in a session that is not fresh any more.
func stepsUp(s *stage, p *factored, b *seat) answer {
	b.presses(p.signsIn(b, ""), "second", "code="+p.code()).want(s.t, 303, "")
	s.clock.Advance(11 * time.Minute)
	return b.opens(ownPage)
}
