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

// BounceOAuth keeps what a provider posted, for a minute: a cross-site form carries no
// Lax cookie, the redirect that follows does. The same form is kept once, however often a
// browser posts it, and so is answered the same. A state that is not alive keeps nothing.
func (e *Engine) BounceOAuth(ctx context.Context, in OAuthReturn) (resume string, err error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return "", err
	}
	state := parseState(in.State)
	if state.malformed() {
		return "", e.noState(ctx, app.ID, in.Provider, "the state is malformed")
	}
	kept := bounced{in.Provider, in.Code, in.State, in.Iss, in.Fail}
	raw := e.ring.MAC("resume", app.ID[:], seal.AAD(kept.Provider, kept.Code, kept.State, kept.Iss, kept.Fail))[:idSize]
	t := Token{App: app.ID, Kind: resumeKind, Hash: token.Hash(raw)}
	_, alive, err := e.tokens.peek(ctx, app.ID, Take{Kind: state.kind, Hash: token.Hash(state.id)})
	switch {
	case err != nil:
		return "", err
	case alive:
		return token.Encode(raw), e.tokens.keep(ctx, t, kept, resumeTTL)
	}
	// The flow has ended, perhaps by this very form.
	_, alive, err = e.tokens.peek(ctx, app.ID, Take{Kind: resumeKind, Hash: t.Hash})
	switch {
	case err != nil:
		return "", err
	case !alive:
		return "", e.noState(ctx, app.ID, in.Provider, "the state is unknown, spent or expired")
	}
	return token.Encode(raw), nil
}

// bounced is what a resume token keeps.
type bounced struct{ Provider, Code, State, Iss, Fail string }

// ResumeOAuth answers what [Engine.BounceOAuth] kept, as often as it is asked for: the state
// in it is what can be used once.
func (e *Engine) ResumeOAuth(ctx context.Context, app uuid.UUID, provider, resume string) (OAuthReturn, error) {
	raw, ok := token.Decode(resume, idSize)
	if !ok {
		return OAuthReturn{}, invalidToken("the resume token is malformed")
	}
	var kept bounced
	take := Take{Kind: resumeKind, Hash: token.Hash(raw)}
	t, err := e.tokens.look(ctx, app, take, "the resume token is unknown or has expired")
	if err != nil {
		return OAuthReturn{}, err
	}
	if err := e.tokens.open(t, take, &kept); err != nil {
		return OAuthReturn{}, err
	}
	if kept.Provider != provider {
		return OAuthReturn{}, invalidToken("the resume token is another provider's")
	}
	return OAuthReturn{App: app, Provider: provider, Code: kept.Code, State: kept.State, Iss: kept.Iss, Fail: kept.Fail}, nil
}
