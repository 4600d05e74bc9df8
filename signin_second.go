package authkit

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

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
	// ([Engine.BeginPasskey]); where Credential is set, Code counts for nothing.
	Code       string
	State      string
	Credential json.RawMessage

	// Remember asks the app not to want a second factor in this browser again, for as many days as its
	// settings allow; with a recovery code, or where they allow none, it asks for nothing. Device is as
	// in [PasswordSignIn], and is how the browser is known again.
	Remember bool
	Device   string

	Client Client

	page  bool   // the flow ends in this browser
	form  string // identifies the form that was shown
	stale bool   // as in PagePress
}

// SignInWithSecondFactor finishes the sign-in that a first factor began. The step that starts the
// session spends the token, and the code or the state: each works once, of any number of concurrent
// calls. What the first factor was to do (link an identity, set a new password) is done in the same
// step.
//
// [CodeInvalidToken]: the token or the state is spent, expired, or of another app, user or browser. With
// [ReasonWrongCode] the code is wrong or was used, and Error.TriesLeft says how often the token may
// still be tried. [CodeInvalidCredentials]: the passkey cannot be verified, or is not the user's. These
// spend nothing, but a passkey that may have been cloned spends the state. [CodeRateLimited]: the user
// has no tries left today. [CodeMFAEnrollmentRequired]: the code of the mail was right; a factor is to be
// enrolled with the new token. The other errors are those of the first factor.
func (e *Engine) SignInWithSecondFactor(ctx context.Context, in SecondFactor) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return SignIn{}, err
	}
	landing, err := (&secondTry{e: e, app: app, in: in}).run(ctx)
	return landing.SignIn, err
}

// PressSecondFactor is [Engine.SignInWithSecondFactor] from a page. The flow goes on as the first
// factor began it: the session begins in this browser, or is handed over to the redirect URL. A second
// press of the same form within a minute gets the outcome of the first.
func (e *Engine) PressSecondFactor(ctx context.Context, in SecondFactor) (Landing, error) {
	in.page = true
	page := PagePress{App: in.App, Browser: in.Browser, Client: in.Client, stale: in.stale}
	return e.pressPage(ctx, page, []string{"second", in.form, in.Token, in.Code, in.State, string(in.Credential)}, func(ctx context.Context, app App, p press) (Landing, error) {
		return (&secondTry{e: e, app: app, in: in, press: p}).run(ctx)
	})
}

// secondTry goes on with a sign-in that waits, by what a person shows.
type secondTry struct {
	waiting

	e     *Engine
	app   App
	in    SecondFactor
	press press
}

// run finds the sign-in, and goes on with it.
func (t *secondTry) run(ctx context.Context) (_ Landing, err error) {
	t.waiting, err = t.e.factors.findWaiting(ctx, t.app, t.in.Token, asker{t.in.Binding, t.in.Browser})
	switch {
	case err != nil:
		return Landing{}, err
	case t.step.Stage == dueAddress:
		return Landing{}, t.proveAddress(ctx)
	case t.step.Stage != dueFactor:
		return Landing{}, invalidToken("the mfa_token is for the enrolment of a factor").with(ReasonWrongKind)
	case t.in.Credential != nil:
		return t.byPasskey(ctx)
	}
	return t.byCode(ctx)
}

// byCode goes on by a code of the TOTP, or a recovery code.
func (t *secondTry) byCode(ctx context.Context) (Landing, error) {
	return again(func() (Landing, error) {
		account, err := t.takeAccount(ctx)
		if err != nil {
			return Landing{}, err
		}
		use, err := t.e.factors.prove(ctx, factorCode{
			app: t.app, account: account, code: t.in.Code, class: t.e.factors.classOf(account.User, t.in.Device), take: &t.take, client: t.in.Client,
		})
		if err != nil {
			return Landing{}, err
		}
		return t.resume(ctx, account, &use)
	})
}

