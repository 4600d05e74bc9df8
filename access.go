package authkit

import (
	"net/http"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// An access lets a call through a route's door, or refuses it. It comes before anything
// else that looks at the request.
type access func(*call) error

// anyone asks for nothing.
func anyone(*call) error { return nil }

// visitor asks for nothing but an app that exists.
func visitor(c *call) error {
	_, err := c.pathApp()
	return err
}

// user asks for an access token of the path's app, and a session that is alive.
func user(c *call) error {
	raw, err := c.bearer()
	if err != nil {
		return err
	}
	app, err := c.pathApp()
	if err != nil {
		return err
	}
	_, c.user, err = c.e.authenticate(c.ctx(), app, raw)
	return err
}

// apiKey asks for an API key of the path's app that has the scope.
func apiKey(scope string) access {
	return func(c *call) error {
		scheme, text, err := c.authorization()
		if err != nil {
			return err
		}
		if text == "" || (scheme != "bearer" && scheme != "apikey") {
			return refuse(CodeUnauthenticated, "this endpoint wants an API key: Authorization: Bearer ak_…")
		}
		key, err := c.e.CheckAPIKey(c.ctx(), text)
		if err != nil {
			return err
		}
		id, ok := httpio.CanonicalUUID(c.r.PathValue("app_id"))
		if !ok || id != key.App {
			return unknownApp()
		}
		if !slices.Contains(key.Scopes, scope) {
			return refuse(CodeForbidden, "the API key lacks the scope "+scope)
		}
		c.key = key
		return nil
	}
}

// developer asks for a developer: a user of the console app, or the host's own.
func developer(c *call) error {
	if c.e.cfg.Developers != nil {
		id, err := c.e.cfg.Developers(c.r)
		if err != nil || id == "" {
			return &Error{Code: CodeUnauthenticated, Detail: "this endpoint is for developers", Err: err}
		}
		c.developer = id
		return nil
	}
	raw, err := c.bearer()
	if err != nil {
		return err
	}
	console, err := c.e.App(c.ctx(), Console)
	if err != nil {
		return err
	}
	_, u, err := c.e.authenticate(c.ctx(), console, raw)
	if err != nil {
		return err
	}
	c.developer, c.user = u.ID.String(), u
	return nil
}

// creator asks for a developer who may create: one with a proven address.
func creator(c *call) error {
	if err := developer(c); err != nil {
		return err
	}
	return c.proven()
}

func (c *call) proven() error {
	if c.e.cfg.Developers == nil && !c.user.Verified {
		return refuse(CodeEmailNotVerified, "prove your address first: sign in by link once")
	}
	return nil
}

// owner asks for the developer of the path's app.
func owner(c *call) error {
	if err := developer(c); err != nil {
		return err
	}
	id, ok := httpio.CanonicalUUID(c.r.PathValue("app_id"))
	if !ok {
		return unknownApp()
	}
	app, err := c.e.OwnApp(c.ctx(), c.developer, id)
	if err != nil {
		return err
	}
	c.app = app
	c.r = c.r.WithContext(withApp(c.ctx(), app))
	if c.r.Method == http.MethodPost {
		return c.proven()
	}
	return nil
}

func (c *call) authorization() (scheme, credential string, err error) {
	scheme, credential, err = httpio.Authorization(c.r)
	if err != nil {
		return "", "", refuse(CodeInvalidRequest, "the Authorization header is not one scheme, one space and one credential")
	}
	return scheme, credential, nil
}

// bearer answers the access token of the request.
func (c *call) bearer() (string, error) {
	scheme, raw, err := c.authorization()
	if err != nil {
		return "", err
	}
	if scheme != "bearer" || raw == "" {
		return "", refuse(CodeUnauthenticated, "this endpoint wants an access token: Authorization: Bearer …")
	}
	if strings.HasPrefix(raw, "ak_") { // one kind of credential never works in the place of another
		return "", invalidToken()
	}
	return raw, nil
}
