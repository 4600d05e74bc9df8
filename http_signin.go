package authkit

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/naming"
	"github.com/authkit-dev/authkit/internal/pages"
)

// The steps of the sign-in and sign-up pages: the values of the field "do".
const (
	stepPassword = "password" // sign in, or up, with the password
	stepLink     = "link"     // mail a link and a code
	stepForgot   = "forgot"   // mail a code for a new password
	stepCode     = "code"     // redeem a code
	stepReset    = "reset"    // redeem a code, with a new password
	stepAgain    = "again"    // mail another one

	stepSecond  = "second"      // show a second factor
	stepTOTP    = "totp"        // confirm a new TOTP by its first code
	stepNewKey  = "new-passkey" // add a passkey, in the place of a TOTP
	stepOnward  = "onward"      // go on once the recovery codes were read
	stepPasskey = "passkey"     // sign in with a passkey
)

// stepForm is a form of the sign-in and sign-up pages.
type stepForm struct {
	Do       string `json:"do" api:"enum=password|link|forgot|code|reset|again|second|totp|new-passkey|onward|passkey"` // the step
	Email    string `json:"email"`                                                                                      // the address, where the step asks for it
	Password string `json:"password"`                                                                                   // exactly as typed
	Name     string `json:"name"`                                                                                       // of a new user
	Code     string `json:"code"`                                                                                       // the six digits of the mail, or of an authenticator app

	Recovery   string `json:"recovery"`                  // a recovery code, in the place of code
	State      string `json:"state"`                     // of a ceremony with a passkey
	Credential string `json:"credential"`                // what toJSON() of the browser's credential gives, as text
	Remember   string `json:"remember"`                  // whether this browser is not to be asked for a second factor again
	Offer      string `json:"offer"`                     // 1: the browser can make a passkey, and has noted no offer of this app
	Token      string `json:"token"`                     // of a flow that waits until the recovery codes were read
	FormToken  string `json:"form_token" api:"required"` // as the page has it
}

// openSignIn shows the sign-in page, or the step of it that its address names.
func openSignIn(c person) error {
	flow, err := c.readFlow()
	if err != nil {
		return err
	}
	switch {
	case flow.mailed != nil:
		return c.showMailed(flow, http.StatusOK, nil)
	case flow.second != nil:
		return openSecond(c, flow)
	}
	if known, err := c.known(flow); known || err != nil {
		return err
	}
	return c.showSignIn(flow, http.StatusOK, flow.hint, nil)
}

// known shows who is signed in already, if a session cookie says so, and reports whether it did.
func (c person) known(flow signInFlow) (bool, error) {
	if flow.other || !flow.cookie || !c.bringsCookie() {
		return false, nil
	}
	switch err := c.userByCookie(); {
	case errors.Is(err, CodeInvalidToken), errors.Is(err, CodeUnauthenticated), errors.Is(err, CodeEmailNotVerified):
		return false, nil
	case err != nil:
		return false, err
	}
	p := c.view()
	goOn := c.absolute(flow.redirectTo)
	switch {
	case goOn != "":
	case p.Brand.Home != "":
		goOn = p.Brand.Home
	default:
		goOn = c.pagePath("account")
	}
	return true, c.show(http.StatusOK, pages.Known{Email: c.user.EmailTyped, GoOnURL: goOn, OtherURL: flow.url(c, "sign-in", "other", "1")}.View(p))
}

// showSignIn shows the ways to sign in.
func (c person) showSignIn(flow signInFlow, status int, email string, refused *Error) error {
	list, err := c.offered(flow)
	if err != nil {
		return err
	}
	p := c.view()
	page := pages.SignIn{Forms: offering(c, c.forms(c.browser.bind(), flow.query, c.told(p, refused))), Email: email, Providers: list}
	if !c.app.Settings.SignupClosed {
		page.SignUpURL = flow.url(c, "sign-up")
	}
	if c.e.HasPasskeys(c.app) {
		page.Passkey = passkeyShown(c)
		page.Passkey.Conditional = true
	}
	return c.show(status, page.View(p))
}

// told are the problems of a refused form, which is logged; nil: it was not refused.
func (c person) told(p pages.Page, refused *Error) pages.Problems {
	if refused == nil {
		return nil
	}
	c.logRefusal(refused)
	refused.headers(c.w.Header())
	return c.problems(p, refused)
}

// offered are the enabled providers of the app, with the URLs at which a sign-in begins.
func (c person) offered(flow signInFlow) ([]pages.Provider, error) {
	names, err := c.e.SignInProviders(c.ctx(), c.app.ID)
	out := make([]pages.Provider, len(names))
	for i, name := range names {
		out[i] = pages.Provider{Name: name, Label: naming.Provider(name), URL: c.startOf(name, flow.query)}
	}
	return out, err
}

