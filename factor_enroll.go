package authkit

import (
	"context"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/totp"
)

// FactorOwner says for whom a factor is added: the user of a session or, with
// [CodeMFAEnrollmentRequired], of a sign-in that waits.
type FactorOwner struct {
	App uuid.UUID

	User, Session uuid.UUID // of the session

	// Token is SecondFactorDue.Token, in the place of User and Session.
	Token string

	// Binding and Browser are as in [SecondFactor]. A state that a call with Binding begins is bound to
	// that one.
	Binding string
	Browser []byte

	Client Client
}

func (o FactorOwner) asker() asker { return asker{o.Binding, o.Browser} }

// TOTPEnrolment is the beginning of the enrolment of a TOTP.
type TOTPEnrolment struct {
	Ceremony // without Options

	Secret string // base32, to type into an authenticator app
	URI    string // otpauth://totp/…, whose issuer is the app's name
	QR     string // the same as a QR code: the data URL of an SVG image
}

// BeginTOTP makes the seed of a TOTP (RFC 6238: SHA-1, six digits, thirty seconds), which counts once
// [Engine.FinishTOTP] gets a code of it. A TOTP that the user has stays until then. [CodeForbidden]:
// the app has second factors switched off. [CodeInvalidToken], of a Token.
func (e *Engine) BeginTOTP(ctx context.Context, in FactorOwner) (TOTPEnrolment, error) {
	app, account, _, err := e.factorOwner(ctx, in)
	if err != nil {
		return TOTPEnrolment{}, err
	}
	data := ceremonyData{Seed: totp.NewSeed()}
	begun, err := e.factors.newState(ctx, app, newTOTPKind, &account.User, in.asker(), data)
	if err != nil {
		return TOTPEnrolment{}, err
	}
	out := TOTPEnrolment{Ceremony: begun, Secret: totp.Secret(data.Seed), URI: totp.URI(app.Name, account.User.EmailTyped, data.Seed)}
	if out.QR, err = totp.QR(out.URI); err != nil {
		return TOTPEnrolment{}, &Error{Code: CodeInternal, Detail: "the QR code could not be drawn", Err: err}
	}
	return out, nil
}

// factorOwner returns the account that a factor is added to, and the sign-in that waits for it, if one
// does.
func (e *Engine) factorOwner(ctx context.Context, in FactorOwner) (App, *Account, *waiting, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	switch {
	case err != nil:
		return App{}, nil, nil, err
	case app.Settings.MFA == MFAOff:
		return App{}, nil, nil, refuse(CodeForbidden, "this app has second factors switched off")
	case in.Token == "":
		account, err := e.accountOf(ctx, UserRef{App: app.ID, ID: in.User})
		return app, account, nil, err
	}
	w, err := e.factors.findWaiting(ctx, app, in.Token, in.asker())
	switch {
	case err != nil:
		return App{}, nil, nil, err
	case w.step.Stage != dueEnroll:
		return App{}, nil, nil, invalidToken("the mfa_token is not for the enrolment of a factor").with(ReasonWrongKind)
	}
	return app, w.account, &w, nil
}

// TOTPFinish confirms a TOTP by its first code.
type TOTPFinish struct {
	FactorOwner

	State string // Ceremony.State
	Code  string
}

// Enrolled is the outcome of a factor that was added.
type Enrolled struct {
	RecoveryCodes []string // of a TOTP: shown once
	Passkey       Passkey  // of a passkey

	// Landing is the sign-in that waited for the factor; nil for a factor that a session adds.
	Landing *Landing
}

// FinishTOTP gives the user the TOTP, in the place of one that the user has, and ten new recovery codes.
// It ends the other sessions of the user. The session at hand has shown a second factor from now on.
// The code is spent. A mail tells the user, with a link that undoes it.
//
// With a Token the sign-in that waited for the factor goes on in the same step. [CodeInvalidToken]: the
// state is spent, expired, or of another user or browser; with [ReasonWrongCode] the code is wrong, which
// spends nothing.
func (e *Engine) FinishTOTP(ctx context.Context, in TOTPFinish) (_ Enrolled, err error) {
	defer e.hooks.refused(ctx, attempt{EventFactorAdd, in.App, in.Client}, &err)
	return e.enrol(ctx, in.FactorOwner, press{}, func(ctx context.Context, app App, account *Account) (newFactor, error) {
		state, err := e.factors.findState(ctx, app, newTOTPKind, in.State, in.asker())
		switch {
		case err != nil:
			return newFactor{}, err
		case state.user != account.User.ID:
			return newFactor{}, invalidToken("the state is another user's")
		}
		now, held := e.now(), account.factors()
		data := totpData{ID: newID(now), Seed: state.data.Seed, Since: now, Beside: held.any()}
		if data, err = useTOTP(data, in.Code, now, classSession); err != nil {
			return newFactor{}, invalidToken("the code is not one of the new TOTP").with(ReasonWrongCode).about(account)
		}
		codes, recovery, err := e.factors.newRecovery(ctx, app, account.User.ID, in.Client)
		if err != nil {
			return newFactor{}, err
		}
		return newFactor{
			kind: methodTOTP, name: "TOTP", take: state.take, codes: codes, ends: true,
			use: factorUse{method: methodTOTP, amr: []string{amrOTP}, put: []Credential{e.factors.totpCredential(app.ID, account.User.ID, data), recovery}},
		}, nil
	})
}

