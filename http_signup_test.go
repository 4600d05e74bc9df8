package authkit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

func TestSignUpOnThePage(t *testing.T) {
	t.Parallel()
	ready := func(t *testing.T, p authkit.AppPatch) (*stage, *seat) {
		t.Helper()
		s := newStage(t, withoutLimits)
		p.SessionMode = new(authkit.SessionCookie)
		s.settings(p)
		return s, s.visitor()
	}
	fill := func(b *seat, email, pw string) answer {
		return b.presses(b.opens(signUpPage+"?redirect_to=/mine"), "password", "email="+email, "password="+pw, "name=Ann")
	}
	t.Run("makes a user, who is signed in", func(t *testing.T) {
		t.Parallel()
		s, b := ready(t, authkit.AppPatch{})
		page := b.opens(signUpPage)
		page.seen(t, `autocomplete="new-password"`, `minlength="12"`, `autocomplete="username"`, `name="name"`)
		email := s.email()
		s.equal("where it leads", fill(b, email, password).leadsTo(), origin+"/mine")
		me := b.send("GET", "/auth/me/{app_id}", "")
		s.equal("email", me.user("email"), email)
		s.equal("name", me.user("name"), "Ann")
	})
	t.Run("keeps what was typed, but for the password", func(t *testing.T) {
		t.Parallel()
		s, b := ready(t, authkit.AppPatch{})
		email := s.email()
		weak := fill(b, email, "short")
		weak.marked(t, 422, "password", "The password is too short.")
		weak.seen(t, `value="`+email+`"`, `value="Ann"`, `-value="short"`)
		fill(b, "x", password).marked(t, 400, "email", "Enter an address like name@example.com.")
		if b.lives() {
			t.Error("got a session, want none")
		}
	})
	t.Run("says that an address is taken", func(t *testing.T) {
		t.Parallel()
		s, b := ready(t, authkit.AppPatch{})
		email := s.email()
		s.signUp(email)
		taken := fill(b, email, newPassword)
		taken.want(t, 409, "")
		taken.seen(t, "This address already has an account.", `value="`+email+`"`)
		s.equal("the password", s.passes(email, password), 200)
	})
	t.Run("is refused where it is closed", func(t *testing.T) {
		t.Parallel()
		s, b := ready(t, authkit.AppPatch{})
		page := b.opens(signUpPage)
		s.settings(authkit.AppPatch{SignupClosed: new(true)})
		isPage(t, b.opens(signUpPage), 403, "signup_disabled")
		isPage(t, b.presses(page, "password", "email="+s.email(), "password="+password), 403, "signup_disabled")
		b.opens(signInPage).seen(t, "-/auth/sign-up/")
		users, _ := s.counts()
		s.equal("users", users, 0)
	})
	t.Run("waits for the proof where that is required", func(t *testing.T) {
		t.Parallel()
		s, b := ready(t, authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)})
		email := s.email()
		asked := fill(b, email, password)
		asked.want(t, 303, "")
		page := b.opens(asked.leadsTo())
		page.seen(t, email, `name="code"`)
		users, _ := s.counts()
		s.equal("users before", users, 0)
		b.presses(page, "code", "code=x").marked(t, 401, "code", "")
		s.equal("where it leads", b.presses(page, "code", "code="+mail.Code(s.mail(email))).leadsTo(), origin+"/mine")
		me := b.send("GET", "/auth/me/{app_id}", "")
		s.equal("email_verified", me.user("email_verified"), true)
		s.equal("name", me.user("name"), "Ann")
		s.equal("the password", s.passes(email, password), 200)
	})
	t.Run("that waits looks the same for an address that is taken", func(t *testing.T) {
		t.Parallel()
		s, b := ready(t, authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)})
		taken, free := s.email(), s.email()
		s.provenUser(taken)
		var pages []string
		for _, email := range []string{taken, free} {
			asked := fill(b, email, newPassword)
			asked.want(t, 303, "")
			page := told(b.opens(asked.leadsTo()))
			pages = append(pages, withoutAddresses(strings.ReplaceAll(withoutToken(page), email, "x")))
		}
		if pages[0] != pages[1] {
			t.Errorf("got %s\nand %s, want the same", pages[0], pages[1])
		}
		s.equal("the password", s.passes(taken, newPassword), 401)
	})
	t.Run("goes on from the sign-in page", func(t *testing.T) {
		t.Parallel()
		s, b := ready(t, authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)})
		email := s.email()
		s.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailAsk)})
		s.signUp(email)
		s.runOnce()
		s.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)})
		start := signInPage + "?redirect_to=/mine"
		asked := b.presses(b.opens(start), "password", "email="+email, "password="+password)
		asked.want(t, 303, "")
		page := b.opens(asked.leadsTo())
		page.seen(t, `name="code"`)
		other := b.presses(page, "again")
		if other.Code != 303 || !strings.Contains(other.leadsTo(), "/auth/sign-in/") {
			t.Errorf("another mail: got %d to %s, want the page on which the flow began", other.Code, other.leadsTo())
		}
		s.equal("where it leads", b.presses(page, "code", "code="+mail.Code(s.mail(email))).leadsTo(), origin+"/mine")
	})
	t.Run("shows its own page again while the store is down", func(t *testing.T) {
		t.Parallel()
		s, b := ready(t, authkit.AppPatch{})
		press := b.filled(b.opens(signUpPage), "password", "email="+s.email(), "password="+password)
		s.faulty.FailAt(3)
		got := s.do(press())
		s.faulty.FailAt(0)
		got.want(t, 503, "")
		got.seen(t, `name="name"`, `autocomplete="new-password"`, `role="alert"`)
	})
}

