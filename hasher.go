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
	pace   *pace
	dummy  string // a hash that no known password has, to spend the same time on unknown users

	own     string        // the kind of hashes of the current parameters
	ownWork time.Duration // of one of them

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
		pace:   newPace(),
	}
	if p.Breached != "" {
		h.breached = password.NewRanges(p.Breached, c.Outbound.Proxy)
	}
	h.dummy = password.Dummy(h.params)
	if own, err := password.Parse(h.dummy); err == nil { // the bounds of the parameters are those of Config.Password
		h.own, h.ownWork = own.Blank().String(), own.Work()
	}
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

// salted returns the PHC string of a recovery code, with a salt that all codes of its set have.
func (h *hasher) salted(ctx context.Context, who password.Asker, code string, salt []byte) (phc string, err error) {
	if err := h.gate.Do(ctx, who, func() { phc = password.Hash(code, salt, h.params) }); err != nil {
		return "", unavailable(err)
	}
	return phc, nil
}

// matchAny returns the index of the hash that a recovery code has, or -1. The hashes are of one salt.
func (h *hasher) matchAny(ctx context.Context, who password.Asker, code string, hashes []string) (at int, err error) {
	if len(hashes) == 0 {
		return -1, nil
	}
	first, err := password.Parse(hashes[0])
	if err != nil {
		return -1, &Error{Code: CodeInternal, Detail: "a stored hash of a recovery code is damaged", Err: err}
	}
	if err := h.gate.DoLoad(ctx, who, h.load(first), func() { at = password.MatchAny(code, hashes) }); err != nil {
		return -1, unavailable(err)
	}
	return at, nil
}

// verdict reports whether a password is right. If its hash is not one of the current parameters, renewed
// is such a hash of it. took is how long the answer took, without the time at the gate.
type verdict struct {
	ok      bool
	renewed string
	took    time.Duration
}

// verify compares a password with the hash of an account, or with a dummy if the account has no
// password: both take the same time. A caller that refuses calls rest before it answers.
func (h *hasher) verify(ctx context.Context, app App, by Client, pw, stored string) (v verdict, err error) {
	known := stored != ""
	if !known {
		stored = h.dummy
	}
	hash, err := password.Parse(stored)
	if err != nil {
		return verdict{}, &Error{Code: CodeInternal, Detail: "a stored password hash is damaged", Err: err}
	}
	err = h.gate.DoLoad(ctx, gateAsker(app.ID, by), h.load(hash), func() {
		began := time.Now()
		right := h.pace.run(hash, pw)
		switch v.ok = right && known; {
		case !v.ok:
			h.pace.measure(h.kinds(app))
		case !h.params.Same(stored):
			v.renewed = password.Hash(pw, password.Salt(), h.params)
		}
		v.took = time.Since(began)
	})
	if err != nil {
		return verdict{}, unavailable(err)
	}
	return v, nil
}

// rest waits before a refusal that took so long until now. In an app with hashes of other systems it
// makes the refusal take as long as the slowest kind of hash that its users may have; with
// Config.LegacyPassword, as long as the old system takes, too. It waits outside the gate, so that no
// one else is kept waiting.
func (h *hasher) rest(ctx context.Context, app App, took time.Duration) {
	legacy := h.pace.slowest([]string{legacyKind})
	if len(app.ForeignHashes) == 0 && legacy == 0 {
		return
	}
	wait(ctx, refusalTime(h.pace.slowest(h.kinds(app))+legacy)-took)
}

// kinds are the kinds of hashes that users of an app may have.
func (h *hasher) kinds(app App) []string { return append(slices.Clone(app.ForeignHashes), h.own) }

// refusalTime is how long a refusal takes where the slowest hash takes so long: half as long again, so
// that it does not show when a hash takes a little longer than most.
func refusalTime(slowest time.Duration) time.Duration { return slowest + slowest/2 }

// load is what a hash costs at the gate, in hashes of the current parameters: turns by its work, and
// places by its memory.
func (h *hasher) load(hash password.Stored) password.Load {
	return password.Load{
		Turns:  int((hash.Work() + h.ownWork - 1) / h.ownWork),
		Places: (hash.MemoryKiB() + int(h.params.MemoryKiB) - 1) / int(h.params.MemoryKiB),
	}
}
