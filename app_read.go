package authkit

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// App returns a live app. [CodeAppNotFound]: there is none of that id.
func (e *Engine) App(ctx context.Context, id uuid.UUID) (App, error) {
	if app, ok := appFrom(ctx, id); ok {
		return app, nil
	}
	return e.readApp(ctx, id)
}

// readApp asks the store, and remembers the answer for what may go by an older one.
func (e *Engine) readApp(ctx context.Context, id uuid.UUID) (App, error) {
	if id == Console && e.cfg.Developers != nil {
		return App{}, unknownApp("the console app is off, since Config.Developers is set")
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

func unknownApp(why cause) *Error {
	return refuse(CodeAppNotFound, "there is no such app").because(why)
}
