package authkit

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/pages"
	"github.com/authkit-dev/authkit/internal/token"
)

// linkBody asks for a mail with a link and a code.
type linkBody struct {
	Email string `json:"email" api:"required"` // the user's address

	// RedirectTo is where the browser goes after the sign-in: one of the app's redirect_urls.
	RedirectTo string `json:"redirect_to"`

	// Challenge is the S256 challenge of a verifier, which the one-time code then needs (RFC
	// 7636). One is required with a redirect_to of another origin, unless the session is held in a
	// cookie.
	Challenge string `json:"code_challenge"`
}

// pendingJSON says that a proof is on its way by mail, if anything was to be mailed.
type pendingJSON struct {
	Success bool `json:"success"` // always true

	// Binding is the secret of the asker, which goes with the code of the mail. A browser has it
	// as a cookie too.
	Binding string `json:"binding"`

	ExpiresIn int `json:"expires_in"` // in how many seconds the link and the code expire
}

func requestLink(c *call, in linkBody) (jsonResponse, error) {
	browser := c.browser.bind()
	got, err := c.e.RequestMagicLink(c.ctx(), MagicLinkRequest{
		App: c.app.ID, Email: in.Email, RedirectTo: in.RedirectTo, CodeChallenge: in.Challenge, Browser: browser, Device: c.browser.device(), Client: c.client,
	})
	if err != nil {
		return jsonResponse{}, err
	}
	return pendingResponse(got), nil
}

// pendingResponse answers 202, whether or not a proof was mailed.
func pendingResponse(p Pending) jsonResponse {
	return jsonResponse{http.StatusAccepted, pendingJSON{true, p.Binding, int(p.ExpiresIn / time.Second)}}
}

// openLink shows a page with a button. GET redeems the link only for a client that accepts only
// JSON, which mail scanners and prefetching browsers do not.
func openLink(c *call) error {
	values, err := query(c.r)
	if err != nil {
		return err
	}
	raw := values.Get("token")
	if c.r.Method == http.MethodGet && httpio.AcceptsJSONOnly(c.r) && !httpio.Prefetch(c.r) && c.sameSite() {
		if raw == "" {
			return invalidToken("the token is missing").with(ReasonMalformed) // no code is taken here
		}
		got, err := c.e.RedeemMagicLink(c.ctx(), MagicLinkProof{App: c.app.ID, Token: raw, Browser: c.browser.secret(), Client: c.client, bearer: true})
		if err != nil {
			return err
		}
		return c.writeJSON(http.StatusOK, toSignInJSON(got))
	}
	return signInPage.show(c, raw, nil)
}

// sameSite reports whether the request does not come from a foreign page.
func (c *call) sameSite() bool {
	switch c.r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return true
	}
	return slices.Contains(c.app.Settings.Origins, c.r.Header.Get("Origin"))
}

// formPage is a page with one button, which posts the token of a link back to the path of the
// page.
type formPage struct {
	purpose     purpose
	title       string // the app's name follows
	button      string
	stale       string // what the person can do when the link is no longer valid
	resets      bool   // an account whose address was never proven, unless the asker redeems it
	newPassword bool   // for a new password
	autoSubmit  bool   // by itself, in the browser that asked
}

var signInPage = formPage{
	purpose: forSignIn, title: "Sign in to ", button: "Sign in", stale: "Ask for a new one where you wanted to sign in.", resets: true, autoSubmit: true,
}

// show checks a link and shows its page; refused is why the last post of the page was refused, if
// it was.
func (p formPage) show(c *call, raw string, refused *Error) error {
	got, err := c.e.tokens.findLink(c.ctx(), c.app.ID, p.purpose, raw, "")
	if err != nil {
		return staleLink(err, p.stale)
	}
	signedIn := p.purpose.kind == forVerify.kind && c.app.takesCookies() && c.bringsCookie()
	if (p.purpose.kind == forSignIn.kind || p.purpose.kind == forVerify.kind) && !signedIn && !c.app.acceptsLink(got, c.browser.secret()) {
		return c.notice("Open it where you asked", "This link works in the browser in which it was asked for. Open it there, or type the code from the mail.")
	}
	var effect linkEffect
	if p.resets && !signedIn && (p.purpose.kind != forVerify.kind || !got.askedBy(c.browser.secret(), c.app.ID)) {
		if effect, err = linkEffectOf(c.ctx(), c.e, c.app, got, c.browser.device()); err != nil {
			return err
		}
	}
	return p.write(c, raw, linkPage{got, effect, refused})
}

