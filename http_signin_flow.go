package authkit

import (
	"net/http"
	"net/url"
	"strings"
)

// signInFlow is what a sign-in or sign-up page was opened with. Its forms and links carry it in
// their query, so that the pages keep no state: back, reload and a second tab work.
type signInFlow struct {
	redirectTo, challenge string
	cookie                bool        // a cookie is to hold the session
	hint                  string      // the address that is filled in
	other                 bool        // the person wants to use another account than the one that is signed in
	mailed                *mailedStep // the code of a mail is awaited; nil: no mail is on its way
	second                *secondStep // a second factor is awaited; nil: it is not
	query                 url.Values  // what the URLs of the flow carry on
}

// signInQuery has the parameters of the sign-in and sign-up pages.
type signInQuery struct {
	RedirectTo string `json:"redirect_to"` // where the browser goes afterwards: one of the app's redirect_urls or, where a cookie holds the session, a path of BaseURL's origin
	Challenge  string `json:"code_challenge"`
	Session    string `json:"session" api:"enum=cookie|bearer"`
	Hint       string `json:"login_hint"`              // the address that is filled in
	Locales    string `json:"ui_locales"`              // the languages that the person reads, best first, separated by spaces
	Next       string `json:"next" api:"enum=account"` // where the browser goes without redirect_to; the account page makes it
	Other      string `json:"other"`                   // 1: another account than the one that is signed in is wanted
	Flow       string `json:"flow"`                    // of a step whose mail is on its way; the pages make it
}

// carried are the parameters that the URLs of a flow carry on.
var carried = []string{"redirect_to", "code_challenge", "session", "ui_locales", "next"}

// nextAccount is the value of the parameter next with which a sign-in without a goal goes on to the
// account page.
const nextAccount = "account"

// readFlow reads the parameters of the page, and refuses a goal that is not allowed.
func (c person) readFlow() (signInFlow, error) {
	values, err := query(c.r)
	if err != nil {
		return signInFlow{}, err
	}
	if err := c.checkSessionChoice(); err != nil {
		return signInFlow{}, err
	}
	f := signInFlow{
		redirectTo: values.Get("redirect_to"), challenge: values.Get("code_challenge"), cookie: c.cookieMode(),
		other: values.Has("other"), query: carriedOn(values),
	}
	if len(values.Get("login_hint")) <= maxHint {
		f.hint = values.Get("login_hint")
	}
	if err := c.e.CheckRedirect(c.ctx(), RedirectCheck{c.app.ID, f.redirectTo, f.challenge, c.client}); err != nil {
		return signInFlow{}, err
	}
	f.mailed, f.second = c.states().step(values.Get("flow")), c.states().second(values.Get("flow"))
	if f.mailed != nil || f.second != nil {
		f.query.Set("flow", values.Get("flow"))
	}
	return f, nil
}

// maxHint bounds the address that is filled in, in bytes: no address is longer.
const maxHint = 254

// url returns the URL of a page of the flow, with further parameters.
func (f signInFlow) url(c person, page string, more ...string) string {
	with := url.Values{}
	for name, values := range f.query {
		if name != "flow" {
			with[name] = values
		}
	}
	for i := 0; i+1 < len(more); i += 2 {
		with.Set(more[i], more[i+1])
	}
	if len(with) == 0 {
		return c.pagePath(page)
	}
	return c.pagePath(page) + "?" + with.Encode()
}

// start returns the URL of the page on which the flow began.
func (f signInFlow) start(c person) string {
	if strings.HasPrefix(c.r.URL.Path, "/auth/sign-up/") {
		return f.url(c, "sign-up")
	}
	return f.url(c, "sign-in", "other", "1")
}

// mailedStep is the step of a flow in which the code of a mail is awaited.
type mailedStep struct {
	Purpose TokenKind `json:"purpose"` // of the proof that was mailed
	Email   string    `json:"email"`   // as it was typed
	Binding string    `json:"binding"`
	Again   bool      `json:"again,omitempty"` // it is not the first mail
}

// goToMailed goes on to the page on which the code of the mail is typed. Its address holds the step,
// sealed for this browser.
func (c person) goToMailed(flow signInFlow, step mailedStep) error {
	page := "sign-in"
	if strings.HasPrefix(c.r.URL.Path, "/auth/sign-up/") {
		page = "sign-up"
	}
	return c.redirect(http.StatusSeeOther, flow.url(c, page, "flow", c.states().seal("step", step)))
}
