package authkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

const (
	// refreshGrace is how long a rotated refresh token answers its own successor again, so
	// that two tabs, or an answer that was lost, never sign a user out. A use in it moves it
	// on, for refreshGraceMost in all.
	refreshGrace     = 10 * time.Second
	refreshGraceMost = time.Minute

	// With the key of its rotation, a token gets a new successor for so long, so often.
	refreshRenewFor = 24 * time.Hour
	refreshRenewals = 3

	minIdempotencyKey, maxIdempotencyKey = 16, 64
)

// RefreshRequest turns a refresh token.
type RefreshRequest struct {
	App   uuid.UUID
	Token string

	// IdempotencyKey is 16 to 64 random characters of printable ASCII, made for this one
	// rotation and sent with each attempt at it; may be empty. With it, an attempt whose
	// answer was lost can be repeated for a day.
	IdempotencyKey string

	Client Client
}

// Refresh answers a sign-in with the next refresh token.
//
// Either of the last two predecessors, used again within ten seconds of its rotation,
// answers its own successor; such a use moves the ten seconds on, up to a minute in all.
// For 24 hours, and while the successor is unused, the direct predecessor with the
// IdempotencyKey of its rotation answers a new successor, three times at most; the use of
// the one that was replaced then ends the session. Any other token of the family ends the
// session (RFC 9700, section 4.14.2).
//
// Whatever is refused is [CodeInvalidToken]; a missing app is [CodeAppNotFound]. A key that
// the session has seen at an earlier rotation is [CodeInvalidRequest] and changes nothing.
// Where the app asks for proven addresses since, an unproven user's session ends:
// [CodeEmailNotVerified].
func (e *Engine) Refresh(ctx context.Context, in RefreshRequest) (SignIn, error) {
	if err := checkIdempotencyKey(in.IdempotencyKey); err != nil {
		return SignIn{}, err
	}
	presented, ok := token.ParseRefresh(in.Token)
	if !ok {
		return SignIn{}, e.invalidUnlessUnknown(ctx, in.App, "the refresh token is malformed")
	}
	next := presented.Next()
	app, got, err := e.rotate(ctx, turning{app: in.App, presented: presented, next: next, key: in.IdempotencyKey})
	switch {
	case errors.Is(err, ErrConflict):
		return SignIn{}, invalid("Idempotency-Key", "not_fresh", "this Idempotency-Key came with an earlier rotation of the session; make a new one for each")
	case errors.Is(err, ErrTokenReused):
		e.noteRefresh(ctx, in, Event{Type: EventSessionEnd, Result: "refused", Reason: "refresh token used again"})
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
	// Each is an event, and a client can make any number of them: those beyond what a user may
	// write are not kept.
	if got.Renewed && e.limits.hit(ctx, app, e.limits.by(limitUser, got.User.ID.String())) == nil {
		e.noteRefresh(ctx, in, Event{UserID: got.User.ID, Type: EventSessionRenew, Result: "warning", Reason: "refresh repeated with its idempotency key"})
	}
	if app.Settings.RequireVerified && !got.User.Verified { // the app asks for it since
		err := e.endSession(ctx, SessionRef{App: in.App, User: got.User.ID, ID: got.Session.ID}, string(CodeEmailNotVerified))
		if err != nil && !errors.Is(err, CodeSessionNotFound) {
			return SignIn{}, err
		}
		return SignIn{}, unproven("")
	}
	turned := e.now()
	out, err := e.issue(ctx, app, Moment{Kind: MomentToken, App: app.ID, User: got.User, Client: in.Client}, got.Session, sessionSecret{refresh: next})
	if err != nil && got.Again == nil && ctx.Err() == nil && e.now().Sub(turned) < refreshGrace/2 {
		e.turnBack(ctx, in.App, presented, next)
	}
	return out, err
}

// turnBack makes a token the current one again whose successor was told to no client: one
// that tries again later, once the host's hook is mended, must not be taken for a thief. A
// client that broke off, or waits for long, may have asked again meanwhile and been told:
// then the successor is good, and stays.
func (e *Engine) turnBack(ctx context.Context, app uuid.UUID, presented, next token.Refresh) {
	_, _, err := e.rotate(context.WithoutCancel(ctx), turning{app: app, presented: next, next: presented, back: true})
	if err != nil && !errors.Is(err, ErrNotFound) {
		e.log.WarnContext(ctx, "a refresh token was turned, and its successor told to nobody", slog.String("app", app.String()), slog.Any("error", err))
	}
}

// turning is one rotation: which token is turned into which, under which idempotency key.
type turning struct {
	app             uuid.UUID
	presented, next token.Refresh
	key             string
	back            bool // presented was made of next, and was told to no client
}

// rotate asks the store once: the app's record may be an old one, since the step is
// guarded by its Version.
func (e *Engine) rotate(ctx context.Context, t turning) (App, Rotated, error) {
	sealed, err := sealSuccessor(t.app, t.presented, t.next)
	if err != nil {
		return App{}, Rotated{}, &Error{Code: CodeInternal, Detail: "the refresh token cannot be turned", Err: err}
	}
	for range 5 {
		app, err := e.live.apps.known(ctx, t.app)
		if err != nil {
			return App{}, Rotated{}, err
		}
		now := e.now()
		_, idle, _ := e.cfg.Tokens.lifetimes(app)
		got, err := e.store.RotateSession(ctx, Rotation{
			App: t.app, AppVersion: app.Version, Family: t.presented.Family(), Presented: t.presented.Hash(), Next: t.next.Hash(),
			Sealed: sealed, Key: t.keyHash(), Now: now, Grace: refreshGrace, GraceMost: refreshGraceMost,
			RenewFor: refreshRenewFor, Renewals: refreshRenewals, IdleUntil: now.Add(idle), Undo: t.back,
		})
		switch {
		case err == nil:
			return app, got, nil
		case errors.Is(err, ErrStale):
			e.live.apps.forget(t.app)
		case errors.Is(err, ErrNotFound), errors.Is(err, ErrTokenReused), errors.Is(err, ErrConflict):
			return App{}, Rotated{}, err
		default:
			return App{}, Rotated{}, unavailable(fmt.Errorf("rotate a session of app %s: %w", t.app, err))
		}
	}
	return App{}, Rotated{}, unavailable(errAgain)
}

// keyHash is what the store keeps of the idempotency key. It is another one in each session.
func (t turning) keyHash() []byte {
	if t.key == "" {
		return nil
	}
	return token.Hash([]byte("idempotency key"), t.presented.Family(), []byte(t.key))
}

// checkIdempotencyKey judges the form of a key; none is fine.
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

// invalidUnlessUnknown refuses a token, or the app that it was sent to.
func (e *Engine) invalidUnlessUnknown(ctx context.Context, id uuid.UUID, why cause) error {
	if _, err := e.App(ctx, id); err != nil {
		return err
	}
	return invalidToken(why)
}

// noteRefresh writes an event on its own: the rotation has happened already, in a step that
// must not fail for the sake of an event.
func (e *Engine) noteRefresh(ctx context.Context, in RefreshRequest, ev Event) {
	var also Also
	ev.App, ev.IP = in.App, in.Client.IP
	also.note(e.now(), ev)
	if err := e.store.Put(context.WithoutCancel(ctx), in.App, also); err != nil {
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
