package authkit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

const (
	// refreshGrace is how long a rotated refresh token returns its own successor again, so that
	// two tabs, or a lost answer, never sign a user out. A use within it extends it, up to
	// refreshGraceMost in all.
	refreshGrace     = 10 * time.Second
	refreshGraceMost = time.Minute

	// refreshRenewFor and refreshRenewals bound how long and how often a token gets a new
	// successor with the idempotency key of its rotation.
	refreshRenewFor = 24 * time.Hour
	refreshRenewals = 3
)

// rotation is one rotation of a refresh token, under an idempotency key that may be empty.
type rotation struct {
	app             uuid.UUID
	presented, next token.Refresh
	key             string
	undo            bool // presented is the successor of next, and no client received it
}

// rotate calls the store once. The app may be an old record: the step is guarded by its Version,
// [ErrAppChanged]. [ErrNotFound], [ErrTokenReused] and [ErrConflict] are those of the store.
func (s *sessions) rotate(ctx context.Context, app App, r rotation) (Rotated, error) {
	sealed, err := sealSuccessor(r.app, r.presented, r.next)
	if err != nil {
		return Rotated{}, &Error{Code: CodeInternal, Detail: "the refresh token cannot be rotated", Err: err}
	}
	now := s.now()
	_, idle, _ := s.config.lifetimes(app)
	got, err := s.store.RotateSession(ctx, Rotation{
		App: r.app, AppVersion: app.Version, Family: r.presented.Family(), Presented: r.presented.Hash(), Next: r.next.Hash(),
		Sealed: sealed, Key: r.keyHash(), Now: now, Grace: refreshGrace, GraceMost: refreshGraceMost,
		RenewFor: refreshRenewFor, Renewals: refreshRenewals, IdleUntil: now.Add(idle), Undo: r.undo,
	})
	for _, known := range []error{ErrAppChanged, ErrNotFound, ErrTokenReused, ErrConflict} {
		if errors.Is(err, known) {
			return Rotated{}, err
		}
	}
	if err != nil {
		return Rotated{}, unavailable(fmt.Errorf("rotate a session of app %s: %w", r.app, err))
	}
	return got, nil
}

// successor returns the refresh token for the client: the one that was made for this rotation or,
// where the presented token was rotated before, the successor that it got then.
func (r rotation) successor(got Rotated) (token.Refresh, error) {
	if got.Again == nil {
		return r.next, nil
	}
	next, err := openSuccessor(r.app, r.presented, got.Again)
	if err != nil {
		return token.Refresh{}, &Error{Code: CodeInternal, Detail: "the refresh token cannot be answered again", Err: err}
	}
	return next, nil
}

// keyHash returns the hash of the idempotency key, which the store keeps. It differs in each
// session.
func (r rotation) keyHash() []byte {
	if r.key == "" {
		return nil
	}
	return token.Hash([]byte("idempotency key"), r.presented.Family(), []byte(r.key))
}

// sealSuccessor seals a token under its predecessor. Only a holder of the predecessor can open
// it; the store alone cannot.
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
