package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/password"
)

// hasher is the only way to the password hash, so that the gate stands before each.
type hasher struct {
	params password.Params
	policy password.Policy
	gate   *password.Gate
	random func(n int) ([]byte, error)
	dummy  string // the hash of no password, to spend the same time on unknown users
}

// check refuses a password that the policy does not take: [CodeWeakPassword].
func (h *hasher) check(pw string, words ...string) error {
	err := h.policy.Check(pw, words...)
	if weak, ok := errors.AsType[*password.Weak](err); ok {
		return refuse(CodeWeakPassword, "the password is too weak: "+weak.Reason)
	}
	return err
}

// hash makes the PHC string of a new password.
func (h *hasher) hash(ctx context.Context, app uuid.UUID, pw string) (string, error) {
	salt, err := h.random(16)
	if err != nil {
		return "", unavailable(err)
	}
	var phc string
	if err := h.gate.Do(ctx, app.String(), func() { phc = password.Hash(pw, salt, h.params) }); err != nil {
		return "", unavailable(err)
	}
	return phc, nil
}

// verify compares a password with the hash of an account, or with the dummy if it has
// none: both take the same time. When the password is right and its hash was made with
// other parameters, renewed is a hash with those of today.
func (h *hasher) verify(ctx context.Context, app uuid.UUID, pw, phc string) (ok bool, renewed string, err error) {
	salt, err := h.random(16)
	if err != nil {
		return false, "", unavailable(err)
	}
	known := phc != ""
	if !known {
		phc = h.dummy
	}
	var broken error
	err = h.gate.Do(ctx, app.String(), func() {
		ok, broken = password.Verify(pw, phc)
		if ok && known && !h.params.Same(phc) {
			renewed = password.Hash(pw, salt, h.params)
		}
	})
	if err != nil {
		return false, "", unavailable(err)
	}
	if broken != nil {
		return false, "", &Error{Code: CodeInternal, Detail: "a stored password hash is damaged", Err: broken}
	}
	return ok && known, renewed, nil
}
