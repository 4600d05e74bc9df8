package authkit_test

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/internal/totp"
	"github.com/authkit-dev/authkit/mail"
)

// secured returns a stage and a person with a TOTP, in an app of a session mode.
func secured(t *testing.T, mode authkit.SessionMode, change ...func(*authkit.Config)) (*stage, *factored) {
	t.Helper()
	s := newStage(t, change...)
	p := s.member(t, s.email())
	p.enrolTOTP(t)
	s.settings(authkit.AppPatch{SessionMode: &mode})
	return s, p
}

// signsIn shows the password on the sign-in page, and returns the step of the second factor.
func (p *factored) signsIn(b *seat, query string) answer {
	b.s.t.Helper()
	return p.asked(b, b.presses(b.opens(signInPage+query), "password", "email="+p.email, "password="+password))
}

// asked follows a browser to the step of the second factor.
func (p *factored) asked(b *seat, first answer) answer {
	b.s.t.Helper()
	first.want(b.s.t, 303, "")
	if to := first.leadsTo(); !strings.HasPrefix(to, base+"/auth/sign-in/") || !strings.Contains(to, "flow=") {
		b.s.t.Fatalf("got %s, want the step of the second factor", to)
	}
	page := b.opens(first.leadsTo())
	page.want(b.s.t, 200, "")
	page.seen(b.s.t, `class="second"`, `name="code"`, `autocomplete="one-time-code"`)
	return page
}

// next lets the step of the code that was used pass.
func (p *factored) next() { p.w.clock.Advance(30 * time.Second) }

// A second factor is asked for on one page, whatever the first one was, before the browser goes on.
func TestThePageAsksForASecondFactorAfterEveryFirst(t *testing.T) {
	t.Parallel()
	s, p := secured(t, authkit.SessionCookie, withoutLimits)
	idp, linked := s.provider(), jwt.MapClaims{"sub": "linked", "email": p.email}
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionBearer)})
	s.link(p.token, linked).want(t, 200, "")
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
	const to = "?redirect_to=/mine"
	firsts := []struct {
		name  string
		shown func(b *seat) answer
	}{
		{"a provider", func(b *seat) answer {
			start, err := url.Parse(b.opens("/auth/corp/{app_id}" + to).Header().Get("Location"))
			if err != nil {
				t.Fatal(err)
			}
			idp.says(start.Query().Get("nonce"), linked)
			return b.opens("/auth/callback/corp/{app_id}?state=" + start.Query().Get("state") + "&code=good")
		}},
		{"a password", func(b *seat) answer {
			return b.presses(b.opens(signInPage+to), "password", "email="+p.email, "password="+password)
		}},
		{"a mailed code", func(b *seat) answer {
			page, m := b.awaits("link", p.email, to)
			return b.presses(page, "code", "code="+mail.Code(m))
		}},
		{"a link", func(b *seat) answer {
			_, m := b.awaits("link", p.email, to)
			return b.presses(b.opens(linkPath(m)), "")
		}},
		{"a link in another browser", func(b *seat) answer {
			_, m := s.visitor().awaits("link", p.email, to)
			return b.presses(b.opens(linkPath(m)), "")
		}},
		{"a reset by its code", func(b *seat) answer {
			page, m := b.awaits("forgot", p.email, to)
			return b.presses(page, "reset", "code="+mail.Code(m), "password="+password)
		}},
		{"a reset by its link", func(b *seat) answer {
			_, m := b.awaits("forgot", p.email, to)
			return b.presses(b.opens(linkPath(m)), "", "password="+password)
		}},
	}
	for _, first := range firsts {
		name, b := first.name, s.visitor()
		page := p.asked(b, first.shown(b))
		s.equal(name+": a session before the second factor", b.lives(), false)
		got := b.presses(page, "second", "code="+p.code())
		s.equal(name+": where it leads", got.leadsTo(), origin+"/mine")
		s.equal(name+": a session after it", b.lives(), true)
		p.next()
	}
}

