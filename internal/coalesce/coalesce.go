// Package coalesce lets concurrent callers that ask the same question share one call.
//
//	var asking coalesce.Group[string, int]
//	n, err := asking.Do(ctx, "key", 5*time.Second, func(ctx context.Context) (int, error) { … })
//
// A call runs in a goroutine of its own. Its context has the values of the first caller's
// context but not its cancellation, so that the other callers still get the answer when the
// first one leaves. A call that panics ends with a [*panics.Error] for every caller that waits.
// Its key is free again, and the process goes on.
package coalesce

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/authkit-dev/authkit/internal/panics"
)

// ErrNoAnswer is the error of a call whose goroutine ended without a return or a panic.
var ErrNoAnswer = errors.New("the call ended without an answer")

// Flight is one call, in progress or finished. Any number of callers can wait for it.
type Flight[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// Start begins a call. The context of the call ends after limit. If onDone is not nil, it gets
// the outcome exactly once, before any caller does, however the call ends.
func Start[V any](ctx context.Context, limit time.Duration, call func(context.Context) (V, error), onDone func(V, error)) *Flight[V] {
	f := &Flight[V]{done: make(chan struct{}), err: ErrNoAnswer}
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	go func() {
		defer cancel()
		f.run(own, call, onDone)
	}()
	return f
}

func (f *Flight[V]) run(ctx context.Context, call func(context.Context) (V, error), onDone func(V, error)) {
	defer close(f.done)
	defer func() {
		if onDone != nil {
			onDone(f.value, f.err)
		}
	}()
	f.err = panics.Catch(func() (err error) {
		f.value, err = call(ctx)
		return err
	})
}

// Wait returns the outcome of the call, or the error of ctx if ctx ends first.
func (f *Flight[V]) Wait(ctx context.Context) (V, error) {
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

// Group has at most one call in progress for each key. It keeps no outcome. Its zero value is
// ready to use. It is safe for concurrent use.
type Group[K comparable, V any] struct {
	mu  sync.Mutex
	now map[K]*Flight[V]
}

// Do waits for the call of the key that is in progress. If there is no such call, it begins
// one, whose context ends after limit. The error is that of the call, or that of ctx if ctx
// ends first.
func (g *Group[K, V]) Do(ctx context.Context, key K, limit time.Duration, call func(context.Context) (V, error)) (V, error) {
	return g.join(ctx, key, limit, call).Wait(ctx)
}

func (g *Group[K, V]) join(ctx context.Context, key K, limit time.Duration, call func(context.Context) (V, error)) *Flight[V] {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f, ok := g.now[key]; ok {
		return f
	}
	if g.now == nil {
		g.now = map[K]*Flight[V]{}
	}
	f := Start(ctx, limit, call, func(V, error) {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.now, key)
	})
	g.now[key] = f
	return f
}
