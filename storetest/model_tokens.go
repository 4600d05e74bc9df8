package storetest

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// putToken puts a token in a place of its slot.
func (a *modelApp) putToken(t authkit.Token, g *against) {
	id := modelTokenID{t.Kind, string(t.Hash)}
	_, held := a.tokens[id]
	g.when(a.elsewhere(t), authkit.ErrConflict)
	var slot []modelTokenID
	for id, x := range a.tokens {
		if x.Kind == t.Kind && x.Slot == t.Slot && x.class == t.Class {
			slot = append(slot, id)
		}
	}
	if !held && len(slot) >= max(t.Most, 1) {
		delete(a.tokens, slices.MinFunc(slot, func(x, y modelTokenID) int {
			one, two := a.tokens[x], a.tokens[y]
			if one.spent != two.spent {
				return cmp.Compare(two.place(), one.place())
			}
			return one.ExpiresAt.Compare(two.ExpiresAt)
		}))
	}
	class := t.Class
	t.Most, t.Class = 0, 0
	a.tokens[id] = modelToken{Token: t, class: class}
}

// elsewhere reports whether the token's hash is held in another slot or class.
func (a *modelApp) elsewhere(t authkit.Token) bool {
	old, held := a.tokens[modelTokenID{t.Kind, string(t.Hash)}]
	return held && (old.Slot != t.Slot || old.class != t.Class)
}

// place is 1 for a spent token, which is displaced first.
func (t modelToken) place() int {
	if t.spent {
		return 1
	}
	return 0
}

// spendable finds a token that is neither spent nor expired. It ignores the user.
func (a *modelApp) spendable(k authkit.Take, now time.Time) (modelToken, bool) {
	t, ok := a.tokens[modelTokenID{k.Kind, string(k.Hash)}]
	return t, ok && !t.spent && now.Before(t.ExpiresAt) && t.fits(k)
}

// fits reports whether k has no binding or that of the token.
func (t modelToken) fits(k authkit.Take) bool {
	return k.Binding == nil || t.Binding != nil && bytes.Equal(t.Binding, k.Binding)
}

// look is token, and finds a dead one where k asks for it.
func (a *modelApp) look(k authkit.Take, now time.Time) (modelToken, bool) {
	t, ok := a.token(k, now)
	if ok || !k.Dead {
		return t, ok
	}
	t, ok = a.tokens[modelTokenID{k.Kind, string(k.Hash)}]
	t.Dead = true
	return t, ok && t.fits(k)
}

// token finds a spendable token whose user, if it has one, has its Epoch.
func (a *modelApp) token(k authkit.Take, now time.Time) (modelToken, bool) {
	t, ok := a.spendable(k, now)
	u, there := a.users[t.UserID]
	return t, ok && (t.UserID == uuid.Nil || there && u.Epoch == t.Epoch)
}

// spend spends a whole slot.
func (a *modelApp) spend(t modelToken) {
	for id, x := range a.tokens {
		if x.Kind == t.Kind && x.Slot == t.Slot {
			x.spent = true
			a.tokens[id] = x
		}
	}
}

// try counts, whether or not the proof is right.
func (a *modelApp) try(k authkit.Take, proof []byte, most int, now time.Time) (authkit.Tried, bool) {
	t, ok := a.look(k, now)
	if !ok {
		return authkit.Tried{}, false
	}
	if t.attempts <= most {
		t.attempts++
	}
	out := authkit.Tried{Token: t.Token, Count: t.attempts}
	out.Right = t.attempts <= most && t.Proof != nil && bytes.Equal(t.Proof, proof)
	t.Dead = false
	a.tokens[modelTokenID{k.Kind, string(k.Hash)}] = t
	return out, true
}
