package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

//go:generate go run ./internal/tools/wrapstore -wrap guarded -o store_guarded_gen.go

// guarded is a Store that proves the app which a request began with. A request may begin with an
// app as this process last read it, so that it need not read the app again. Its first call of the
// store then carries the Version of that record: where the app has changed since, or is gone, the
// call does nothing and returns [ErrAppChanged]. A verb that takes no AppVersion is preceded by a
// read of the app. Its methods are generated: one for each verb.
type guarded struct{ Store }

// rememberedApp is an app as this process last read it.
type rememberedApp struct {
	id      uuid.UUID
	version int64
}

// guard sets the Version that guards a call on an app, if the call is the first of a request that
// began with a remembered app.
func (g guarded) guard(ctx context.Context, app uuid.UUID, version *int64) error {
	r := requestFrom(ctx)
	began, ok := r.takeRemembered()
	switch {
	case !ok:
		return nil
	case began.id != app:
		return g.check(ctx, began)
	}
	*version = began.version
	return nil
}

// confirm returns [ErrAppChanged] if the app that the request began with has changed since it was
// remembered. It does nothing if a call of the store has proved the app.
func (g guarded) confirm(ctx context.Context) error {
	began, ok := requestFrom(ctx).takeRemembered()
	if !ok {
		return nil
	}
	return g.check(ctx, began)
}

func (g guarded) check(ctx context.Context, began rememberedApp) error {
	app, err := g.Store.App(ctx, began.id)
	switch {
	case errors.Is(err, ErrNotFound):
		return ErrAppChanged
	case err != nil:
		return err
	case app.Version != began.version:
		return ErrAppChanged
	}
	return nil
}
