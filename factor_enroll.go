package authkit

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/totp"
)

// FactorOwner says for whom a factor is added: the user of a session or, with
// [CodeMFAEnrollmentRequired], of a sign-in that waits. The caller has checked that the session is fresh;
// a Token needs no more than its Binding or Browser.
type FactorOwner struct {
	App uuid.UUID

	User, Session uuid.UUID // of the session

	// Token is SecondFactorDue.Token, in the place of User and Session.
	Token string

	// Invitation is the token of the link of an invitation, in the place of User and Session.
	// [Engine.BeginNewPasskey] alone takes it: the answer of the browser goes to
	// [Engine.PressInvitation].
	Invitation string

	// Binding and Browser are as in [SecondFactor]. A state that a call with Binding begins is bound to
	// that one.
	Binding string
	Browser []byte

	Client Client
}

func (in FactorOwner) asker() asker { return asker{in.Binding, in.Browser} }

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
	n, err := in.enrolment(ctx, e)
	if err != nil {
		return TOTPEnrolment{}, err
	}
	data := ceremonyData{Seed: totp.NewSeed()}
	begun, err := e.factors.newState(ctx, n.app, n.state(newTOTPKind), in.asker(), data)
	if err != nil {
		return TOTPEnrolment{}, err
	}
	out := TOTPEnrolment{Ceremony: begun, Secret: totp.Secret(data.Seed), URI: totp.URI(n.app.Name, n.account.User.EmailTyped, data.Seed)}
	if out.QR, err = totp.QR(out.URI); err != nil {
		return TOTPEnrolment{}, &Error{Code: CodeInternal, Detail: "the QR code could not be drawn", Err: err}
	}
	return out, nil
}

// enrolment adds a factor to the account of a session, or of a sign-in that waits.
type enrolment struct {
	e       *Engine
	in      FactorOwner
	app     App
	account *Account
	waiting *waiting // nil: no sign-in waits
	press   press

	invitation []byte // the hash of the invitation that adds the factor; nil: no invitation does
}

// enrolment reads whom a factor is added to.
func (in FactorOwner) enrolment(ctx context.Context, e *Engine) (enrolment, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	switch {
	case err != nil:
		return enrolment{}, err
	case in.Invitation != "":
		return enrolment{}, invalidToken("an invitation adds no factor here").with(ReasonWrongKind)
	}
	if err := app.takesFactors(); err != nil {
		return enrolment{}, err
	}
	n := enrolment{e: e, in: in, app: app}
	if in.Token == "" {
		n.account, err = e.accountOf(ctx, UserRef{App: app.ID, ID: in.User})
		return n, err
	}
	w, err := e.factors.findWaiting(ctx, app, in.Token, in.asker())
	switch {
	case err != nil:
		return enrolment{}, err
	case w.step.Stage != dueEnroll:
		return enrolment{}, invalidToken("the mfa_token is not for the enrolment of a factor").with(ReasonWrongKind)
	case e.factors.shown(app, w.account).any() && !w.step.resets(w.account):
		return enrolment{}, invalidToken("the user has set up a second factor since the first one").with(ReasonSpent)
	}
	n.account, n.waiting = w.account, &w
	if w.step.resets(w.account) { // the new factor is the first: what another person has added goes in the same step
		n.account = &Account{User: w.account.User}
	}
	return n, nil
}

// invited is enrolment for the passkey of an Invitation. [CodeInvalidToken]; [CodeForbidden]. It has no
// effect.
func (in FactorOwner) invited(ctx context.Context, e *Engine) (enrolment, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return enrolment{}, err
	}
	found, err := findInvitation(ctx, e.tokens, app, in.Invitation)
	if err != nil {
		return enrolment{}, err
	}
	return in.invitedBy(e, app, found)
}

// invitedBy adds a passkey to the account of an invitation. [CodeForbidden], as by takesPasskey.
func (in FactorOwner) invitedBy(e *Engine, app App, found invitation) (enrolment, error) {
	return enrolment{e: e, in: in, app: app, account: found.left(), invitation: found.take.Hash}, found.takesPasskey(e, app)
}

