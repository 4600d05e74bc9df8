package authkit

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// App returns a live app. [CodeAppNotFound]: no live app has that id.
func (e *Engine) App(ctx context.Context, id uuid.UUID) (App, error) {
	return e.live.apps.read(ctx, id)
}

// appFor is [Engine.App] for a flow. It returns the app that the access check has read, if there
// was one.
func (e *Engine) appFor(ctx context.Context, id uuid.UUID, by Client) (App, error) {
	if app, ok := by.checkedApp(id); ok {
		return app, nil
	}
	return e.live.apps.read(ctx, id)
}

// Apps lists the developer's live apps, newest first, without their keys. A Limit of 0 means 50;
// a negative one is [CodeInvalidRequest]. The next page begins after the CreatedAt and ID of the
// last row.
func (e *Engine) Apps(ctx context.Context, developer string, p Page) ([]App, error) {
	if err := p.fill(); err != nil {
		return nil, err
	}
	apps, err := e.store.Apps(ctx, e.cfg.developerOf(developer), p)
	if err != nil {
		return nil, unavailable(fmt.Errorf("list apps: %w", err))
	}
	return apps, nil
}

// OwnApp returns an app of the developer. The app of another developer is refused like one that
// does not exist: [CodeAppNotFound].
func (e *Engine) OwnApp(ctx context.Context, ref AppRef) (App, error) {
	var app App
	if ref.read != nil && ref.read.ID == ref.ID {
		app = *ref.read
	} else {
		var err error
		if app, err = e.App(ctx, ref.ID); err != nil {
			return App{}, err
		}
	}
	if ref.ID == Console || (app.Developer != e.cfg.developerOf(ref.Developer) && app.Developer != e.cfg.ensuredOwner(ref.Developer)) {
		return App{}, unknownApp("the app is another developer's")
	}
	return app, nil
}
