package authkit

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/pages"
)

// land answers a flow that has ended well in a browser: the browser goes on to where it leads, or a
// page says where to go on. The person has just pressed for it. Where the flow has reset the account,
// a page says first what is gone, and offers a new password.
func (c person) land(got Landing) error {
	p, gone := c.view(), got.SignIn.Reset
	if gone == nil || !gone.Password && !gone.Name {
		return c.leave(got)
	}
	text := hasLost.text(p, gone.Password, gone.Name)
	said := pages.Notice{Title: p.T("sign_in.signed_in"), Text: text}
	switch {
	case !gone.Password:
	case got.SignIn.Cookie != "":
		said.Links = []pages.Link{{Label: p.T("account.password_set"), Kind: pages.Primary, URL: c.pagePath("account") + "#password-part"}}
	default:
		form := pages.NewPassword(p, c.signInForms(), got.SignIn.User.EmailTyped)
		said.Form = &form
	}
	return c.pause(got, said)
}

// leave has the browser go on to where a flow leads, or shows a page that says where to go on.
func (c person) leave(got Landing) error {
	if got.SignIn.Cookie != "" {
		c.setSignInCookies(got.SignIn)
	}
	switch got.State {
	case LandingGoesOn:
		return c.goOn(got.RedirectTo, c.codeFor(got))
	case LandingTypeCode:
		return c.notice("confirm.type_title", "confirm.type")
	case LandingConfirmed:
		return c.notice("confirm.done_title", "confirm.done")
	}
	return c.goHome(got)
}

// pause shows a page between the end of a flow and where it leads to. The link that leads there
// follows those of the page.
func (c person) pause(got Landing, said pages.Notice) error {
	p := c.view()
	onward := pages.Link{Label: p.T("onward.button"), Kind: pages.Primary}
	if said.Offer {
		onward.Label = p.T("offer.later")
	}
	if len(said.Links) > 0 || said.Form != nil {
		onward.Kind = pages.Secondary
	}
	switch {
	case got.State == LandingGoesOn:
		to, err := goalURL(c.absolute(got.RedirectTo))
		if err != nil {
			return err
		}
		onward.URL = to.String()
		if with := c.codeFor(got); with != nil {
			onward.URL = httpio.WithQuery(onward.URL, with)
		}
	case got.SignIn.Cookie != "":
		onward.URL = homeOf(c, p)
	}
	if onward.URL != "" {
		said.Links = append(said.Links, onward)
	} else {
		said.Links = append(said.Links, c.waysOn(p)...)
	}
	if got.SignIn.Cookie != "" {
		c.setSignInCookies(got.SignIn)
	}
	return c.show(http.StatusOK, said.View(p))
}

// codeFor returns the parameters by which a goal gets the session. A session in a cookie needs none.
func (c person) codeFor(got Landing) url.Values {
	if got.Code == "" {
		return nil
	}
	return c.goalQuery(nil, "code", got.Code)
}

// goHome goes on where a flow had no goal: to the home of the app, else to the account page if a
// cookie holds the session, else a page says where to go on.
func (c person) goHome(got Landing) error {
	if to := homeOf(c, c.view()); got.SignIn.Cookie != "" || to != c.pagePath("account") {
		return c.goOn(to, nil)
	}
	return c.notice("sign_in.signed_in", "sign_in.go_back")
}

// homeOf returns where a session in a cookie goes on where the flow had no goal: to the home of the app,
// else to the account page.
func homeOf(c person, p pages.Page) string {
	if p.Brand.Home != "" && c.r.URL.Query().Get("next") != nextAccount {
		return p.Brand.Home
	}
	return c.pagePath("account")
}

// goOn has the browser go on to a goal, with parameters added. A form is answered by a redirect only
// to this origin: browsers check each redirect after a form against the policy of its page.
func (c person) goOn(to string, with url.Values) error {
	to = c.absolute(to)
	if len(with) > 0 {
		to = httpio.WithQuery(to, with)
	}
	goal, err := goalURL(to)
	if err != nil {
		return err
	}
	if c.r.Method != http.MethodPost || httpio.Origin(goal) == c.h.http.origin {
		return c.redirect(http.StatusSeeOther, to)
	}
	if httpio.PrivateUse(to) { // the person has pressed for it, and the page that goes on has a link
		return c.openProgram(goal, to, nil)
	}
	return c.show(http.StatusOK, pages.Onward{Host: httpio.Destination(goal), URL: to}.View(c.view()))
}

// absolute returns a goal as a URL: a path is one of this origin.
func (c person) absolute(to string) string {
	if to != "" && to[0] == '/' {
		return c.h.http.origin + to
	}
	return to
}

// returnToGoal is goOn for a flow whose last step was the provider's, not a person's. A goal that is
// a program on the device is opened by a page that names the app.
func (c person) returnToGoal(to string, with url.Values) error {
	if !c.app.leavesBrowser(to) {
		return c.goOn(to, with)
	}
	goal, err := goalURL(to)
	if err != nil {
		return err
	}
	return c.openProgram(goal, httpio.WithQuery(to, with), with)
}

// openProgram shows the page with a link to a program on the device. with tells of an error.
func (c person) openProgram(goal *url.URL, to string, with url.Values) error {
	p := c.view()
	text := p.T("onward.program", "host", httpio.Destination(goal))
	if with.Has("error") {
		text = p.T("onward.program_failed", "host", httpio.Destination(goal), "id", c.request.id)
	}
	return c.show(http.StatusOK, pages.Continue{
		Title: p.T("onward.program_title", "app", p.App), Text: text, Button: p.T("onward.program_button", "app", p.App), URL: to,
	}.View(p))
}

// landReset is land for a new password: a page says what is gone.
func (c person) landReset(got Landing) error {
	p, texts := c.view(), []string(nil)
	if names := removedNames(got.SignIn.Removed); names != "" {
		texts = append(texts, p.T("reset.removed", "names", names))
	}
	if got.SignIn.Reset != nil && got.SignIn.Reset.Name {
		texts = append(texts, p.T("confirm.took_name"))
	}
	if got.State == LandingGoesOn && len(texts) == 0 {
		return c.leave(got)
	}
	saved := p.T("reset.saved_elsewhere")
	if got.State == LandingSignedIn || got.State == LandingGoesOn {
		saved = p.T("reset.saved")
	}
	return c.pause(got, pages.Notice{Title: p.T("reset.saved_title"), Text: strings.Join(append([]string{saved}, texts...), " ")})
}

// removedNames lists the ways to sign in that a reset removed.
func removedNames(all []Removed) string {
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = r.shown()
	}
	return strings.Join(names, ", ")
}

// goalURL parses a URL to which a flow goes on; nil: it goes nowhere, or to a path of this origin.
func goalURL(to string) (*url.URL, error) {
	if to == "" || to[0] == '/' {
		return nil, nil
	}
	u, err := url.Parse(to)
	if err != nil {
		return nil, &Error{Code: CodeInternal, Detail: "a stored URL is damaged", Err: err}
	}
	return u, nil
}
