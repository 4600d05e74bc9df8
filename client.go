package authkit

import (
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// Client describes the caller, for limits, events and the list of sessions. Fields may be empty.
// [Engine.Client] describes the browser that sent a request.
//
// An Engine method charges the limits by email address and, for a new user, the one by peer
// address. All other limits by peer address are the handler's: a host that serves sign-ins from
// its own handlers limits its peers itself.
type Client struct {
	IP        string // an IP address such as "192.0.2.7"; a port after it counts for nothing
	UserAgent string

	// Languages are those that the person reads, the most wanted first, as in Accept-Language (RFC
	// 9110, section 12.5.4). Mails that the call causes are in the first of them that is known.
	// Empty: English.
	Languages string

	// Cookie asks for a session in a cookie, where the session mode of the app is
	// [SessionEither]. The other modes leave no choice.
	Cookie bool

	// forwarder is the owner of the app whose server named IP; empty: IP is the address of the
	// peer.
	forwarder string

	// checked holds the findings of the request's access check. A Go caller has at most the number
	// of other sessions from it.
	checked *checked
}

// languagesOf returns the languages that the sender of a request reads: those of ui_locales (OpenID
// Connect Core, 3.1.2.1) before those of Accept-Language.
func languagesOf(r *http.Request) string {
	accept := r.Header.Get("Accept-Language")
	if !strings.Contains(r.URL.RawQuery, "ui_locales") {
		return accept
	}
	wanted := strings.Fields(r.URL.Query().Get("ui_locales"))
	if accept != "" {
		wanted = append(wanted, accept)
	}
	return strings.Join(wanted, ",")
}

// checked holds the findings of an access check, so that the Engine reads the app once a request
// and charges its limits in one store call. It belongs to one request and is not safe for
// concurrent use.
type checked struct {
	app           App
	deferred      []count // counts of the route, which the flow charges together with its own
	otherSessions int     // how many other apps' session cookies the request has
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

// checkCookieRoom refuses a session whose cookie the browser has no room for, because it holds
// the cookies of maxCookieApps other apps. None of those is dropped, or a page could sign people
// out of other apps. More cookies would make every request too large for servers (431).
func (c Client) checkCookieRoom() error {
	if c.checked == nil || c.checked.otherSessions < maxCookieApps {
		return nil
	}
	return &Error{
		Code: CodeLimitReached, page: pageText{text: "problem.cookies_full"},
		Detail: "this browser holds the sessions of 16 other applications, the most that it may hold; sign out of one of them first",
	}
}

// maxCookieApps is how many apps' session cookies a browser holds. Each request carries all of
// them, and servers refuse one whose headers are too large.
const maxCookieApps = 16
