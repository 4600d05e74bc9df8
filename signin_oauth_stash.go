package authkit

import (
	"context"

	"github.com/google/uuid"
)

// StashOAuthReturn stores a provider's form post for a minute, and returns the resume token by which
// [Engine.ResumeOAuthReturn] finds it. A cross-site form post carries no Lax cookie; the redirect
// that follows it does. A form that is posted again is not stored twice, and gets the same token.
// [CodeInvalidToken]: the state is not alive, and nothing is stored.
func (e *Engine) StashOAuthReturn(ctx context.Context, in OAuthReturn) (resume string, err error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return "", err
	}
	state := parseState(in.State)
	if state.malformed() {
		return "", e.providers.noState(ctx, app.ID, in.Provider, invalidToken("the state is malformed").with(reasonOfForm(in.State, formCode)))
	}
	resume, ok, err := e.tokens.stash(ctx, app.ID, state, stashedReturn{in.Provider, in.Code, in.State, in.Iss, in.Fail})
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "", e.providers.noState(ctx, app.ID, in.Provider, invalidToken("the state is unknown, spent or expired"))
	}
	return resume, nil
}

// OAuthResume identifies a stashed form post.
type OAuthResume struct {
	App      uuid.UUID
	Provider string
	Token    string // the resume token that StashOAuthReturn returned
}

// ResumeOAuthReturn returns the form post that [Engine.StashOAuthReturn] stored. It can be called any
// number of times; the state in the form can be used once. [CodeInvalidToken]: the token is
// unknown, malformed, expired or another provider's.
func (e *Engine) ResumeOAuthReturn(ctx context.Context, in OAuthResume) (OAuthReturn, error) {
	kept, err := e.tokens.resume(ctx, in.App, in.Token)
	if err != nil {
		return OAuthReturn{}, err
	}
	if kept.Provider != in.Provider {
		return OAuthReturn{}, invalidToken("the resume token is another provider's")
	}
	return OAuthReturn{App: in.App, Provider: in.Provider, Code: kept.Code, State: kept.State, Iss: kept.Iss, Fail: kept.Fail}, nil
}
