package authkit

import (
	"context"
	"errors"
	"iter"

	"github.com/google/uuid"
)

// ChainedEvent is an event with its position in the log of its app.
type ChainedEvent struct {
	Event

	Position int64 // 0 for the first event of the app; it never changes
}

// Events yields the events of an app in the order of their positions, from a position on, and ends
// where no further one is chained yet. It is for a host that must not miss an event: keep the
// position after the last one that was dealt with, and begin there again, after a crash as well.
//
//	for ev, err := range engine.Events(ctx, app, next) {
//		if err != nil { … }
//		if err := handle(ev.Event); err != nil { … }
//		next = ev.Position + 1
//	}
//
// [Engine.Run] gives events their positions, within seconds. An event that was written later, or
// whose step took long, never gets one before a position that was given. Each event comes at its
// position again, unless it was removed by its age: then the first one that is kept comes, whose
// Position tells.
//
// An error ends it, and comes with the zero ChainedEvent. [*AuditFault]: an event was removed or
// changed. [CodeAppNotFound].
func (e *Engine) Events(ctx context.Context, app uuid.UUID, from int64) iter.Seq2[ChainedEvent, error] {
	return func(yield func(ChainedEvent, error) bool) {
		for {
			events, err := e.audit.from(ctx, app, from)
			if errors.Is(err, errLinkGone) {
				continue
			}
			if err != nil {
				yield(ChainedEvent{}, auditError(err, app))
				return
			}
			for _, ev := range events {
				if !yield(ev, nil) {
					return
				}
				from = ev.Position + 1
			}
			if len(events) == 0 {
				return
			}
		}
	}
}

// errLinkGone says that a link was removed by its age while it was read.
var errLinkGone = errors.New("the link is gone")

// from returns the events of the link that holds a position, from there on, or of the first link.
// It returns nothing if that position is not chained yet.
func (a *auditChain) from(ctx context.Context, app uuid.UUID, position int64) ([]ChainedEvent, error) {
	links, err := a.store.Links(ctx, app, position, 1)
	if err != nil || len(links) == 0 {
		return nil, err
	}
	l := links[0]
	if l.Seq+l.Len() <= position {
		return nil, nil
	}
	events, _, err := a.eventsOf(ctx, app, l)
	if _, fault := errors.AsType[*AuditFault](err); fault {
		switch links, failed := a.store.Links(ctx, app, position, 1); {
		case failed != nil:
			return nil, failed
		case len(links) == 0 || links[0].Seq != l.Seq:
			return nil, errLinkGone
		}
	}
	if err != nil {
		return nil, err
	}
	var out []ChainedEvent
	for i, ev := range events {
		if at := l.Seq + int64(i); at >= position {
			out = append(out, ChainedEvent{ev, at})
		}
	}
	return out, nil
}