func TestTheStepOfTheSecondFactor(t *testing.T) {
	t.Parallel()
	t.Run("hands tokens over by a one-time code", func(t *testing.T) {
		t.Parallel()
		s, p := secured(t, authkit.SessionBearer)
		b := s.visitor()
		got := b.presses(p.signsIn(b, "?redirect_to="+abroad+"&code_challenge="+challenge), "second", "code="+p.code())
		got.want(t, 200, "")
		to, err := url.Parse(got.leadsTo())
		if err != nil {
			t.Fatal(err)
		}
		in := b.send("POST", "/auth/token/{app_id}", fmt.Sprintf(`{"code":%q,"code_verifier":%q}`, to.Query().Get("code"), verifier))
		in.want(t, 200, "")
		s.equal("methods", amr(t, in.text(t, "token")), "pwd otp mfa aal2")
	})
	t.Run("says how many tries are left, and takes the right code then", func(t *testing.T) {
		t.Parallel()
		s, p := secured(t, authkit.SessionCookie)
		b := s.visitor()
		wrong := b.presses(p.signsIn(b, ""), "second", "code=000000")
		wrong.marked(t, 401, "code", "You have 4 more tries.")
		odd := b.presses(wrong, "second", "code=12345")
		odd.marked(t, 401, "code", "The code is wrong, or was used already.")
		code := p.code()
		b.presses(odd, "second", "code="+code[:3]+" "+code[3:]).want(t, 303, "")
		s.equal("a session", b.lives(), true)
	})
	t.Run("starts over after five wrong codes", func(t *testing.T) {
		t.Parallel()
		s, p := secured(t, authkit.SessionCookie)
		b := s.visitor()
		page := p.signsIn(b, "?redirect_to=/mine")
		for range 4 {
			page = b.presses(page, "second", "code=000000")
			page.seen(t, `class="second"`)
		}
		over := b.presses(page, "second", "code=000000")
		over.want(t, 401, "")
		over.seen(t, `class="sign-in"`, "too many wrong codes", "redirect_to=%2Fmine")
		b.presses(page, "second", "code="+p.code()).seen(t, `class="sign-in"`)
		s.equal("a session", b.lives(), false)
		page = p.asked(b, b.presses(over, "password", "email="+p.email, "password="+password))
		s.equal("where the next try leads", b.presses(page, "second", "code="+p.code()).leadsTo(), origin+"/mine")
	})
	t.Run("starts over when its time is up", func(t *testing.T) {
		t.Parallel()
		s, p := secured(t, authkit.SessionCookie)
		b := s.visitor()
		page := p.signsIn(b, "")
		s.clock.Advance(11 * time.Minute)
		b.presses(page, "second", "code="+p.code()).seen(t, `class="sign-in"`, "Too much time has passed")
	})
	t.Run("is over for a person who goes back to it", func(t *testing.T) {
		t.Parallel()
		s, p := secured(t, authkit.SessionCookie)
		b := s.visitor()
		first := b.presses(b.opens(signInPage+"?redirect_to=/mine"), "password", "email="+p.email, "password="+password)
		page := b.opens(first.leadsTo())
		b.presses(page, "second", "code="+p.code()).want(t, 303, "")
		b.opens(first.leadsTo()).seen(t, `-class="second"`, p.email, `href="`+origin+`/mine"`)
		b.presses(b.opens(signOutPage), "").want(t, 303, "")
		b.opens(first.leadsTo()).seen(t, `-class="second"`, `class="sign-in"`)
	})
	t.Run("takes a recovery code once", func(t *testing.T) {
		t.Parallel()
		s, p := secured(t, authkit.SessionCookie)
		b := s.visitor()
		page := p.signsIn(b, "")
		page.seen(t, `<summary>Use a recovery code</summary>`, "-<details open>")
		odd := b.presses(page, "second", "recovery=abc")
		odd.marked(t, 401, "recovery", "fifteen letters and digits")
		odd.seen(t, "<details open>")
		b.presses(odd, "second", "recovery="+p.recovery[0]).want(t, 303, "")
		other := s.visitor()
		other.presses(p.signsIn(other, ""), "second", "recovery="+p.recovery[0]).marked(t, 401, "recovery", "You have 4 more tries.")
	})
	t.Run("answers a second press as the first", func(t *testing.T) {
		t.Parallel()
		s, p := secured(t, authkit.SessionCookie)
		b := s.visitor()
		press := b.filled(p.signsIn(b, "?redirect_to=/mine"), "second", "code="+p.code())
		first, second := s.do(press()), s.do(press())
		s.equal("where the second press leads", second.leadsTo(), first.leadsTo())
		jar(second.Header(), b.kept)
		s.equal("a session", b.lives(), true)
	})
	t.Run("remembers a browser only where the app lets it", func(t *testing.T) {
		t.Parallel()
		s, p := secured(t, authkit.SessionCookie)
		b := s.visitor()
		p.signsIn(b, "").seen(t, `-name="remember"`)
		s.settings(authkit.AppPatch{MFARememberDays: new(30)})
		page := p.signsIn(b, "")
		page.seen(t, "Do not ask again in this browser for 30 days")
		b.presses(page, "second", "code="+p.code(), "remember=true").want(t, 303, "")
		got := b.presses(b.opens(signInPage+"?other=1"), "password", "email="+p.email, "password="+password)
		s.equal("where the next sign-in leads", got.leadsTo(), accountPage+s.app.ID.String())
		page, m := b.awaits("link", p.email, "?other=1")
		s.equal("and one by a code", b.presses(page, "code", "code="+mail.Code(m)).leadsTo(), accountPage+s.app.ID.String())
		p.next()
		p.signsIn(s.visitor(), "")
	})
	t.Run("is that browser's alone", func(t *testing.T) {
		t.Parallel()
		s, p := secured(t, authkit.SessionCookie)
		b, other := s.visitor(), s.visitor()
		first := b.presses(b.opens(signInPage), "password", "email="+p.email, "password="+password)
		other.opens(signInPage)
		for _, page := range []answer{other.opens(first.leadsTo()), s.visitor().opens(first.leadsTo())} {
			page.seen(t, `class="sign-in"`, `name="password"`)
		}
	})
	t.Run("is answered to programs as a problem", func(t *testing.T) {
		t.Parallel()
		s, p := secured(t, authkit.SessionBearer)
		page, m := s.visitor().awaits("link", p.email, "")
		page.want(t, 200, "")
		s.send("GET", linkPath(m), "", "Accept: application/json").want(t, 401, "mfa_required")
	})
}

