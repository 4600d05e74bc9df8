package authkit

import (
	"errors"
	"net/http"
	"time"

	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/pages"
)

// inviteBody invites a user.
type inviteBody struct {
	RedirectTo string `json:"redirect_to"` // where the browser goes afterwards, without a session: one of the app's redirect_urls
}

// invitedJSON says that an invitation is on its way.
type invitedJSON struct {
	Success   bool `json:"success"`
	ExpiresIn int  `json:"expires_in"` // in how many seconds the link expires
}

func inviteUser(c *call, in inviteBody) (jsonResponse, error) {
	id, err := c.pathUser()
	if err != nil {
		return jsonResponse{}, err
	}
	ttl, err := c.e.Invite(c.ctx(), InviteRequest{App: c.key.App, User: id, RedirectTo: in.RedirectTo, Client: c.client})
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusAccepted, invitedJSON{true, int(ttl / time.Second)}}, nil
}

// invitationLink says what a person can do about an invitation that is no longer valid.
var invitationLink = linkPage{purpose: forInvite, title: "invitation.title", stale: "invitation.stale"}

// openInvitation shows the page of an invitation, without effect.
func openInvitation(c person) error {
	values, err := query(c.r)
	if err != nil {
		return err
	}
	return showInvitation(c, values.Get("token"), nil)
}

// showInvitation shows the page; refused is why the last post of it was refused, if it was.
func showInvitation(c person, raw string, refused *Error) error {
	got, account, err := findInvitation(c.ctx(), c.e.tokens, c.app, raw)
	if err != nil {
		return invitationLink.staleLink(err)
	}
	browser := c.browser.bind()
	p, status, problems := c.view(), http.StatusOK, pages.Problems(nil)
	if refused != nil {
		c.logRefusal(refused)
		status, problems = refused.Code.Status(), c.problems(p, refused)
	}
	page := pages.Reset{
		Forms: c.forms(browser, nil, problems), Email: address.Mask(got.data.Email), Username: got.data.Typed, Token: raw, Invited: true,
	}
	if account.used() {
		got.holder = account
		effect, err := linkEffectOf(c.ctx(), c.e, c.app, got, "")
		if err != nil {
			return err
		}
		page.Warning = effect.text(p)
	}
	return c.show(status, page.View(p))
}

// pressInvitation serves the button of the page. The person signs in afterwards, as ever.
func pressInvitation(c person) error {
	press, form, err := c.readPress()
	if err != nil {
		return err
	}
	got, err := c.e.PressInvitation(c.ctx(), InvitationPress{PagePress: press, Password: form.Get("password")})
	switch {
	case errors.Is(err, CodeWeakPassword) && httpio.Navigates(c.r):
		return showInvitation(c, press.Token, refusalOf(err))
	case err != nil:
		return invitationLink.staleLink(err)
	case got.State == LandingGoesOn:
		return c.goOn(got.RedirectTo, nil)
	}
	return c.notice("reset.saved_title", "invitation.done")
}
