package authkit_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// seen checks that texts stand on a page, or do not, with a "-" before them.
func (a answer) seen(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if missing, banned := strings.CutPrefix(text, "-"); strings.Contains(a.Body.String(), missing) == banned {
			t.Errorf("got %d %s, want %q", a.Code, a.Body, text)
		}
	}
}

// marked checks that a page was shown again, with one field marked as wrong for a reason.
func (a answer) marked(t *testing.T, status int, field, reason string) {
	t.Helper()
	a.want(t, status, "")
	a.seen(t, `aria-describedby="`+field+`-problem`, `id="`+field+`-problem"`, reason)
	if n := strings.Count(a.Body.String(), `aria-invalid="true"`); n != 1 {
		t.Errorf("got %d fields marked as wrong, want one\n%s", n, a.Body)
	}
}

// lives reports whether the browser has a session in its cookie.
func (b *seat) lives() bool {
	b.s.t.Helper()
	return b.send("GET", "/auth/me/{app_id}", "").Code == 200
}

// Where the browser goes after a sign-in, and how the session gets there, in each mode.
func TestWhereASignInOnThePageLeads(t *testing.T) {
	t.Parallel()
	const bearerMode, cookieMode, either = authkit.SessionBearer, authkit.SessionCookie, authkit.SessionEither
	proof := "&code_challenge=" + challenge
	for name, c := range map[string]struct {
		mode   authkit.SessionMode
		query  string
		status int
		to     string // where it leads, without a code; "app": to the account page
		code   bool   // a one-time code goes along
	}{
		"tokens, nowhere to go":               {bearerMode, "", 200, "", false},
		"tokens, to this origin":              {bearerMode, "?redirect_to=" + goal, 303, goal, true},
		"tokens, abroad":                      {bearerMode, "?redirect_to=" + abroad + proof, 200, abroad, true},
		"a cookie, nowhere to go":             {cookieMode, "", 303, "app", false},
		"a cookie, to this origin":            {cookieMode, "?redirect_to=" + goal, 303, goal, false},
		"a cookie, abroad":                    {cookieMode, "?redirect_to=" + abroad, 200, abroad, false},
		"a cookie, to a path":                 {cookieMode, "?redirect_to=" + url.QueryEscape("/mine?x=1&y=ü"), 303, origin + "/mine?x=1&y=ü", false},
		"either, without a choice, nowhere":   {either, "", 200, "", false},
		"either, without a choice":            {either, "?redirect_to=" + goal, 303, goal, true},
		"either, with tokens chosen":          {either, "?session=bearer&redirect_to=" + goal, 303, goal, true},
		"either, with a cookie, nowhere":      {either, "?session=cookie", 303, "app", false},
		"either, with a cookie, to a path":    {either, "?session=cookie&redirect_to=/mine", 303, origin + "/mine", false},
		"either, with a cookie and a goal":    {either, "?session=cookie&redirect_to=" + goal, 303, goal, false},
		"either, with a cookie chosen abroad": {either, "?session=cookie&redirect_to=" + abroad + proof, 200, abroad, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits)
			email := s.email()
			s.signUp(email)
			s.settings(authkit.AppPatch{SessionMode: &c.mode})
			if c.to == "app" {
				c.to = accountPage + s.app.ID.String()
			}
			_, before := s.counts()
			b := s.visitor()
			got := b.presses(b.opens(signInPage+c.query), "password", "email="+email, "password="+password)
			got.want(t, c.status, "")
			to, _, _ := strings.Cut(got.leadsTo(), "?code=")
			s.equal("where it leads", to, c.to)
			inCookie := c.to != "" && !c.code
			s.equal("a session in the cookie", b.lives(), inCookie)
			_, after := s.counts()
			s.equal("another session", after-before, map[bool]int{true: 1, false: 0}[c.to != ""])
			switch {
			case c.code:
				s.equal("the issuer", got.query(t).Get("iss"), base+"/apps/"+s.app.ID.String())
				body := fmt.Sprintf(`{"code":%q}`, codeIn(t, got))
				if strings.Contains(c.query, proof) {
					body = fmt.Sprintf(`{"code":%q,"code_verifier":%q}`, codeIn(t, got), verifier)
				}
				b.send("POST", "/auth/token/{app_id}", body).want(t, 200, "")
			case c.to == "":
				got.seen(t, "<h1>Signed in</h1>", "Demo")
			default:
				got.seen(t, "-code=")
			}
		})
	}
}

