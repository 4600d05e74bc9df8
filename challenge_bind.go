package authkit

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// waits reports whether a proof belongs to no user until its mail leaves: the user must show
// neither in the answer to the asker nor in its time.
func (p purpose) waits() bool { return p.kind == forReset.kind || p.kind == forSignIn.kind }

// bind gives a proof to the account that has its address, just before its mail leaves: from
// then on it dies with any change of the account's password and with its sessions as a whole.
// A reset works only from here on. Not alive: it is spent, displaced or expired, and its mail
// of no use. One that is bound stays as it is, since a mail may be sent again.
func (e *Engine) bind(ctx context.Context, app uuid.UUID, p purpose, l *letter, of *Account) (alive bool, err error) {
	take := Take{Kind: p.kind, Hash: token.Hash(l.Attempt)}
	t, err := e.store.Token(ctx, app, take, e.now())
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err != nil:
		return false, unavailable(fmt.Errorf("read a proof: %w", err))
	case t.UserID != uuid.Nil:
		return true, nil
	}
	got, err := e.openAttempt(take, l.Attempt, t, nil)
	if err != nil {
		return false, nil //nolint:nilerr // what cannot be opened is of no use
	}
	got.data.Bare = flagged(of.password() == "")
	t.Data = e.tokens.seal(Token{App: app, Kind: p.kind, Hash: take.Hash}, got.data)
	t.UserID, t.Epoch = of.User.ID, of.User.Epoch
	if t.Proof, err = e.codeProof(t, p, l.Attempt, l.Address, l.Code); err != nil {
		return false, err
	}
	switch err := e.store.BindToken(ctx, app, t, e.now()); {
	case errors.Is(err, ErrNotFound): // spent beside this, or the Epoch moved on: read again
		return false, errAgain
	case err != nil:
		return false, storeError(err, app)
	}
	return true, nil
}
