package authkit

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/locale"
	"github.com/authkit-dev/authkit/internal/pages"
	"github.com/authkit-dev/authkit/internal/token"
)

// person is a call of a person's browser, which is answered with pages.
type person struct{ *call }

// language returns the language in which the person reads. Mails of the request are in it, too.
func (c person) language() *locale.Language { return c.h.http.words.Match(c.client.Languages) }

// view returns what every page of the request has.
func (c person) view() pages.Page {
	return pages.Page{Language: c.language(), App: c.app.Name, Brand: pages.Brand(c.e.cfg.brandOf(c.app)), Nonce: token.Encode(token.Random(16))}
}

// show answers with a page. No script of another origin may read it, since its forms are for the
// person who sees it.
func (c person) show(status int, v pages.View) error {
	header := c.w.Header()
	closeToOrigins(header)
	if vary := "Accept, Sec-Fetch-Mode"; !slices.Contains(header.Values("Vary"), vary) {
		header.Add("Vary", vary)
	}
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", pages.CSP(v.Nonce))
	if hasForm(v) { // browsers send "Origin: null" with a form under no-referrer
		header.Set("Referrer-Policy", "same-origin")
	}
	// A page that opened this one cannot reach its window. Redirects do not set this: a window
	// that another page opened for a sign-in would lose its opener on the way.
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	return c.h.http.look.Render(&answerStatus{ResponseWriter: c.w, status: status}, v)
}

// answerStatus writes the status of a page with its first byte, so that a page that cannot be
// rendered leaves the answer to the caller.
type answerStatus struct {
	http.ResponseWriter

	status int
}

// Write implements [http.ResponseWriter]. A write that fails is not reported: the peer may be gone.
func (a *answerStatus) Write(b []byte) (int, error) {
	a.WriteHeader(a.status)
	_, _ = a.ResponseWriter.Write(b)
	return len(b), nil
}

func hasForm(v pages.View) bool {
	return v.Form != nil || slices.ContainsFunc(v.Sections, func(s pages.Section) bool {
		return len(s.Forms) > 0 || slices.ContainsFunc(s.Items, func(i pages.Item) bool { return i.Form != nil })
	})
}

// closeToOrigins has no script of another origin read the answer.
func closeToOrigins(header http.Header) {
	for _, name := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers"} {
		header.Del(name)
	}
}

// notice answers with a page that says what was done: the texts of two keys, with their
// placeholders. The ways on follow.
func (c person) notice(title, text string, pairs ...any) error {
	p := c.view()
	pairs = append(pairs, "app", c.app.Name)
	return c.show(http.StatusOK, pages.Notice{Title: p.T(title, pairs...), Text: p.T(text, pairs...), Links: c.waysOn(p)}.View(p))
}

// waysOn are the links by which a person goes on from a page on which a flow has ended.
func (c person) waysOn(p pages.Page) []pages.Link {
	switch {
	case p.Brand.Home != "":
		return []pages.Link{{Label: p.T("onward.program_title", "app", p.App), URL: p.Brand.Home}}
	case c.app.takesCookies():
		return c.signInLinks(p)
	}
	return nil
}

// signInLinks is the link to the sign-in page.
func (c person) signInLinks(p pages.Page) []pages.Link {
	return []pages.Link{{Label: p.T("page.back_to_sign_in"), URL: c.e.cfg.signInPage(c.app)}}
}

// pagePath returns the URL of a page of the app.
func (c person) pagePath(name string) string {
	return c.e.cfg.url("/auth/" + name + "/" + c.app.ID.String())
}

// formToken ties a form to the browser that was shown it, the app, the path that it posts to and the
// session (login CSRF: RFC 6749, section 10.12). The binding secret changes with every sign-out and
// with the user, and the session with every sign-in. Each form that is shown has a token of its own,
// so that only a second press of the very same form is answered as the first.
func (c person) formToken(browser []byte) string { return c.formTokenFor(browser, c.ownPath()) }

// formTokenFor is formToken for a form that posts to another page of the app.
func (c person) formTokenFor(browser []byte, path string) string {
	return c.formTokenOf(browser, path, token.Encode(token.Random(formIDBytes)))
}

// formIDBytes is how many random bytes tell one form from another, and formIDText the length of
// their text, with which the token of the form begins.
const (
	formIDBytes = 9
	formIDText  = 12
)

// formTokenOf is the token of the form that begins with that text.
func (c person) formTokenOf(browser []byte, path, id string) string {
	session, _ := c.browser.session(c.app.ID)
	return id + bindingOf(browser, c.app.ID, slices.Concat(formMark("form of a session", id, session), formMark("form of a path", path)))
}

// formMark is one half of the id in the token of a form.
func formMark(what string, of ...string) []byte {
	parts := [][]byte{[]byte(what)}
	for _, one := range of {
		parts = append(parts, []byte(one))
	}
	return token.Hash(parts...)[:idSize/2]
}

// shownNow reports whether a token is that of a form of this path which this browser was shown in its
// session.
func (c person) shownNow(browser []byte, text string) bool {
	return browser != nil && len(text) > formIDText && sameText(text, c.formTokenOf(browser, c.ownPath(), text[:formIDText]))
}

// shownBefore reports whether a token is that of a form of this path which this browser was shown
// when it had another session, or no session.
func (c person) shownBefore(browser []byte, text string) bool {
	if browser == nil || len(text) <= formIDText {
		return false
	}
	raw, ok := token.Decode(text[formIDText:], idSize+macSize)
	return ok && bytes.Equal(raw[idSize/2:idSize], formMark("form of a path", c.ownPath())) && sameText(text[formIDText:], bindingOf(browser, c.app.ID, raw[:idSize]))
}

// ownPath is the path of the request with the id of the app in the place of an alias.
func (c person) ownPath() string {
	return strings.Replace(c.r.Pattern, "{app_id}", c.app.ID.String(), 1)
}

// forms says where the forms of a page post to: back to the route that shows it, with a query.
func (c person) forms(browser []byte, query url.Values, problems pages.Problems) pages.Forms {
	action := c.e.cfg.url(c.ownPath())
	if len(query) > 0 {
		action += "?" + query.Encode()
	}
	return pages.Forms{Action: action, Token: c.formToken(browser), Problems: problems, MinLength: c.e.cfg.Password.MinLength}
}

// pageForm is a form that this browser was shown.
type pageForm struct {
	url.Values

	browser []byte // the secret in the binding cookie

	// stale reports whether the browser was shown the form before its session began or ended. Such
	// a form is good for a second press, since the first one may have begun the session.
	stale bool
}

// readForm reads a form that this browser was shown in its session.
func (c person) readForm() (pageForm, error) {
	form, err := c.readPressed()
	if err == nil && form.stale {
		err = errStaleForm
	}
	return form, err
}

// readPressed is readForm for a form that may be stale. Only pages of this handler post a form; the
// origins of an app call the routes with JSON.
func (c person) readPressed() (pageForm, error) {
	if httpio.CrossOrigin(c.r, c.h.http.origin, func(string) bool { return false }) {
		return pageForm{}, refuse(CodeForbidden, "a page of another origin posted the form")
	}
	values, err := httpio.DecodeForm(c.r, "password", "current_password", "new_password")
	if err != nil {
		return pageForm{}, err
	}
	form := pageForm{Values: values, browser: c.browser.secret()}
	if shown := form.Get("form_token"); !c.shownNow(form.browser, shown) {
		if form.stale = c.shownBefore(form.browser, shown); !form.stale {
			return form, errStaleForm
		}
	}
	return form, c.checkSessionChoice()
}