// withoutAddresses takes the addresses of forms out of a page: each has a step of its own.
func withoutAddresses(page string) string {
	return action.ReplaceAllString(page, "")
}

// A form is good for the browser, the page and the session that it was shown to.
func TestAFormIsOfOnePageInOneBrowser(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	email := s.email()
	s.signUp(email)
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
	b := s.visitor()
	page := b.opens(signInPage)
	own := func(token string, headers ...string) answer {
		body := "do=password&email=" + email + "&password=" + strings.ReplaceAll(password, " ", "+") + "&form_token=" + token
		return s.send("POST", s.in(signInPage), body, append(headers, form, jar(nil, b.kept))...)
	}
	shown := func(of *seat, path string) string {
		return of.opens(path).found(t, `name="form_token" value="([^"]*)"`)
	}
	token := shown(b, signInPage)
	_, m := s.mailed(s.email(), "", jar(nil, b.kept))
	for name, got := range map[string]answer{
		"of another browser":        own(shown(s.visitor(), signInPage)),
		"of another page":           own(shown(b, signUpPage)),
		"of the page of a link":     own(b.opens(linkPath(m)).found(t, `name="form_token" value="([^"]*)"`)),
		"that is cut short":         own(token[:len(token)-1]),
		"with an empty token":       own(""),
		"without its cookie":        s.send("POST", s.in(signInPage), "form_token="+token, form),
		"posted by another origin":  own(token, "Origin: "+evil),
		"posted by one of the app":  own(token, "Origin: "+friend),
		"posted from nowhere":       own(token, "Origin: null"),
		"posted by a sibling":       own(token, "Sec-Fetch-Site: same-site"),
		"posted by another site":    own(token, "Sec-Fetch-Site: cross-site"),
		"in the form of a document": s.send("POST", s.in(signInPage), `{"email":"`+email+`","password":"`+password+`","form_token":"`+token+`"}`, jar(nil, b.kept)),
	} {
		if want := map[bool]int{false: 403, true: 415}[name == "in the form of a document"]; got.Code != want || len(sessionCookies(s.world, got)) > 1 {
			t.Errorf("a form %s: got %d, want %d and no session\n%s", name, got.Code, want, got.Body)
		}
	}
	_, live := s.counts()
	s.equal("sessions", live, 1) // of the sign-up
	b.presses(page, "password", "email="+email, "password="+password).want(t, 303, "")

	t.Run("and of one session", func(t *testing.T) {
		again := b.presses(page, "password", "email="+email, "password="+newPassword)
		again.want(t, 403, "")
		again.seen(t, "This page has expired, or was opened in another browser.")
		again = b.presses(page, "link", "email="+email)
		again.want(t, 403, "")
		fresh := b.presses(again, "link", "email="+email)
		fresh.want(t, 303, "")
	})
}

