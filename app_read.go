package authkit

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// App returns a live app. [CodeAppNotFound]: there is none of that id.
func (e *Engine) App(ctx context.Context, id uuid.UUID) (App, error) {
	return e.readApp(ctx, id)
}

// appFor is [Engine.App] for a flow: the app that the access check has read, if there was one.
func (e *Engine) appFor(ctx context.Context, id uuid.UUID, by Client) (App, error) {
	if app, ok := by.knows(id); ok {
		return app, nil
	}
	return e.readApp(ctx, id)
}

// readApp asks the store, and remembers the answer for what may go by an older one.
func (e *Engine) readApp(ctx context.Context, id uuid.UUID) (App, error) {
	if err := e.consoleOff(id); err != nil {
		return App{}, err
	}
	now := e.now()
	app, err := e.store.App(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		e.apps.Drop(id)
		return App{}, unknownApp("the store has no such live app")
	case err != nil:
		return App{}, unavailable(fmt.Errorf("read app %s: %w", id, err))
	}
	if id == Console {
		app.Settings.SignupClosed = !e.cfg.ConsoleSignup
		app.Settings.Origins = e.cfg.ConsoleOrigins
	}
	e.apps.Put(id, aged[App]{app, now})
	return app, nil
}

// consoleOff refuses the console app where the host has developers of its own.
func (e *Engine) consoleOff(id uuid.UUID) error {
	if id == Console && e.cfg.Developers != nil {
		return unknownApp("the console app is off, since Config.Developers is set")
	}
	return nil
}
