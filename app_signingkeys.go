package authkit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// keyLead is how long a key is published before it signs: longer than verifiers keep a
	// key set.
	keyLead = 15 * time.Minute

	// keyTail is how long a key is verified after its successor began: longer than any
	// access token lives.
	keyTail = time.Hour + 2*time.Minute

	// maxWaiting is how many keys of an app may wait to sign.
	maxWaiting = 8

	// keyKeep is how long a key is kept after it was published last: longer than anything
	// remembers an app, and than clocks differ.
	keyKeep = time.Hour
)

// signingKey is the key that signs now: the latest that has begun or, to a clock behind
// the one that made the app, the first.
func (a App) signingKey(now time.Time) (SigningKey, bool) {
	for _, k := range slices.Backward(a.Keys) {
		if !now.Before(k.From) {
			return k, true
		}
	}
	if len(a.Keys) == 0 {
		return SigningKey{}, false
	}
	return a.Keys[0], true
}

// published are the keys that verifiers may accept: the one that signs, those that will,
// and those whose last tokens may be alive. The newest is always among them.
func (a App) published(now time.Time) []SigningKey {
	var out []SigningKey
	var end time.Time // of the key before, if one after it has begun
	for _, k := range slices.Backward(a.Keys) {
		if end.IsZero() || now.Before(end) {
			out = append(out, k)
		}
		if now.Before(k.From) {
			continue
		}
		if k.Alone {
			break
		}
		end = k.From.Add(keyTail)
	}
	slices.Reverse(out)
	return out
}

// crowded says whether as many keys wait to sign as may. One that stands alone was to sign
// at once: it waits for a clock.
func (a App) crowded(now time.Time) bool {
	waiting := 0
	for _, k := range slices.Backward(a.Keys) {
		if k.Alone || !now.Before(k.From) {
			break
		}
		waiting++
	}
	return waiting >= maxWaiting
}

// oldestKept is the Seq below which keys are of no more use once next is added. None counts
// before one that stands alone, and to have none there keeps those from counting whose
// clocks have it begin later.
func (a App) oldestKept(next SigningKey, now time.Time) int64 {
	if next.Alone {
		return next.Seq
	}
	return a.published(now.Add(-keyKeep))[0].Seq
}

// signingAlg is the algorithm of keys made from now on.
func (s Settings) signingAlg() string { return cmp.Or(s.SigningAlg, "ES256") }

// SigningKeyRotation says how an app gets its next signing key.
type SigningKeyRotation struct {
	// RevokeOld has the new key sign at once; nothing signed before counts any more.
	RevokeOld bool
}

// RotateSigningKey makes the app's next signing key, of the algorithm in its settings. It
// is published at once and signs from fifteen minutes later on, when every verifier has
// it; the one before is verified until its last token is dead. Where eight wait to sign, the
// newest of them is answered again: verifiers fetch all keys, and each request reads them.
// With RevokeOld the new key signs at once and nothing signed before counts any more.
func (e *Engine) RotateSigningKey(ctx context.Context, ref AppRef, in SigningKeyRotation) (SigningKey, error) {
	own, err := e.OwnApp(ctx, ref)
	if err != nil {
		return SigningKey{}, err
	}
	from := e.now()
	if !in.RevokeOld {
		from = from.Add(keyLead)
	}
	for range 5 {
		if !in.RevokeOld && own.crowded(e.now()) {
			return own.Keys[len(own.Keys)-1], nil
		}
		key, err := e.addSigningKey(ctx, own, from, in.RevokeOld, Event{Actor: own.Developer})
		if !errors.Is(err, ErrConflict) {
			return key, storeError(err, ref.ID)
		}
		if own, err = e.readApp(ctx, ref.ID); err != nil {
			return SigningKey{}, err
		}
	}
	return SigningKey{}, unavailable(errAgain)
}

func (e *Engine) addSigningKey(ctx context.Context, app App, from time.Time, alone bool, ev Event) (SigningKey, error) {
	last := app.Keys[len(app.Keys)-1]
	if !alone && from.Before(last.From) {
		from = last.From // the order of keys and times is one; a key that stands alone waits for none
	}
	key, err := e.signing.newKey(ctx, app.ID, app.Settings.SigningAlg, last.Seq+1, from)
	if err != nil {
		return SigningKey{}, err
	}
	key.Alone = alone
	ev.App, ev.Type = app.ID, EventSigningKeyCreate
	also := Also{Secret: e.secrets.newest()}
	also.note(e.now(), ev)
	if ev.Actor != "" { // a person's doing
		if err := e.tellOwner(ctx, &also, app, "a new signing key was made"); err != nil {
			return SigningKey{}, err
		}
	}
	if err := e.store.AddSigningKey(ctx, app.ID, key, app.oldestKept(key, e.now()), also); err != nil {
		return SigningKey{}, err
	}
	e.outbox.wakeFor(also)
	e.apps.Drop(app.ID)
	return key, nil
}

// rotateDue makes the next key of apps that were seen to need one. A process that is
// second meets a conflict and leaves it at that.
func (e *Engine) rotateDue(ctx context.Context) error {
	var all error
	for _, id := range e.signing.due.Take() {
		app, err := e.readApp(ctx, id)
		if err == nil && e.signing.wants(app, e.now()) {
			_, err = e.addSigningKey(ctx, app, e.now().Add(keyLead), false, Event{Reason: "due"})
		}
		if err != nil && !errors.Is(err, ErrConflict) && !errors.Is(err, CodeAppNotFound) {
			all = errors.Join(all, fmt.Errorf("rotate the signing key of app %s: %w", id, err))
		}
	}
	return all
}