// pressed is a step of the sign-in or sign-up page that starts a session.
type pressed struct {
	mode  authkit.SessionMode
	ready func(s *stage, b *seat, email string) func() answer // what presses
}

// People press twice, and browsers repeat a request whose answer was lost.
func TestAStepThatIsPressedTwice(t *testing.T) {
	t.Parallel()
	signIn := func(s *stage, b *seat, email string) func() answer {
		s.signUp(email)
		press := b.filled(b.opens(signInPage+toGoal), "password", "email="+email, "password="+password)
		return func() answer { return s.do(press()) }
	}
	signUp := func(s *stage, b *seat, email string) func() answer {
		press := b.filled(b.opens(signUpPage+toGoal), "password", "email="+email, "password="+password)
		return func() answer { return s.do(press()) }
	}
	code := func(s *stage, b *seat, email string) func() answer {
		page, m := b.awaits("link", email, toGoal)
		press := b.filled(page, "code", "code="+mail.Code(m))
		return func() answer { return s.do(press()) }
	}
	reset := func(s *stage, b *seat, email string) func() answer {
		s.provenUser(email)
		page, m := b.awaits("forgot", email, toGoal)
		press := b.filled(page, "reset", "code="+mail.Code(m), "password="+newPassword)
		return func() answer { return s.do(press()) }
	}
	const bearerMode, cookieMode = authkit.SessionBearer, authkit.SessionCookie
	for name, p := range map[string]pressed{
		"a sign-in": {bearerMode, signIn}, "a sign-in with a cookie": {cookieMode, signIn},
		"a sign-up": {bearerMode, signUp}, "a sign-up with a cookie": {cookieMode, signUp},
		"a code": {bearerMode, code}, "a code with a cookie": {cookieMode, code},
		"a new password": {bearerMode, reset}, "a new password with a cookie": {cookieMode, reset},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits)
			b, email := s.visitor(), s.email()
			press := p.ready(s, b, email)
			s.settings(authkit.AppPatch{SessionMode: &p.mode})
			first := press()
			first.want(t, 303, "")
			users, sessions := s.counts()
			s.clock.Advance(59 * time.Second)
			s.equal("again", told(press()), told(first))
			jar(first.Header(), b.kept) // the first answer has reached the browser
			s.equal("with the cookies of the first", told(press()), told(first))
			s.equal("a session in the cookie", b.lives(), p.mode == cookieMode)
			u, live := s.counts()
			s.equal("users", u, users)
			s.equal("sessions", live, sessions)
		})
	}
}

func TestAMailThatIsAskedForTwiceIsOne(t *testing.T) {
	t.Parallel()
	for _, do := range []string{"link", "forgot"} {
		t.Run(do, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits)
			b, email := s.visitor(), s.email()
			s.provenUser(email)
			s.runOnce()
			before := len(s.mails())
			press := b.filled(b.opens(signInPage), do, "email="+email)
			var page answer
			for range 3 {
				got := s.do(press())
				got.want(t, 303, "")
				page = b.opens(got.leadsTo())
			}
			s.runOnce()
			s.equal("mails", len(s.mails())-before, 1)
			m, _ := s.outbox.Last(email)
			step := map[string]string{"link": "code", "forgot": "reset"}[do]
			if got := b.presses(page, step, "code="+mail.Code(m), "password="+newPassword); got.Code >= 400 {
				t.Errorf("the code of the one mail: got %s, want it taken", told(got))
			}
		})
	}
}

