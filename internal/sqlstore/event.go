package sqlstore

import (
	"context"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// Events implements [authkit.EventStore].
func (s *Store) Events(ctx context.Context, app uuid.UUID, f authkit.EventQuery) ([]authkit.Event, error) {
	w := where{sql: `select ` + scannedEvent + ` from authkit_events e where app_id = $1` + liveApp, args: []any{id(app)}}
	if f.Type != "" {
		w.and("type", "=", f.Type)
	}
	if f.UserID != uuid.Nil {
		w.and("user_id", "=", id(f.UserID))
	}
	if !f.Since.IsZero() {
		w.and("at", ">=", us(f.Since))
	}
	if !f.Until.IsZero() {
		w.and("at", "<", us(f.Until))
	}
	w.page(f.Page, "at", "event_id")
	return list(ctx, s, w.sql, scanEvent, w.args...)
}