var begins = regexp.MustCompile(`data-begin="([^"]*)" data-body="([^"]*)"`)

// ceremony does what the script does: it asks for the options, and answers them with an authenticator.
func (b *seat) ceremony(p *factored, page answer) (typed []string) {
	b.s.t.Helper()
	m := begins.FindStringSubmatch(page.Body.String())
	if m == nil {
		b.s.t.Fatalf("got no ceremony on %s", page.Body)
	}
	begun := b.send("POST", strings.TrimPrefix(html.UnescapeString(m[1]), base), html.UnescapeString(m[2]))
	begun.want(b.s.t, 200, "")
	do := p.device.Get
	if strings.Contains(page.Body.String(), " data-create") {
		do = p.device.Create
	}
	credential, err := do(memberOf(b.s.t, begun, "options"), origin)
	if err != nil {
		b.s.t.Fatal(err)
	}
	return []string{"state=" + begun.text(b.s.t, "state"), "credential=" + string(credential)}
}

// holding returns a person with factors, and a browser, in an app whose sessions are in cookies.
func holding(t *testing.T, factors ...func(*factored)) (*stage, *factored, *seat) {
	t.Helper()
	s := newStage(t, withoutLimits, withPasskeys)
	p := s.holder(factors...)
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
	return s, p, s.visitor()
}