// byPasskey goes on by a passkey of the user.
func (t *secondTry) byPasskey(ctx context.Context) (Landing, error) {
	if err := t.e.factors.needPasskeys(t.app); err != nil {
		return Landing{}, err
	}
	if err := t.e.limits.hit(ctx, t.app, t.in.Client.withDeferred(nil)...); err != nil {
		return Landing{}, err
	}
	shown, err := t.e.factors.readShown(t.app, t.in.State, asker{t.in.Binding, t.in.Browser}, t.in.Credential, t.in.Client)
	if err != nil {
		return Landing{}, err
	}
	return again(func() (Landing, error) {
		account, err := t.takeAccount(ctx)
		if err != nil {
			return Landing{}, err
		}
		use, err := shown.use(ctx, t.e, account)
		if err != nil {
			return Landing{}, err
		}
		return t.resume(ctx, account, &use)
	})
}

// takeAccount returns the account that was found with the token, once; then it is read anew.
func (t *secondTry) takeAccount(ctx context.Context) (*Account, error) {
	account := t.account
	if t.account = nil; account != nil {
		return account, nil
	}
	account, err := t.e.accountOf(ctx, UserRef{App: t.app.ID, ID: t.user()})
	if err != nil {
		return nil, err
	}
	return account, t.check(account)
}

// resume goes on with the sign-in, now that a second factor was shown.
func (t *secondTry) resume(ctx context.Context, account *Account, use *factorUse) (Landing, error) {
	step := t.step.resumed(t.in.Client, t.in.Browser, t.take, t.e.now(), account)
	step.second, step.press, step.device = use, t.press, t.in.Device
	step.drop = slices.DeleteFunc(step.drop, func(c Credential) bool { // what was just shown stays
		return slices.ContainsFunc(use.put, func(shown Credential) bool { return shown.Kind == c.Kind && shown.Subject == c.Subject })
	})
	if !t.in.page { // the session is the answer, wherever the flow was to lead
		step.handOver, step.ends = handOver{}, ""
	}
	if step.handOver.to != "" {
		if err := t.e.checkGoal(t.app, step.leadsTo(t.app)); err != nil {
			return Landing{}, err
		}
	}
	landing, err := t.e.signInUser(ctx, t.app, account, step)
	if err == nil && t.in.Remember && use.method != methodRecovery {
		landing.SignIn.remember, err = t.e.factors.toRemember(t.app, account, landing.SignIn)
	}
	return landing, t.step.lost(err)
}

// proveAddress takes the mailed code of a sign-in that waits for it, and answers with a token that is
// good for the enrolment of a factor.
func (t *secondTry) proveAddress(ctx context.Context) error {
	if err := t.e.factors.tryMailedCode(ctx, t.app, t.in, t.waiting); err != nil {
		return err
	}
	next := t.step
	next.Stage, next.Proof, next.ByAsker = dueEnroll, true, true
	now, u := t.e.now(), t.account.User
	c := UserChange{Now: now, App: t.app.ID, ID: u.ID, Version: u.Version, Take: &t.take}
	due := t.e.factors.wait(&c.Riders, newWait{t.app, u, next, t.in.Browser, t.in.Client, now})
	due.Methods = t.e.factors.methodsOf(t.app, next.Stage, heldFactors{})
	refusal := due.refusal(true).about(t.account)
	t.e.tokens.addOutcome(&c, t.press, dueOutcome(refusal))
	_, err := t.e.store.ChangeUser(ctx, c)
	switch {
	case errors.Is(err, ErrStale):
		return invalidToken("the account has changed since the first factor").with(ReasonSpent)
	case err != nil:
		return stepError(err, t.app.ID)
	}
	return refusal
}

// tryMailedCode compares the mailed code, of which each token has five tries, and each user twenty wrong
// ones a day for each class of clients.
func (f *factors) tryMailedCode(ctx context.Context, app App, in SecondFactor, w waiting) error {
	if len(in.Code) != 6 {
		return invalidToken("the code is not of six digits").with(reasonOfForm(in.Code, formCode))
	}
	of := string(rune('0' + f.classOf(w.account.User, in.Device)))
	daily := f.limits.countFor(limitFactorMail, f.now().Format(time.DateOnly)+" "+of+" "+w.user().String())
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
