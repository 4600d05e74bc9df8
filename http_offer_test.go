package authkit_test

import (
	"fmt"
	"net/url"
	"regexp"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// later is the link of an offer that declines it.
var later = regexp.MustCompile(`<a href="([^"]*)" class="button secondary">Not now</a>`)

// offer returns where "Not now" of an offer leads; empty: the page is no offer.
func (a answer) offer() string {
	m := later.FindStringSubmatch(a.Body.String())
	if m == nil {
		return ""
	}
	return unescaped(m[1])
}

const (
	offered = "offer=1" // as the script fills it in
	account = "the account page"
)

// TestWhenAPasskeyIsOffered signs in by a password, with what the script says.
func TestWhenAPasskeyIsOffered(t *testing.T) {
	t.Parallel()
	const cookieMode, bearerMode, either = authkit.SessionCookie, authkit.SessionBearer, authkit.SessionEither
	home := authkit.AppPatch{Branding: &authkit.BrandingPatch{HomeURL: new("https://shop.example")}}
	for name, c := range map[string]struct {
		mode   authkit.SessionMode
		patch  authkit.AppPatch
		query  string
		field  string
		change func(*authkit.Config)
		offers string // where "Not now" leads; empty: no passkey is offered
	}{
		"with nowhere to go":                        {mode: cookieMode, field: offered, offers: account},
		"on the way to a path":                      {mode: cookieMode, field: offered, query: "?redirect_to=" + url.QueryEscape("/mine?x=1"), offers: origin + "/mine?x=1"},
		"on the way to this origin":                 {mode: cookieMode, field: offered, query: toGoal, offers: goal},
		"on the way abroad":                         {mode: cookieMode, field: offered, query: "?redirect_to=" + abroad, offers: abroad},
		"on the way to the home of the app":         {mode: cookieMode, field: offered, patch: home, offers: "https://shop.example"},
		"on the way to the account page":            {mode: cookieMode, field: offered, patch: home, query: "?next=account", offers: account},
		"where the person has chosen a cookie":      {mode: either, field: offered, query: "?session=cookie", offers: account},
		"not where the app requires a factor first": {mode: cookieMode, field: offered, patch: authkit.AppPatch{MFA: new(authkit.MFARequired)}},
		"not without a word of the script":          {mode: cookieMode, field: "offer="},
		"not without the field":                     {mode: cookieMode, field: "x=1"},
		"not where tokens hold the session":         {mode: bearerMode, field: offered, query: toGoal},
		"not where tokens are chosen":               {mode: either, field: offered, query: toGoal + "&session=bearer"},
		"not without a choice":                      {mode: either, field: offered, query: toGoal},
		"not where second factors are off":          {mode: cookieMode, field: offered, patch: authkit.AppPatch{MFA: new(authkit.MFAOff)}},
		"not where there are no passkeys":           {mode: cookieMode, field: offered, change: func(c *authkit.Config) { c.Passkeys = nil }},
		"not where they are of another domain":      {mode: cookieMode, field: offered, patch: authkit.AppPatch{Origins: &[]string{"https://shop.example"}, PasskeyRPID: new("shop.example")}},
		"not on the way to a program":               {mode: cookieMode, field: offered, patch: authkit.AppPatch{RedirectURLs: &[]string{private}}, query: "?redirect_to=" + private + "&code_challenge=" + challenge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changes := []func(*authkit.Config){withoutLimits}
			if c.change != nil {
				changes = append(changes, c.change)
			}
			s := newStage(t, changes...)
			s.provider()
			email := s.email()
			s.signUp(email)
			c.patch.SessionMode = &c.mode
			s.settings(c.patch)
			b := s.visitor()
			if c.offers == account {
				c.offers = base + s.in(ownPage)
			}
			page := b.opens(signInPage + c.query)
			page.want(t, 200, "")
			request := b.filled(page, "password", "email="+email, "password="+password, c.field)
			got := s.do(request())
			s.equal("an offer", got.offer(), c.offers)
			if c.offers == "" {
				return
			}
			got.want(t, 200, "")
			got.seen(t, `<body class="offer">`, base+s.in(ownPage)+"#factors", "Add a passkey")
			page.seen(t, `name="offer" value=""`, ` data-offer>`)
			again := s.do(request())
			s.equal("the same form again", again.offer(), c.offers)
			jar(got.Header(), b.kept)
			s.equal("a session in the cookie", b.lives(), true)
		})
	}
}