// newFactor is a factor that is about to be added.
type newFactor struct {
	kind, name string
	take       Take // its state, which the step spends
	use        factorUse
	codes      []string
	ends       bool // the other sessions end
	passkey    Passkey
}

// enrol adds the factor that make returns, to the account of a session or of a sign-in that waits.
func (e *Engine) enrol(ctx context.Context, in FactorOwner, p press, make func(context.Context, App, *Account) (newFactor, error)) (Enrolled, error) {
	return again(func() (Enrolled, error) {
		app, account, w, err := e.factorOwner(ctx, in)
		if err != nil {
			return Enrolled{}, err
		}
		added, err := make(ctx, app, account)
		if err != nil {
			return Enrolled{}, err
		}
		out := Enrolled{RecoveryCodes: added.codes, Passkey: added.passkey}
		if w != nil {
			out.Landing, err = e.enrolWaiting(ctx, app, in, w, added, p)
			return out, err
		}
		return out, e.enrolInSession(ctx, app, account, in, added)
	})
}

// enrolInSession adds a factor in a session, which has shown a second factor from then on.
func (e *Engine) enrolInSession(ctx context.Context, app App, account *Account, in FactorOwner, added newFactor) error {
	u, now := account.User, e.now()
	c := UserChange{Now: now, App: app.ID, ID: u.ID, Version: u.Version, Take: &added.take, Put: added.use.put}
	if added.ends {
		c.End, c.Keep = true, in.Session
	}
	if in.Session != uuid.Nil {
		s, _, err := e.sessions.liveOf(ctx, SessionRef{App: app.ID, User: u.ID, ID: in.Session})
		if err != nil {
			return err
		}
		c.Prove = &SessionProof{ID: s.ID, AMR: withMethods(s.AMR, added.use.amr...), AuthTime: s.AuthTime, MFAAt: now}
	}
	noteFactors(&c, account)
	if err := e.factors.tellOfAdded(ctx, &c, app, account, added, in.Client); err != nil {
		return err
	}
	u, err := e.changeFactors(ctx, c)
	if err == nil {
		e.hooks.after(HookEvent{Kind: HookFactor, App: app.ID, User: u, Client: in.Client, Factor: added.told()})
	}
	return err
}

// told is what Hooks.After is told of a new factor.
func (n newFactor) told() *FactorChange { return &FactorChange{Kind: n.kind, Name: n.passkey.Name} }

// changeFactors writes a step on the factors of a user. A state that was spent meanwhile is
// [CodeInvalidToken].
func (e *Engine) changeFactors(ctx context.Context, c UserChange) (User, error) {
	u, err := e.store.ChangeUser(ctx, c)
	if err != nil {
		return User{}, stepError(err, c.App)
	}
	return u, nil
}

// enrolWaiting adds the factor that a sign-in waits for, and signs in, in one step. The step raises the
// Epoch, which ends the token of the wait.
func (e *Engine) enrolWaiting(ctx context.Context, app App, in FactorOwner, w *waiting, added newFactor, p press) (*Landing, error) {
	step := w.step.resumed(in.Client, in.Browser, w.take, e.now(), w.account)
	step.take, step.end, step.second, step.added, step.press = &added.take, true, &added.use, &added, p
	if p.hash == nil {
		step.handOver, step.ends = handOver{}, ""
	}
	landing, err := e.signInUser(ctx, app, w.account, step)
	return &landing, err
}

// FactorRemoval is the request of a user to remove a factor, or to get new recovery codes.
type FactorRemoval struct {
	App, User uuid.UUID
	Client    Client
}

