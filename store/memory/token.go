package memory

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

type (
	slot    struct{ kind, name string }
	tokenID struct{ kind, hash string }
	group   struct{ kind, name string }

	token struct {
		authkit.Token
		attempts int
		spent    bool
	}
)

func slotOf(x authkit.Token) slot  { return slot{string(x.Kind), x.Slot} }
func idOf(x authkit.Token) tokenID { return tokenID{string(x.Kind), string(x.Hash)} }
func groupOf(x authkit.Token) group {
	return group{string(x.Kind), x.Group}
}

func (t *tenant) addToken(x authkit.Token) {
	at := slotOf(x)
	t.tokens[at] = &token{Token: x}
	t.tokenIDs[idOf(x)] = at
	if x.Group != "" {
		t.groups.add(groupOf(x), at)
	}
	if x.UserID != uuid.Nil {
		t.bound.add(x.UserID, at)
	}
}

func (t *tenant) dropToken(at slot) {
	x, ok := t.tokens[at]
	if !ok {
		return
	}
	delete(t.tokens, at)
	if t.tokenIDs[idOf(x.Token)] == at {
		delete(t.tokenIDs, idOf(x.Token))
	}
	t.groups.remove(groupOf(x.Token), at)
	t.bound.remove(x.UserID, at)
}

// find returns the token that could be spent, for whomever it is bound to.
func (t *tenant) find(k authkit.Take, now time.Time) (*token, bool) {
	at, ok := t.tokenIDs[tokenID{string(k.Kind), string(k.Hash)}]
	if !ok {
		return nil, false
	}
	x := t.tokens[at]
	ok = !x.spent && x.ExpiresAt.After(micro(now)) && (k.Binding == nil || same(x.Binding, k.Binding))
	return x, ok
}

// live finds a token whose user's Epoch, if it has a user, has not moved on.
func (t *tenant) live(k authkit.Take, now time.Time) (*token, error) {
	x, ok := t.find(k, now)
	if !ok {
		return nil, authkit.ErrNotFound
	}
	if x.UserID != uuid.Nil {
		if a, ok := t.users[x.UserID]; !ok || a.user.Epoch != x.Epoch {
			return nil, authkit.ErrNotFound
		}
	}
	return x, nil
}

// spend takes the token and its group.
func (t *tenant) spend(x *token) {
	x.spent = true
	if x.Group == "" {
		return
	}
	for at := range t.groups[groupOf(x.Token)] {
		t.tokens[at].spent = true
	}
}

// Put implements [authkit.TokenStore].
func (s *Store) Put(ctx context.Context, app uuid.UUID, also authkit.Also) error {
	return s.in(ctx, app, func(t *tenant) error {
		also = t.own(also)
		if err := t.check(also, nil); err != nil {
			return err
		}
		t.write(also)
		return nil
	})
}

// Token implements [authkit.TokenStore].
func (s *Store) Token(ctx context.Context, app uuid.UUID, k authkit.Take, now time.Time) (authkit.Token, error) {
	var out authkit.Token
	err := s.in(ctx, app, func(t *tenant) error {
		x, err := t.live(k, now)
		if err == nil {
			out = copyToken(x.Token)
		}
		return err
	})
	return out, err
}

// TryToken implements [authkit.TokenStore].
func (s *Store) TryToken(ctx context.Context, app uuid.UUID, k authkit.Take, proof []byte, limit int, now time.Time) (authkit.Token, error) {
	var out authkit.Token
	err := s.in(ctx, app, func(t *tenant) error {
		x, err := t.live(k, now)
		if err != nil {
			return err
		}
		if x.attempts >= limit {
			return authkit.ErrNotFound
		}
		x.attempts++
		if x.Proof == nil || subtle.ConstantTimeCompare(x.Proof, proof) != 1 {
			return authkit.ErrNotFound
		}
		out = copyToken(x.Token)
		return nil
	})
	return out, err
}

// TakeToken implements [authkit.TokenStore].
func (s *Store) TakeToken(ctx context.Context, app uuid.UUID, k authkit.Take, now time.Time) (authkit.Token, error) {
	var out authkit.Token
	err := s.in(ctx, app, func(t *tenant) error {
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
