package authkit

import (
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// credentialsBody signs in, or up, with a password.
type credentialsBody struct {
	Email    string `json:"email" api:"required"`             // the user's address
	Password string `json:"password" raw:"ok" api:"required"` // exactly as typed
	Name     string `json:"name"`                             // of a new user

	// Intent sign_in never creates a user, and sign_up never signs an existing one in. Without it a
	// known address with the right password signs in, and an unknown one signs up.
	Intent string `json:"intent" api:"enum=sign_in|sign_up"`
}

func signInWithPassword(c *call, in credentialsBody) (jsonResponse, error) {
	browser := c.browser.secret() // goes on with a sign-in that waits for a second factor
	switch {                      // for a proof that may be mailed
	case c.app.requiresProof():
		browser = c.browser.bind()
	case c.app.asksForProof() && in.Intent != "sign_in":
		browser = bindSignUp(&c.browser)
	}
	got, err := c.e.SignInWithPassword(c.ctx(), PasswordSignIn{
		App: c.app.ID, Email: in.Email, Password: in.Password, Name: in.Name, Intent: in.Intent, Browser: browser, Device: c.browser.device(), Client: c.client,
	})
	switch {
	case err != nil:
		return jsonResponse{}, err
	case got.Pending != nil:
		return pendingResponse(*got.Pending), nil
	}
	return c.signedIn(got), nil
}

// signedIn answers a sign-in. With a session cookie the body holds no access token.
func (c *call) signedIn(s SignIn) jsonResponse {
	status := http.StatusOK
	if s.Created && s.User.AuthMethod == MethodCredentials {
		status = http.StatusCreated
	}
	if c.setSignInCookies(s); s.Cookie != "" {
		s.Token, s.ExpiresIn = "", 0
	}
	return jsonResponse{status, toSignInJSON(s)}
}

// refreshBody exchanges a refresh token.
type refreshBody struct {
	RefreshToken string `json:"refresh_token" api:"required"` // the latest of the session
}

// refresh reads the app only after a refusal, so that a refresh that succeeds takes one call of
// the store. The refusal of an app that does not exist comes first.
func refresh(c *call) error {
	id, err := c.pathID()
	if err != nil {
		return err
	}
	var in refreshBody
	err = httpio.Decode(c.r, &in)
	key, bad := idempotencyKey(c.r)
	if err == nil {
		if in.RefreshToken == "" {
			bad = append(bad, FieldError{"refresh_token", "required", "refresh_token is missing"})
		}
		err = invalidFields(bad)
	}
	if err != nil {
		if missing := visitor(c); missing != nil {
			return missing // comes first
		}
		return err
	}
	got, err := c.e.Refresh(c.ctx(), RefreshRequest{App: id, Token: in.RefreshToken, IdempotencyKey: key, Client: c.client})
	if err != nil {
		return err
	}
	return c.writeJSON(http.StatusOK, toSignInJSON(got))
}

// accessTokenJSON is an access token of the session at hand.
type accessTokenJSON struct {
	Token     string `json:"token"` // the access token, a JWT
	TokenType string `json:"token_type" api:"enum=Bearer"`
	ExpiresIn int    `json:"expires_in"` // in how many seconds the access token expires
}

// accessToken makes an access token for services that verify tokens themselves and do not know
// the cookie.
func accessToken(c *call, _ emptyBody) (jsonResponse, error) {
	m := HookEvent{Kind: HookToken, App: c.app.ID, User: c.user, Client: c.client}
	got, err := c.e.sessions.issue(c.ctx(), c.app, m, c.session, sessionSecret{})
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusOK, accessTokenJSON{got.Token, "Bearer", int(got.ExpiresIn / time.Second)}}, nil
}

// signOutBody ends a session.
type signOutBody struct {
	RefreshToken string `json:"refresh_token"` // of the session, where the request has no access token and no cookie
	All          bool   `json:"all"`           // ends every session of the user
}

