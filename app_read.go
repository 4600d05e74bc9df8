package authkit

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// newAppLoader returns a function that reads apps from the store. The settings of the console app
// come from the configuration.
func newAppLoader(store AppStore, cfg *Config) appLoader {
	return func(ctx context.Context, id uuid.UUID) (App, error) {
		if err := cfg.refuseDisabledConsole(id); err != nil {
			return App{}, err
		}
		app, err := store.App(ctx, id)
		switch {
		case errors.Is(err, ErrNotFound):
			return App{}, unknownApp("the store has no such live app")
		case err != nil:
			return App{}, unavailable(fmt.Errorf("read app %s: %w", id, err))
		}
		if id == Console {
			app.Settings.SignupClosed, app.Settings.MFA = !cfg.ConsoleSignup, cfg.ConsoleMFA
			app.Settings.Origins = cfg.ConsoleOrigins
			app.Settings.SessionMode = cfg.ConsoleSessions
		}
		return app, nil
	}
}

// refuseDisabledConsole refuses the console app if the host has developers of its own.
func (c *Config) refuseDisabledConsole(id uuid.UUID) error {
	if id == Console && c.Developers != nil {
		return unknownApp("the console app is off, since Config.Developers is set")
	}
	return nil
}