// linkPage is what the page of a link shows.
type linkPage struct {
	challenge

	effect  linkEffect
	refused *Error // why the last post of the page was refused; nil: it was not
}

// staleLink gives the refusal of a link that is no longer valid a text for the person. It returns
// other errors as they are.
func staleLink(err error, fix string) error {
	if !errors.Is(err, CodeInvalidToken) {
		return err
	}
	stale := *refusalOf(err)
	stale.page = pageText{"This link is no longer valid", "It was used already, or its time is over. " + fix}
	return &stale
}

// write writes the page. A page on which the person has a choice presses no button by itself.
func (p formPage) write(c *call, raw string, got linkPage) error {
	refused, takes := got.refused, got.effect.takes()
	same := got.askedBy(c.browser.secret(), c.app.ID)
	browser := c.browser.bind()
	nonce := newNonce()
	goesOn, err := goalURL(got.data.RedirectTo)
	if err != nil {
		return err
	}
	data := pages.ConfirmData{
		Page: pages.Page{AppName: c.app.Name, Nonce: nonce}, Title: p.title + c.app.Name, Action: c.e.cfg.url(p.purpose.page + c.app.ID.String()),
		Token: raw, FormToken: c.formToken(browser, raw), Button: p.button, Email: address.Mask(got.data.Email),
		NewPassword: p.newPassword, MinLength: c.e.cfg.Password.MinLength,
	}
	if refused != nil {
		c.logRefusal(refused)
		data.PasswordError = refused.Detail
	}
	if takes != "" {
		data.Takes = takes + " set before its address was confirmed, perhaps by another person, and will be removed."
	}
	if got.effect.mayKeep {
		data.Keep = "Keep the password that was set here on " + got.effect.set.Format(time.DateOnly)
	}
	policy := pages.CSP(nonce)
	if goesOn != nil {
		data.Destination, policy = httpio.Destination(goesOn), pages.CSP(nonce, httpio.FormAction(goesOn))
	}
	switch {
	case same && p.autoSubmit && takes == "" && !httpio.Prefetch(c.r) && !c.app.leavesBrowser(got.data.RedirectTo):
		data.AutoSubmit, policy = true, pages.Scripted(nonce, policy)
	case !same && !got.data.Asked.IsZero():
		data.Asked = got.data.Asked.Format("15:04") + " UTC with " + got.data.Agent
	}
	// Browsers send "Origin: null" with a form under no-referrer.
	c.w.Header().Set("Referrer-Policy", "same-origin")
	return c.html(policy, func(w http.ResponseWriter) error {
		if refused != nil {
			w.WriteHeader(refused.Code.Status())
		}
		return pages.Confirm(w, data)
	})
}

func goalURL(to string) (*url.URL, error) {
	if to == "" {
		return nil, nil
	}
	u, err := url.Parse(to)
	if err != nil {
		return nil, &Error{Code: CodeInternal, Detail: "a stored URL is damaged", Err: err}
	}
	return u, nil
}

// formToken ties a form to the browser that was shown it (login CSRF).
func (c *call) formToken(browser []byte, raw string) string {
	return bindingOf(browser, c.app.ID, token.Hash([]byte("form"), []byte(raw))[:idSize])
}

func (c *call) notice(title, text string) error {
	nonce := newNonce()
	data := pages.NoticeData{Page: pages.Page{AppName: c.app.Name, Nonce: nonce}, Title: title, Text: text}
	return c.html(pages.CSP(nonce), func(w http.ResponseWriter) error { return pages.Notice(w, data) })
}

// mailedProof is a link, by its token, or a code with the address and the binding.
type mailedProof struct {
	Token   string `json:"token"`   // the token of the link
	Email   string `json:"email"`   // the address that was written to
	Code    string `json:"code"`    // the six digits of the mail
	Binding string `json:"binding"` // that of the answer to the request for the mail
}

// check refuses a request with no proof or with two.
func (in mailedProof) check() error {
	switch {
	case in.Token != "" && (in.Email != "" || in.Code != ""):
		return invalid("token", "ambiguous", "the request has token, and email or code as well; send one or the other")
	case in.Token == "" && in.Code == "":
		return invalid("token", "required", "send token, or code and what goes with it")
	}
	return nil
}

// linkProof redeems a magic link, or its code.
type linkProof struct {
	mailedProof

	// KeepPassword keeps the password and the name that were set at the sign-up, in the browser that
	// signed up and asked for the link, if the address was not proven before. Otherwise they go. Set
	// it only if the person says so.
	KeepPassword bool `json:"keep_password"`
}