// signOut ends the session of the access token or, without one, of the refresh token.
func signOut(c *call, in signOutBody) (jsonResponse, error) {
	var err error
	switch {
	case c.session.ID == uuid.Nil && in.RefreshToken == "":
		if !c.app.takesCookies() || !c.bringsCookie() {
			return jsonResponse{}, refuse(CodeUnauthenticated, "send an access token, or refresh_token")
		}
		c.dropCookies() // the access check found that their session has ended, and no script can delete them
		return jsonResponse{}, invalidToken("the session of the cookies has ended")
	case c.session.ID == uuid.Nil:
		err = c.e.SignOut(c.ctx(), SignOutRequest{App: c.app.ID, RefreshToken: in.RefreshToken, All: in.All})
	case in.All:
		err = c.e.EndSessions(c.ctx(), UserRef{App: c.app.ID, ID: c.user.ID})
	default:
		err = c.e.EndSession(c.ctx(), SessionRef{App: c.app.ID, User: c.user.ID, ID: c.session.ID})
	}
	if err != nil && !errors.Is(err, CodeSessionNotFound) { // a concurrent request has ended it
		return jsonResponse{}, err
	}
	c.dropCookies()
	return jsonResponse{http.StatusNoContent, nil}, nil
}

func me(c *call) (any, error) { return toUserJSON(c.user), nil }

// mePatchBody changes the members that it has.
type mePatchBody struct {
	Name clearable `json:"name" null:"ok"` // the user's new name; null clears it
}

func changeMe(c *call, in mePatchBody) (jsonResponse, error) {
	u, err := c.e.ChangeUser(c.ctx(), UserRef{App: c.app.ID, ID: c.user.ID}, UserPatch{Name: in.Name.text})
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusOK, toUserJSON(u)}, nil
}

func deleteMe(c *call) error {
	if err := c.e.DeleteUser(c.ctx(), UserRef{App: c.app.ID, ID: c.user.ID}); err != nil {
		return err
	}
	c.dropCookies()
	return c.noContent()
}

// sessionJSON is one signed-in browser or device, as its user sees it.
type sessionJSON struct {
	managedSessionJSON

	Current bool `json:"current"` // whether it is the session of this request
}

// managedSessionJSON is one signed-in browser or device.
type managedSessionJSON struct {
	ID         uuid.UUID `json:"id"`           // the session's id
	CreatedAt  time.Time `json:"created_at"`   // when the user signed in
	LastUsedAt time.Time `json:"last_used_at"` // when it was last used; to the minute for a session that a cookie holds
	ExpiresAt  time.Time `json:"expires_at"`   // when it ends if it is not used
	UserAgent  string    `json:"user_agent"`   // the User-Agent of its latest use
	IP         string    `json:"ip"`           // the address of its latest use
}

func toSessionJSON(s Session) managedSessionJSON {
	expires := s.IdleUntil
	if s.Until.Before(expires) {
		expires = s.Until
	}
	return managedSessionJSON{s.ID, s.CreatedAt.UTC(), s.LastUsedAt.UTC(), expires.UTC(), s.UserAgent, s.IP}
}

// sessionsJSON lists the live sessions of a user.
type sessionsJSON struct {
	Sessions []sessionJSON `json:"sessions"` // the live ones
}

func listSessions(c *call) (any, error) {
	sessions, err := c.e.Sessions(c.ctx(), UserRef{App: c.app.ID, ID: c.user.ID})
	if err != nil {
		return nil, err
	}
	out := make([]sessionJSON, len(sessions))
	for i, s := range sessions {
		out[i] = sessionJSON{toSessionJSON(s), s.ID == c.session.ID}
	}
	return sessionsJSON{out}, nil
}

func endSession(c *call) error {
	id, ok := httpio.CanonicalUUID(c.r.PathValue("session_id"))
	if !ok {
		return refuse(CodeSessionNotFound, "the user has no such session")
	}
	if err := c.e.EndSession(c.ctx(), SessionRef{App: c.app.ID, User: c.user.ID, ID: id}); err != nil {
		return err
	}
	if id == c.session.ID {
		c.dropCookies()
	}
	return c.noContent()
}
