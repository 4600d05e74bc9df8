package authkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

// refreshGrace is how long a rotated refresh token answers its own successor again, so
// that two tabs, or an answer that was lost, never sign a user out.
const refreshGrace = 10 * time.Second

// RefreshRequest turns a refresh token.
type RefreshRequest struct {
	App    uuid.UUID
	Token  string
	Client Client
}

// Refresh answers a sign-in with the next refresh token. Either of the last two
// predecessors, used again within ten seconds of its rotation, answers its own successor.
// Any other token of the family ends the session (RFC 9700, section 4.14.2). Whatever is
// refused is [CodeInvalidToken]; a missing app is [CodeAppNotFound]. Where the app asks for
// proven addresses since, an unproven user's session ends: [CodeEmailNotVerified].
func (e *Engine) Refresh(ctx context.Context, in RefreshRequest) (SignIn, error) {
	presented, ok := token.ParseRefresh(in.Token)
	if !ok {
		return SignIn{}, e.invalidUnlessUnknown(ctx, in.App, "the refresh token is malformed")
	}
	next, err := presented.Next(e.cfg.Random)
	if err != nil {
		return SignIn{}, unavailable(err)
	}
	app, got, err := e.rotate(ctx, in.App, presented, next)
	switch {
	case errors.Is(err, ErrTokenReused):
		e.noteReuse(ctx, in)
		return SignIn{}, invalidToken("the refresh token was used already")
	case errors.Is(err, ErrNotFound):
		return SignIn{}, e.invalidUnlessUnknown(ctx, in.App, "no live session has the refresh token")
	case err != nil:
		return SignIn{}, err
	}
	if got.Again != nil {
		if next, err = openSuccessor(app.ID, presented, got.Again); err != nil {
			return SignIn{}, &Error{Code: CodeInternal, Detail: "the refresh token cannot be answered again", Err: err}
		}
	}
	if app.Settings.RequireVerified && !got.User.Verified { // the app asks for it since
		err := e.endSession(ctx, in.App, got.User.ID, got.Session.ID, string(CodeEmailNotVerified))
		if err != nil && !errors.Is(err, CodeSessionNotFound) {
			return SignIn{}, err
		}
		return SignIn{}, unproven("")
	}
	turned := e.now()
	out, err := e.issue(ctx, app, Moment{Kind: MomentToken, App: app.ID, User: got.User, Client: in.Client}, got.Session, next)
	if err != nil && got.Again == nil && ctx.Err() == nil && e.now().Sub(turned) < refreshGrace/2 {
		e.turnBack(ctx, in.App, presented, next)
	}
	return out, err
}

// turnBack makes a token the current one again whose successor nobody was told: who tries
// again later, once the host's hook is mended, must not be taken for a thief. A client that
// broke off, or waits for long, may have asked again meanwhile and been told: then the
// successor is good, and stays.
func (e *Engine) turnBack(ctx context.Context, app uuid.UUID, presented, next token.Refresh) {
	_, _, err := e.rotate(context.WithoutCancel(ctx), app, next, presented)
	if err != nil && !errors.Is(err, ErrNotFound) {
		e.log.WarnContext(ctx, "a refresh token was turned, and its successor told to nobody", slog.String("app", app.String()), slog.Any("error", err))
	}
}

// rotate asks the store once: the app's record may be an old one, since the step is
// guarded by its Version.
func (e *Engine) rotate(ctx context.Context, id uuid.UUID, presented, next token.Refresh) (App, Rotated, error) {
	sealed, err := sealSuccessor(id, presented, next)
	if err != nil {
		return App{}, Rotated{}, &Error{Code: CodeInternal, Detail: "the refresh token cannot be turned", Err: err}
	}
	for range 5 {
		app, err := e.knownApp(ctx, id)
		if err != nil {
			return App{}, Rotated{}, err
		}
		now := e.now()
		_, idle, _ := e.lifetimes(app)
		got, err := e.store.RotateSession(ctx, Rotation{
			App: id, AppVersion: app.Version, Family: presented.Family(), Presented: presented.Hash(), Next: next.Hash(),
			Sealed: sealed, Now: now, Grace: refreshGrace, IdleUntil: now.Add(idle),
		})
		switch {
		case err == nil:
			return app, got, nil
		case errors.Is(err, ErrStale):
			e.apps.drop(id)
		case errors.Is(err, ErrNotFound), errors.Is(err, ErrTokenReused):
			return App{}, Rotated{}, err
		default:
			return App{}, Rotated{}, unavailable(fmt.Errorf("rotate a session of app %s: %w", id, err))
		}
	}
	return App{}, Rotated{}, unavailable(errAgain)
}

// knownApp answers an app as it was when this process last read it.
func (e *Engine) knownApp(ctx context.Context, id uuid.UUID) (App, error) {
	if got, ok := e.apps.get(id); ok {
		return got.value, nil
	}
	return e.readApp(ctx, id)
}

// invalidUnlessUnknown refuses a token, or the app that it was sent to.
func (e *Engine) invalidUnlessUnknown(ctx context.Context, id uuid.UUID, why cause) error {
	if _, err := e.App(ctx, id); err != nil {
		return err
	}
	return invalidToken(why)
}

// noteReuse writes the event on its own: the session has been ended already, in a step
// that must not fail for the sake of an event.
func (e *Engine) noteReuse(ctx context.Context, in RefreshRequest) {
	var also Also
	err := e.note(&also, e.now(), Event{App: in.App, Type: EventSessionEnd, IP: in.Client.IP, Result: "refused", Reason: "refresh token used again"})
	if err == nil {
		err = e.store.Put(ctx, in.App, also)
	}
	if err != nil {
		e.log.WarnContext(ctx, "an event was not kept", slog.String("app", in.App.String()), slog.Any("error", err))
	}
}

// sealSuccessor seals a token under the one before it, so that a store alone cannot
// reveal it: whoever opens it holds the presented token already.
func sealSuccessor(app uuid.UUID, presented, next token.Refresh) ([]byte, error) {
	ring, err := seal.New(presented.Bytes())
	if err != nil {
		return nil, err
	}
	return ring.Seal(next.Bytes(), successorAAD(app, presented)), nil
}

func openSuccessor(app uuid.UUID, presented token.Refresh, sealed []byte) (token.Refresh, error) {
	ring, err := seal.New(presented.Bytes())
	if err != nil {
		return token.Refresh{}, err
	}
	raw, err := ring.Open(sealed, successorAAD(app, presented))
	if err != nil {
		return token.Refresh{}, err
	}
	next, ok := token.RefreshOf(raw)
	if !ok {
		return token.Refresh{}, seal.ErrOpen
	}
	return next, nil
}

func successorAAD(app uuid.UUID, presented token.Refresh) []byte {
	return seal.AAD("refresh successor", app.String(), token.Encode(presented.Family()))
}
