package authkit

import (
	"context"

	"github.com/google/uuid"
)

// AuditLog lists the events of an app that match every filter, newest first. A Limit of 0 is 50.
// The next page begins after the Time and ID of the last row. The log of the console app, which
// has no owner, is that of AppRef{ID: Console}. [CodeInvalidRequest]: Limit is negative.
func (e *Engine) AuditLog(ctx context.Context, ref AppRef, q EventQuery) ([]Event, error) {
	if err := q.fill(); err != nil {
		return nil, err
	}
	if ref != (AppRef{ID: Console}) {
		if _, err := e.OwnApp(ctx, ref); err != nil {
			return nil, err
		}
	}
	events, err := e.store.Events(ctx, ref.ID, q)
	return events, storeError(err, ref.ID)
}

// subject returns the id of the user whom the event is about; nil: it is about no user.
func (e *Event) subject() *uuid.UUID {
	if e.UserID == uuid.Nil {
		return nil
	}
	return &e.UserID
}