// pressSignIn serves the forms of the sign-in page.
func pressSignIn(c person) error {
	flow, form, err := c.readStep()
	if err != nil {
		return c.answerStep(flow, form, err)
	}
	switch form.Get("do") {
	case stepCode:
		err = c.pressCode(flow, form)
	case stepReset:
		err = c.pressResetCode(flow, form)
	case stepLink, stepForgot, stepAgain:
		err = c.pressMail(flow, form)
	case stepSecond:
		err = pressSecond(c, flow, form)
	case stepTOTP, stepNewKey:
		err = pressEnrolment(c, flow, form)
	case stepOnward:
		err = pressOnward(c, form)
	case stepPasskey:
		err = pressPasskey(c, flow, form)
	default:
		err = c.pressPassword(flow, form, "sign_in")
	}
	return c.answerStep(flow, form, err)
}

// readStep reads a form of the sign-in or sign-up page, with the flow that it belongs to. A refused
// form comes with the flow, so that the page can be shown again.
func (c person) readStep() (signInFlow, pageForm, error) {
	flow, err := c.readFlow()
	if err != nil {
		return signInFlow{}, pageForm{}, err
	}
	form, err := c.readPressed()
	return flow, form, err
}

// answerStep shows the page of a refused step again, with what was wrong. A refusal that no other
// try can mend is the page of the refusal.
func (c person) answerStep(flow signInFlow, form pageForm, err error) error {
	err = c.chargeDeferred(err)
	if err == nil || flow.query == nil || waitsForFactor(err) {
		return err
	}
	refused := refusalOf(err)
	if refused.Code.Status() >= http.StatusInternalServerError && refused.Code != CodeUnavailable || refused.Code == CodeAppNotFound {
		return err
	}
	status := refused.Code.Status()
	switch {
	case flow.mailed != nil:
		return c.showMailed(flow, status, refused)
	case flow.second != nil && refused.page.text == "":
		return showSecond(c, flow, status, refused)
	}
	flow.query.Del("flow")
	return c.showSignIn(flow, status, form.Get("email"), refused)
}

// pressPassword signs in or up with the password.
func (c person) pressPassword(flow signInFlow, form pageForm, intent string) error {
	browser := form.browser
	if intent == "sign_up" && flow.cookie {
		browser = bindSignUp(&c.browser)
	}
	got, err := c.e.PressPassword(c.ctx(), PasswordPress{
		PasswordSignIn: PasswordSignIn{
			App: c.app.ID, Email: form.Get("email"), Password: form.Get("password"), Name: form.Get("name"), Intent: intent,
			Browser: browser, Device: c.browser.device(), Client: c.client,
		},
		RedirectTo: flow.redirectTo, CodeChallenge: flow.challenge, Form: form.Get("form_token"), Shown: form.browser, stale: form.stale,
	})
	if unproven, ok := errors.AsType[*Error](err); ok && unproven.Code == CodeEmailNotVerified && unproven.Binding != "" {
		return c.goToMailed(flow, mailedStep{Purpose: forVerify.kind, Email: form.Get("email"), Binding: unproven.Binding})
	}
	switch {
	case err != nil:
		return err
	case got.SignIn.Pending != nil:
		return c.goToMailed(flow, mailedStep{Purpose: forVerify.kind, Email: form.Get("email"), Binding: got.SignIn.Pending.Binding})
	}
	return landFrom(c, got, form)
}

// pressMail mails a link and a code, and goes on to the page on which the code is typed.
func (c person) pressMail(flow signInFlow, form pageForm) error {
	if form.stale {
		return errStaleForm
	}
	step := mailedStep{Purpose: forSignIn.kind, Email: form.Get("email")}
	switch {
	case form.Get("do") == stepForgot:
		step.Purpose = forReset.kind
	case flow.mailed != nil: // another one
		step = mailedStep{Purpose: flow.mailed.Purpose, Email: flow.mailed.Email, Again: true}
	}
	if step.Purpose == forVerify.kind { // only the password mails another proof
		return c.redirect(http.StatusSeeOther, flow.start(c))
	}
	ask := MagicLinkRequest{
		App: c.app.ID, Email: step.Email, RedirectTo: flow.redirectTo, CodeChallenge: flow.challenge,
		Browser: form.browser, Device: c.browser.device(), Client: c.client, form: form.Get("form_token") + flow.query.Get("flow"),
	}
	var got Pending
	var err error
	if step.Purpose == forReset.kind {
		got, err = c.e.ForgotPassword(c.ctx(), ForgotRequest(ask))
	} else {
		got, err = c.e.RequestMagicLink(c.ctx(), ask)
	}
	if err != nil {
		return err
	}
	step.Binding = got.Binding
	return c.goToMailed(flow, step)
}

// pressCode redeems the code of a mail.
func (c person) pressCode(flow signInFlow, form pageForm) error {
	if flow.mailed == nil {
		return invalidToken("the page has no mail that the code belongs to")
	}
	press := c.codePress(flow, form)
	var got Landing
	var err error
	if flow.mailed.Purpose == forVerify.kind {
		got, err = c.e.PressSignUp(c.ctx(), press)
	} else {
		got, err = c.e.PressMagicLink(c.ctx(), press)
	}
	if err != nil {
		return err
	}
	return landFrom(c, got, form)
}

