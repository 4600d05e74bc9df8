package main

import (
	"context"
	"time"
)

// failingSyncs makes syncs of the log fail in a storm: a write whose sync has failed is not
// acknowledged, and the process goes on without a restart.
func failingSyncs(ctx context.Context, w *world, r *result) error {
	c, err := w.traced(ctx, r, spec{Mail: w.post.url}, func(log string) []string {
		// The first ones are those of the start.
		return []string{"-P", log, "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=30+5", "-o", w.path("trace")}
	})
	if err != nil {
		return err
	}
	s, err := newStorm(ctx, w, r, c.child, c.child.client)
	if err != nil {
		return err
	}
	s.start(ctx, 1)
	for s.acked.Load() < int64(w.of(200, 2000)) && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	s.stop()
	if s.unknown.Load() == 0 {
		r.brokef("no write was refused, want those whose sync has failed")
	}
	if err := c.child.stop(); err != nil {
		return err
	}
	c.child.under = nil
	if _, err := c.child.start(ctx); err != nil {
		return err
	}
	r.notef("with every fifth sync of each thread failing:")
	return s.check(ctx)
}
