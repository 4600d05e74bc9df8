package authkit

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/password"
	"github.com/authkit-dev/authkit/internal/token"
)

// hasher is the only way to the password hash, so that the gate stands before each.
type hasher struct {
	params password.Params
	policy password.Policy
	gate   *password.Gate
	dummy  string // the hash of no password, to spend the same time on unknown users

	breached *password.Ranges // nil: none is asked
}

func newHasher(p PasswordConfig, proxy func(*http.Request) (*url.URL, error)) *hasher {
	h := &hasher{
		params: password.Params{MemoryKiB: p.MemoryKiB, Time: p.Time, Threads: p.Threads},
		policy: password.Policy{Min: p.MinLength, Max: p.MaxLength},
		gate:   password.NewGate(p.Concurrent, p.Queue, p.QueueWait),
	}
	if p.Breached != "" {
		h.breached = password.NewRanges(p.Breached, proxy)
	}
	h.dummy = password.Hash("no password at all", token.Random(16), h.params)
	return h
}

// check refuses a password that the policy does not take: [CodeWeakPassword].
func (h *hasher) check(pw string, words ...string) error {
	err := h.policy.Check(pw, words...)
	if weak, ok := errors.AsType[*password.Weak](err); ok {
		return refuse(CodeWeakPassword, "the password is too weak: "+weak.Reason)
	}
	return err
}

// hashFor is who waits at the gate.
func hashFor(app uuid.UUID, by Client) password.Asker {
	return password.Asker{Tenant: app.String(), Peer: by.gatePeer()}
}

// hash makes the PHC string of a new password.
func (h *hasher) hash(ctx context.Context, who password.Asker, pw string) (string, error) {
	salt := token.Random(16)
	var phc string
	if err := h.gate.Do(ctx, who, func() { phc = password.Hash(pw, salt, h.params) }); err != nil {
		return "", unavailable(err)
	}
	return phc, nil
}

// verify compares a password with the hash of an account, or with the dummy if it has
// none: both take the same time. When the password is right and its hash was made with
// other parameters, renewed is a hash with those of today.
func (h *hasher) verify(ctx context.Context, who password.Asker, pw, phc string) (ok bool, renewed string, err error) {
	salt := token.Random(16)
	known := phc != ""
	if !known {
		phc = h.dummy
	}
	var broken error
	err = h.gate.Do(ctx, who, func() {
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
