package memory

import (
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// own copies riders. They belong to the app of the verb, whatever App they name.
func (t *tenant) own(a authkit.Riders) authkit.Riders {
	a.Tokens, a.Mail, a.Events = slices.Clone(a.Tokens), slices.Clone(a.Mail), slices.Clone(a.Events)
	a.Deliveries = slices.Clone(a.Deliveries)
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
	for i := range a.Deliveries {
		a.Deliveries[i] = copyDelivery(a.Deliveries[i])
		a.Deliveries[i].App = t.app.ID
	}
	return a
}

// bind sets the user's Epoch, as it is after the step, in the tokens that are bound to the user.
func bind(a authkit.Riders, user uuid.UUID, epoch int64) {
	for i := range a.Tokens {
		if a.Tokens[i].UserID == user {
			a.Tokens[i].Epoch = epoch
		}
	}
}

// check refuses riders whose secret is retired or not noted, and riders whose unique key is held.
// gone are the tokens that the verb removes before the riders are written.
func (t *tenant) check(a authkit.Riders, gone map[tokenID]struct{}) error {
	if a.Secret != "" && !t.under(a.Secret) {
		return authkit.ErrStale
	}
	if !t.tokensFit(a.Tokens, gone) {
		return authkit.ErrConflict
	}
	ids := map[uuid.UUID]struct{}{}
	for _, m := range a.Mail {
		_, held := t.mail.mails[m.ID]
		_, twice := ids[m.ID]
		if held || twice {
			return authkit.ErrConflict
		}
		ids[m.ID] = struct{}{}
	}
	clear(ids)
	for _, e := range a.Events {
		_, held := t.eventTimes[e.ID]
		_, twice := ids[e.ID]
		if held || twice {
			return authkit.ErrConflict
		}
		ids[e.ID] = struct{}{}
	}
	fresh := map[deliveryID]struct{}{}
	for _, d := range a.Deliveries {
		key := deliveryID{d.Webhook, d.ID}
		_, held := t.deliveries[key]
		_, twice := fresh[key]
		if held || twice {
			return authkit.ErrConflict
		}
		fresh[key] = struct{}{}
	}
	return nil
}

// tokensFit reports whether every hash is unknown, or held in the place that the token takes.
func (t *tenant) tokensFit(tokens []authkit.Token, gone map[tokenID]struct{}) bool {
	type places struct {
		slot  slot
		class int
	}
	seen := map[tokenID]places{}
	for _, x := range tokens {
		id, in := idOf(x), places{slotOf(x), max(x.Class, 0)}
		if was, twice := seen[id]; twice && was != in {
			return false
		}
		seen[id] = in
		held, ok := t.tokens[id]
		if _, dropped := gone[id]; ok && !dropped && (places{slotOf(held.Token), held.class}) != in {
			return false
		}
	}
	return true
}

// write adds riders that own has copied and check has passed.
func (t *tenant) write(a authkit.Riders) {
	for _, x := range a.Tokens {
		t.addToken(x)
	}
	for _, m := range a.Mail {
		t.mail.put(m)
	}
	for _, e := range a.Events {
		t.events = insert(t.events, e, eventAge)
		t.eventTimes[e.ID] = e.Time
		at, _ := slices.BinarySearchFunc(t.unchained, e.ID, compareIDs)
		t.unchained = slices.Insert(t.unchained, at, e.ID)
	}
	for _, d := range a.Deliveries {
		t.putDelivery(d)
	}
}
