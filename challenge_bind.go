package authkit

import (
	"context"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// waits reports whether a challenge has no user until its mail is sent: neither the answer to the
// asker nor its time may show whether there is a user.
func (p purpose) waits() bool { return p.kind == forReset.kind || p.kind == forSignIn.kind }

// bind assigns a pending challenge to the account of its address, just before its mail is sent.
// From then on the challenge dies with any change of the account's password and with the end of
// all its sessions. Before that, neither the link nor the code of a reset works. A challenge that
// is bound stays as it is, since a mail may be sent again. alive is false if the challenge was
// spent or replaced, or has expired: its mail is then useless. errAgain: the account changed
// since it was read.
func (k *tokens) bind(ctx context.Context, app uuid.UUID, p purpose, l *letter, of *Account) (alive bool, err error) {
	take := Take{Kind: p.kind, Hash: token.Hash(l.Attempt)}
	t, alive, err := k.peek(ctx, app, take)
	if err != nil || !alive || t.UserID != uuid.Nil {
		return alive, err
	}
	got, err := k.opened(t, take, l.Attempt)
	if err != nil {
		return false, nil //nolint:nilerr // a challenge that cannot be opened is useless
	}
	switch bound, err := k.store.BindTokens(ctx, []Token{k.boundTo(of, app, p, l, got.data)}, k.now()); {
	case err != nil:
		return false, storeError(err, app)
	case !bound[0]: // it was spent concurrently, or the Epoch was raised
		return false, errAgain
	}
	return true, nil
}

// boundTo returns a challenge as it is once it is bound to an account.
func (k *tokens) boundTo(of *Account, app uuid.UUID, p purpose, l *letter, data challengeData) Token {
	data.Bare = flagged(of.password() == "")
	t := Token{App: app, Kind: p.kind, Hash: token.Hash(l.Attempt), UserID: of.User.ID, Epoch: of.User.Epoch}
	t.Data = k.seal(t, data)
	t.Proof = k.ring.MAC(codeLabel, codeParts(t, l.Attempt, l.Address, l.Code)...)
	return t
}
