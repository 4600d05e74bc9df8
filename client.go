package authkit

import "github.com/google/uuid"

// Client says who asks, for limits and for the list of sessions. Empty fields are fine:
// a Go caller without an address is limited by email only.
type Client struct {
	IP, UserAgent string

	// Cookie asks for a session that a cookie holds, where the app's session mode is
	// [SessionEither]. The other modes leave no choice.
	Cookie bool

	// forwarder owns the app whose backend told IP; empty: it is the peer's own.
	forwarder string

	// checked is what the access check of the request has found; nil for a Go caller.
	checked *checked
}

// checked is what an access check has found out before it calls the Engine, so that the app is
// read once a request and its limits are charged in one store call. It belongs to one request
// and is not safe for concurrent use.
type checked struct {
	app      App
	deferred []count // the route's own, which the flow charges together with those it adds
	others   int     // other apps whose session cookies the request brings
}

// checkedApp returns the app, if the access check has read it.
func (c Client) checkedApp(app uuid.UUID) (App, bool) {
	if c.checked == nil || app == uuid.Nil || c.checked.app.ID != app {
		return App{}, false
	}
	return c.checked.app, true
}

// withDeferred prepends the counts that the route deferred, so that they and those of the flow are
// charged in one store call. They are charged once.
func (c Client) withDeferred(counts []count) []count {
	if c.checked == nil {
		return counts
	}
	deferred := c.checked.deferred
	c.checked.deferred = nil
	return append(deferred, counts...)
}

// checkCookieRoom refuses a session whose cookie the browser has no room for: it holds the cookies of
// as many other apps as it may. None of those gives way (a page could sign people out of other
// apps by that), and more would make every request too large for servers (431).
func (c Client) checkCookieRoom() error {
	if c.checked == nil || c.checked.others < maxCookieApps {
		return nil
	}
	return refuse(CodeLimitReached, "this browser holds the sessions of 16 other applications, which is as many as it may; sign out of one of them first")
}

// maxCookieApps is how many apps' session cookies a browser holds: each request carries all of
// them, and servers refuse one whose headers are too large.
const maxCookieApps = 16