// A page goes nowhere that the app does not list, or that is not a path of its own origin.
func TestWhereThePagesDoNotGo(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	id := s.app.ID.String()
	tricks := []string{
		"https://evil.example/", "//evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example", "/\n/evil.example", "/x\x00", "https:/evil.example",
		"javascript:alert(1)", "data:text/html,x", goal + "?x=1", goal + "/", goal + "#x", "/../..//evil.example", "/.//evil.example",
		"/x/../id/auth/sign-out/" + id, "/x/%2e%2e/id/auth/sign-out/" + id, "/id/%61uth/sign-out/" + id, "/id/auth/sign-out/" + id + "?x#y",
		"/id/auth/sign-out/" + id, "/id/auth/sign-in/" + id, "/id/apps", "x", "/" + strings.Repeat("a", 2000),
	}
	for _, mode := range []authkit.SessionMode{authkit.SessionCookie, authkit.SessionBearer} {
		s.settings(authkit.AppPatch{SessionMode: &mode})
		b := s.visitor()
		page := b.opens(signInPage)
		for _, to := range append(tricks, map[bool]string{true: goal + "2", false: "/mine"}[mode == authkit.SessionCookie]) {
			for _, path := range []string{signInPage, signUpPage} {
				query := "?redirect_to=" + escaped(to)
				got := b.opens(path + query)
				if got.Code != 400 {
					t.Errorf("%s, to %q: got %d, want 400", mode, to, got.Code)
					continue
				}
				posted := s.do(s.posts(path+query, "do=password&email=ann@example.com&password=x&"+formOf(page), b.kept)())
				posted.want(t, 400, "invalid_request")
				for _, a := range []answer{got, posted} {
					if a.Header().Get("Location") != "" || strings.Contains(a.Body.String(), "evil") || a.movesBySelf() {
						t.Errorf("%s, to %q: got %v %s, want to be led nowhere", mode, to, a.Header(), a.Body)
					}
				}
			}
		}
	}
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
	for _, to := range []string{"/", "/mine", "/mine?to=https://evil.example", "/a//b", "/id2", "/id/nothing", "/" + strings.Repeat("a", 1999)} {
		s.visitor().opens(signInPage+"?redirect_to="+escaped(to)).want(t, 200, "")
	}
}

// Each step is counted as the route that does the same for programs.
func TestTheLimitsOfSteps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limits authkit.AppLimits
		do     []string // steps that are counted together; the last is one too many
		others []string // steps that are not
	}{
		"the password": {authkit.AppLimits{Credentials: "2/h/ip"}, []string{"password", "password", "password"}, []string{"link", "forgot"}},
		"mails":        {authkit.AppLimits{Mail: "2/h/ip"}, []string{"link", "forgot", "link"}, []string{"password"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.settings(authkit.AppPatch{Limits: &c.limits})
			b := s.visitor()
			step := func(do string) answer {
				return b.presses(b.opens(signInPage), do, "email="+s.email(), "password=another passphrase")
			}
			for i, do := range c.do {
				got := step(do)
				if refused := got.Code == 429; refused != (i == len(c.do)-1) {
					t.Fatalf("step %d, %s: got %d, want the last refused alone", i, do, got.Code)
				}
				if got.Code == 429 && got.Header().Get("Retry-After") == "" {
					t.Errorf("got %v, want to be told when to try again", got.Header())
				}
				if got.Code == 429 {
					got.seen(t, "Too many tries.", "minutes.")
				}
			}
			for _, do := range c.others {
				if got := step(do); got.Code == 429 {
					t.Errorf("%s: got 429, want it counted apart", do)
				}
			}
		})
	}
}