// RemoveTOTP removes the user's TOTP with its recovery codes, and takes `mfa` out of the user's running
// sessions. A mail tells the user. It is no error if the user has no TOTP. The caller has checked
// that the sign-in is fresh. [CodeUserNotFound].
func (e *Engine) RemoveTOTP(ctx context.Context, in FactorRemoval) (err error) {
	defer e.hooks.refused(ctx, attempt{EventFactorRemove, in.App, in.Client}, &err)
	return e.changeFactorsOf(ctx, in, func(app App, account *Account, c *factorStep) error {
		held := account.factors()
		if held.totp == nil {
			return errUnchanged
		}
		c.Drop = append(c.Drop, *held.totp)
		if held.recovery != nil {
			c.Drop = append(c.Drop, *held.recovery)
		}
		return e.factors.tellOfRemoved(ctx, c, app, account, FactorChange{Kind: methodTOTP}, in.Client)
	})
}

// RenewRecoveryCodes gives a user who has a TOTP ten new recovery codes; the old ones are dead. A mail
// tells the user. [CodeNotFound]: the user has no TOTP. [CodeUserNotFound].
func (e *Engine) RenewRecoveryCodes(ctx context.Context, in FactorRemoval) (codes []string, err error) {
	defer e.hooks.refused(ctx, attempt{EventRecoveryRenew, in.App, in.Client}, &err)
	err = e.changeFactorsOf(ctx, in, func(app App, account *Account, c *factorStep) error {
		if account.factors().totp == nil {
			return refuse(CodeNotFound, "the user has no TOTP, which recovery codes stand beside")
		}
		var set Credential
		var err error
		if codes, set, err = e.factors.newRecovery(ctx, app, account.User.ID, in.Client); err != nil {
			return err
		}
		c.Put = append(c.Put, set)
		c.Riders.note(c.Now, Event{App: app.ID, UserID: account.User.ID, Type: EventRecoveryRenew, IP: in.Client.IP})
		return e.factors.mailUser(ctx, &c.UserChange, app, account.User, letter{Template: "recovery_renewed"}, in.Client)
	})
	return codes, err
}

// RemoveFactors removes every second factor and passkey of a user, for a developer: it ends the user's
// sessions and tells the user by mail. It is no error if the user has no factor. [CodeUserNotFound].
func (e *Engine) RemoveFactors(ctx context.Context, in UserRef) error {
	return e.changeFactorsOf(ctx, FactorRemoval{App: in.App, User: in.ID}, func(app App, account *Account, c *factorStep) error {
		held := account.factors()
		if !held.any() && held.recovery == nil {
			return errUnchanged
		}
		for _, one := range account.Credentials {
			if one.Kind == totpKind || one.Kind == recoveryKind || one.Kind == passkeyKind {
				c.Drop = append(c.Drop, one)
			}
		}
		c.End = true
		return e.factors.tellOfRemoved(ctx, c, app, account, FactorChange{Kind: "all"}, Client{})
	})
}

// factorStep is a step on the factors of a user.
type factorStep struct {
	UserChange

	told *FactorChange // what Hooks.After is told; nil: nothing
}

// changeFactorsOf changes the factors of a user as change says. errUnchanged: there is nothing to do.
func (e *Engine) changeFactorsOf(ctx context.Context, in FactorRemoval, change func(App, *Account, *factorStep) error) error {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return err
	}
	_, err = again(func() (User, error) {
		account, err := e.accountOf(ctx, UserRef{App: app.ID, ID: in.User})
		if err != nil {
			return User{}, err
		}
		c := factorStep{UserChange: UserChange{Now: e.now(), App: app.ID, ID: account.User.ID, Version: account.User.Version}}
		if err := change(app, account, &c); err != nil {
			return User{}, err
		}
		noteFactors(&c.UserChange, account)
		u, err := e.changeFactors(ctx, c.UserChange)
		if err == nil && c.told != nil {
			e.hooks.after(HookEvent{Kind: HookFactor, App: app.ID, User: u, Client: in.Client, Factor: c.told})
		}
		return u, err
	})
	if err == errUnchanged { //nolint:errorlint // a sentinel that is never wrapped
		return nil
	}
	return err
}

// SecondFactors says which second factors a user has.
type SecondFactors struct {
	Methods       []string // "totp" and "passkey"
	RecoveryCodes int      // that are left
	Required      bool     // the app requires a second factor
}

// SecondFactors returns the second factors of a user. [CodeUserNotFound].
func (e *Engine) SecondFactors(ctx context.Context, ref UserRef) (SecondFactors, error) {
	app, err := e.App(ctx, ref.App)
	if err != nil {
		return SecondFactors{}, err
	}
	account, err := e.accountOf(ctx, ref)
	if err != nil {
		return SecondFactors{}, err
	}
	held := account.factors()
	out := SecondFactors{Methods: []string{}, RecoveryCodes: held.recoveryLeft(), Required: app.requiresFactor()}
	for _, m := range held.methods() {
		if m != methodRecovery {
			out.Methods = append(out.Methods, m)
		}
	}
	return out, nil
}
