package authkit

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/password"
)

// hasher is the only way to hash a password, so that every hash passes the gate.
type hasher struct {
	params password.Params
	policy password.Policy
	gate   *password.Gate
	dummy  string // a hash that no known password has, to spend the same time on unknown users

	breached *password.Ranges // nil: no list is asked
	store    TokenStore       // for the event that no list was asked
	now      func() time.Time
	log      *slog.Logger
}

func newHasher(c *Config, store TokenStore, now func() time.Time) *hasher {
	p := c.Password
	h := &hasher{
		store: store, now: now, log: c.Logger,
		params: password.Params{MemoryKiB: p.MemoryKiB, Time: p.Time, Threads: p.Threads},
		policy: password.Policy{Min: p.MinLength, Max: p.MaxLength},
		gate:   password.NewGate(p.Concurrent, p.Queue, p.QueueWait),
	}
	if p.Breached != "" {
		h.breached = password.NewRanges(p.Breached, c.Outbound.Proxy)
	}
	h.dummy = password.Dummy(h.params)
	return h
}

// unbreached refuses a new password that is on a list of breached ones (OWASP ASVS 5.0,
// 6.2.12; NIST SP 800-63B-4, section 3.1.1.2). A list that does not answer refuses no password:
// an event of the app says so.
func (h *hasher) unbreached(ctx context.Context, app uuid.UUID, pw string) error {
	if h.breached == nil {
		return nil
	}
	has, err := h.breached.Has(ctx, pw)
	if err != nil {
		h.log.WarnContext(ctx, "a new password was not checked against the list of breached ones", slog.Any("error", err))
		var riders Riders
		riders.note(h.now(), Event{App: app, Type: EventPasswordUnchecked})
		return storeError(h.store.Put(ctx, Put{App: app, Riders: riders}), app)
	}
	if has {
		return weakPassword([]FieldError{{"password", "breached", "it is known from a data breach"}})
	}
	return nil
}

// renew is the hash of a new password of the user. [CodeWeakPassword]: the user may not have it.
func (h *hasher) renew(ctx context.Context, app App, u User, pw string, by Client) (phc string, err error) {
	if err := h.check(pw, app.Name, u.Name, u.Email); err != nil {
		return "", err
	}
	if err := h.unbreached(ctx, app.ID, pw); err != nil {
		return "", err
	}
	return h.hash(ctx, gateAsker(app.ID, by), pw)
}

// check refuses a password that the policy does not allow: [CodeWeakPassword].
func (h *hasher) check(pw string, words ...string) error {
	err := h.policy.Check(pw, words...)
	if weak, ok := errors.AsType[*password.Weak](err); ok {
		var bad []FieldError
		for _, f := range weak.Faults {
			bad = append(bad, FieldError{"password", f.Code, f.Detail})
		}
		return weakPassword(bad)
	}
	return err
}

// weakPassword refuses a password for all that is wrong with it.
func weakPassword(bad []FieldError) *Error {
	return &Error{Code: CodeWeakPassword, Detail: "the password is too weak: " + detailsOf(bad), Fields: bad}
}

// asNewPassword names the member new_password in the refusal of a weak password.
func asNewPassword(err error) error {
	refusal, ok := errors.AsType[*Error](err)
	if !ok || refusal.Code != CodeWeakPassword {
		return err
	}
	named := *refusal
	named.Fields = slices.Clone(refusal.Fields)
	for i := range named.Fields {
		named.Fields[i].Field = "new_password"
	}
	return &named
}

// gateAsker names the app and the peer that wait at the gate.
func gateAsker(app uuid.UUID, by Client) password.Asker {
	return password.Asker{Tenant: app.String(), Peer: by.gatePeer()}
}

// hash returns the PHC string of a new password.
func (h *hasher) hash(ctx context.Context, who password.Asker, pw string) (string, error) {
	salt := password.Salt()
	var phc string
	if err := h.gate.Do(ctx, who, func() { phc = password.Hash(pw, salt, h.params) }); err != nil {
		return "", unavailable(err)
	}
	return phc, nil
}

// verify compares a password with the hash of an account, or with a dummy if the account has no
// password: both take the same time. If the password is right and its hash was made with other
// parameters, renewed is a hash with the current ones.
func (h *hasher) verify(ctx context.Context, who password.Asker, pw, phc string) (ok bool, renewed string, err error) {
	known := phc != ""
	if !known {
		phc = h.dummy
	}
	var broken error
	err = h.gate.Do(ctx, who, func() {
		ok, broken = password.Verify(pw, phc)
		if ok && known && !h.params.Same(phc) {
			renewed = password.Hash(pw, password.Salt(), h.params)
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
