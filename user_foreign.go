package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/password"
)

// noteForeign notes with the app which kinds of hashes its users will have, before they have them.
func noteForeign(ctx context.Context, e *Engine, id uuid.UUID, hashes ...password.Stored) error {
	_, err := again(func() (App, error) {
		app, err := e.live.apps.read(ctx, id)
		if err != nil {
			return App{}, err
		}
		kinds, changed := app.ForeignHashes, false
		for _, hash := range hashes {
			if hash.Blank().String() == e.hasher.own {
				continue
			}
			more, other := withForeign(kinds, hash)
			kinds, changed = more, changed || other
		}
		if !changed {
			return app, nil
		}
		app, err = e.store.ChangeApp(ctx, AppChange{App: id, Version: app.Version, ForeignHashes: &kinds})
		if errors.Is(err, ErrStale) {
			return App{}, errAgain
		}
		return app, storeError(err, id)
	})
	return err
}