// takesPasskey refuses the passkey of an invitation. [CodeForbidden]: the app has second factors switched
// off, or has given the user one, which a mailbox alone must not go around.
func (i invitation) takesPasskey(e *Engine, app App) error {
	if err := app.takesFactors(); err != nil {
		return err
	}
	if e.factors.shown(app, i.left()).any() {
		return refuse(CodeForbidden, "the user has a second factor, beside which an invitation adds no passkey").about(i.account)
	}
	return nil
}

// takesFactors refuses a new factor of an app that has them switched off: [CodeForbidden].
func (a App) takesFactors() error {
	if a.Settings.MFA == MFAOff {
		return refuse(CodeForbidden, "this app has second factors switched off")
	}
	return nil
}

// state is the token of a ceremony that adds a factor, without its app and id.
func (n enrolment) state(kind TokenKind) Token {
	return Token{Kind: kind, UserID: n.account.User.ID, Epoch: n.account.User.Epoch}
}

// findState returns the state of a ceremony of this very user and invitation. [CodeInvalidToken].
func (n enrolment) findState(ctx context.Context, kind TokenKind, text string) (ceremonyState, error) {
	state, err := n.e.factors.findState(ctx, n.app, kind, text, n.in.asker())
	switch {
	case err != nil:
	case state.user != n.account.User.ID:
		err = invalidToken("the state is another user's")
	case !bytes.Equal(state.data.Invitation, n.invitation):
		err = invalidToken("the state is another invitation's, or one began without the other")
	}
	return state, err
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
	Passkey       Passkey  // of a passkey; of a TOTP the zero Passkey

	// Landing is the sign-in that waited for the factor; nil for a factor that a session adds.
	Landing *Landing
}

// FinishTOTP gives the user the TOTP, in the place of one that the user has, and ten new recovery codes.
// It ends the other sessions of the user. The session at hand has shown a second factor from now on.
// The code is spent. A mail tells the user, with a link that undoes it, unless the user has had a second
// factor for 72 hours.
//
// With a Token the sign-in that waited for the factor goes on in the same step. [CodeInvalidToken]: the
// state is spent, expired, or of another user or browser; with [ReasonWrongCode] the code is wrong, which
// spends nothing. [CodeReauthenticationRequired]: the user has a second factor, which the session has not
// shown.
func (e *Engine) FinishTOTP(ctx context.Context, in TOTPFinish) (_ Enrolled, err error) {
	defer e.hooks.refused(ctx, attempt{EventFactorAdd, in.App, in.Client}, &err)
	return in.enrol(ctx, e, press{}, func(ctx context.Context, n enrolment) (newFactor, error) { return n.newTOTP(ctx, in) })
}

// newTOTP checks the first code of a TOTP.
func (n enrolment) newTOTP(ctx context.Context, in TOTPFinish) (newFactor, error) {
	f, u, now := n.e.factors, n.account.User, n.e.now()
	state, err := n.findState(ctx, newTOTPKind, in.State)
	if err != nil {
		return newFactor{}, err
	}
	data := totpData{ID: newID(now), Seed: state.data.Seed, Since: now}
	if data.Beside, err = f.since(n.account.factors()); err != nil {
		return newFactor{}, err
	}
	if data, err = useTOTP(data, in.Code, now, classSession); err != nil {
		refusal := invalidToken("the code is not one of the new TOTP").with(ReasonWrongCode).about(n.account)
		refusal.uncounted = true // guesses of a seed that the asker was just told win nothing
		return newFactor{}, refusal
	}
	if data.Uses, err = f.usesOf(n.account.factors()); err != nil { // no limit has counted the code that confirms
		return newFactor{}, err
	}
	codes, recovery, err := f.newRecovery(ctx, n.app, n.account, in.Client)
	return newFactor{
		kind: methodTOTP, take: state.take, codes: codes, ends: true, stays: data.stays(now.Add(-forUndo.ttl)), client: in.Client,
		use: factorUse{method: methodTOTP, amr: []string{amrOTP}, put: []Credential{f.totpCredential(n.app.ID, u.ID, data), recovery}},
	}, err
}