func redeemProof(c *call, in linkProof) (jsonResponse, error) {
	if err := in.check(); err != nil {
		return jsonResponse{}, err
	}
	got, err := c.e.RedeemMagicLink(c.ctx(), MagicLinkProof{
		App: c.app.ID, Token: in.Token, Email: in.Email, Code: in.Code, Binding: in.Binding, Browser: c.browser.secret(), Client: c.client,
		KeepPassword: in.KeepPassword, Device: c.browser.device(),
	})
	if err != nil {
		return jsonResponse{}, err
	}
	return c.signedIn(got), nil
}

// readPress reads a form that this browser was shown. Only pages of this handler post such a
// form; the origins of an app call the routes with JSON.
func (c *call) readPress() (PagePress, url.Values, error) {
	if httpio.CrossOrigin(c.r, c.h.http.origin, func(string) bool { return false }) {
		return PagePress{}, nil, refuse(CodeForbidden, "a page of another origin posted the form")
	}
	form, err := httpio.DecodeForm(c.r, "password")
	if err != nil {
		return PagePress{}, nil, err
	}
	raw, browser := form.Get("token"), c.browser.secret()
	if browser == nil || !sameText(form.Get("form_token"), c.formToken(browser, raw)) {
		return PagePress{}, nil, refuse(CodeForbidden, "the form is not one that this browser was shown; open the link again")
	}
	if err := c.checkSessionChoice(); err != nil {
		return PagePress{}, nil, err
	}
	return PagePress{App: c.app.ID, Token: raw, Browser: browser, Client: c.client, Stay: c.cookieMode()}, form, nil
}

// pressLink serves the button of the page.
func pressLink(c *call) error {
	press, form, err := c.readPress()
	if err != nil {
		return err
	}
	press.KeepPassword, press.Device = form.Has("keep_password"), c.browser.device()
	got, err := c.e.PressMagicLink(c.ctx(), press)
	if err != nil {
		return err
	}
	switch got.State {
	case LandingGoesOn:
		return c.redirectToGoal(got.RedirectTo, c.goalQuery(nil, "code", got.Code))
	case LandingSignedIn:
		c.setSignInCookies(got.SignIn)
		return c.notice("Signed in", "You may close this page.")
	}
	return c.notice("Type the code", "Go back to where you wanted to sign in and type the six-digit code from the mail there.")
}

// redirectToGoal redirects a browser to a goal, with parameters added. A person has just pressed
// for it.
func (c *call) redirectToGoal(to string, with url.Values) error {
	return c.redirect(http.StatusSeeOther, httpio.WithQuery(to, with))
}

// returnToGoal is redirectToGoal for a flow whose last step was the provider's, not a person's. A
// goal that is a program on the device is opened by a page that names the app.
func (c *call) returnToGoal(to string, with url.Values) error {
	if !c.app.leavesBrowser(to) {
		return c.redirectToGoal(to, with)
	}
	goal, err := goalURL(to)
	if err != nil {
		return err
	}
	nonce := newNonce()
	text := "This opens " + httpio.Destination(goal) + " on this device. Go on only if you began there, and within a minute."
	if with.Has("error") {
		text = "It did not work: the request has the id " + c.request.id + ". This opens " + httpio.Destination(goal) + " on this device, where you began."
	}
	data := pages.ContinueData{
		Page: pages.Page{AppName: c.app.Name, Nonce: nonce}, Title: "Go on to " + c.app.Name, Text: text,
		Button: "Open " + c.app.Name, URL: httpio.WithQuery(to, with),
	}
	return c.html(pages.CSP(nonce), func(w http.ResponseWriter) error { return pages.Continue(w, data) })
}

// exchangeBody exchanges a one-time code for a sign-in.
type exchangeBody struct {
	Code string `json:"code" api:"required"` // the one-time code that redirect_to was given

	// Verifier is that of the flow's code_challenge (RFC 7636). It is required where the flow had
	// one.
	Verifier string `json:"code_verifier"`
}

func exchangeCode(c *call, in exchangeBody) (jsonResponse, error) {
	if in.Code == "" {
		return jsonResponse{}, invalid("code", "required", "code is missing")
	}
	got, err := c.e.ExchangeCode(c.ctx(), CodeExchange{App: c.app.ID, Code: in.Code, Verifier: in.Verifier, Browser: c.browser.secret(), Client: c.client})
	if err != nil {
		return jsonResponse{}, err
	}
	return c.signedIn(got), nil
}
