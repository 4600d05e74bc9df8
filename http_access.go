package authkit

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// An access checks who may call a route. It returns nil for a caller who may, and a refusal
// otherwise. It runs before the limits and before the body is decoded.
type access func(*call) error

// anyone lets every caller in.
func anyone(*call) error { return nil }

// visitor lets every caller in, if the path's app exists.
func visitor(c *call) error {
	_, err := c.pathApp()
	return err
}

// user requires a live session of the path's app: by an access token or, where the app takes
// cookies, by its session cookie. A request with an Authorization header is judged by that header
// alone.
func user(c *call) error {
	if c.bringsCookie() {
		return c.userByCookie()
	}
	raw, err := c.bearer()
	if err != nil {
		return err
	}
	app, err := c.pathApp()
	if err != nil {
		return err
	}
	return c.authenticate(app, raw)
}

// authenticate checks an access token of the app, and keeps its session and user.
func (c *call) authenticate(app App, raw string) (err error) {
	c.session, c.user, err = c.e.sessions.byToken(c.ctx(), app, raw)
	c.authTime = c.session.AuthTime
	return err
}

// userOrVisitor is [user], and lets in a caller without a credential. A session cookie that is
// not valid counts as no credential.
func userOrVisitor(c *call) error {
	if len(c.r.Header.Values("Authorization")) > 0 {
		return user(c)
	}
	if c.bringsCookie() {
		err := c.userByCookie()
		if !errors.Is(err, CodeUnauthenticated) && !errors.Is(err, CodeInvalidToken) {
			return err
		}
	}
	return visitor(c)
}

// bringsCookie reports whether the request has a session cookie of the path's app and no
// Authorization header.
func (c *call) bringsCookie() bool {
	id, err := c.pathID()
	if err != nil || len(c.r.Header.Values("Authorization")) > 0 {
		return false
	}
	_, ok := c.browser.session(id)
	return ok
}

func (c *call) userByCookie() error {
	app, err := c.pathApp()
	if err != nil {
		return err
	}
	if !app.takesCookies() {
		return refuse(CodeUnauthenticated, "this app takes no session cookies: send Authorization: Bearer …")
	}
	value, _ := c.browser.session(app.ID)
	c.session, c.user, err = c.e.sessionByCookie(c.ctx(), cookieUse{app: app, value: value, by: c.client, used: c.r.Method != http.MethodHead})
	c.authTime = c.session.AuthTime
	return err
}

// userByCookieAlone requires the session cookie. It refuses a request with an Authorization
// header.
func userByCookieAlone(c *call) error {
	if len(c.r.Header.Values("Authorization")) > 0 || c.browser.countSessions("") > 0 {
		if _, err := c.pathApp(); err != nil {
			return err
		}
	}
	if !c.bringsCookie() {
		return refuse(CodeUnauthenticated, "this endpoint requires the session cookie, without an Authorization header").because(cause("the request brings no session cookie, or an Authorization header"))
	}
	return c.userByCookie()
}

// fresh is check, and requires a sign-in of the last ten minutes (OWASP ASVS 5.0, 7.5.1).
func fresh(check access) access {
	return func(c *call) error {
		if err := check(c); err != nil {
			return err
		}
		return c.mustBeFresh()
	}
}

// mustBeFresh refuses a sign-in that is older than ten minutes, and one without a second factor of a
// user who has one: [CodeReauthenticationRequired]. A time that is missing, or further ahead than
// clockLeeway, is not fresh.
func (c *call) mustBeFresh() error {
	age := c.e.now().Sub(c.authTime)
	if c.authTime.IsZero() || age > freshFor || age < -clockLeeway {
		return c.notFresh("this requires a sign-in within the last ten minutes")
	}
	if c.user.Factors == 0 || !c.session.MFAAt.IsZero() {
		return nil
	}
	refusal := c.notFresh("this requires a second factor")
	if said, ok := errors.AsType[*Error](refusal); ok && said.Code == CodeReauthenticationRequired && !said.takesFactor() {
		return nil // the user's passkeys are of a relying party that the app has given up
	}
	return refusal
}

// takesFactor reports whether a second factor is among the methods of a refusal.
func (e *Error) takesFactor() bool {
	return slices.Contains(e.Methods, methodTOTP) || slices.Contains(e.Methods, methodPasskey)
}

// notFresh refuses a sign-in, and names the methods that make it fresh.
func (c *call) notFresh(detail string) error {
	refusal := refuse(CodeReauthenticationRequired, detail)
	if c.user.ID == uuid.Nil { // a developer of the host
		refusal.Methods = []string{methodSignIn}
		return refusal
	}
	var err error
	if refusal.Methods, err = c.e.StepUpMethods(c.ctx(), UserRef{App: c.user.App, ID: c.user.ID}); err != nil {
		return err
	}
	return refusal
}

const freshFor = 10 * time.Minute

// detailScope begins the detail of a refusal for a scope that a key lacks.
const detailScope = "the API key lacks the scope "