// TestAfterWhatAPasskeyIsOffered signs in by each way that ends on a page.
func TestAfterWhatAPasskeyIsOffered(t *testing.T) {
	t.Parallel()
	const to = "?redirect_to=/mine"
	for name, c := range map[string]struct {
		signsIn func(s *stage, p *factored, b *seat) answer
		offers  bool
	}{
		"a password": {func(_ *stage, p *factored, b *seat) answer {
			return b.presses(b.opens(signInPage+to), "password", "email="+p.email, "password="+password, offered)
		}, true},
		"a sign-up": {func(s *stage, _ *factored, b *seat) answer {
			return b.presses(b.opens(signUpPage+to), "password", "email="+s.email(), "password="+password, offered)
		}, true},
		"a mailed code": {func(_ *stage, p *factored, b *seat) answer {
			page, m := b.awaits("link", p.email, to)
			return b.presses(page, "code", "code="+mail.Code(m), offered)
		}, true},
		"a link that the person presses": {func(_ *stage, p *factored, b *seat) answer {
			_, m := b.awaits("link", p.email, to)
			return b.presses(b.opens(linkPath(m)), "", offered)
		}, true},
		"a second factor": {func(s *stage, p *factored, b *seat) answer {
			s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionBearer)})
			p.enrolTOTP(s.t)
			s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
			return b.presses(p.signsIn(b, to), "second", "code="+p.code(), offered)
		}, true},
		"a password of a user who has a passkey": {func(s *stage, p *factored, b *seat) answer {
			s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionBearer)})
			p.enrolPasskey(s.t)
			s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
			return b.presses(b.opens(signInPage+to), "password", "email="+p.email, "password="+password, offered)
		}, false},
		"a new password, whose page says what is gone": {func(_ *stage, p *factored, b *seat) answer {
			page, m := b.awaits("forgot", p.email, to)
			return b.presses(page, "reset", "code="+mail.Code(m), "password="+newPassword, offered)
		}, false},
		"a proof that takes the password of a stranger": {func(s *stage, _ *factored, b *seat) answer {
			email := s.email()
			s.send("POST", s.in("/auth/credentials/{app_id}"), `{"email":"`+email+`","password":"`+password+`"}`).want(s.t, 201, "")
			page, m := b.awaits("link", email, to)
			got := b.presses(page, "code", "code="+mail.Code(m), offered)
			got.seen(s.t, "#password-part")
			return got
		}, false},
		"a provider": {func(s *stage, _ *factored, b *seat) answer {
			return b.opens(s.returning(b, to+"&offer=1"))
		}, true},
		"a provider, where only the return says so": {func(s *stage, _ *factored, b *seat) answer {
			return b.opens(s.returning(b, to) + "&offer=1")
		}, false},
		"a provider, where the return is opened again": {func(s *stage, _ *factored, b *seat) answer {
			back := s.returning(b, to+"&offer=1")
			b.opens(back)
			return b.opens(back)
		}, false},
		"a provider, where a program returns": {func(s *stage, _ *factored, b *seat) answer {
			return b.send("GET", s.returning(b, to+"&offer=1"), "", "Accept: application/json")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits)
			p := s.member(t, s.email())
			s.provider() // while the developer's sign-in is fresh
			s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
			b, want := s.visitor(), ""
			if c.offers {
				want = origin + "/mine"
			}
			got := c.signsIn(s, p, b)
			s.equal("an offer", got.offer(), want)
			if !c.offers && got.Code >= 400 {
				t.Errorf("got %d %s, want it done", got.Code, got.Body)
			}
		})
	}
}

// returning begins a sign-in of a new person at a provider, and returns where the provider sends the
// browser back to.
func (s *stage) returning(b *seat, query string) string {
	s.t.Helper()
	start, err := url.Parse(b.opens("/auth/corp/{app_id}" + query).Header().Get("Location"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.provider().says(start.Query().Get("nonce"), jwt.MapClaims{"sub": "linked", "email": s.email(), "email_verified": true})
	return "/auth/callback/corp/{app_id}?state=" + start.Query().Get("state") + "&code=good"
}

// A client that has no page is never kept from its answer.
func TestAnOfferIsOfThePagesAlone(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	p := s.member(t, s.email())
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
	s.send("POST", s.in("/auth/credentials/{app_id}"), fmt.Sprintf(`{"email":%q,"password":%q,"offer":"1"}`, p.email, password)).want(t, 400, "invalid_request")
	got := p.first()
	got.want(t, 200, "")
	got.seen(t, "-offer")
}