func TestAPasskeyOnThePage(t *testing.T) {
	t.Parallel()
	t.Run("signs in", func(t *testing.T) {
		t.Parallel()
		s, p, b := holding(t, hasPasskey)
		page := b.opens(signInPage + "?redirect_to=/mine")
		page.seen(t, `autocomplete="username webauthn"`, "Sign in with a passkey", " data-conditional hidden>")
		press := b.filled(page, "passkey", b.ceremony(p, page)...)
		got := s.do(press())
		s.equal("where it leads", got.leadsTo(), origin+"/mine")
		s.equal("where a second press leads", s.do(press()).leadsTo(), origin+"/mine")
		jar(got.Header(), b.kept)
		s.equal("a session", b.lives(), true)
	})
	t.Run("that is another's is refused on the page", func(t *testing.T) {
		t.Parallel()
		s, p, b := holding(t, hasPasskey)
		page := b.opens(signInPage)
		typed := s.visitor().ceremony(p, page)
		got := b.presses(page, "passkey", typed...)
		got.want(t, 401, "")
		got.seen(t, `class="sign-in"`, "The passkey was not accepted.")
	})
	t.Run("is not offered where there are none", func(t *testing.T) {
		t.Parallel()
		newStage(t, withoutLimits, func(c *authkit.Config) { c.Passkeys = nil }).visitor().opens(signInPage).seen(t, `-username webauthn`, "-data-body")
	})
	t.Run("is not offered where browsers take none of the app", func(t *testing.T) {
		t.Parallel()
		s, p, b := holding(t, hasTOTP, hasPasskey)
		s.settings(authkit.AppPatch{Origins: &[]string{"https://shop.example.com"}, PasskeyRPID: new("example.com"), StrandPasskeys: true})
		b.opens(signInPage).seen(t, "-username webauthn", "-data-body")
		page := p.signsIn(b, "")
		page.seen(t, "-data-body")
		b.presses(page, "second", "code="+p.code()).want(t, 303, "")
		b.opens(accountPage+s.app.ID.String()).seen(t, `id="factors"`, "-data-body")
	})
	t.Run("is a second factor", func(t *testing.T) {
		t.Parallel()
		s, p, b := holding(t, hasTOTP, hasPasskey)
		page := p.signsIn(b, "")
		page.seen(t, "Use a passkey")
		bad := b.presses(page, "second", "state=AAAAAAAAAAAAAAAAAAAAAA", `credential={}`)
		bad.want(t, 401, "")
		bad.seen(t, `class="second"`, "The passkey was not accepted.")
		b.presses(bad, "second", b.ceremony(p, bad)...).want(t, 303, "")
		s.equal("a session", b.lives(), true)
	})
}

// seedOn reads the key that a page shows.
func seedOn(t *testing.T, page answer) []byte {
	t.Helper()
	seed, ok := totp.ParseSecret(page.found(t, `<dd><bdi>((?:[A-Z2-7]{4} ?)+)</bdi>`))
	if !ok {
		t.Fatalf("got no key on %s", page.Body)
	}
	return seed
}

func codeOn(s *stage, seed []byte) string { return totp.Code(seed, totp.StepOf(s.clock.Now())) }

var codesOnPage = regexp.MustCompile(`<code dir="ltr">([0-9a-z]{5}-[0-9a-z]{5}-[0-9a-z]{5})</code>`)

