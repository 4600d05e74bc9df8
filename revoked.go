package authkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// revokedWithin is how long the trail is asked for what was revoked before.
const revokedWithin = time.Hour

// revokedBefore reports whether the app's trail of the last hour tells of this revocation, and
// commits a write then. The first try may have been answered with an error while its commit
// waited for a synchronous standby. A caller who is told that it is done must be able to
// rely on it: an answer without a commit of its own would acknowledge what a failover to
// that standby takes back.
func (e *Engine) revokedBefore(ctx context.Context, app uuid.UUID, q EventQuery, is func(Event) bool) (bool, error) {
	q.Page, q.Since = Page{Limit: 500}, e.now().Add(-revokedWithin)
	events, err := e.store.Events(ctx, app, q)
	if err != nil || !slices.ContainsFunc(events, is) {
		return false, err
	}
	return true, e.settle(ctx, app)
}

// settle commits a write, and with it every write that was seen before.
func (e *Engine) settle(ctx context.Context, app uuid.UUID) error {
	if err := e.store.Put(ctx, app, Also{}); err != nil {
		return fmt.Errorf("confirm what was revoked: %w", err)
	}
	return nil
}

// revokedKey is [Engine.revokedBefore] of an API key, of which the inactive ones are kept.
func (e *Engine) revokedKey(ctx context.Context, app, id uuid.UUID) (bool, error) {
	keys, err := e.store.APIKeys(ctx, app)
	if err != nil || !slices.ContainsFunc(keys, func(k APIKey) bool { return k.ID == id }) {
		return false, err
	}
	return true, e.settle(ctx, app)
}

// deletedKind is a token of the console app that says whose a deleted app was.
const deletedKind TokenKind = "deleted app"

func deletionOf(owner string, app uuid.UUID) []byte {
	return token.Hash([]byte("deleted app"), app[:], []byte(owner))
}

// announceDeletion notes whose an app is before it is deleted, since the sweep soon removes all
// that the app has. The note means nothing while the app is alive.
func (e *Engine) announceDeletion(ctx context.Context, app App, now time.Time) error {
	hash := deletionOf(app.Developer, app.ID)
	err := e.store.Put(ctx, Console, Also{Tokens: []Token{
		{App: Console, Kind: deletedKind, Slot: token.Encode(hash), Hash: hash, ExpiresAt: now.Add(revokedWithin)},
	}})
	if err != nil && !errors.Is(err, ErrConflict) { // a deletion beside this one has written the same
		return unavailable(fmt.Errorf("announce that app %s is deleted: %w", app.ID, err))
	}
	return nil
}

// deletedBefore reports whether the app, which is not alive, was one of these owners' and was
// deleted in the last hour, or still has its row. It commits a write then, as
// [Engine.revokedBefore] does.
func (e *Engine) deletedBefore(ctx context.Context, app uuid.UUID, owners ...string) (bool, error) {
	for _, owner := range owners {
		err := e.store.ConfirmDeletion(ctx, app, owner)
		if errors.Is(err, ErrNotFound) {
			err = e.confirmSwept(ctx, app, owner)
		}
		switch {
		case err == nil:
			return true, nil
		case !errors.Is(err, ErrNotFound):
			return false, unavailable(fmt.Errorf("confirm that app %s is deleted: %w", app, err))
		}
	}
	return false, nil
}

// confirmSwept is [OwnerStore.ConfirmDeletion] of an app whose rows are gone.
func (e *Engine) confirmSwept(ctx context.Context, app uuid.UUID, owner string) error {
	_, err := e.store.Token(ctx, Console, Take{Kind: deletedKind, Hash: deletionOf(owner, app)}, e.now())
	if err != nil {
		return err
	}
	return e.settle(ctx, Console)
}
