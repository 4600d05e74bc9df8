package main

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// cliActor is the actor of events that a command of this program made, as in [authkit.Event].
const cliActor = "cli"

// byCLI is a store whose steps that commands take have [cliActor] in their events.
type byCLI struct{ authkit.Store }

func sign(riders authkit.Riders) {
	for i := range riders.Events {
		riders.Events[i].Actor = cliActor
	}
}

func (s byCLI) CreateApp(ctx context.Context, n authkit.NewApp) error {
	sign(n.Riders)
	return s.Store.CreateApp(ctx, n)
}

func (s byCLI) ChangeApp(ctx context.Context, c authkit.AppChange) (authkit.App, error) {
	sign(c.Riders)
	return s.Store.ChangeApp(ctx, c)
}

func (s byCLI) DeleteApp(ctx context.Context, app uuid.UUID, now time.Time, riders authkit.Riders) error {
	sign(riders)
	return s.Store.DeleteApp(ctx, app, now, riders)
}

func (s byCLI) PutOAuthConfig(ctx context.Context, c authkit.OAuthConfig, most int, riders authkit.Riders) error {
	sign(riders)
	return s.Store.PutOAuthConfig(ctx, c, most, riders)
}

func (s byCLI) DeleteOAuthConfig(ctx context.Context, app uuid.UUID, provider string, riders authkit.Riders) error {
	sign(riders)
	return s.Store.DeleteOAuthConfig(ctx, app, provider, riders)
}

func (s byCLI) RotateAPIKey(ctx context.Context, r authkit.KeyRotation) error {
	sign(r.Riders)
	return s.Store.RotateAPIKey(ctx, r)
}

func (s byCLI) RevokeAPIKey(ctx context.Context, app, id uuid.UUID, riders authkit.Riders) error {
	sign(riders)
	return s.Store.RevokeAPIKey(ctx, app, id, riders)
}

func (s byCLI) CreateUsers(ctx context.Context, b authkit.UserBatch) ([]authkit.Taken, error) {
	sign(b.Riders)
	return s.Store.CreateUsers(ctx, b)
}

func (s byCLI) ChangeUser(ctx context.Context, c authkit.UserChange) (authkit.User, error) {
	sign(c.Riders)
	return s.Store.ChangeUser(ctx, c)
}

func (s byCLI) DeleteUser(ctx context.Context, r authkit.UserRemoval) error {
	sign(r.Riders)
	return s.Store.DeleteUser(ctx, r)
}
