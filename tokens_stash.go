package authkit

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

const (
	resumeKind TokenKind = "resume"
	resumeTTL            = time.Minute
)

// stashedReturn is the form that a provider posted.
type stashedReturn struct{ Provider, Code, State, Iss, Fail string }

// stash keeps a form post for a minute, if its state is live. The same form has the same resume
// token, and is kept once. ok is false if the state is not live and the form is not kept either.
func (k *tokens) stash(ctx context.Context, app uuid.UUID, state oauthState, r stashedReturn) (resume string, ok bool, err error) {
	raw := k.ring.MAC("resume", app[:], seal.AAD(r.Provider, r.Code, r.State, r.Iss, r.Fail))[:idSize]
	t := Token{App: app, Kind: resumeKind, Hash: token.Hash(raw)}
	resume = token.Encode(raw)
	_, alive, err := k.peek(ctx, app, Take{Kind: state.kind, Hash: token.Hash(state.id)})
	switch {
	case err != nil:
		return "", false, err
	case alive:
		return resume, true, k.keep(ctx, t, r, resumeTTL)
	}
	// The flow has ended, perhaps by this very form.
	_, ok, err = k.peek(ctx, app, Take{Kind: resumeKind, Hash: t.Hash})
	return resume, ok, err
}

// resume returns what stash kept, any number of times. [CodeInvalidToken].
func (k *tokens) resume(ctx context.Context, app uuid.UUID, text string) (r stashedReturn, err error) {
	raw, ok := token.Decode(text, idSize)
	if !ok {
		return stashedReturn{}, invalidToken("the resume token is malformed").with(ReasonMalformed)
	}
	take := Take{Kind: resumeKind, Hash: token.Hash(raw)}
	t, err := k.look(ctx, app, take, "the resume token is unknown or has expired")
	if err != nil {
		return stashedReturn{}, err
	}
	return r, k.open(t, take, &r)
}
