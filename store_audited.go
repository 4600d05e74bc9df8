package authkit

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// audited is a Store that says of each event which request it comes from, and tells an
// observer of it once its step is durable.
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

func (a audited) CreateApp(ctx context.Context, n NewApp) error {
	return a.step(ctx, n.Also, func() error { return a.Store.CreateApp(ctx, n) })
}

func (a audited) MoveApp(ctx context.Context, m AppMove) error {
	return a.step(ctx, m.Also, func() error { return a.Store.MoveApp(ctx, m) })
}

func (a audited) ChangeApp(ctx context.Context, c AppChange) (app App, err error) {
	err = a.step(ctx, c.Also, func() (err error) { app, err = a.Store.ChangeApp(ctx, c); return err })
	return app, err
}

func (a audited) DeleteApp(ctx context.Context, app uuid.UUID, now time.Time, also Also) error {
	return a.step(ctx, also, func() error { return a.Store.DeleteApp(ctx, app, now, also) })
}

func (a audited) AddSigningKey(ctx context.Context, app uuid.UUID, k SigningKey, oldest int64, also Also) error {
	return a.step(ctx, also, func() error { return a.Store.AddSigningKey(ctx, app, k, oldest, also) })
}

func (a audited) RotateAPIKey(ctx context.Context, r KeyRotation) error {
	return a.step(ctx, r.Also, func() error { return a.Store.RotateAPIKey(ctx, r) })
}

func (a audited) RevokeAPIKey(ctx context.Context, app, id uuid.UUID, also Also) error {
	return a.step(ctx, also, func() error { return a.Store.RevokeAPIKey(ctx, app, id, also) })
}

func (a audited) PutOAuthConfig(ctx context.Context, c OAuthConfig, most int, also Also) error {
	return a.step(ctx, also, func() error { return a.Store.PutOAuthConfig(ctx, c, most, also) })
}

func (a audited) DeleteOAuthConfig(ctx context.Context, app uuid.UUID, provider string, also Also) error {
	return a.step(ctx, also, func() error { return a.Store.DeleteOAuthConfig(ctx, app, provider, also) })
}

func (a audited) CreateUser(ctx context.Context, c NewUser) (u User, err error) {
	err = a.step(ctx, c.Also, func() (err error) { u, err = a.Store.CreateUser(ctx, c); return err })
	return u, err
}

func (a audited) ChangeUser(ctx context.Context, c UserChange) (u User, err error) {
	err = a.step(ctx, c.Also, func() (err error) { u, err = a.Store.ChangeUser(ctx, c); return err })
	return u, err
}

func (a audited) DeleteUser(ctx context.Context, r UserRemoval) error {
	return a.step(ctx, r.Also, func() error { return a.Store.DeleteUser(ctx, r) })
}

func (a audited) Put(ctx context.Context, app uuid.UUID, also Also) error {
	return a.step(ctx, also, func() error { return a.Store.Put(ctx, app, also) })
}

func (a audited) EndSession(ctx context.Context, e SessionEnd) error {
	return a.step(ctx, e.Also, func() error { return a.Store.EndSession(ctx, e) })
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
