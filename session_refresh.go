package authkit

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

const minIdempotencyKey, maxIdempotencyKey = 16, 64

// RefreshRequest exchanges a refresh token.
type RefreshRequest struct {
	App   uuid.UUID
	Token string

	// IdempotencyKey is 16 to 64 random characters of printable ASCII, made for this one
	// rotation and sent with each attempt at it; may be empty. With it, an attempt whose
	// answer was lost can be repeated for a day.
	IdempotencyKey string

	Client Client
}

// Refresh exchanges a refresh token for a sign-in with the next one.
//
// Call the current token C, the one before it B, the one before that A:
//
//   - A or B, sent again within ten seconds of its rotation, gets the token that it got before.
//     Each such use moves the ten seconds on, up to a minute after the rotation.
//   - B with the IdempotencyKey of its rotation gets a new C for 24 hours while C is unused, at most
//     three times. The replaced C ends the session if it is used.
//   - Any other use of A or B, and any other token of the session, ends the session (RFC 9700,
//     section 4.14.2).
//
// A refused token is [CodeInvalidToken]; a missing app is [CodeAppNotFound]. A key that the
// session has seen at an earlier rotation is [CodeInvalidRequest] and changes nothing. Where the
// app has come to require verified addresses, the session of an unverified user ends:
// [CodeEmailNotVerified].
func (e *Engine) Refresh(ctx context.Context, in RefreshRequest) (SignIn, error) {
	if err := checkIdempotencyKey(in.IdempotencyKey); err != nil {
		return SignIn{}, err
	}
	presented, ok := token.ParseRefresh(in.Token)
	if !ok {
		return SignIn{}, e.invalidUnlessUnknown(ctx, in.App, malformedRefresh(in.Token))
	}
	r := rotation{app: in.App, presented: presented, next: presented.Next(), key: in.IdempotencyKey}
	app, got, err := e.rotate(ctx, r)
	switch {
	case errors.Is(err, ErrConflict):
		return SignIn{}, invalid("Idempotency-Key", "not_fresh", "this Idempotency-Key came with an earlier rotation of the session; make a new one for each")
	case errors.Is(err, ErrTokenReused):
		e.noteRefresh(ctx, in, Event{Type: EventSessionEnd, Result: "refused", Reason: "refresh token used again"})
		return SignIn{}, invalidToken("the refresh token was used already").with(ReasonSpent)
	case errors.Is(err, ErrNotFound):
		return SignIn{}, e.invalidUnlessUnknown(ctx, in.App, invalidToken("no live session has the refresh token"))
	case err != nil:
		return SignIn{}, err
	}
	next, err := r.successor(got)
	if err != nil {
		return SignIn{}, err
	}
	// A renewal is an event, and a client can cause any number of them. Those beyond the limit of
	// what a user may write are not kept.
	if got.Renewed && e.limits.hit(ctx, app, e.limits.countFor(limitUser, got.User.ID.String())) == nil {
		e.noteRefresh(ctx, in, Event{UserID: got.User.ID, Type: EventSessionRenew, Result: "warning", Reason: "refresh repeated with its idempotency key"})
	}
	if err := e.endUnproven(ctx, app, got.User, got.Session); err != nil {
		return SignIn{}, err
	}
	e.hooks.stats.used(app.ID, got.User.ID)
	rotated := e.now()
	out, err := e.sessions.issue(ctx, app, HookEvent{Kind: HookToken, App: app.ID, User: got.User, Client: in.Client}, got.Session, sessionSecret{refresh: next})
	if err != nil && got.Again == nil && ctx.Err() == nil && e.now().Sub(rotated) < refreshGrace/2 {
		e.undoRotation(ctx, r)
	}
	return out, err
}

// undoRotation makes the presented token the current one again, where no client received its
// successor. Otherwise a client that tries again later, once the host's hook works again, would
// be taken for a thief. A client that disconnected, or that has waited for long, may have asked
// again and received the successor in the meantime: then the successor stays.
func (e *Engine) undoRotation(ctx context.Context, r rotation) {
	_, _, err := e.rotate(context.WithoutCancel(ctx), rotation{app: r.app, presented: r.next, next: r.presented, undo: true})
	if err != nil && !errors.Is(err, ErrNotFound) {
		e.cfg.Logger.WarnContext(ctx, "a refresh token was rotated, and no client received its successor", slog.String("app", r.app.String()), slog.Any("error", err))
	}
}

// rotate rotates by the app as this process last read it. If that record is stale, it reads the
// app again.
func (e *Engine) rotate(ctx context.Context, r rotation) (App, Rotated, error) {
	var app App
	got, err := again(func() (got Rotated, err error) {
		if app, _, err = e.live.apps.known(ctx, r.app); err != nil {
			return Rotated{}, err
		}
		got, err = e.sessions.rotate(ctx, app, r)
		if errors.Is(err, ErrAppChanged) {
			e.live.apps.forget(r.app)
			return Rotated{}, errAgain
		}
		return got, err
	})
	return app, got, err
}

// checkIdempotencyKey checks the form of a key. An empty one is accepted.
func checkIdempotencyKey(key string) error {
	if key == "" {
		return nil
	}
	odd := strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' })
	if odd || len(key) < minIdempotencyKey || len(key) > maxIdempotencyKey {
		return badIdempotencyKey()
	}
	return nil
}

func badIdempotencyKey() error {
	return invalid("Idempotency-Key", "invalid_key", "Idempotency-Key is not one header of 16 to 64 characters of printable ASCII")
}

// malformedRefresh refuses what is no refresh token.
func malformedRefresh(text string) *Error {
	return invalidToken("the refresh token is malformed").with(reasonOfForm(text, formRefresh))
}

// invalidUnlessUnknown refuses a token, or the app that it was sent to.
func (e *Engine) invalidUnlessUnknown(ctx context.Context, id uuid.UUID, refused *Error) error {
	if _, err := e.App(ctx, id); err != nil {
		return err
	}
	return refused
}

// noteRefresh writes an event in a step of its own. The rotation has already happened, in a step
// that must not fail because of an event.
func (e *Engine) noteRefresh(ctx context.Context, in RefreshRequest, ev Event) {
	var riders Riders
	ev.App, ev.IP = in.App, in.Client.IP
	riders.note(e.now(), ev)
	if err := e.tokens.put(context.WithoutCancel(ctx), in.App, riders); err != nil {
		e.cfg.Logger.WarnContext(ctx, "an event was not stored", slog.String("app", in.App.String()), slog.Any("error", err))
	}
}
