package authkit

import (
	"errors"
	"net/http"
	"time"

	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/pages"
)

// linkPage is the page of a mailed link. It has one button, which posts the token of the link back
// to the path of the page. The texts are keys of the catalogue.
type linkPage struct {
	purpose     purpose
	title       string
	text        string // may be empty
	button      string
	again       string // the step of the sign-in page that mails a new link; empty: no step does
	stale       string // what the person can do when the link is no longer valid
	resets      bool   // an account whose address was never proven, unless the asker redeems it
	newPassword bool   // for a new password
	autoSubmit  bool   // by itself, in the browser that asked
}

var (
	signInLink = linkPage{purpose: forSignIn, title: "confirm.title", button: "confirm.button", again: stepLink, stale: "confirm.stale", resets: true, autoSubmit: true}
	resetLink  = linkPage{purpose: forReset, title: "reset.title", again: stepForgot, stale: "confirm.stale", resets: true, newPassword: true}
	verifyLink = linkPage{purpose: forVerify, title: "confirm.verify_title", button: "confirm.verify_button", stale: "confirm.stale", resets: true, autoSubmit: true}
	changeLink = linkPage{purpose: forChange, title: "confirm.change_title", button: "confirm.change_button", stale: "confirm.stale"}
	undoLink   = linkPage{purpose: forUndo, title: "confirm.undo_title", text: "confirm.undo_text", button: "confirm.undo_button", stale: "confirm.stale_undo"}
)

// show checks a link and shows its page; refused is why the last post of the page was refused, if
// it was.
func (l linkPage) show(c person, raw string, refused *Error) error {
	got, err := c.e.tokens.findLink(c.ctx(), c.app.ID, l.purpose, raw, "")
	if err != nil {
		return l.staleLink(err)
	}
	signedIn := l.purpose.kind == forVerify.kind && c.app.takesCookies() && c.bringsCookie()
	if (l.purpose.kind == forSignIn.kind || l.purpose.kind == forVerify.kind) && !signedIn && !c.app.acceptsLink(got, c.browser.secret()) {
		return c.notice("confirm.bound_title", "confirm.bound")
	}
	var effect linkEffect
	if l.resets && !signedIn && (l.purpose.kind != forVerify.kind || !got.askedBy(c.browser.secret(), c.app.ID)) {
		if effect, err = linkEffectOf(c.ctx(), c.e, c.app, got, c.browser.device()); err != nil {
			return err
		}
	}
	return l.write(c, raw, shownLink{got, effect, refused})
}

// shownLink is what the page of a link shows.
type shownLink struct {
	challenge

	effect  linkEffect
	refused *Error // why the last post of the page was refused; nil: it was not
}

// staleLink says on the page of a refusal that the link is no longer valid, and how to get a new
// one. It returns other errors as they are.
func (l linkPage) staleLink(err error) error {
	if !errors.Is(err, CodeInvalidToken) {
		return err
	}
	stale := *refusalOf(err)
	stale.page = pageText{title: "confirm.stale_title", text: l.stale, again: l.again}
	return &stale
}

// write writes the page. A page on which the person has a choice presses no button by itself.
func (l linkPage) write(c person, raw string, got shownLink) error {
	refused := got.refused
	same := got.askedBy(c.browser.secret(), c.app.ID)
	browser := c.browser.bind()
	goesOn, err := goalURL(got.data.RedirectTo)
	if err != nil {
		return err
	}
	p, status, problems := c.view(), http.StatusOK, pages.Problems(nil)
	if refused != nil {
		c.logRefusal(refused)
		status, problems = refused.Code.Status(), c.problems(p, refused)
	}
	if l.newPassword {
		return c.show(status, pages.Reset{Forms: c.forms(browser, nil, problems), Email: address.Mask(got.data.Email), Username: got.data.Typed, Token: raw, Warning: got.effect.text(p)}.View(p))
	}
	page := pages.Confirm{
		Forms: c.forms(browser, nil, problems), Title: p.T(l.title, "app", c.app.Name), Button: p.T(l.button),
		Token: raw, Email: address.Mask(got.data.Email),
	}
	if l.purpose.kind == forSignIn.kind {
		page.Forms = offering(c, page.Forms)
	}
	if l.text != "" {
		page.Texts = []string{p.T(l.text)}
	}
	takes := got.effect.text(p)
	if takes != "" {
		page.Texts = append(page.Texts, takes)
	}
	if got.effect.mayKeep {
		page.Keep = p.T("confirm.keep", "date", got.effect.set.Format(time.DateOnly))
	}
	if goesOn != nil {
		page.Destination = httpio.Destination(goesOn)
	}
	page.Press = same && l.autoSubmit && takes == "" && !httpio.Prefetch(c.r) && !c.app.leavesBrowser(got.data.RedirectTo)
	if !same && !got.data.Asked.IsZero() {
		page.Asked = p.T("confirm.asked_at", "time", got.data.Asked.Format("15:04"), "browser", p.Browser(got.data.Agent))
	}
	return c.show(status, page.View(p))
}

