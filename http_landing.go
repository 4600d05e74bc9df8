package authkit

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/naming"
	"github.com/authkit-dev/authkit/internal/pages"
)

// land answers a flow that has ended well in a browser: the browser goes on to where it leads, or a
// page says where to go on. The person has just pressed for it.
func (c person) land(got Landing) error {
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
	p := c.view()
	switch {
	case p.Brand.Home != "" && c.r.URL.Query().Get("next") != nextAccount:
		return c.goOn(p.Brand.Home, nil)
	case got.SignIn.Cookie != "":
		return c.goOn(c.pagePath("account"), nil)
	}
	return c.notice("sign_in.signed_in", "sign_in.go_back")
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

// landReset is land for a new password: a page says what it has removed.
func (c person) landReset(got Landing) error {
	if got.State == LandingGoesOn && len(got.SignIn.Removed) == 0 {
		return c.land(got)
	}
	p := c.view()
	saved := pages.Notice{Title: p.T("reset.saved_title"), Text: p.T("reset.saved_elsewhere")}
	if got.State == LandingSignedIn || got.State == LandingGoesOn {
		saved.Text = p.T("reset.saved")
	}
	if removed := removedNames(got.SignIn.Removed); removed != "" {
		saved.Text += " " + p.T("reset.removed", "names", removed)
	}
	switch {
	case got.State == LandingGoesOn:
		to, err := goalURL(c.absolute(got.RedirectTo))
		if err != nil {
			return err
		}
		saved.Links = []pages.Link{{Label: p.T("onward.button"), Kind: pages.Primary, URL: httpio.WithQuery(to.String(), c.codeFor(got))}}
	case got.SignIn.Cookie != "":
		saved.Links = []pages.Link{{Label: p.T("onward.button"), Kind: pages.Primary, URL: c.pagePath("account")}}
	default:
		saved.Links = c.waysOn(p)
	}
	if got.SignIn.Cookie != "" {
		c.setSignInCookies(got.SignIn)
	}
	return c.show(http.StatusOK, saved.View(p))
}

// removedNames lists the ways to sign in that a reset removed.
func removedNames(all []Removed) string {
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = naming.Provider(r.Name)
	}
	return strings.Join(names, ", ")
}

// goalURL parses a URL to which a flow goes on; nil: there is none, or it is a path of this origin.
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
