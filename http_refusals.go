package authkit

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/pages"
)

// wantsPage reports whether a refusal is shown as a page. A route of pages shows it to every
// client but those that accept only JSON.
func (c *call) wantsPage() bool {
	if httpio.Navigates(c.r) {
		return true
	}
	safe := c.r.Method == http.MethodGet || c.r.Method == http.MethodHead
	return c.pageRoute && safe && !httpio.AcceptsJSONOnly(c.r)
}

// answerPerson answers a person whose request is refused, and reports whether it did: with the page
// that asks for a second factor where a sign-in waits for one, and with the page of the refusal
// otherwise.
func answerPerson(c person, refused *Error) bool {
	if refused.Second != nil && (isForm(c.r) || c.r.Method == http.MethodGet) {
		err := c.h.asks(c, refused)
		if err == nil {
			return true
		}
		c.logRefusal(err)
		refused = refusalOf(err)
	}
	return c.writeRefusalPage(refused) == nil
}

// writeRefusalPage answers with the page of a refusal. It fails only before anything is written.
func (c person) writeRefusalPage(refusal *Error) error {
	detail := refusal.Detail
	if slices.ContainsFunc(refusal.Fields, namedFreely) { // a link must not choose what a page says (CWE-451)
		detail = "the request is not valid"
	}
	if refusal.ProviderCode != "" {
		detail += " (" + refusal.ProviderCode + ")"
	}
	p := c.view()
	page := pages.Refusal{Text: problemText(p, refusal), Code: string(refusal.Code), Detail: detail, RequestID: c.request.id}
	if title := refusal.page.title; title != "" {
		page.Title = p.T(title)
	}
	refusal.headers(c.w.Header())
	c.offerWaysOn(p, refusal, &page)
	return c.show(refusal.Code.Status(), page.View(p))
}

// namedFreely reports whether the name of a field can only be a text that the request brought.
func namedFreely(f FieldError) bool {
	return strings.Trim(f.Field, "abcdefghijklmnopqrstuvwxyz0123456789_.[]") != ""
}

// offerWaysOn adds the ways on to the page of a refusal: the sign-in page of the app or, for a link
// that is no longer valid, the form that mails a new one.
func (c person) offerWaysOn(p pages.Page, refusal *Error, page *pages.Refusal) {
	if c.app.ID == uuid.Nil {
		return
	}
	page.Links = c.signInLinks(p)
	if p.Brand.Home != "" {
		page.Links = append(page.Links, pages.Link{Label: p.T("onward.program_title", "app", p.App), URL: p.Brand.Home})
	}
	if again := refusal.page.again; again != "" {
		form := pages.Again(p, c.signInForms(), again)
		page.Form = &form
	}
}

// signInForms are for a form that posts to the sign-in page from another page.
func (c person) signInForms() pages.Forms {
	return pages.Forms{Action: c.e.cfg.signInPage(c.app), Token: c.formTokenFor(c.browser.bind(), "/auth/sign-in/"+c.app.ID.String())}
}

// problemText is the text for a person about a refusal: its own, or that of its code. Codes that only
// programs cause share one.
func problemText(p pages.Page, refusal *Error) string {
	if own := refusal.page.text; own != "" {
		return p.T(own, "app", p.App)
	}
	if refusal.RetryAfter > 0 && refusal.Code == CodeRateLimited {
		return p.T("problem.rate_limited_for", "n", max((wholeSeconds(refusal.RetryAfter)+59)/60, 1))
	}
	key := "problem." + string(refusal.Code)
	if !p.Has(key) {
		key = "problem.other"
	}
	return p.T(key, "app", p.App)
}

// problems are the texts of a refused form, by field.
func (c person) problems(p pages.Page, refusal *Error) pages.Problems {
	all := pages.Problems{}
	for _, f := range refusal.Fields {
		key := "problem." + f.Code
		if !p.Has(key) {
			key = "problem.other"
		}
		n := c.e.cfg.Password.MinLength
		if f.Code == faultWrongCode {
			n = refusal.TriesLeft
		}
		all[f.Field] = p.T(key, "app", p.App, "n", n)
	}
	if len(all) == 0 && (refusal.Code == CodeWeakPassword || refusal.Code == CodeInvalidCredentials) {
		all["password"] = problemText(p, refusal)
	}
	if len(all) == 0 {
		all[""] = problemText(p, refusal)
	}
	return all
}

// faultWrongCode says that a code was wrong and may be tried again.
const faultWrongCode = "wrong_code"

// codeFault says what is wrong with a code: whether it may be tried again, or whether another mail is
// needed.
func codeFault(refused *Error) string {
	if refused.Reason == ReasonWrongCode && refused.TriesLeft > 0 {
		return faultWrongCode
	}
	return "dead_code"
}

// startOf returns the URL at which a sign-in by a provider begins, with the parameters of the flow.
func (c person) startOf(provider string, flow url.Values) string {
	to := c.e.cfg.url("/auth/" + url.PathEscape(provider) + "/" + c.app.ID.String())
	if len(flow) > 0 {
		to += "?" + flow.Encode()
	}
	return to
}
