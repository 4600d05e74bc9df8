package authkit

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// SigningKeyRotation configures how an app gets its next signing key.
type SigningKeyRotation struct {
	// RevokeOld makes the new key sign at once. Tokens that were signed before are no longer
	// valid.
	RevokeOld bool
}

// RotateSigningKey makes the app's next signing key, of the algorithm in its settings. The key is
// published at once and signs from fifteen minutes later on, when every verifier has it. The
// previous key is verified until its last token expires. Where eight keys wait to sign, the
// newest of them is returned instead: verifiers fetch all keys, and each request reads them. With
// RevokeOld the new key signs at once, and tokens that were signed before are no longer valid.
func (e *Engine) RotateSigningKey(ctx context.Context, ref AppRef, in SigningKeyRotation) (SigningKey, error) {
	own, err := e.OwnApp(ctx, ref)
	if err != nil {
		return SigningKey{}, err
	}
	next := nextSigningKey{from: e.now(), alone: in.RevokeOld, event: Event{Actor: own.Developer}}
	if !in.RevokeOld {
		next.from = next.from.Add(keyLead)
	}
	return again(func() (SigningKey, error) {
		if !in.RevokeOld && own.keys().pendingFull(e.now()) {
			return own.Keys[len(own.Keys)-1], nil
		}
		key, err := next.add(ctx, e, own)
		if !errors.Is(err, ErrConflict) {
			return key, storeError(err, ref.ID)
		}
		if own, err = e.live.apps.read(ctx, ref.ID); err != nil { // another key was made concurrently
			return SigningKey{}, err
		}
		return SigningKey{}, errAgain
	})
}

// nextSigningKey says how an app gets its next signing key.
type nextSigningKey struct {
	from  time.Time // signs from then on
	alone bool      // nothing signed by an earlier key counts
	event Event     // who made it, or why
}

// add makes the key and adds it to the app. [ErrConflict]: another key was added concurrently.
func (n nextSigningKey) add(ctx context.Context, e *Engine, app App) (SigningKey, error) {
	last := app.Keys[len(app.Keys)-1]
	if !n.alone && n.from.Before(last.From) {
		n.from = last.From // keys are in the order of their times; a key with Alone does not wait
	}
	key, err := e.signing.newKey(ctx, app.ID, app.Settings.SigningAlg, last.Seq+1, n.from)
	if err != nil {
		return SigningKey{}, err
	}
	key.Alone = n.alone
	n.event.App, n.event.Type = app.ID, EventSigningKeyCreate
	riders := Riders{Secret: e.secrets.newest()}
	riders.note(e.now(), n.event)
	if n.event.Actor != "" { // a person did it
		if err := e.notifyOwner(ctx, &riders, app, ownerNotice{change: "signing_key"}); err != nil {
			return SigningKey{}, err
		}
	}
	if err := e.store.AddSigningKey(ctx, app.ID, key, app.keys().oldestKept(key, e.now()), riders); err != nil {
		return SigningKey{}, err
	}
	e.live.apps.forget(app.ID)
	return key, nil
}

// rotateDue makes the next key of apps that were seen to need one. A conflict is no error:
// another process has made the key.
func (e *Engine) rotateDue(ctx context.Context) error {
	var all error
	for _, id := range e.signing.due.Take() {
		app, err := e.live.apps.read(ctx, id)
		if err == nil && e.signing.wants(app, e.now()) {
			_, err = nextSigningKey{from: e.now().Add(keyLead), event: Event{Reason: "due"}}.add(ctx, e, app)
		}
		if err != nil && !errors.Is(err, ErrConflict) && !errors.Is(err, CodeAppNotFound) {
			all = errors.Join(all, fmt.Errorf("rotate the signing key of app %s: %w", id, err))
		}
	}
	return all
}