// The answer to a wrong password is the same for an unknown address. The page keeps what was typed,
// but for the password.
func TestAWrongPasswordOnThePage(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	email, unheard := s.email(), s.email()
	s.signUp(email)
	b := s.visitor()
	try := func(address, pw string) answer {
		return b.presses(b.opens(signInPage), "password", "email="+address, "password="+pw)
	}
	got, unknown := try(email, "another passphrase"), try(unheard, "another passphrase")
	got.marked(t, 401, "password", "The address or the password is wrong.")
	got.seen(t, `value="`+email+`"`, "-another passphrase", `<title>`)
	if a, b := strings.ReplaceAll(told(got), email, "x"), strings.ReplaceAll(told(unknown), unheard, "x"); withoutToken(a) != withoutToken(b) {
		t.Errorf("an unknown address: got %s, want the answer to a wrong password: %s", b, a)
	}
	if got.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("headers: got %v, want WWW-Authenticate", got.Header())
	}
	try("no address", password).marked(t, 400, "email", "Enter an address like name@example.com.")
	try(email, "").marked(t, 400, "password", "This field is required.")
	if b.presses(b.opens(signInPage+toGoal), "password", "email="+email, "password="+password).want(t, 303, ""); b.lives() {
		t.Error("got a session in a cookie, want a code")
	}
}

// withoutToken takes the token of the form out of a page.
func withoutToken(page string) string {
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		page = strings.ReplaceAll(page, m[2], "")
	}
	return page
}

func TestALinkThatThePageMails(t *testing.T) {
	t.Parallel()
	cookie := func(t *testing.T) (*stage, *seat) {
		t.Helper()
		s := newStage(t, withoutLimits)
		s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
		return s, s.visitor()
	}
	t.Run("signs in by its code, as people type it", func(t *testing.T) {
		t.Parallel()
		s, b := cookie(t)
		email := s.email()
		page, m := b.awaits("link", email, "?redirect_to=/mine")
		page.seen(t, email, `autocomplete="one-time-code"`, `inputmode="numeric"`)
		code := mail.Code(m)
		b.presses(page, "code", "code="+code[:3]+" "+code[3:]).want(t, 303, "")
		s.equal("who is signed in", b.send("GET", "/auth/me/{app_id}", "").user("email"), email)
		b.opens(linkPath(m)).want(t, 401, "invalid_token")
	})
	t.Run("signs in by the link, in the browser that asked", func(t *testing.T) {
		t.Parallel()
		s, b := cookie(t)
		page, m := b.awaits("link", s.email(), "?redirect_to=/mine")
		link := b.opens(linkPath(m))
		if !link.movesBySelf() {
			t.Errorf("got %s, want a page that goes on by itself", link.Body)
		}
		s.equal("where it leads", b.presses(link, "").leadsTo(), origin+"/mine")
		b.presses(page, "code", "code="+mail.Code(m)).want(t, 403, "") // shown before the session began
	})
	t.Run("takes no wrong code, and no other than its own", func(t *testing.T) {
		t.Parallel()
		s, b := cookie(t)
		page, m := b.awaits("link", s.email(), "")
		wrong := "0" + mail.Code(m)[:5]
		if wrong == mail.Code(m) {
			wrong = "1" + mail.Code(m)[:5]
		}
		again := b.presses(page, "code", "code="+wrong)
		again.marked(t, 401, "code", "The code is wrong. You have 4 more tries.")
		b.presses(again, "code", "code=").marked(t, 401, "code", "")
		if b.lives() {
			t.Error("got a session, want none")
		}
		b.presses(again, "code", "code="+mail.Code(m)).want(t, 303, "")
	})
	t.Run("is mailed once more where that is asked for", func(t *testing.T) {
		t.Parallel()
		s, b := cookie(t)
		page, first := b.awaits("link", s.email(), "")
		s.clock.Advance(time.Second)
		asked := b.presses(page, "again")
		asked.want(t, 303, "")
		page = b.opens(asked.leadsTo())
		page.seen(t, `role="status"`, "another email is on its way")
		second := s.mail(first.To)
		if mail.Code(second) == mail.Code(first) {
			t.Fatal("got the same code twice, want another")
		}
		b.presses(page, "code", "code="+mail.Code(second)).want(t, 303, "")
	})
	t.Run("is said to be on its way to an address that can have none", func(t *testing.T) {
		t.Parallel()
		s, b := cookie(t)
		s.settings(authkit.AppPatch{SignupClosed: new(true)})
		asked := b.presses(b.opens(signInPage), "link", "email=nobody@example.com")
		asked.want(t, 303, "")
		b.opens(asked.leadsTo()).seen(t, "If \u2068nobody@example.com\u2069 can be used here")
		s.runOnce()
		s.equal("mails", len(s.mails()), 0)
	})
	t.Run("needs an address", func(t *testing.T) {
		t.Parallel()
		_, b := cookie(t)
		b.presses(b.opens(signInPage), "link", "email=x").marked(t, 400, "email", "Enter an address like name@example.com.")
	})
}

