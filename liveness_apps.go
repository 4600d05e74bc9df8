package authkit

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/bounded"
)

// appLoader reads a live app from the store. [CodeAppNotFound]: there is no such app.
type appLoader func(context.Context, uuid.UUID) (App, error)

// appCache remembers apps as they were read last. It is safe for concurrent use.
type appCache struct {
	load appLoader
	now  func() time.Time
	kept *bounded.Cache[uuid.UUID, aged[App]]
}

func newAppCache(load appLoader, now func() time.Time, most int) *appCache {
	return &appCache{load: load, now: now, kept: bounded.NewCache[uuid.UUID, aged[App]](most)}
}

// read asks the store and remembers the answer. A deleted app is forgotten.
func (c *appCache) read(ctx context.Context, id uuid.UUID) (App, error) {
	now := c.now()
	app, err := c.load(ctx, id)
	switch {
	case errors.Is(err, CodeAppNotFound):
		c.forget(id)
		return App{}, err
	case err != nil:
		return App{}, err
	}
	c.kept.Put(id, aged[App]{app, now})
	return app, nil
}

// recent returns an app, with a time less than within ago at which it was like that.
func (c *appCache) recent(ctx context.Context, id uuid.UUID, now time.Time, within time.Duration) (App, time.Time, error) {
	if got, ok := c.kept.Get(id); ok && recent(got.at, now, within) {
		return got.value, got.at, nil
	}
	app, err := c.read(ctx, id)
	return app, now, err
}

// known returns an app as this process read it last, however long ago that was.
func (c *appCache) known(ctx context.Context, id uuid.UUID) (App, error) {
	if got, ok := c.kept.Get(id); ok {
		return got.value, nil
	}
	return c.read(ctx, id)
}

// forget has the next call read the app.
func (c *appCache) forget(id uuid.UUID) { c.kept.Drop(id) }
