package authkit

import (
	"context"

	"github.com/google/uuid"
)

// request is what the handler knows of the request that a call of the Engine serves. The
// call's context carries it, so that a flow sees the app that the door has read, and what is
// written names the request; a Go caller's context has none, and says nothing.
type request struct {
	id    string
	ip    string
	actor string // as [Event] has it: who is not the user it is about
	app   App    // of the path, once it is read
	owed  []count
}

type requestKey struct{}

func withRequest(ctx context.Context, r *request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// requestFrom answers an empty one where there is none.
func requestFrom(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// appFrom is the app as the door has read it.
func appFrom(ctx context.Context, id uuid.UUID) (App, bool) {
	app := requestFrom(ctx).app
	return app, id != uuid.Nil && app.ID == id
}

// stamp says where events come from.
func (r *request) stamp(events []Event) {
	for i := range events {
		ev := &events[i]
		if r.id != "" {
			ev.RequestID = r.id
		}
		if r.ip != "" {
			ev.IP = r.ip
		}
		if r.actor != "" {
			ev.Actor = r.actor
		}
	}
}
