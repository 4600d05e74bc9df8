package memory

import (
	"context"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func eventAge(e authkit.Event) age { return age{e.Time, e.ID} }

// Events implements [authkit.EventStore].
func (s *Store) Events(ctx context.Context, app uuid.UUID, q authkit.EventQuery) ([]authkit.Event, error) {
	var out []authkit.Event
	since, until := micro(q.Since), micro(q.Until)
	err := s.in(ctx, app, func(t *tenant) error {
		out = newest(t.events, q.Page, eventAge, func(e authkit.Event) (authkit.Event, bool) {
			ok := (q.Type == "" || e.Type == q.Type) && (q.UserID == uuid.Nil || e.UserID == q.UserID) &&
				(since.IsZero() || !e.Time.Before(since)) && (until.IsZero() || e.Time.Before(until))
			return copyEvent(e), ok
		})
		return nil
	})
	return out, err
}
