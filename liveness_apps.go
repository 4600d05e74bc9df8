package authkit

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/bounded"
)

// appLoader reads a live app from the store. [CodeAppNotFound]: it does not exist.
type appLoader func(context.Context, uuid.UUID) (App, error)

// appCache caches apps as they were last read. It is safe for concurrent use.
type appCache struct {
	load appLoader
	now  func() time.Time
	kept *bounded.Cache[uuid.UUID, aged[App]]
}

func newAppCache(load appLoader, now func() time.Time, most int) *appCache {
	return &appCache{load: load, now: now, kept: bounded.NewCache[uuid.UUID, aged[App]](most)}
}

// read reads an app from the store and caches it. It drops a deleted app from the cache.
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

// recent returns an app, and the time, less than within ago, at which it was read.
func (c *appCache) recent(ctx context.Context, id uuid.UUID, now time.Time, within time.Duration) (App, time.Time, error) {
	if got, ok := c.kept.Get(id); ok && recent(got.at, now, within) {
		return got.value, got.at, nil
	}
	app, err := c.read(ctx, id)
	return app, now, err
}

// rememberFor is how long an app is remembered. Its Version proves it in the store that it was read
// from. In a store that was set back, by a restored backup or a standby that lacked the latest
// changes, another change may get the same Version.
const rememberFor = time.Minute

// known returns an app as this process last read it, at most rememberFor ago. remembered is false
// if it was read just now.
func (c *appCache) known(ctx context.Context, id uuid.UUID) (app App, remembered bool, err error) {
	if got, ok := c.kept.Get(id); ok && recent(got.at, c.now(), rememberFor) {
		return got.value, true, nil
	}
	app, err = c.read(ctx, id)
	return app, false, err
}

// forget drops the app from the cache.
func (c *appCache) forget(id uuid.UUID) { c.kept.Drop(id) }
