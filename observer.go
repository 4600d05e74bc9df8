package authkit

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// observed is a Store that tells an observer of each event once its step is durable.
type observed struct {
	Store

	tell func(Event)
}

// observe wraps the store if somebody wants to know.
func observe(s Store, tell func(Event)) Store {
	if tell == nil {
		return s
	}
	return observed{s, tell}
}

// done tells of a step's events unless the step failed, and answers how it went.
func (o observed) done(err error, also Also) error {
	if err == nil {
		for _, e := range also.Events {
			o.tell(e)
		}
	}
	return err
}

func (o observed) CreateApp(ctx context.Context, app App, first SigningKey, key *APIKey, also Also) error {
	return o.done(o.Store.CreateApp(ctx, app, first, key, also), also)
}

func (o observed) ChangeApp(ctx context.Context, c AppChange) (App, error) {
	app, err := o.Store.ChangeApp(ctx, c)
	return app, o.done(err, c.Also)
}

func (o observed) DeleteApp(ctx context.Context, app uuid.UUID, now time.Time, also Also) error {
	return o.done(o.Store.DeleteApp(ctx, app, now, also), also)
}

func (o observed) AddSigningKey(ctx context.Context, app uuid.UUID, k SigningKey, also Also) error {
	return o.done(o.Store.AddSigningKey(ctx, app, k, also), also)
}

func (o observed) RotateAPIKey(ctx context.Context, app uuid.UUID, next APIKey, oldUntil time.Time, maxLive int, also Also) error {
	return o.done(o.Store.RotateAPIKey(ctx, app, next, oldUntil, maxLive, also), also)
}

func (o observed) RevokeAPIKey(ctx context.Context, app, id uuid.UUID, also Also) error {
	return o.done(o.Store.RevokeAPIKey(ctx, app, id, also), also)
}

func (o observed) PutOAuthConfig(ctx context.Context, c OAuthConfig, also Also) error {
	return o.done(o.Store.PutOAuthConfig(ctx, c, also), also)
}

func (o observed) DeleteOAuthConfig(ctx context.Context, app uuid.UUID, provider string, also Also) error {
	return o.done(o.Store.DeleteOAuthConfig(ctx, app, provider, also), also)
}

func (o observed) CreateUser(ctx context.Context, c NewUser) (User, error) {
	u, err := o.Store.CreateUser(ctx, c)
	return u, o.done(err, c.Also)
}

func (o observed) ChangeUser(ctx context.Context, c UserChange) (User, error) {
	u, err := o.Store.ChangeUser(ctx, c)
	return u, o.done(err, c.Also)
}

func (o observed) DeleteUser(ctx context.Context, app, user uuid.UUID, also Also) error {
	return o.done(o.Store.DeleteUser(ctx, app, user, also), also)
}

func (o observed) Put(ctx context.Context, app uuid.UUID, also Also) error {
	return o.done(o.Store.Put(ctx, app, also), also)
}

func (o observed) EndSession(ctx context.Context, app, user, id uuid.UUID, now time.Time, also Also) error {
	return o.done(o.Store.EndSession(ctx, app, user, id, now, also), also)
}

// watch tells the observer that somebody was refused: deferred where an attempt begins, with
// the attempt's own error. Nothing is written: whoever fails on purpose must not be able to
// fill a store. What is wrong with a request, or with the server, is no attempt.
func (e *Engine) watch(kind string, app uuid.UUID, by Client, err *error) {
	refusal, ok := errors.AsType[*Error](*err)
	if e.cfg.Observer == nil || !ok || refusal.Code == CodeInvalidRequest || refusal.Code == CodeAppNotFound || refusal.Code.Status() >= http.StatusInternalServerError {
		return
	}
	e.cfg.Observer(Event{App: app, UserID: refusal.user, Time: e.now(), Type: kind, IP: by.IP, Result: "refused", Reason: string(refusal.Code)})
}
