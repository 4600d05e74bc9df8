package authkit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

const (
	resumeKind TokenKind = "resume"
	resumeTTL            = time.Minute
)

// BounceOAuth keeps what a provider posted, for a minute: a cross-site form carries no
// Lax cookie, the redirect that follows does. A state that is not alive keeps nothing.
func (e *Engine) BounceOAuth(ctx context.Context, in OAuthReturn) (resume string, err error) {
	app, err := e.App(ctx, in.App)
	if err != nil {
		return "", err
	}
	kind, state, ok := parseState(in.State)
	if !ok {
		return "", e.noState(ctx, app.ID, in.Provider, "the state is malformed")
	}
	_, err = e.store.Token(ctx, app.ID, Take{Kind: kind, Hash: token.Hash(state)}, e.now())
	if errors.Is(err, ErrNotFound) {
		return "", e.noState(ctx, app.ID, in.Provider, "the state is unknown, spent or expired")
	}
	if err != nil {
		return "", unavailable(fmt.Errorf("look at a state: %w", err))
	}
	raw, err := e.random(idSize)
	if err != nil {
		return "", unavailable(err)
	}
	kept := bounced{in.Provider, in.Code, in.State, in.Iss, in.Fail}
	return token.Encode(raw), e.keep(ctx, Token{App: app.ID, Kind: resumeKind, Hash: token.Hash(raw)}, kept, resumeTTL)
}

// bounced is what a resume token keeps.
type bounced struct{ Provider, Code, State, Iss, Fail string }

// ResumeOAuth answers what [Engine.BounceOAuth] kept, once.
func (e *Engine) ResumeOAuth(ctx context.Context, app uuid.UUID, provider, resume string) (OAuthReturn, error) {
	raw, ok := token.Decode(resume, idSize)
	if !ok {
		return OAuthReturn{}, invalidToken("the resume token is malformed")
	}
	var kept bounced
	if err := e.spend(ctx, app, Take{Kind: resumeKind, Hash: token.Hash(raw)}, &kept); err != nil {
		return OAuthReturn{}, err
	}
	if kept.Provider != provider {
		return OAuthReturn{}, invalidToken("the resume token is another provider's")
	}
	return OAuthReturn{App: app, Provider: provider, Code: kept.Code, State: kept.State, Iss: kept.Iss, Fail: kept.Fail}, nil
}
