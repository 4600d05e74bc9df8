package memory

import (
	"bytes"
	"cmp"
	"context"
	"crypto/subtle"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

type (
	slot    struct{ kind, name string }
	tokenID struct{ kind, hash string }

	token struct {
		authkit.Token
		class    int
		attempts int
		spent    bool
	}
)

func slotOf(x authkit.Token) slot  { return slot{string(x.Kind), x.Slot} }
func idOf(x authkit.Token) tokenID { return tokenID{string(x.Kind), string(x.Hash)} }

// addToken puts a token in a place of its slot.
func (t *tenant) addToken(x authkit.Token) {
	if out, ok := t.displaced(x); ok {
		t.dropToken(out)
	}
	id, class := idOf(x), max(x.Class, 0)
	x.Most, x.Class, x.Dead = 0, 0, false // they do not come back
	t.tokens[id] = &token{Token: x, class: class}
	t.slots.add(slotOf(x), id)
	if x.UserID != uuid.Nil {
		t.bound.add(x.UserID, id)
	}
}

// displaced returns the token whose place x takes: the former token of the same hash or, if all
// places of its class are taken, a spent one or the one that expires first.
func (t *tenant) displaced(x authkit.Token) (out tokenID, ok bool) {
	in := t.slots[slotOf(x)]
	if _, again := in[idOf(x)]; again {
		return idOf(x), true
	}
	var alike []tokenID
	for id := range in {
		if t.tokens[id].class == max(x.Class, 0) {
			alike = append(alike, id)
		}
	}
	if len(alike) < max(x.Most, 1) {
		return tokenID{}, false
	}
	return slices.MinFunc(alike, func(a, b tokenID) int {
		return t.tokens[a].compare(t.tokens[b])
	}), true
}

// compare orders the tokens of a slot: the first to be displaced comes first.
func (x *token) compare(y *token) int {
	if x.spent != y.spent {
		if x.spent {
			return -1
		}
		return 1
	}
	return cmp.Or(x.ExpiresAt.Compare(y.ExpiresAt), bytes.Compare(x.Hash, y.Hash))
}

func (t *tenant) dropToken(id tokenID) {
	x, ok := t.tokens[id]
	if !ok {
		return
	}
	delete(t.tokens, id)
	t.slots.remove(slotOf(x.Token), id)
	t.bound.remove(x.UserID, id)
}

// find returns a token that could be spent. It does not look at the user that it is bound to.
func (t *tenant) find(k authkit.Take, now time.Time) (*token, bool) {
	x, ok := t.tokens[tokenID{string(k.Kind), string(k.Hash)}]
	if !ok {
		return nil, false
	}
	return x, !x.spent && x.ExpiresAt.After(micro(now)) && x.fits(k)
}

// live finds a token that is bound to no user, or whose user still has the token's Epoch.
func (t *tenant) live(k authkit.Take, now time.Time) (*token, error) {
	x, ok := t.find(k, now)
	if !ok || !t.current(x) {
		return nil, authkit.ErrNotFound
	}
	return x, nil
}

// current reports whether a token is bound to no user, or to one who has its Epoch.
func (t *tenant) current(x *token) bool {
	a, ok := t.users[x.UserID]
	return x.UserID == uuid.Nil || ok && a.user.Epoch == x.Epoch
}

// look finds a live token or, if k asks for it, a dead one.
func (t *tenant) look(k authkit.Take, now time.Time) (x *token, dead bool, err error) {
	if x, err = t.live(k, now); err == nil || !k.Dead {
		return x, false, err
	}
	x, ok := t.tokens[tokenID{string(k.Kind), string(k.Hash)}]
	if !ok || !x.fits(k) {
		return nil, false, authkit.ErrNotFound
	}
	return x, true, nil
}

// fits reports whether the binding of k is the token's, if k has one.
func (x *token) fits(k authkit.Take) bool { return k.Binding == nil || same(x.Binding, k.Binding) }

// spend spends the token with its slot.
func (t *tenant) spend(x *token) {
	for id := range t.slots[slotOf(x.Token)] {
		t.tokens[id].spent = true
	}
}

// Put implements [authkit.TokenStore].
func (s *Store) Put(ctx context.Context, p authkit.Put) error {
	return s.guarded(ctx, p.App, p.AppVersion, func(t *tenant) error {
		riders := t.own(p.Riders)
		if err := t.check(riders, nil); err != nil {
			return err
		}
		t.write(riders)
		return nil
	})
}

// Token implements [authkit.TokenStore].
func (s *Store) Token(ctx context.Context, app uuid.UUID, k authkit.Take, now time.Time) (authkit.Token, authkit.Account, error) {
	var out authkit.Token
	var holder authkit.Account
	err := s.guarded(ctx, app, k.AppVersion, func(t *tenant) error {
		x, dead, err := t.look(k, now)
		if err != nil {
			return err
		}
		if out = copyToken(x.Token); dead {
			out.Dead = true
			return nil
		}
		holder = t.users[x.UserID].copy()
		return nil
	})
	return out, holder, err
}

// TryToken implements [authkit.TokenStore].
func (s *Store) TryToken(ctx context.Context, app uuid.UUID, try authkit.Try, now time.Time) (authkit.Tried, error) {
	var out authkit.Tried
	err := s.guarded(ctx, app, try.AppVersion, func(t *tenant) error {
		x, dead, err := t.look(try.Take, now)
		if err != nil {
			return err
		}
		if x.attempts <= try.Max {
			x.attempts++
		}
		out = authkit.Tried{Token: copyToken(x.Token), Count: x.attempts}
		out.Token.Dead = dead
		out.Right = out.Count <= try.Max && x.Proof != nil && subtle.ConstantTimeCompare(x.Proof, try.Proof) == 1
		return nil
	})
	return out, err
}

// BindTokens implements [authkit.TokenStore].
func (s *Store) BindTokens(ctx context.Context, tokens []authkit.Token, now time.Time) (bound []bool, err error) {
	err = s.step(ctx, func() error {
		for _, given := range tokens {
			t := s.apps[given.App]
			bound = append(bound, t != nil && t.bind(copyToken(given), now))
		}
		return nil
	})
	return bound, err
}

// bind binds a token, if it may be.
func (t *tenant) bind(given authkit.Token, now time.Time) bool {
	x, ok := t.find(authkit.Take{Kind: given.Kind, Hash: given.Hash}, now)
	a := t.users[given.UserID]
	if !ok || x.UserID != uuid.Nil || a == nil || a.user.Epoch != given.Epoch {
		return false
	}
	x.UserID, x.Epoch, x.Proof, x.Data = given.UserID, given.Epoch, given.Proof, given.Data
	t.bound.add(x.UserID, idOf(x.Token))
	return true
}

// TakeToken implements [authkit.TokenStore].
func (s *Store) TakeToken(ctx context.Context, app uuid.UUID, k authkit.Take, now time.Time) (authkit.Token, error) {
	var out authkit.Token
	err := s.guarded(ctx, app, k.AppVersion, func(t *tenant) error {
		x, err := t.live(k, now)
		if err != nil {
			return err
		}
		t.spend(x)
		out = copyToken(x.Token)
		return nil
	})
	return out, err
}
