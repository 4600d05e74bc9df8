package authkit

import (
	"context"
	"strings"

	"github.com/google/uuid"
)

// mostExternalID is how many bytes an external id has at most.
const mostExternalID = 128

// checkExternalID refuses an external id that is not 1 to 128 printable characters of ASCII.
func checkExternalID(s string) error {
	if s == "" || len(s) > mostExternalID || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return invalid("external_id", "invalid_external_id", "external_id is not 1 to 128 printable characters of ASCII")
	}
	return nil
}

func externalIDTaken() *Error {
	return refuse(CodeExternalIDTaken, "this app already has a user with that external_id")
}

// userTaken tells why a new user meets another one: the address is taken, or the external id is.
func userTaken(ctx context.Context, e *Engine, app uuid.UUID, u User) error {
	if u.ExternalID == "" {
		return emailTaken()
	}
	switch holder, err := e.account(ctx, app, AccountKey{Email: u.Email}); {
	case err != nil:
		return err
	case holder != nil:
		return emailTaken()
	}
	return externalIDTaken()
}