// newFactor is a factor that is about to be added.
type newFactor struct {
	kind    string
	take    Take // its state, which the step spends
	use     factorUse
	codes   []string
	ends    bool // the other sessions end
	stays   bool // an undo does not remove it
	passkey Passkey
	client  Client
}

// told is what Hooks.After is told of a new factor.
func (n newFactor) told() *FactorChange { return &FactorChange{Kind: n.kind, Name: n.passkey.Name} }

// enrol adds the factor that make returns.
func (in FactorOwner) enrol(ctx context.Context, e *Engine, p press, make func(context.Context, enrolment) (newFactor, error)) (Enrolled, error) {
	return again(func() (Enrolled, error) {
		n, err := in.enrolment(ctx, e)
		if err != nil {
			return Enrolled{}, err
		}
		n.press = p
		added, err := make(ctx, n)
		if err != nil {
			return Enrolled{}, err
		}
		out := Enrolled{RecoveryCodes: added.codes, Passkey: added.passkey}
		if n.waiting != nil {
			out.Landing, err = n.resume(ctx, added)
			return out, err
		}
		return out, n.write(ctx, added)
	})
}

// write adds a factor in a session, which has shown a second factor from then on.
func (n enrolment) write(ctx context.Context, added newFactor) error {
	e, app, u, now := n.e, n.app, n.account.User, n.e.now()
	c := UserChange{Now: now, App: app.ID, ID: u.ID, Version: u.Version, Take: &added.take, Put: added.use.put}
	if added.ends {
		c.End, c.Keep = true, n.in.Session
	}
	if n.in.Session != uuid.Nil {
		s, _, err := e.sessions.liveOf(ctx, SessionRef{App: app.ID, User: u.ID, ID: n.in.Session})
		if err != nil {
			return err
		}
		if err := e.factors.wantShown(app, n.account, s); err != nil {
			return err
		}
		c.Prove = &SessionProof{ID: s.ID, AMR: withMethods(s.AMR, added.use.amr...), AuthTime: s.AuthTime, MFAAt: now}
	}
	e.factors.noteFactors(&c, n.account)
	if err := e.factors.tellOfAdded(ctx, &c, app, n.account, added); err != nil {
		return err
	}
	u, err := e.store.ChangeUser(ctx, c)
	if err != nil {
		return stepError(err, app.ID)
	}
	e.hooks.after(HookEvent{Kind: HookFactor, App: app.ID, User: u, Client: n.in.Client, Factor: added.told()})
	return nil
}

// wantShown refuses to finish what a session began before its user had a second factor, until the session
// has shown that one: the beginning was fresh without it, and may have been a thief's.
// [CodeReauthenticationRequired].
func (f *factors) wantShown(app App, account *Account, s Session) error {
	if !s.MFAAt.IsZero() || !f.shown(app, account).any() {
		return nil
	}
	refusal := refuse(CodeReauthenticationRequired, "the user has set up a second factor since the session began this").about(account)
	refusal.Methods = f.stepUpMethods(app, account)
	return refusal
}

// resume adds the factor that a sign-in waits for, and signs in, in one step. The step raises the Epoch,
// which ends the token of the wait.
func (n enrolment) resume(ctx context.Context, added newFactor) (*Landing, error) {
	w := n.waiting
	step := w.step.resumed(n.in.Client, n.in.Browser, w.take, n.e.now(), w.account)
	step.take, step.end, step.second, step.added, step.press = &added.take, true, &added.use, &added, n.press
	switch {
	case n.press.hash == nil:
		step.handOver, step.ends = handOver{}, ""
	case step.handOver.to != "":
		if err := n.e.checkGoal(n.app, step.leadsTo(n.app)); err != nil {
			return nil, err
		}
		step.readsFirst = added.codes != nil
	}
	landing, err := n.e.signInUser(ctx, n.app, w.account, step)
	return &landing, w.step.lost(err)
}
