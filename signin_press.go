package authkit

import (
	"context"
	"errors"
)

// PasswordPress is a sign-in or sign-up by password from a page.
type PasswordPress struct {
	PasswordSignIn

	RedirectTo, CodeChallenge string // as in MagicLinkRequest

	// Form identifies the form that was shown to the browser, and Shown is the secret that the
	// browser had then. A second press of the same form with the same content, within a minute, gets
	// the outcome of the first. Empty: it does not.
	Form  string
	Shown []byte

	stale bool // as in PagePress
}

// PressPassword is [Engine.SignInWithPassword] from a page. The session begins in this browser if a
// cookie is to hold it, and is handed over to the redirect URL otherwise ([LandingGoesOn]).
// [LandingProven]: there is neither, so that no session begins. With SignIn.Pending set, a sign-up
// waits for the proof of its address.
func (e *Engine) PressPassword(ctx context.Context, in PasswordPress) (_ Landing, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return Landing{}, err
	}
	ctx, cancel := outlive(ctx)
	defer cancel()
	p := in.press(app)
	if out, ok, err := e.tokens.recall(ctx, p); err != nil || ok {
		if err != nil {
			return Landing{}, err
		}
		return e.repeatLanding(ctx, app, out, in.Client, invalidToken("the session or code of the first, equal press has ended"))
	}
	if in.stale {
		return Landing{}, errStaleForm
	}
	step := in.step(app, p)
	to := step.leadsTo(app)
	to.begins = true
	if err := e.checkGoal(app, to); err != nil {
		return Landing{}, err
	}
	landing, err := passwordTry{e: e, app: app, in: in.PasswordSignIn, step: step}.run(ctx)
	if !errors.Is(err, CodeEmailTaken) {
		return landing, err
	}
	// The first, equal press may have created the user at the same time.
	if out, ok, failed := e.tokens.recall(ctx, p); failed == nil && ok {
		return e.repeatLanding(ctx, app, out, in.Client, err)
	}
	return landing, err
}

// press identifies the press by its form and all that the person typed.
func (in PasswordPress) press(app App) press {
	if in.Form == "" {
		return press{}
	}
	return pressOf(app.ID, in.Shown, "password", in.Form, in.Intent, in.Email, in.Password, in.Name, in.RedirectTo, in.CodeChallenge)
}

// step is the part of the step that says how the sign-in from a page ends.
func (in PasswordPress) step(app App, p press) signInStep {
	return signInStep{client: in.Client, press: p}.endingAt(app, handOver{in.RedirectTo, in.CodeChallenge, in.Browser})
}

// endingAt returns the step of a page as it ends: with a goal the session is handed over, and without one it
// begins in this browser if a cookie is to hold it.
func (s signInStep) endingAt(app App, over handOver) signInStep {
	switch {
	case over.to != "":
		s.handOver = over
	case !s.inCookie(app):
		s.ends = LandingProven
	}
	return s
}

// PressSignUp redeems the code of the proof that a sign-up waits for, from the page on which it is
// typed: the user is created, or an unverified one is verified, and signed in. How it ends, and what
// a second press gets, is as by [Engine.PressMagicLink]. [CodeInvalidToken]; [CodeSignupDisabled].
func (e *Engine) PressSignUp(ctx context.Context, in PagePress) (Landing, error) {
	return e.pressPage(ctx, in, in.sent("sign-up"), func(ctx context.Context, app App, p press) (Landing, error) {
		got, err := in.find(ctx, e.tokens, app, forVerify)
		if err != nil {
			return Landing{}, err
		}
		step := in.step(got, p)
		step.handOver = got.handOver(in.Browser)
		if err := e.checkGoal(app, step.leadsTo(app)); err != nil {
			return Landing{}, err
		}
		if got.data.RedirectTo == "" && !in.Stay && !step.inCookie(app) {
			step.ends = LandingProven
		}
		return e.signInAsker(ctx, app, got, step)
	})
}
