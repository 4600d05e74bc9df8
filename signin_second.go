package authkit

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/google/uuid"
)

// SecondFactor shows a second factor, after [CodeMFARequired].
type SecondFactor struct {
	App   uuid.UUID
	Token string // SecondFactorDue.Token

	// Binding is SecondFactorDue.Binding. Browser is the secret in the binding cookie, as
	// [Engine.Browser] returns it, and serves in its place.
	Binding string
	Browser []byte

	// Code is a code of the user's TOTP, a recovery code or, with the method "email_code", the mailed
	// one. Otherwise State and Credential are those of a passkey of the user
	// ([Engine.BeginPasskey]).
	Code       string
	State      string
	Credential json.RawMessage

	// Remember asks the app not to want a second factor in this browser again, for as many days as its
	// settings allow. Device is as in [PasswordSignIn].
	Remember bool
	Device   string

	Client Client

	page bool // the flow ends in this browser
	form string
}

// SignInWithSecondFactor finishes the sign-in that a first factor began. The step that starts the
// session spends the token, and the code or the state: each works once, of any number of concurrent
// calls. What the first factor was to do (link an identity, set a new password) is done in the same
// step.
//
// [CodeInvalidToken]: the token is spent, expired, or of another app, user or browser. With
// [ReasonWrongCode] the code is wrong or was used; that spends nothing, and Error.TriesLeft says
// how often the token may still be tried. [CodeRateLimited]: the user has no tries left today.
// [CodeMFAEnrollmentRequired]: the code of the mail was right; a factor is to be enrolled with the
// new token. The other errors are those of the first factor.
func (e *Engine) SignInWithSecondFactor(ctx context.Context, in SecondFactor) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return SignIn{}, err
	}
	landing, err := e.secondFactor(ctx, app, in, press{})
	return landing.SignIn, err
}

// PressSecondFactor is [Engine.SignInWithSecondFactor] from a page. The flow goes on as the first
// factor began it: the session begins in this browser, or is handed over to the redirect URL. A second
// press of the same form within a minute gets the outcome of the first.
func (e *Engine) PressSecondFactor(ctx context.Context, in SecondFactor) (Landing, error) {
	in.page = true
	page := PagePress{App: in.App, Browser: in.Browser, Client: in.Client}
	return e.pressPage(ctx, page, []string{"second", in.form, in.Token, in.Code, in.State, string(in.Credential)}, func(ctx context.Context, app App, p press) (Landing, error) {
		return e.secondFactor(ctx, app, in, p)
	})
}

func (e *Engine) secondFactor(ctx context.Context, app App, in SecondFactor, p press) (Landing, error) {
	w, err := e.factors.findWaiting(ctx, app, in.Token, asker{in.Binding, in.Browser})
	switch {
	case err != nil:
		return Landing{}, err
	case w.step.Stage == dueAddress:
		return Landing{}, e.proveAddress(ctx, app, in, w, p)
	case w.step.Stage != dueFactor:
		return Landing{}, invalidToken("the mfa_token is for the enrolment of a factor").with(ReasonWrongKind)
	}
	if in.Credential != nil {
		return e.finishWaitingByPasskey(ctx, app, in, w, p)
	}
	return again(func() (Landing, error) {
		account, err := w.takeAccount(ctx, e, app)
		if err != nil {
			return Landing{}, err
		}
		use, err := e.factors.prove(ctx, factorCode{
			app: app, account: account, code: in.Code, class: e.factors.classOf(account.User, in.Device), take: &w.take, client: in.Client,
		})
		if err != nil {
			return Landing{}, err
		}
		return e.resume(ctx, app, w, in, account, &use, p)
	})
}

