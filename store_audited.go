package authkit

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/uuid"
)

//go:generate go run ./internal/tools/wrapstore -wrap audited -o store_audited_gen.go

// audited is a Store that says of each event which request it comes from, and tells an
// observer of it once its step is durable. Its methods are generated: one for each verb that
// carries an [Also], and a call of step in each.
type audited struct {
	Store

	tell func(Event) // may be nil
}

// step is one with events.
func (a audited) step(ctx context.Context, also Also, do func() error) error {
	requestFrom(ctx).stamp(also.Events)
	err := do()
	if err == nil && a.tell != nil {
		for _, e := range also.Events {
			a.tell(e)
		}
	}
	return err
}

// watch tells the observer that somebody was refused: deferred where an attempt begins, with
// the attempt's own error. Nothing is written: whoever fails on purpose must not be able to
// fill a store. What is wrong with a request, or with the server, is no attempt.
func (e *Engine) watch(ctx context.Context, kind string, app uuid.UUID, by Client, err *error) {
	refusal, ok := errors.AsType[*Error](*err)
	if e.cfg.Observer == nil || !ok || refusal.Code == CodeInvalidRequest || refusal.Code == CodeAppNotFound || refusal.Code.Status() >= http.StatusInternalServerError {
		return
	}
	ev := []Event{{App: app, UserID: refusal.user, Time: e.now(), Type: kind, IP: by.IP, Result: "refused", Reason: string(refusal.Code)}}
	requestFrom(ctx).stamp(ev)
	e.cfg.Observer(ev[0])
}
