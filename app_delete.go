package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// DeleteApp ends an app of the developer and all that is in it at once; [Engine.Run] removes the
// rows. Its name is free again. For an hour the same developer can delete the app again: that
// commits a write and succeeds.
func (e *Engine) DeleteApp(ctx context.Context, ref AppRef) error {
	app, err := e.OwnApp(ctx, ref)
	if err == nil {
		err = endApp(ctx, e, app)
	}
	if !errors.Is(err, CodeAppNotFound) {
		return err
	}
	if deleted, failed := e.deletedBefore(ctx, ref.ID, e.cfg.developerOf(ref.Developer), e.cfg.ensuredOwner(ref.Developer)); deleted || failed != nil {
		return failed
	}
	return err
}

// deletedBefore reports whether one of these owners has deleted the app in the last hour.
func (e *Engine) deletedBefore(ctx context.Context, app uuid.UUID, owners ...string) (bool, error) {
	return revocations{e.store, e.now()}.deleted(ctx, app, owners...)
}

func endApp(ctx context.Context, e *Engine, app App) error {
	now := e.now()
	var riders Riders
	riders.note(now, Event{App: app.ID, Type: EventAppDelete, Actor: app.Developer})
	if err := (revocations{e.store, now}).noteDeletion(ctx, app); err != nil {
		return err
	}
	err := e.store.DeleteApp(ctx, app.ID, now, riders)
	e.live.apps.forget(app.ID)
	return storeError(err, app.ID)
}
