package authkit_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// from returns the ids of the events from a position on, and the position after the last.
func (c *chained) from(app authkit.App, next int64) (ids []uuid.UUID, _ int64) {
	c.t.Helper()
	for ev, err := range c.Events(c.t.Context(), app.ID, next) {
		if err != nil {
			c.t.Fatal(err)
		}
		if ev.Position != next {
			c.t.Errorf("got position %d, want %d", ev.Position, next)
		}
		ids, next = append(ids, ev.ID), ev.Position+1
	}
	return ids, next
}

func TestEventsComeOnceFromAnyPosition(t *testing.T) {
	t.Parallel()
	onRawStores(t, func(t *testing.T, c *chained) {
		app := c.app()
		all, next := c.from(app, 0)
		if len(all) != 9 || next != 9 {
			t.Fatalf("got %d events and the next position %d, want 9 and 9", len(all), next)
		}
		for from := range next {
			if got, _ := c.from(app, from); !slices.Equal(got, all[from:]) {
				t.Errorf("from %d: got %v, want %v", from, got, all[from:])
			}
		}
		c.writes(app, 2)
		if got, _ := c.from(app, next); len(got) != 0 {
			t.Errorf("before they are chained: got %d events, want 0", len(got))
		}
		c.chains()
		if got, _ := c.from(app, next); len(got) != 2 {
			t.Errorf("once they are chained: got %d events, want 2", len(got))
		}
	})
}

// An event whose step began early and took long has an early time.
func TestAnEventThatComesLateHasALaterPosition(t *testing.T) {
	t.Parallel()
	onRawStores(t, func(t *testing.T, c *chained) {
		app := c.app()
		_, next := c.from(app, 0)
		late := authkit.Event{ID: uuid.MustParse("00000000-0000-7000-8000-0000000000aa"), Time: c.clock.Now().Add(-time.Hour), Type: "late", Result: "ok"}
		if err := c.store.Put(t.Context(), authkit.Put{App: app.ID, Riders: authkit.Riders{Events: []authkit.Event{late}}}); err != nil {
			t.Fatal(err)
		}
		c.writes(app, 1)
		c.chains()
		if got, _ := c.from(app, next); len(got) != 2 || got[0] != late.ID {
			t.Errorf("got %v, want the late one and another", got)
		}
	})
}

func TestEventsTellOfOneThatIsGone(t *testing.T) {
	t.Parallel()
	onRawStores(t, func(t *testing.T, c *chained) {
		app := c.app()
		all, _ := c.from(app, 0)
		c.tables.exec(t, `delete from authkit_events where app_id = '`+app.ID.String()+`' and event_id = '`+all[4].String()+`'`)
		seen := 0
		var last error
		for _, err := range c.Events(t.Context(), app.ID, 0) {
			if last = err; err == nil {
				seen++
			}
		}
		if fault, ok := errors.AsType[*authkit.AuditFault](last); !ok || fault.Position != 4 || seen != 3 {
			t.Errorf("got %d events and %v, want 3 and a fault at 4", seen, last)
		}
		for _, err := range c.Events(t.Context(), uuid.New(), 0) {
			if !errors.Is(err, authkit.CodeAppNotFound) {
				t.Errorf("an app that does not exist: got %v, want %s", err, authkit.CodeAppNotFound)
			}
		}
	})
}

func TestALoopOverEventsMayEndEarly(t *testing.T) {
	t.Parallel()
	onRawStores(t, func(t *testing.T, c *chained) {
		app := c.app()
		for ev, err := range c.Events(t.Context(), app.ID, 5) {
			if err != nil || ev.Position != 5 {
				t.Errorf("got %d, %v, want position 5", ev.Position, err)
			}
			break
		}
	})
}