// pressResetCode chooses a new password by the code of a mail.
func (c person) pressResetCode(flow signInFlow, form pageForm) error {
	if flow.mailed == nil {
		return invalidToken("the page has no mail that the code belongs to")
	}
	got, err := c.e.PressReset(c.ctx(), ResetPress{PagePress: c.codePress(flow, form), Password: form.Get("password")})
	if err != nil {
		return err
	}
	return c.landReset(got)
}

// codePress is the press of the button beside a code.
func (c person) codePress(flow signInFlow, form pageForm) PagePress {
	return PagePress{
		App: c.app.ID, Email: flow.mailed.Email, Code: digits(form.Get("code")), Binding: flow.mailed.Binding,
		Browser: form.browser, Device: c.browser.device(), Client: c.client, Stay: flow.cookie, stale: form.stale,
	}
}

// digits returns the digits of a code: people paste it with spaces.
func digits(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			out = append(out, s[i])
		}
	}
	return string(out)
}

// showMailed shows the page on which the code of a mail is typed.
func (c person) showMailed(flow signInFlow, status int, refused *Error) error {
	p := c.view()
	problems := c.told(p, refused)
	if refused != nil && refused.Code == CodeInvalidToken {
		problems = pages.Problems{"code": p.T("problem."+codeFault(refused), "n", refused.TriesLeft)}
	}
	forms, other, mailed := c.forms(c.browser.bind(), flow.query, problems), flow.start(c), flow.mailed
	if mailed.Purpose == forReset.kind {
		return c.show(status, pages.Reset{Forms: forms, Email: mailed.Email, Typed: true, Again: mailed.Again && refused == nil, OtherURL: other}.View(p))
	}
	return c.show(status, pages.Code{Forms: offering(c, forms), Email: mailed.Email, SignUp: mailed.Purpose == forVerify.kind, Again: mailed.Again && refused == nil, OtherURL: other}.View(p))
}

// openSignUp shows the page for new people.
func openSignUp(c person) error {
	flow, err := c.readFlow()
	switch {
	case err != nil:
		return err
	case c.app.Settings.SignupClosed:
		return signupClosed()
	case flow.mailed != nil:
		return c.showMailed(flow, http.StatusOK, nil)
	}
	return c.showSignUp(flow, http.StatusOK, url.Values{"email": {flow.hint}}, nil)
}

func (c person) showSignUp(flow signInFlow, status int, typed url.Values, refused *Error) error {
	list, err := c.offered(flow)
	if err != nil {
		return err
	}
	p := c.view()
	return c.show(status, pages.SignUp{
		Forms: offering(c, c.forms(c.browser.bind(), flow.query, c.told(p, refused))), Email: typed.Get("email"), Name: typed.Get("name"),
		Providers: list, SignInURL: flow.url(c, "sign-in"),
	}.View(p))
}

// pressSignUp serves the forms of the page for new people.
func pressSignUp(c person) error {
	flow, form, err := c.readStep()
	if err == nil {
		switch form.Get("do") {
		case stepCode:
			err = c.pressCode(flow, form)
		case stepLink, stepAgain:
			err = c.pressMail(flow, form)
		default:
			err = c.pressPassword(flow, form, "sign_up")
		}
	}
	err = c.chargeDeferred(err)
	if err == nil || flow.query == nil || errors.Is(err, CodeSignupDisabled) || waitsForFactor(err) {
		return err
	}
	if refused := refusalOf(err); flow.mailed == nil && (refused.Code.Status() < http.StatusInternalServerError || refused.Code == CodeUnavailable) {
		return c.showSignUp(flow, refused.Code.Status(), form.Values, refused)
	}
	return c.answerStep(flow, form, err)
}

// openSignOut asks before it signs out. It has no effect by itself.
func openSignOut(c person) error {
	p := c.view()
	if c.user.ID == uuid.Nil {
		page := pages.Notice{Title: p.T("sign_out.done_title"), Text: p.T("sign_out.none"), Links: c.signInLinks(p)}
		if c.r.URL.Query().Has("left") {
			page.Title, page.Text = p.T("account.left_title"), p.T("account.left")
		}
		return c.show(http.StatusOK, page.View(p))
	}
	stay := c.pagePath("account")
	if p.Brand.Home != "" {
		stay = p.Brand.Home
	}
	return c.show(http.StatusOK, pages.SignOut{Forms: c.forms(c.browser.bind(), nil, nil), Email: c.user.EmailTyped, StayURL: stay}.View(p))
}

// pressSignOut ends the session of the cookie, and goes on to the home of the app or the sign-in page.
func pressSignOut(c person) error {
	if _, err := c.readForm(); err != nil {
		return err
	}
	if c.session.ID != uuid.Nil {
		err := c.e.EndSession(c.ctx(), SessionRef{App: c.app.ID, User: c.user.ID, ID: c.session.ID})
		if err != nil && !errors.Is(err, CodeSessionNotFound) { // a concurrent request has ended it
			return err
		}
	}
	c.dropCookies()
	if home := c.view().Brand.Home; home != "" {
		return c.goOn(home, nil)
	}
	return c.goOn(c.e.cfg.signInPage(c.app), nil)
}