// The address of a step holds what was typed, sealed for the browser in which it was typed.
func TestAStepIsOfOneBrowser(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	b := s.visitor()
	asked := b.presses(b.opens(signInPage), "link", "email=ann@example.com")
	to := asked.leadsTo()
	if strings.Contains(to, "ann") || strings.Contains(to, "example.com") {
		t.Errorf("got %s, want no address in it", to)
	}
	stranger := s.visitor()
	stranger.opens(signInPage)
	for name, page := range map[string]answer{
		"another browser":          stranger.opens(to),
		"one without a cookie":     s.visitor().opens(to),
		"a step that is cut short": b.opens(to[:len(to)-1]),
		"a long one":               b.opens(to + strings.Repeat("A", 3000)),
		"none":                     b.opens(signInPage + "?flow="),
	} {
		page.want(t, 200, "")
		if strings.Contains(page.Body.String(), `name="code"`) || strings.Contains(page.Body.String(), "ann@") || !strings.Contains(page.Body.String(), `name="password"`) {
			t.Errorf("%s: got %s, want the first step", name, page.Body)
		}
	}
	b.opens(to).seen(t, `name="code"`, "ann@example.com")
}

func TestANewPasswordOnThePage(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	email := s.email()
	in := s.provenUser(email)
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
	b := s.visitor()
	page, m := b.awaits("forgot", email, "?redirect_to=/mine")
	page.seen(t, `name="code"`, `autocomplete="new-password"`, `minlength="12"`, `value="`+email+`"`)
	s.equal("the session of before", s.lives(in.text(t, "token")), 200)
	weak := b.presses(page, "reset", "code="+mail.Code(m), "password=short")
	weak.marked(t, 422, "password", "The password is too short.")
	got := b.presses(weak, "reset", "code="+mail.Code(m), "password="+newPassword)
	s.equal("where it leads", got.leadsTo(), origin+"/mine")
	s.equal("a session in the cookie", b.lives(), true)
	s.equal("the session of before", s.lives(in.text(t, "token")), 401)
	s.equal("the new password", s.passes(email, newPassword), 200)
}

