package authkit

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// TokenStore keeps what may be used once.
type TokenStore interface {
	// Put writes riders alone: a link with its mail, a state, a batch of events. Without any
	// rider it still commits a write: when it returns, all that was seen before is durable.
	Put(ctx context.Context, p Put) error

	// Token returns, without effect, a token that could be spent: it is neither spent nor
	// expired at now, its user's Epoch is unchanged, and its binding is t.Binding if that is set.
	// The account is that of the token's user, empty if the token is bound to no user. With t.Dead
	// it returns one that could not be spent as well, with an empty account.
	Token(ctx context.Context, app uuid.UUID, t Take, now time.Time) (Token, Account, error)

	// TryToken counts one attempt on the token that Token would return for t.Take, and returns that
	// token, unspent. [ErrNotFound]: there is no such token. Of any number of concurrent callers at
	// most t.Max have their proof compared; for each other one Tried.Count is above t.Max.
	TryToken(ctx context.Context, app uuid.UUID, t Try, now time.Time) (Tried, error)

	// BindTokens binds each token, named by its App, Kind and Hash, to its UserID at its Epoch, and
	// sets its Proof and Data. It takes only a token that could be spent and is bound to no user,
	// and whose user has that Epoch; bound reports which these were, in the same order. The place of
	// a token, its attempts and the rest stay. All are bound in one step, and one that is not keeps
	// no other from it.
	BindTokens(ctx context.Context, tokens []Token, now time.Time) (bound []bool, err error)

	// TakeToken spends the token, with its whole slot, and returns it. Of any number of
	// concurrent callers exactly one succeeds; the rest get [ErrNotFound]. It is for a token that
	// is spent without a step on a user, such as the state of an OAuth flow that was refused; all
	// other tokens are spent by CreateUser and ChangeUser.
	TakeToken(ctx context.Context, app uuid.UUID, t Take, now time.Time) (Token, error)
}

// Put says what [TokenStore.Put] writes.
type Put struct {
	App        uuid.UUID
	AppVersion int64 // the guard; 0: no guard
	Riders     Riders
}

// Take names a token to spend. Binding, when set, is part of the look-up: with another
// one the token is unknown, and nothing is counted.
type Take struct {
	Kind    TokenKind
	Hash    []byte
	Binding []byte // nil: not asked for
	// AppVersion is the guard of Token, TryToken and TakeToken; 0: no guard. Other verbs do not
	// look at it.
	AppVersion int64

	// Dead asks Token and TryToken for a token that is spent or expired, or whose user has another
	// Epoch, too: its [Token.Dead] is set. Other verbs do not look at it.
	Dead bool
}

// Try is one attempt on a token, by [TokenStore.TryToken].
type Try struct {
	Take

	Proof []byte
	Max   int // attempts in all
}

// Tried is the outcome of one attempt on a token.
type Tried struct {
	Token Token
	Right bool // the proof was compared, and is the token's
	Count int  // the attempts so far, with this one; above Try.Max: the proof was not compared
}
