package memory

import (
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// own copies riders, which belong to the app of the verb whatever they say.
func (t *tenant) own(a authkit.Also) authkit.Also {
	a.Tokens, a.Mail, a.Events = slices.Clone(a.Tokens), slices.Clone(a.Mail), slices.Clone(a.Events)
	for i := range a.Tokens {
		a.Tokens[i] = copyToken(a.Tokens[i])
		a.Tokens[i].App = t.app.ID
	}
	for i := range a.Mail {
		a.Mail[i] = copyMail(a.Mail[i])
		a.Mail[i].App = t.app.ID
	}
	for i := range a.Events {
		a.Events[i] = copyEvent(a.Events[i])
		a.Events[i].App = t.app.ID
	}
	return a
}

// bind gives the user's Epoch, as it is after the step, to the tokens bound to it.
func bind(a authkit.Also, user uuid.UUID, epoch int64) {
	for i := range a.Tokens {
		if a.Tokens[i].UserID == user {
			a.Tokens[i].Epoch = epoch
		}
	}
}

// check says whether write would meet a unique key. Gone are slots that the verb empties
// before the riders are written.
func (t *tenant) check(a authkit.Also, gone map[slot]struct{}) error {
	if !t.tokensFit(a.Tokens, gone) {
		return authkit.ErrConflict
	}
	ids := map[uuid.UUID]struct{}{}
	for _, m := range a.Mail {
		_, held := t.mail[m.ID]
		_, twice := ids[m.ID]
		if held || twice {
			return authkit.ErrConflict
		}
		ids[m.ID] = struct{}{}
	}
	clear(ids)
	for _, e := range a.Events {
		_, held := t.eventIDs[e.ID]
		_, twice := ids[e.ID]
		if held || twice {
			return authkit.ErrConflict
		}
		ids[e.ID] = struct{}{}
	}
	return nil
}

// tokensFit plays the replacements through: no (kind, hash) may stand in two slots.
func (t *tenant) tokensFit(tokens []authkit.Token, gone map[slot]struct{}) bool {
	filled, holders := map[slot]tokenID{}, map[tokenID]slot{}
	for _, x := range tokens {
		to, id := slotOf(x), idOf(x)
		holder, held := holders[id]
		if !held {
			holder, held = t.tokenIDs[id]
			_, refilled := filled[holder]
			_, emptied := gone[holder]
			held = held && !refilled && !emptied
		}
		if held && holder != to {
			return false
		}
		if was, ok := filled[to]; ok {
			delete(holders, was)
		}
		filled[to], holders[id] = id, to
	}
	return true
}

// write adds riders that were copied by own and passed check.
func (t *tenant) write(a authkit.Also) {
	for _, x := range a.Tokens {
		t.dropToken(slotOf(x))
		t.addToken(x)
	}
	for _, m := range a.Mail {
		t.mail[m.ID] = m
	}
	for _, e := range a.Events {
		t.events = insert(t.events, e, eventAge)
		t.eventIDs[e.ID] = struct{}{}
	}
}