// readPress reads the form of a link's page.
func (c person) readPress() (PagePress, pageForm, error) {
	form, err := c.readPressed()
	if err != nil {
		return PagePress{}, pageForm{}, err
	}
	return PagePress{App: c.app.ID, Token: form.Get("token"), Browser: form.browser, Client: c.client, Stay: c.cookieMode(), stale: form.stale}, form, nil
}

// pressLink serves the button of a sign-in link.
func pressLink(c person) error {
	press, form, err := c.readPress()
	if err != nil {
		return err
	}
	press.KeepPassword, press.Device = form.Has("keep_password"), c.browser.device()
	got, err := c.e.PressMagicLink(c.ctx(), press)
	if err != nil {
		return signInLink.staleLink(err)
	}
	return landFrom(c, got, form)
}

// openVerify shows the page of the proof of an address.
func openVerify(c person) error {
	values, err := query(c.r)
	if err != nil {
		return err
	}
	return verifyLink.show(c, values.Get("token"), nil)
}

// pressVerify serves the button of the page. It confirms the address in the browser that asked,
// and in one that is signed in to the account; another browser signs in.
func pressVerify(c person) error {
	press, _, err := c.readPress()
	if err != nil {
		return err
	}
	got, err := c.e.PressVerify(c.ctx(), VerifyPress{PagePress: press, User: c.user.ID})
	if err != nil {
		return verifyLink.staleLink(err)
	}
	return c.land(got)
}

// openConfirm shows the button where a session cookie can say who presses it.
func openConfirm(c person) error {
	values, err := query(c.r)
	if err != nil {
		return err
	}
	raw := values.Get("token")
	if c.app.takesCookies() && c.bringsCookie() {
		return changeLink.show(c, raw, nil)
	}
	if _, err := c.e.tokens.findLink(c.ctx(), c.app.ID, forChange, raw, ""); err != nil {
		return changeLink.staleLink(err)
	}
	return c.notice("confirm.sign_in_first_title", "confirm.sign_in_first")
}

func pressConfirm(c person) error {
	form, err := c.readForm()
	if err != nil {
		return err
	}
	if _, err := c.e.ConfirmEmail(c.ctx(), EmailConfirm{App: c.app.ID, User: c.user.ID, Token: form.Get("token"), Browser: form.browser, Client: c.client}); err != nil {
		return changeLink.staleLink(err)
	}
	return c.notice("confirm.done_title", "confirm.new_done")
}

func openUndo(c person) error {
	values, err := query(c.r)
	if err != nil {
		return err
	}
	_, former, err := c.e.findUndo(c.ctx(), c.app.ID, values.Get("token"))
	if err != nil {
		return undoLink.staleLink(err)
	}
	return undoLink.write(c, values.Get("token"), shownLink{challenge: challenge{data: challengeData{Email: former.Email}}})
}

func pressUndo(c person) error {
	form, err := c.readForm()
	if err != nil {
		return err
	}
	if err := c.e.UndoEmail(c.ctx(), EmailUndo{App: c.app.ID, Token: form.Get("token"), Browser: form.browser, Client: c.client}); err != nil {
		return undoLink.staleLink(err)
	}
	return c.notice("confirm.undone_title", "confirm.undone")
}

// openReset shows the page of a reset link.
func openReset(c person) error {
	values, err := query(c.r)
	if err != nil {
		return err
	}
	return resetLink.show(c, values.Get("token"), nil)
}

// pressReset serves the button of the page.
func pressReset(c person) error {
	press, form, err := c.readPress()
	if err != nil {
		return err
	}
	got, err := c.e.PressReset(c.ctx(), ResetPress{PagePress: press, Password: form.Get("password")})
	switch {
	case errors.Is(err, CodeWeakPassword) && httpio.Navigates(c.r): // a person; a program gets the refusal itself
		return resetLink.show(c, press.Token, refusalOf(err))
	case err != nil:
		return resetLink.staleLink(err)
	}
	return c.landReset(got)
}
