package authkit

import (
	"net/http"
	"time"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/naming"
)

// identityJSON is an identity of the user at a provider.
type identityJSON struct {
	Provider  string    `json:"provider"`        // the provider's name, such as github, google, or one of the app's own
	Email     string    `json:"email,omitempty"` // the address that the provider knows, if it told
	CreatedAt time.Time `json:"created_at"`      // when it was linked
}

// identitiesJSON lists the identities of a user.
type identitiesJSON struct {
	Identities []identityJSON `json:"identities"` // in the order in which they were linked
}

func toIdentitiesJSON(all []LinkedIdentity) identitiesJSON {
	out := make([]identityJSON, len(all))
	for i, one := range all {
		out[i] = identityJSON{one.Provider, one.Email, one.CreatedAt.UTC()}
	}
	return identitiesJSON{out}
}

func listIdentities(c *call) (any, error) {
	got, err := c.e.Identities(c.ctx(), UserRef{App: c.app.ID, ID: c.user.ID})
	if err != nil {
		return nil, err
	}
	return toIdentitiesJSON(got), nil
}

// identityBody begins the linking of an identity.
type identityBody struct {
	Provider   string `json:"provider" api:"required"` // at which the identity is
	RedirectTo string `json:"redirect_to"`             // where the browser goes afterwards: one of the app's redirect_urls
}

// linkIdentity binds the state to the browser if the browser holds the session in a cookie: only
// then can the browser itself return with it.
func linkIdentity(c *call, in identityBody) (jsonResponse, error) {
	if in.Provider == "" {
		return jsonResponse{}, invalid("provider", "required", "provider is missing")
	}
	start := IdentityLink{App: c.app.ID, User: c.user.ID, Session: c.session.ID, Provider: in.Provider, RedirectTo: in.RedirectTo, Client: c.client}
	if c.bringsCookie() {
		start.Browser = c.browser.bind()
	}
	got, err := c.e.LinkIdentity(c.ctx(), start)
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusOK, oauthStartJSON(got)}, nil
}

// finishLinking finishes a flow that links an identity, with the session of the request. The access
// check of the callback requires no session, since most who return sign in.
func (c *call) finishLinking(in OAuthReturn) (IdentityLanding, error) {
	if err := user(c); err != nil {
		return IdentityLanding{}, err
	}
	return c.e.FinishIdentityLink(c.ctx(), IdentityLinkReturn{OAuthReturn: in, User: c.user.ID, Session: c.session.ID})
}

func finishLink(c *call, in OAuthReturn) (jsonResponse, error) {
	got, err := c.finishLinking(in)
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusOK, toIdentitiesJSON(got.Identities)}, nil
}

// returnLink finishes the flow in the browser. The goal gets no one-time code, since this is no
// sign-in.
func returnLink(c person, in OAuthReturn) error {
	got, err := c.finishLinking(in)
	if got.RedirectTo != "" {
		return c.returnToGoal(got.RedirectTo, c.goalQuery(err, "linked", got.Provider))
	}
	if err != nil {
		return err
	}
	if httpio.AcceptsJSONOnly(c.r) {
		return c.writeJSON(http.StatusOK, toIdentitiesJSON(got.Identities))
	}
	if c.app.takesCookies() {
		return c.goOn(c.pagePath("account"), nil)
	}
	return c.notice("confirm.done_title", "account.identity_connected", "provider", naming.Provider(got.Provider))
}

func unlinkIdentity(c *call) error {
	if err := c.e.UnlinkIdentity(c.ctx(), UserRef{App: c.app.ID, ID: c.user.ID}, c.r.PathValue("provider")); err != nil {
		return err
	}
	return c.noContent()
}
