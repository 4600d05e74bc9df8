package authkit

import (
	"errors"
	"net/url"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// leadsHere reports whether a URL is one of the handler's own routes. A flow must not lead to one:
// the start of another app's flow, say, would go on without a press of the person.
func (b *border) leadsHere(to string) bool {
	u, err := url.Parse(to)
	if err != nil || httpio.Origin(u) != b.origin {
		return false
	}
	return httpio.OwnRoute(u.RequestURI(), b.mount, b.isRoute)
}

// ownPath refuses a text to which a sign-in must not lead as a path of BaseURL's origin: one that
// [httpio.OwnPath] refuses, or a route of the handler itself.
func (b *border) ownPath(to string) error {
	if err := httpio.OwnPath(to); err != nil {
		return err
	}
	if httpio.OwnRoute(to, b.mount, b.isRoute) {
		return errors.New("it leads to a route of the sign-in service")
	}
	return nil
}
