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

// revokedWithin is how long a revocation can be repeated.
const revokedWithin = time.Hour

// revocations report whether something was revoked before, so that a request whose answer was
// lost can be repeated.
//
// Each method that answers true has committed a write of its own. The first try may have been
// answered with an error while its commit waited for a synchronous standby. A caller who gets a
// success must be able to rely on it: without a commit, the answer would acknowledge what a
// failover to that standby takes back.
type revocations struct {
	store interface {
		EventStore
		KeyStore
		OwnerStore
		TokenStore
	}
	now time.Time
}

// noted reports whether the app has an event of the last hour of this revocation.
func (r revocations) noted(ctx context.Context, app uuid.UUID, q EventQuery, is func(Event) bool) (bool, error) {
	q.Page, q.Since = Page{Limit: 500}, r.now.Add(-revokedWithin)
	events, err := r.store.Events(ctx, app, q)
	if err != nil || !slices.ContainsFunc(events, is) {
		return false, err
	}
	return true, r.settle(ctx, app)
}

// key reports whether the app has the API key, active or not.
func (r revocations) key(ctx context.Context, app, id uuid.UUID) (bool, error) {
	keys, err := r.store.APIKeys(ctx, app)
	if err != nil || !slices.ContainsFunc(keys, func(k APIKey) bool { return k.ID == id }) {
		return false, err
	}
	return true, r.settle(ctx, app)
}

// settle commits a write, and with it every write that was read before.
func (r revocations) settle(ctx context.Context, app uuid.UUID) error {
	if err := r.store.Put(ctx, Put{App: app}); err != nil {
		return fmt.Errorf("confirm what was revoked: %w", err)
	}
	return nil
}

// deletedKind is a token of the console app that names the owner of a deleted app.
const deletedKind TokenKind = "deleted app"

func deletionOf(owner string, app uuid.UUID) []byte {
	return token.Hash([]byte("deleted app"), app[:], []byte(owner))
}

// noteDeletion notes the owner of an app before it is deleted, since the sweep soon removes all data
// of the app. The note has no effect while the app is live.
func (r revocations) noteDeletion(ctx context.Context, app App) error {
	hash := deletionOf(app.Developer, app.ID)
	err := r.store.Put(ctx, Put{App: Console, Riders: Riders{Tokens: []Token{
		{App: Console, Kind: deletedKind, Slot: token.Encode(hash), Hash: hash, ExpiresAt: r.now.Add(revokedWithin)},
	}}})
	if err != nil && !errors.Is(err, ErrConflict) { // a concurrent deletion has written the same
		return unavailable(fmt.Errorf("announce that app %s is deleted: %w", app.ID, err))
	}
	return nil
}

// deleted reports whether an app that is not live belonged to one of these owners, and was
// deleted in the last hour or still has its row.
func (r revocations) deleted(ctx context.Context, app uuid.UUID, owners ...string) (bool, error) {
	for _, owner := range owners {
		err := r.store.ConfirmDeletion(ctx, app, owner)
		if errors.Is(err, ErrNotFound) {
			err = r.confirmSwept(ctx, app, owner)
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
func (r revocations) confirmSwept(ctx context.Context, app uuid.UUID, owner string) error {
	_, _, err := r.store.Token(ctx, Console, Take{Kind: deletedKind, Hash: deletionOf(owner, app)}, r.now)
	if err != nil {
		return err
	}
	return r.settle(ctx, Console)
}