func TestASecondFactorIsSetUpDuringTheSignIn(t *testing.T) {
	t.Parallel()
	required := func(t *testing.T, mode authkit.SessionMode) (*stage, *factored) {
		t.Helper()
		s := newStage(t, withoutLimits, withPasskeys)
		p := s.member(t, s.email())
		s.settings(authkit.AppPatch{SessionMode: &mode, MFA: new(authkit.MFARequired)})
		return s, p
	}
	// proved shows the password, then the code of the mail, and returns the page with the QR code.
	proved := func(t *testing.T, s *stage, p *factored, b *seat, query string) answer {
		t.Helper()
		page := p.signsIn(b, query)
		page.seen(t, "We mailed a six-digit code")
		wrong := b.presses(page, "second", "code=000000")
		wrong.marked(t, 401, "code", "more tries.")
		to := b.presses(wrong, "second", "code="+mail.Code(s.mail(p.email)))
		to.want(t, 303, "")
		page = b.opens(to.leadsTo())
		page.want(t, 200, "")
		page.seen(t, `class="enrol"`, `<svg class="qr" role="img" aria-label="QR code`, `autocomplete="one-time-code"`)
		return page
	}
	t.Run("and a cookie holds the session", func(t *testing.T) {
		t.Parallel()
		s, p := required(t, authkit.SessionCookie)
		b := s.visitor()
		page := proved(t, s, p, b, "?redirect_to=/mine")
		seed := seedOn(t, page)
		b.presses(page, "totp", "code=000000").marked(t, 401, "code", "The code is wrong")
		press := b.filled(page, "totp", "code="+codeOn(s, seed))
		got := s.do(press())
		got.want(t, 200, "")
		got.seen(t, `class="codes"`, `href="`+origin+`/mine"`)
		codes := codesOnPage.FindAllString(got.Body.String(), -1)
		s.equal("recovery codes", len(codes), 10)
		again := s.do(press())
		s.equal("the codes after a second press", fmt.Sprint(codesOnPage.FindAllString(again.Body.String(), -1)), fmt.Sprint(codes))
		jar(again.Header(), b.kept)
		s.equal("a session", b.lives(), true)
	})
	t.Run("and the session is handed over once the codes were read", func(t *testing.T) {
		t.Parallel()
		s, p := required(t, authkit.SessionBearer)
		b := s.visitor()
		page := proved(t, s, p, b, "?redirect_to="+abroad+"&code_challenge="+challenge)
		got := b.presses(page, "totp", "code="+codeOn(s, seedOn(t, page)))
		got.want(t, 200, "")
		got.seen(t, `class="codes"`, "-code=")
		s.clock.Advance(10 * time.Minute) // they are written down
		press := b.filled(got, "onward")
		onward := s.do(press())
		onward.want(t, 200, "")
		s.equal("where a second press leads", s.do(press()).leadsTo(), onward.leadsTo())
		to, err := url.Parse(onward.leadsTo())
		if err != nil {
			t.Fatal(err)
		}
		in := b.send("POST", "/auth/token/{app_id}", fmt.Sprintf(`{"code":%q,"code_verifier":%q}`, to.Query().Get("code"), verifier))
		in.want(t, 200, "")
		s.equal("methods", amr(t, in.text(t, "token")), "pwd otp mfa aal2")
		s.clock.Advance(2 * time.Minute)
		b.presses(got, "onward").seen(t, `class="sign-in"`)
	})
	t.Run("and a picture that has expired is drawn anew", func(t *testing.T) {
		t.Parallel()
		s, p := required(t, authkit.SessionCookie)
		b := s.visitor()
		page := proved(t, s, p, b, "")
		old := seedOn(t, page)
		s.clock.Advance(6 * time.Minute)
		anew := b.presses(page, "totp", "code="+codeOn(s, old))
		anew.want(t, 303, "")
		page = b.opens(anew.leadsTo())
		page.seen(t, `class="enrol"`, "The last picture has expired.")
		b.presses(page, "totp", "code="+codeOn(s, seedOn(t, page))).seen(t, `class="codes"`)
		s.equal("a session", b.lives(), true)
	})
	t.Run("or a passkey in its place", func(t *testing.T) {
		t.Parallel()
		s, p := required(t, authkit.SessionCookie)
		p.device = authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{})
		b := s.visitor()
		page := proved(t, s, p, b, "?redirect_to=/mine")
		bad := b.presses(page, "new-passkey", "state=AAAAAAAAAAAAAAAAAAAAAA", "credential={}")
		bad.want(t, 401, "")
		bad.seen(t, `class="enrol"`, "The passkey was not accepted.")
		got := b.presses(bad, "new-passkey", b.ceremony(p, bad)...)
		s.equal("where it leads", got.leadsTo(), origin+"/mine")
		s.equal("a session", b.lives(), true)
	})
	t.Run("after a sign-up, too", func(t *testing.T) {
		t.Parallel()
		s, _ := required(t, authkit.SessionCookie)
		b, email := s.visitor(), s.email()
		p := &factored{w: s.world, email: email}
		page := p.asked(b, b.presses(b.opens(signUpPage), "password", "email="+email, "password="+password))
		to := b.presses(page, "second", "code="+mail.Code(s.mail(email)))
		page = b.opens(to.leadsTo())
		b.presses(page, "totp", "code="+codeOn(s, seedOn(t, page))).seen(t, `class="codes"`)
		s.equal("a session", b.lives(), true)
	})
	t.Run("and the step of another browser is not taken", func(t *testing.T) {
		t.Parallel()
		s, p := required(t, authkit.SessionCookie)
		b, other := s.visitor(), s.visitor()
		page := proved(t, s, p, b, "")
		thief := other.opens(signInPage)
		body, err := url.ParseQuery(formOf(thief))
		if err != nil {
			t.Fatal(err)
		}
		body.Set("do", "totp")
		body.Set("code", codeOn(s, seedOn(t, page)))
		to := strings.TrimPrefix(unescaped(action.FindStringSubmatch(page.Body.String())[1]), base)
		got := s.do(s.posts(to, body.Encode(), other.kept)())
		got.seen(t, `class="sign-in"`)
		s.equal("a session", other.lives(), false)
	})
}
