package authkit

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"
)

// StepUp proves in a running session that its user is still there. One thing is shown: of several, the
// passkey counts, and then the code.
type StepUp struct {
	App, User, Session uuid.UUID

	Password string // or
	Code     string // of the TOTP, or a recovery code; or

	// State, Binding and Credential are those of a passkey ([Engine.BeginPasskey]). Browser serves in the
	// place of Binding.
	State, Binding string
	Browser        []byte
	Credential     json.RawMessage

	Client Client
}

// StepUpSession makes a session fresh: its AuthTime is now. It returns a new access token of the same
// session, and no refresh token: the one at hand goes on. A user with a second factor steps up by that
// alone; the session has shown a second factor then.
//
// A code and a state work once, of any number of concurrent calls. A refusal spends nothing, but that of
// an authenticator that may have been cloned spends the state.
//
// [CodeInvalidCredentials]: the password is wrong, the user has none, or the passkey cannot be verified.
// [CodeInvalidToken]: the code or the state is wrong, used or another's, or the session has ended.
// [CodeReauthenticationRequired]: a password does not do, since the user has a second factor; Error.Methods
// says what does. [CodeRateLimited]; [CodeUserNotFound].
func (e *Engine) StepUpSession(ctx context.Context, in StepUp) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStepUp, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return SignIn{}, err
	}
	try := stepUpTry{e: e, app: app, in: in}
	if in.Credential != nil {
		if err := e.factors.needPasskeys(app); err != nil {
			return SignIn{}, err
		}
		if err := e.limits.hit(ctx, app, in.Client.withDeferred(nil)...); err != nil {
			return SignIn{}, err
		}
		shown, err := e.factors.readShown(app, in.State, asker{in.Binding, in.Browser}, in.Credential, in.Client)
		if err != nil {
			return SignIn{}, err
		}
		try.passkey = &shown
	}
	return again(func() (SignIn, error) { return try.run(ctx) })
}

// stepUpTry is a step-up of a session.
type stepUpTry struct {
	e       *Engine
	app     App
	in      StepUp
	passkey *shownPasskey // nil: another thing is shown
}

func (t stepUpTry) run(ctx context.Context) (SignIn, error) {
	e, app, in := t.e, t.app, t.in
	// The session is read after the account, whose Version guards the step: otherwise a factor that is
	// removed between the two would leave its MFAAt to be written back.
	account, err := e.accountOf(ctx, UserRef{App: app.ID, ID: in.User})
	if err != nil {
		return SignIn{}, err
	}
	s, _, err := e.sessions.liveOf(ctx, SessionRef{App: app.ID, User: in.User, ID: in.Session})
	if err != nil {
		return SignIn{}, err
	}
	use, err := t.prove(ctx, account)
	if err != nil {
		return SignIn{}, err
	}
	u, now := account.User, e.now()
	c := UserChange{Now: now, App: app.ID, ID: u.ID, Version: u.Version, Put: use.put}
	s.AMR, s.AuthTime = withMethods(s.AMR, use.amr...), now
	if use.method != methodPassword {
		s.MFAAt = now
	}
	c.Prove = &SessionProof{ID: s.ID, AMR: s.AMR, AuthTime: s.AuthTime, MFAAt: s.MFAAt}
	c.Riders.note(now, Event{App: app.ID, UserID: u.ID, Type: EventSessionStepUp, IP: in.Client.IP, Reason: use.method})
	if use.method == methodRecovery {
		if err := e.factors.mailUser(ctx, &c, app, u, e.factors.noteRecovery(&c, use.left, in.Client)); err != nil {
			return SignIn{}, err
		}
	}
	if u, err = e.store.ChangeUser(ctx, c); err != nil {
		return SignIn{}, stepError(err, app.ID)
	}
	m := HookEvent{Kind: HookSignIn, App: app.ID, User: u, Method: u.AuthMethod, Client: in.Client}
	return e.sessions.issue(ctx, app, m, s, sessionSecret{})
}

// prove checks what the user of the session shows.
func (t stepUpTry) prove(ctx context.Context, account *Account) (factorUse, error) {
	e, app, in, held := t.e, t.app, t.in, t.e.factors.shown(t.app, account)
	switch {
	case t.passkey != nil:
		return t.passkey.use(ctx, e, account)
	case in.Code != "":
		return e.factors.prove(ctx, factorCode{app: app, account: account, code: in.Code, class: classSession, client: in.Client})
	case held.any():
		refusal := refuse(CodeReauthenticationRequired, "a user with a second factor steps up by that").about(account)
		refusal.Methods, refusal.page.text = e.factors.stepUpMethods(app, account), "problem.second_factor_first"
		return factorUse{}, refusal
	}
	// For this session alone: attempts of strangers at the address do not lock the user out.
	counts := []count{e.limits.countFor(limitCredentialsDevice, account.User.Email+" "+in.Session.String())}
	if err := e.limits.hit(ctx, app, in.Client.withDeferred(counts)...); err != nil {
		return factorUse{}, err
	}
	got, err := e.hasher.verify(ctx, app, in.Client, in.Password, account.password())
	switch {
	case err != nil:
		return factorUse{}, err
	case !got.ok:
		e.hasher.rest(ctx, app, got.took)
		return factorUse{}, refuse(CodeInvalidCredentials, "the password is wrong").about(account)
	}
	return factorUse{method: methodPassword, amr: []string{amrPwd}}, nil
}

// stepUpMethods lists by what the user makes a session fresh.
func (f *factors) stepUpMethods(app App, account *Account) []string {
	methods := f.shown(app, account).methods()
	if len(methods) == 0 && account.password() != "" {
		methods = append(methods, methodPassword)
	}
	return append(methods, methodSignIn)
}

// StepUpMethods lists by what a user makes a session fresh: as in [SecondFactorDue.Methods], and
// "password" for a user without a second factor; "sign_in" is always among them. [CodeUserNotFound];
// [CodeAppNotFound].
func (e *Engine) StepUpMethods(ctx context.Context, ref UserRef) ([]string, error) {
	app, err := e.App(ctx, ref.App)
	if err != nil {
		return nil, err
	}
	account, err := e.accountOf(ctx, ref)
	if err != nil {
		return nil, err
	}
	return e.factors.stepUpMethods(app, account), nil
}
