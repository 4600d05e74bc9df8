package authkit

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
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
	got, err := findInvitation(c.ctx(), c.e.tokens, c.app, raw)
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
	if got.account.used() {
		got.holder = got.account
		effect, err := linkEffectOf(c.ctx(), c.e, c.app, got.challenge, "")
		if err != nil {
			return err
		}
		page.Warning = effect.text(p)
	}
	if c.e.HasPasskeys(c.app) && got.takesPasskey(c.e, c.app) == nil {
		page.Passkey = &pages.Ceremony{Begin: c.pagePath("passkeys/begin"), Body: string(plainJSON(map[string]string{"invitation": raw})), Create: true}
	}
	return c.show(status, page.View(p))
}

// pressInvitation serves the button of the page. The person signs in afterwards, as ever.
func pressInvitation(c person) error {
	press, form, err := c.readPress()
	if err != nil {
		return err
	}
	in := InvitationPress{PagePress: press, Password: form.Get("password"), State: form.Get("state"), Credential: json.RawMessage(form.Get("credential"))}
	got, err := c.e.PressInvitation(c.ctx(), in)
	switch {
	case err != nil && httpio.Navigates(c.r):
		return reopenInvitation(c, in, refusalOf(err))
	case err != nil:
		return invitationLink.staleLink(err)
	case got.State == LandingGoesOn:
		return c.goOn(got.RedirectTo, nil)
	case in.State != "":
		return c.notice("reset.saved_title", "invitation.passkey_done")
	}
	return c.notice("reset.saved_title", "invitation.done")
}

// reopenInvitation shows the page again after a press that was refused for what it sent, or for a passkey
// that the user cannot have any more: a password is left. The page itself says if the invitation is no
// longer valid.
func reopenInvitation(c person, in InvitationPress, refused *Error) error {
	named := *refused
	switch {
	case in.State == "" && (named.Code == CodeWeakPassword || named.Code == CodeInvalidRequest):
	case in.State == "" || errors.Is(refused, errStaleForm):
		return invitationLink.staleLink(refused)
	case slices.Contains([]Code{CodeInvalidToken, CodeInvalidCredentials, CodeForbidden, CodeNotFound}, named.Code):
		named.Fields = []FieldError{{Code: faultPasskey}}
	default:
		return invitationLink.staleLink(refused)
	}
	return showInvitation(c, in.Token, &named)
}

// invitationForm is the form of the page of an invitation: password, or state and credential.
type invitationForm struct {
	linkForm

	Password   string `json:"password"`   // the new password
	State      string `json:"state"`      // of the beginning of a passkey
	Credential string `json:"credential"` // what toJSON() of the browser's credential gives, as text
}
