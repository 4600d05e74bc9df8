package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// Landing is the outcome of a flow that ends in a browser.
type Landing struct {
	State LandingState

	// RedirectTo is where the browser goes on to, with [LandingGoesOn]; it is one of the app's
	// redirect URLs. An error that comes with such a Landing belongs there, too.
	RedirectTo string

	// Code is the one-time code for RedirectTo, which [Engine.ExchangeCode] takes once and
	// within a minute. It is empty with an error.
	Code string

	// SignIn is the sign-in, with [LandingSignedIn] and [LandingGoesOn]. A browser that repeats
	// a request which led to RedirectTo gets its User, SessionID and Created alone. With
	// [LandingConfirmed] and [LandingSaved] only Removed is of use, and with [LandingTypeCode]
	// it is empty.
	SignIn SignIn
}

// LandingState says how a flow ended. It is empty where the flow was refused and leads nowhere.
type LandingState string

// The states of a [Landing].
const (
	LandingSignedIn  LandingState = "signed_in" // the session begins in this browser
	LandingGoesOn    LandingState = "goes_on"   // the browser goes on to RedirectTo, which exchanges Code for the session
	LandingConfirmed LandingState = "confirmed" // the address is confirmed, and no session begins
	LandingSaved     LandingState = "saved"     // the new password is saved, and no session begins
	LandingTypeCode  LandingState = "type_code" // nothing was spent: the code in the mail has to be typed where the flow began
)

// repeat answers a press that was refused as spent with what the first press of the kind came to,
// as long as what that made is alive. Every other refusal stays.
func (e *Engine) repeat(ctx context.Context, app App, p press, by Client, refused error) (Landing, error) {
	if !errors.Is(refused, CodeInvalidToken) {
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

// repeatLanding answers a repeated request with the outcome of the first. It returns refused where
// what the first one made is dead, or the app no longer has the URL to go on to.
func (e *Engine) repeatLanding(ctx context.Context, app App, out outcome, by Client, refused error) (Landing, error) {
	landing := Landing{State: out.state(), RedirectTo: out.RedirectTo, Code: out.Code}
	switch {
	case !out.goalListed(app):
		return Landing{}, refused
	case out.Refused != "" || out.Session == uuid.Nil:
		landing.SignIn = SignIn{Created: out.Created, Removed: out.Removed}
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
		landing.SignIn = SignIn{User: u, SessionID: s.ID, Created: out.Created}
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
	landing.SignIn.Removed = out.Removed
	return landing, err
}

// repeatDone returns nil for a press that was refused as spent and whose first press did what
// it asks for. Every other refusal stays.
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
