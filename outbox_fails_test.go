package authkit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authkit-dev/authkit/mail"
)

// tries returns how often it was given a mail to an address.
func (p *postman) tries(to string) (n int) {
	for _, m := range p.letters() {
		if m.To == to {
			n++
		}
	}
	return n
}

func TestNewMailAfterFailures(t *testing.T) {
	t.Parallel()
	later := errors.New("451 later")
	few := slices.Repeat([]error{later}, 31)
	for name, c := range map[string]struct {
		failures []error
		atOnce   bool
	}{
		"waits for the next look if all mail failed":   {slices.Repeat([]error{later}, 32), false},
		"is tried at once if fewer failed":             {few, true},
		"is tried at once if one left between":         {slices.Concat(few, []error{nil}, few), true},
		"is tried at once if one was refused for good": {slices.Concat(few, []error{mail.ErrPermanent}, few), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var fails atomic.Pointer[error]
				fails.Store(new(error))
				p := &postman{does: func(context.Context) error { return *fails.Load() }}
				w, stop := inBubble(t, p)
				defer stop()
				pause := func() { time.Sleep(2 * 10 * time.Millisecond) } // of the bubble's clock: longer than Run pauses
				pause()                                                   // for the notice to the developer
				for i, failure := range c.failures {
					fails.Store(&failure)
					w.ask(fmt.Sprintf("ann%d@example.com", i))
					pause()
				}
				fails.Store(&later)
				asked := time.Now()
				w.ask("bob@example.com")
				if pause(); (p.tries("bob@example.com") == 1) != c.atOnce {
					t.Errorf("at once: got %d tries, want one: %t", p.tries("bob@example.com"), c.atOnce)
				}
				fails.Store(new(error))
				for p.tries("bob@example.com") == 0 {
					if pause(); time.Since(asked) > 1500*time.Millisecond {
						t.Fatal("got no try, want one at the next look")
					}
				}
				time.Sleep(3 * time.Second) // some mail has left
				w.ask("cid@example.com")
				if pause(); p.tries("cid@example.com") != 1 {
					t.Errorf("after mail has left: got %d tries, want one at once", p.tries("cid@example.com"))
				}
			})
		})
	}
}
