package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// pressPage serves the form of a page: by the flow, which goes on if the browser breaks off, or as
// the same press was answered before. sent is the page's name, and what the form holds.
func (e *Engine) pressPage(ctx context.Context, in PagePress, sent []string, flow func(context.Context, App, press) (Landing, error)) (_ Landing, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return Landing{}, err
	}
	ctx, cancel := outlive(ctx)
	defer cancel()
	p := pressOf(app.ID, in.Browser, sent[0], sent[1:]...)
	if in.stale {
		return e.repeat(ctx, app, p, in.Client, errStaleForm)
	}
	landing, err := flow(ctx, app, p)
	if err != nil {
		return e.repeat(ctx, app, p, in.Client, err)
	}
	return landing, nil
}

// errStaleForm refuses a form that is not one that the browser was shown in its session.
var errStaleForm = refuse(CodeForbidden, "the form is not one that this browser was shown; open the page again")

// repeat answers a press that was refused with [CodeInvalidToken], or whose form is stale, by the
// outcome of the first, equal press, as long as the session or code of that outcome is alive.
// Otherwise, and for every other refusal, it returns refused.
func (e *Engine) repeat(ctx context.Context, app App, p press, by Client, refused error) (Landing, error) {
	if !errors.Is(refused, CodeInvalidToken) && !errors.Is(refused, errStaleForm) {
		return Landing{}, refused
	}
	out, ok, err := e.tokens.recall(ctx, p)
	switch {
	case err != nil:
		return Landing{}, err
	case !ok:
		return Landing{}, refused
	}
	return e.repeatLanding(ctx, app, out, by, refused)
}

// repeatLanding answers a repeated request with the outcome of the first. It returns refused if the
// session or the code of that outcome is dead, or if the app no longer lists its URL.
func (e *Engine) repeatLanding(ctx context.Context, app App, out outcome, by Client, refused error) (Landing, error) {
	landing := Landing{State: out.state(), RedirectTo: out.RedirectTo, Code: out.Code, RecoveryCodes: out.Recovery, Onward: out.Onward}
	switch {
	case !out.goalListed(app):
		return Landing{}, refused
	case out.Refused != "" || out.Session == uuid.Nil:
		landing.SignIn = SignIn{Created: out.Created, Removed: out.Removed, Reset: out.Reset}
		return landing, out.refusal()
	}
	s, u, err := e.sessions.live(ctx, app.ID, out.Session)
	switch {
	case errors.Is(err, CodeInvalidToken):
		return Landing{}, refused
	case err != nil:
		return Landing{}, err
	case out.Code != "":
		alive, err := e.tokens.codeAlive(ctx, app.ID, out.Code)
		switch {
		case err != nil:
			return Landing{}, err
		case !alive:
			return Landing{}, refused
		}
		landing.SignIn = SignIn{User: u, SessionID: s.ID, Created: out.Created, Removed: out.Removed, Reset: out.Reset}
		return landing, nil
	case out.Onward != "":
		landing.SignIn = SignIn{User: u, SessionID: s.ID, Created: out.Created, Removed: out.Removed, Reset: out.Reset}
		return landing, nil
	}
	secret, ok := sessionSecretOf(out.Secret)
	if !ok {
		return Landing{}, refused
	}
	m := HookEvent{Kind: HookSignIn, App: app.ID, User: u, Method: u.AuthMethod, Client: by}
	if out.Created {
		m.Kind = HookSignUp
	}
	landing.SignIn, err = e.sessions.issue(ctx, app, m, s, secret)
	landing.SignIn.Removed, landing.SignIn.Reset = out.Removed, out.Reset
	return landing, err
}

// repeatDone returns nil for a press that was refused with [CodeInvalidToken] because an equal press
// has already done the work. It returns the refusal of that press if it was refused, and refused
// in every other case.
func (e *Engine) repeatDone(ctx context.Context, p press, refused error) error {
	if !errors.Is(refused, CodeInvalidToken) {
		return refused
	}
	out, ok, err := e.tokens.recall(ctx, p)
	switch {
	case err != nil:
		return err
	case !ok:
		return refused
	}
	return out.refusal()
}

// goalListed reports whether the app still lists the URL that the outcome redirects to. It is true
// for an outcome without a redirect.
func (o outcome) goalListed(app App) bool { return app.keepsGoal(o.RedirectTo) }