// apiKey requires an API key of the path's app that has the scope.
func apiKey(scope string) access {
	return func(c *call) error {
		scheme, text, err := c.authorization()
		if err != nil {
			return err
		}
		if text == "" || (scheme != "bearer" && scheme != "apikey") {
			return refuse(CodeUnauthenticated, "this endpoint requires an API key: Authorization: Bearer ak_…")
		}
		key, err := c.e.CheckAPIKey(c.ctx(), text)
		if err != nil {
			return err
		}
		id, ok := httpio.CanonicalUUID(c.r.PathValue("app_id"))
		if !ok || id != key.App {
			return unknownApp("the API key is another app's")
		}
		c.request.setActor("api_key:" + key.ID.String())
		if !slices.Contains(key.Scopes, scope) {
			return refuse(CodeForbidden, detailScope+scope)
		}
		c.key = key
		return nil
	}
}

// developer requires a developer: a user of the console app or, where Config.Developers is set,
// one of the host's own.
func developer(c *call) error {
	if c.e.cfg.Developers != nil {
		id, signedIn, err := c.e.cfg.Developers(c.r)
		if err != nil || id == "" {
			return &Error{Code: CodeUnauthenticated, Detail: "this endpoint is for developers", Err: err}
		}
		c.authTime = signedIn
		c.setDeveloper(id)
		return nil
	}
	raw, err := c.bearer()
	if errors.Is(err, CodeUnauthenticated) {
		return refuse(CodeUnauthenticated, "this endpoint is for developers: Authorization: Bearer and an access token of the console app")
	}
	if err != nil {
		return err
	}
	console, err := c.e.App(c.ctx(), Console)
	if err != nil {
		return err
	}
	if err := c.authenticate(console, raw); err != nil {
		return err
	}
	c.setDeveloper(c.user.ID.String())
	return nil
}

// appRef names the path's app, with the record that the access check has read.
func (c *call) appRef() AppRef {
	return AppRef{Developer: c.developer, ID: c.app.ID, read: &c.app}
}

func (c *call) setDeveloper(developer string) {
	c.developer = developer
	c.request.setActor(c.e.cfg.developerOf(developer))
}

// creator requires a developer whose address is verified.
func creator(c *call) error {
	if err := developer(c); err != nil {
		return err
	}
	return c.mustBeVerified()
}

func (c *call) mustBeVerified() error {
	if c.e.cfg.Developers == nil && !c.user.Verified {
		return refuse(CodeEmailNotVerified, "verify your address first: ask for a mail at /auth/email/send/console, and redeem it with the binding at /auth/email/verify/console")
	}
	return nil
}

// owner requires the developer of the path's app. What makes something, by POST or
// PUT, requires a verified address as well.
func owner(c *call) error {
	if err := developer(c); err != nil {
		return err
	}
	id, ok := httpio.CanonicalUUID(c.r.PathValue("app_id"))
	if !ok {
		return unknownApp("the app's id is not a canonical UUID")
	}
	app, err := c.e.OwnApp(c.ctx(), AppRef{Developer: c.developer, ID: id})
	if err != nil {
		return err
	}
	if strings.HasPrefix(app.Developer, ownSource) { // an app of the host itself, whatever ids its developers have
		return unknownApp("the app is the host's own")
	}
	c.setApp(app)
	if c.r.Method == http.MethodPost || c.r.Method == http.MethodPut {
		return c.mustBeVerified()
	}
	return nil
}

// deleter is [owner], and lets in the developer who has already deleted the path's app. The store
// finds that out by a write that changes nothing, before the sign-in is known to be fresh. For
// another developer nothing is written, and the answer is that for an unknown app.
func deleter(c *call) error {
	err := owner(c)
	id, ok := httpio.CanonicalUUID(c.r.PathValue("app_id"))
	if !errors.Is(err, CodeAppNotFound) || c.developer == "" || !ok {
		return err
	}
	// Only the developer's own apps are looked for. An app of the host itself is unknown here,
	// deleted or not.
	deleted, failed := c.e.deletedBefore(c.ctx(), id, c.e.cfg.developerOf(c.developer))
	if deleted || failed != nil {
		c.deleted = deleted
		return failed
	}
	return err
}

func (c *call) authorization() (scheme, credential string, err error) {
	scheme, credential, err = httpio.Authorization(c.r)
	if err != nil {
		return "", "", malformedAuthorization()
	}
	return scheme, credential, nil
}

func malformedAuthorization() *Error {
	return refuse(CodeInvalidRequest, "the Authorization header is not one scheme, one space and one credential")
}

// bearer returns the access token of the request.
func (c *call) bearer() (string, error) {
	scheme, raw, err := c.authorization()
	if err != nil {
		return "", err
	}
	if scheme != "bearer" || raw == "" {
		return "", noAccessToken("the request has no bearer token")
	}
	if strings.HasPrefix(raw, "ak_") { // one kind of credential never works in the place of another
		return "", invalidToken("an API key stands in the place of an access token").with(ReasonWrongKind)
	}
	return raw, nil
}
