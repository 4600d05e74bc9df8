package authkit

import (
	"errors"

	"github.com/authkit-dev/authkit/internal/httpio"
)

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