// A browser that has a session is asked, and goes on by a press only.
func TestTheSignInPageOfASignedInPerson(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	b := s.visitor()
	email := b.enters()
	for query, to := range map[string]string{
		"?session=cookie":                                 accountPage + s.app.ID.String(),
		"?session=cookie&redirect_to=/mine":               origin + "/mine",
		"?session=cookie&redirect_to=" + abroad:           abroad,
		"?session=cookie&ui_locales=de&redirect_to=/mine": origin + "/mine",
	} {
		page := b.opens(signInPage + query)
		page.want(t, 200, "")
		page.seen(t, email, "-<form", "-"+`name="password"`)
		if page.leadsTo() != to || page.movesBySelf() {
			t.Errorf("%s: got %q, by itself: %v, want a press to lead to %q", query, page.leadsTo(), page.movesBySelf(), to)
		}
	}
	for name, page := range map[string]answer{
		"someone else":              b.opens(signInPage + "?session=cookie&other=1"),
		"a flow that holds tokens":  b.opens(signInPage),
		"a browser without session": s.visitor().opens(signInPage + "?session=cookie"),
	} {
		if page.Code != 200 || strings.Contains(page.Body.String(), email) || !strings.Contains(page.Body.String(), `name="password"`) {
			t.Errorf("%s: got %d %s, want the ways to sign in", name, page.Code, page.Body)
		}
	}
	if err := s.engine.EndSessions(t.Context(), authkit.UserRef{App: s.app.ID, ID: s.userID(b)}); err != nil {
		t.Fatal(err)
	}
	b.opens(signInPage+"?session=cookie").seen(t, `name="password"`, "-"+email)
}

// userID returns the id of the user who is signed in.
func (s *stage) userID(b *seat) uuid.UUID {
	s.t.Helper()
	id, err := uuid.Parse(b.send("GET", "/auth/me/{app_id}", "").text(s.t, "user_id"))
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// Links and forms of the page carry the flow on: where it leads, and in which language.
func TestTheSignInPageCarriesTheFlowOn(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.provider()
	b := s.visitor()
	page := b.opens(signInPage + "?redirect_to=" + abroad + "&code_challenge=" + challenge + "&ui_locales=de&login_hint=ann@example.com&nonsense=1")
	page.want(t, 200, "")
	page.seen(t, `lang="de"`, `value="ann@example.com"`, "-nonsense")
	want := url.Values{"redirect_to": {abroad}, "code_challenge": {challenge}, "ui_locales": {"de"}}
	for what, pattern := range map[string]string{"the form": `action="([^"]*)"`, "the provider": `href="([^"]*/auth/corp/[^"]*)"`, "the sign-up": `href="([^"]*/auth/sign-up/[^"]*)"`} {
		u, err := url.Parse(page.found(t, pattern))
		if err != nil || !maps.EqualFunc(u.Query(), want, func(a, b []string) bool { return a[0] == b[0] }) {
			t.Errorf("%s: got %v %v, want %v", what, u, err, want)
		}
	}
	b.opens(signInPage+"?login_hint="+strings.Repeat("a", 300)).seen(t, `value=""`)
	s.send("GET", s.in(signInPage), "", "Accept-Language: ar-EG, en;q=0.5").seen(t, `lang="ar" dir="rtl"`)
}

func TestHEADOfAPageHasNoEffect(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	b := s.visitor()
	b.enters()
	before := s.state()
	for _, path := range []string{signInPage + "?session=cookie", signInPage + toGoal, signUpPage, signOutPage, ownPage} {
		for _, cookies := range []string{jar(nil, b.kept), "Cookie: x=y"} {
			got := s.send(http.MethodHead, s.in(path), "", cookies)
			if got.Code >= 400 || len(got.Header().Values("Set-Cookie")) != 0 {
				t.Errorf("HEAD %s: got %d, %q, want no cookie", path, got.Code, got.Header().Values("Set-Cookie"))
			}
		}
	}
	s.equal("the store", s.state(), before)
}
