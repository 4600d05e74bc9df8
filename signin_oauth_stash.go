package authkit

import (
	"context"

	"github.com/google/uuid"
)

// StashOAuthReturn keeps what a provider posted, for a minute, and answers the token by which
// [Engine.ResumeOAuthReturn] finds it: a cross-site form carries no Lax cookie, and the redirect
// that follows it does. The same form is kept once, however often a browser posts it, and is
// answered the same. A state that is not alive keeps nothing: [CodeInvalidToken].
func (e *Engine) StashOAuthReturn(ctx context.Context, in OAuthReturn) (resume string, err error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return "", err
	}
	state := parseState(in.State)
	if state.malformed() {
		return "", e.providers.noState(ctx, app.ID, in.Provider, "the state is malformed")
	}
	resume, ok, err := e.tokens.stash(ctx, app.ID, state, stashedReturn{in.Provider, in.Code, in.State, in.Iss, in.Fail})
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "", e.providers.noState(ctx, app.ID, in.Provider, "the state is unknown, spent or expired")
	}
	return resume, nil
}

// OAuthResume names a form post that was stashed.
type OAuthResume struct {
	App      uuid.UUID
	Provider string
	Token    string // what StashOAuthReturn answered
}

// ResumeOAuthReturn answers what [Engine.StashOAuthReturn] kept, as often as it is asked for: the
// state in it is what can be used once. [CodeInvalidToken].
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