// resume goes on with a sign-in that waited, now that a second factor was shown.
func (e *Engine) resume(ctx context.Context, app App, w waiting, in SecondFactor, account *Account, use *factorUse, p press) (Landing, error) {
	step := w.step.resumed(in.Client, in.Browser, w.take, e.now(), account)
	step.second, step.press, step.device = use, p, in.Device
	if !in.page { // the session is the answer, wherever the flow was to lead
		step.handOver, step.ends = handOver{}, ""
	}
	if step.handOver.to != "" {
		if err := e.checkGoal(app, step.leadsTo(app)); err != nil {
			return Landing{}, err
		}
	}
	landing, err := e.signInUser(ctx, app, account, step)
	if err == nil && in.Remember && use.method != methodRecovery {
		landing.SignIn.remember, err = e.factors.toRemember(app, account, landing.SignIn)
	}
	return landing, err
}

// proveAddress takes the mailed code of a sign-in that waits for it, and answers with a token that is
// good for the enrolment of a factor.
func (e *Engine) proveAddress(ctx context.Context, app App, in SecondFactor, w waiting, p press) error {
	if err := e.factors.tryMailedCode(ctx, app, in, w); err != nil {
		return err
	}
	next := w.step
	next.Stage, next.Proof, next.ByAsker = dueEnroll, true, true
	now, u := e.now(), w.account.User
	c := UserChange{Now: now, App: app.ID, ID: u.ID, Version: u.Version, Take: &w.take}
	due := e.factors.wait(&c.Riders, newWait{app, u, next, in.Browser, in.Client, now})
	due.Methods = e.factors.methodsOf(app, next.Stage, heldFactors{})
	refusal := due.refusal(next.Stage).about(w.account)
	out := refusedOutcome("", refusal)
	out.Second = due
	e.tokens.addOutcome(&c, p, out)
	if _, err := e.store.ChangeUser(ctx, c); err != nil {
		err = stepError(err, app.ID)
		if errors.Is(err, errAgain) {
			err = invalidToken("the account has changed since the first factor").with(ReasonSpent)
		}
		return err
	}
	return refusal
}

// tryMailedCode compares the mailed code, of which each token has five tries, and each user twenty wrong
// ones a day.
func (f *factors) tryMailedCode(ctx context.Context, app App, in SecondFactor, w waiting) error {
	if len(in.Code) != 6 {
		return invalidToken("the code is not of six digits").with(reasonOfForm(in.Code, formCode))
	}
	daily := f.limits.countFor(limitFactorUser, f.now().Format("2006-01-02")+" mail "+w.user().String())
	if err := f.limits.hit(ctx, app, in.Client.withDeferred([]count{daily})...); err != nil {
		return err
	}
	tried, ok, err := f.tokens.try(ctx, app.ID, Try{Take: w.take, Proof: f.ring.MAC(mfaLabel, mfaCodeParts(Token{App: app.ID, Hash: w.take.Hash}, in.Code)...), Max: codeTries})
	switch {
	case err != nil:
		return err
	case !ok || tried.Count > codeTries:
		return invalidToken("the mfa_token has no tries left").with(ReasonSpent)
	case !tried.Right:
		refusal := invalidToken("the code is wrong").with(ReasonWrongCode).about(w.account)
		refusal.TriesLeft = codeTries - tried.Count
		return refusal
	}
	return f.limits.refund(ctx, app, daily)
}

// prepareFactors adds to the step of a sign-in that its second factor was used, and tells the user of a
// recovery code and of a new factor.
func (e *Engine) prepareFactors(ctx context.Context, c *signInChange, app App, account *Account, step signInStep) error {
	if use := step.second; use != nil {
		c.Put = append(slices.Clip(c.Put), use.put...)
		if use.method == methodRecovery {
			e.factors.tellOfRecovery(&c.UserChange, app, account.User, use.left, step.client)
		}
	}
	if c.added = step.added; step.added != nil {
		if err := e.factors.tellOfAdded(ctx, &c.UserChange, app, account, *step.added, step.client); err != nil {
			return err
		}
	}
	noteFactors(&c.UserChange, account)
	return nil
}
