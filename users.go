package authkit

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/internal/naming"
)

// UserFilter says which users to list. A zero field does not filter.
type UserFilter struct {
	Page
	Email      string // exact, in any case
	Prefix     string // of address or name
	AuthMethod string
}

// Users lists users of an app, newest first. [CodeInvalidRequest]: a filter is not one.
func (e *Engine) Users(ctx context.Context, app uuid.UUID, f UserFilter) ([]User, error) {
	q := UserQuery{Page: f.Page, AuthMethod: f.AuthMethod}
	if f.Email != "" {
		email, err := address.Parse(f.Email)
		if err != nil {
			return nil, invalid("email", "invalid_email", "email is not an address like name@example.com")
		}
		q.Email = email
	}
	switch f.AuthMethod {
	case "", MethodCredentials, MethodMagicLink, MethodOAuth:
	default:
		return nil, invalid("auth_method", "unknown_value", fmt.Sprintf("auth_method is none of %q, %q and %q", MethodCredentials, MethodMagicLink, MethodOAuth))
	}
	if f.Prefix != "" {
		q.EmailPrefix = lower(f.Prefix)
		q.NamePrefix = naming.Fold(f.Prefix)
	}
	users, err := e.store.Users(ctx, app, q)
	return users, e.ownError(err, app)
}

// lower folds the ASCII letters, the only ones that canonical addresses fold.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
