package authkit_test

import (
	"errors"
	"slices"
	"strings"
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

// Events take their positions by their ids. Those of one step, and of steps in one millisecond, keep their
// order: a host that purges an account at user.reset would otherwise purge what came after.
func TestEventsOfAStepKeepTheirOrder(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		of := map[uuid.UUID]string{}
		want := "user.create email.send user.reset session.start user.change user.change user.delete"
		for range 8 {
			email := s.email()
			s.signUp(email)
			s.clock.Advance(time.Microsecond)
			_, m := s.mailed(email, "")
			s.verify(`{"token":"`+linkToken(m)+`"}`).want(s.t, 200, "")
			ref := authkit.UserRef{App: s.app.ID, ID: s.userOf(email).ID}
			of[ref.ID] = ""
			for range 2 {
				s.clock.Advance(time.Microsecond)
				if _, err := s.engine.ChangeUser(s.t.Context(), ref, authkit.UserPatch{Name: new(s.fresh("Ann "))}); err != nil {
					s.t.Fatal(err)
				}
			}
			s.clock.Advance(time.Microsecond)
			if err := s.engine.DeleteUser(s.t.Context(), ref); err != nil {
				s.t.Fatal(err)
			}
		}
		s.runOnce()
		for ev, err := range s.engine.Events(s.t.Context(), s.app.ID, 0) {
			if err != nil {
				s.t.Fatal(err)
			}
			if _, ok := of[ev.UserID]; ok {
				of[ev.UserID] = strings.TrimSpace(of[ev.UserID] + " " + ev.Type)
			}
		}
		for user, got := range of {
			if got != want {
				s.t.Errorf("%s: got %s, want %s", user, got, want)
			}
		}
	})
}
