package authkit

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

const (
	mfaKind  TokenKind = "mfa"
	mfaTTL             = 10 * time.Minute
	mfaLabel           = "mfa code" // of the MAC of a mailed code
)

// dueStage says what a sign-in waits for.
type dueStage string

const (
	dueFactor  dueStage = "factor"  // a second factor of the user
	dueAddress dueStage = "address" // a mailed code, before the user may enrol a factor
	dueEnroll  dueStage = "enroll"  // a new factor
)

// deferredStep is a sign-in that waits for a second factor: the sealed data of its token. Nothing of
// it has been done, but that the proof of the first factor was spent. A reset of the password waits
// with its proof unspent.
type deferredStep struct {
	Stage dueStage `json:"stage"`
	Email string   `json:"email"` // of the account: with another address the step is dead

	Method     string       `json:"method"`
	AMR        []string     `json:"amr"`
	Bearer     bool         `json:"bearer,omitempty"`
	Cookie     bool         `json:"cookie,omitempty"`
	Ends       LandingState `json:"ends,omitempty"`
	Proof      bool         `json:"proof,omitempty"`
	ByAsker    bool         `json:"by_asker,omitempty"`
	Keep       bool         `json:"keep,omitempty"`
	EmailTyped string       `json:"email_typed,omitempty"`
	Put        []Credential `json:"put,omitempty"`
	Linked     string       `json:"linked,omitempty"`
	RedirectTo string       `json:"redirect_to,omitempty"`
	Challenge  string       `json:"challenge,omitempty"`
	Created    bool         `json:"created,omitempty"`

	Reset *Take `json:"reset,omitempty"` // of a reset of the password: its proof
}

// deferred returns the step as it waits.
func (s signInStep) deferred(stage dueStage, email string) deferredStep {
	d := deferredStep{
		Stage: stage, Email: email, Method: s.method, AMR: s.amr, Bearer: s.bearer, Cookie: s.client.Cookie, Ends: s.ends,
		Proof: s.proof, ByAsker: s.byAsker, Keep: s.keep, EmailTyped: s.emailTyped, Put: s.put, Linked: s.linkedProvider,
		RedirectTo: s.handOver.to, Challenge: s.handOver.challenge,
	}
	if s.passwordReset {
		d.Reset = s.take
	}
	return d
}

// resumed returns the step that waited, as a client goes on with it. take is the token of the wait.
func (d deferredStep) resumed(by Client, browser []byte, take Take, now time.Time, account *Account) signInStep {
	by.Cookie = d.Cookie
	s := signInStep{
		method: d.Method, amr: d.AMR, client: by, bearer: d.Bearer, ends: d.Ends, browser: browser,
		proof: d.Proof, byAsker: d.ByAsker, keep: d.Keep, emailTyped: d.EmailTyped, put: slices.Clone(d.Put), linkedProvider: d.Linked,
		take: &take, created: d.Created,
	}
	if d.RedirectTo != "" {
		s.handOver = handOver{d.RedirectTo, d.Challenge, browser}
	}
	if d.Reset != nil { // its End ends the token of the wait, too, which is bound to the user
		s.take, s.end, s.passwordReset, s.drop = d.Reset, true, true, account.recentAdditions(now)
	}
	return s
}

// lost returns the error of the step that went on with what waited. An identity that it was to link and
// that is another account's by now is lost for good: [CodeInvalidToken], where another step is decided again.
func (d deferredStep) lost(err error) error {
	if len(d.Put) > 0 && errors.Is(err, ErrConflict) {
		return invalidToken("an identity that the sign-in was to link is another account's").with(ReasonSpent)
	}
	return err
}

// due decides, in the one place through which every way of signing in goes, whether a step has to wait
// for a second factor; empty: it does not. account is nil for a new user.
//
// A reset of the password waits even if it starts no session: otherwise a mailbox alone would change
// what the second factor stands beside.
func (f *factors) due(app App, account *Account, step signInStep) dueStage {
	if step.second != nil || !step.starts() && !step.passwordReset {
		return ""
	}
	var held heldFactors
	if account != nil && !step.resets(account) { // a reset takes the factors away, since another person may have added them
		held = f.shown(app, account)
	}
	switch {
	case held.totp != nil, app.requiresFactor() && held.any():
		// A remembered browser is spared the question alone: the session is without a second factor. A reset
		// of the password is never spared it.
		if !step.passwordReset && f.remembers(app, account, step.device) {
			return ""
		}
		return dueFactor
	case !app.requiresFactor() || !step.starts():
		return ""
	case slices.Equal(step.amr, []string{amrPwd}) && !step.byAsker:
		return dueAddress // a guessed password must not be the right to enrol
	}
	return dueEnroll
}

// resets reports whether the step resets the account, since its address was never proven.
func (s signInStep) resets(account *Account) bool {
	return s.proof && !s.byAsker && !account.User.Verified
}

// resets is signInStep.resets for a step that waits.
func (d deferredStep) resets(account *Account) bool {
	return signInStep{proof: d.Proof, byAsker: d.ByAsker}.resets(account)
}

// requiresFactor reports whether the app wants a second factor of every user.
func (a App) requiresFactor() bool { return a.Settings.MFA == MFARequired }

// newWait is a step that is about to wait.
type newWait struct {
	app     App
	user    User
	step    deferredStep
	browser []byte // empty: the answered binding alone goes on with it
	client  Client
	now     time.Time
}

// wait makes the token of a step that waits, as a rider of the step that spends the proof of the first
// factor.
func (f *factors) wait(riders *Riders, w newWait) *SecondFactorDue {
	id, app, u, browser := token.Random(idSize), w.app, w.user, w.browser
	if len(browser) == 0 {
		browser = token.Random(macSize)
	}
	due := &SecondFactorDue{
		Token: token.Encode(id), Binding: bindingOf(browser, app.ID, id), ExpiresIn: mfaTTL,
		Flow: WaitingFlow{w.step.RedirectTo, w.step.Challenge, w.step.Cookie, w.step.Reset != nil},
	}
	t := Token{
		App: app.ID, Kind: mfaKind, Hash: token.Hash(id), Slot: token.Encode(token.Hash(id)), Binding: token.Hash([]byte(due.Binding)),
		UserID: u.ID, Epoch: u.Epoch, ExpiresAt: w.now.Add(mfaTTL),
	}
	t.Data = f.tokens.seal(t, w.step)
	if w.step.Stage == dueAddress {
		code := sixDigits()
		t.Proof = f.ring.MAC(mfaLabel, mfaCodeParts(t, code)...)
		f.mailCode(riders, w, code)
	}
	riders.Tokens = append(riders.Tokens, t)
	return due
}

// mfaCodeParts are the inputs of the MAC of a mailed code.
func mfaCodeParts(t Token, code string) [][]byte { return [][]byte{t.App[:], t.Hash, []byte(code)} }

// mailCode mails the code that proves the address before a factor is enrolled.
func (f *factors) mailCode(riders *Riders, w newWait, code string) {
	l := letter{To: w.user.EmailTyped, Template: "factor_code", App: w.app.Name, Code: code, Minutes: int(mfaTTL / time.Minute)}
	f.outbox.queue(riders, w.app.ID, f.outbox.causedBy(w.client.Languages, w.client.UserAgent, l), w.now, mfaTTL)
}

// refusal is the answer to a first factor whose second one is due. enrols is true if the user has to set
// one up first.
func (due *SecondFactorDue) refusal(enrols bool) *Error {
	err := &Error{Code: CodeMFARequired, Detail: "a second factor is required", Second: due}
	if enrols {
		err.Code, err.Detail = CodeMFAEnrollmentRequired, "this app requires a second factor, which the user has not set up yet"
	}
	return err
}

// waitsForFactor reports whether a refusal is that of a first factor whose second one is due.
func waitsForFactor(err error) bool {
	refusal, ok := errors.AsType[*Error](err)
	return ok && refusal.Second != nil
}

// methodsOf lists what a stage takes.
func (f *factors) methodsOf(app App, stage dueStage, held heldFactors) []string {
	switch stage {
	case dueAddress:
		return []string{methodEmailCode}
	case dueEnroll:
		methods := []string{methodTOTP}
		if f.passkeysOn(app) {
			methods = append(methods, methodPasskey)
		}
		return methods
	}
	return held.methods()
}

// dueSignIn is the sign-in of an account that has to wait.
type dueSignIn struct {
	e       *Engine
	app     App
	account *Account
	step    signInStep
	stage   dueStage
}

// refuse makes the sign-in wait. It spends the proof of the first factor, unless that is the proof of a
// reset, and does nothing else of the step.
func (d dueSignIn) refuse(ctx context.Context) error {
	e, app, u, now := d.e, d.app, d.account.User, d.e.now()
	if d.stage == dueAddress {
		if err := e.limits.hit(ctx, app, e.limits.countMail(challengeData{Email: u.Email, Class: classSession, proven: u.Verified})...); err != nil {
			return err
		}
	}
	c := UserChange{Now: now, App: app.ID, ID: u.ID, Version: u.Version}
	due := e.factors.wait(&c.Riders, newWait{app, u, d.step.deferred(d.stage, u.Email), d.step.browser, d.step.client, now})
	due.Methods = e.factors.methodsOf(app, d.stage, e.factors.shown(app, d.account))
	refusal := due.refusal(d.stage != dueFactor).about(d.account)
	e.tokens.addOutcome(&c, d.step.press, dueOutcome(refusal))
	if d.step.take == nil || d.step.passwordReset {
		for i := range c.Riders.Tokens { // a verb on the user would set it
			c.Riders.Tokens[i].Epoch = u.Epoch
		}
		if err := e.tokens.put(ctx, app.ID, c.Riders); err != nil {
			return err
		}
		return refusal
	}
	c.Take = d.step.take
	if _, err := e.store.ChangeUser(ctx, c); err != nil {
		return stepError(err, app.ID)
	}
	return refusal
}

// dueOutcome is the outcome of a press whose second factor is due.
func dueOutcome(refusal *Error) outcome {
	out := refusedOutcome("", refusal)
	out.Second = refusal.Second
	return out
}

// addWait completes the step that creates a user whose sign-in waits for a factor: no session starts, and
// the answer is the refusal.
func (f *factors) addWait(c *signInChange, app App, u User, step signInStep, stage dueStage) *Error {
	step.put = nil // the step creates the user with them
	rest := step.deferred(stage, u.Email)
	rest.Created, rest.Proof, rest.Linked = true, false, ""
	due := f.wait(&c.Riders, newWait{app, u, rest, step.browser, step.client, c.Now})
	due.Methods = f.methodsOf(app, stage, heldFactors{})
	refusal := due.refusal(true)
	refusal.user = u.ID
	f.tokens.addOutcome(&c.UserChange, step.press, dueOutcome(refusal))
	return refusal
}

// waiting is a sign-in that waits, as its token was found.
type waiting struct {
	take Take
	step deferredStep

	account *Account
	token   Token
}

// findWaiting returns the sign-in that waits for a second factor, by its token and the proof that its
// asker goes on with it. It spends nothing. [CodeInvalidToken].
func (f *factors) findWaiting(ctx context.Context, app App, text string, by asker) (waiting, error) {
	take, err := by.take(app, mfaKind, text)
	if err != nil {
		return waiting{}, err
	}
	w := waiting{take: take}
	take.Dead = true
	t, account, ok, err := f.tokens.held(ctx, app.ID, take)
	switch {
	case err != nil:
		return waiting{}, err
	case !ok:
		return waiting{}, invalidToken("the mfa_token is unknown, another browser's, or expired long ago")
	case !f.now().Before(t.ExpiresAt):
		return waiting{}, invalidToken("the mfa_token has expired").with(ReasonExpired)
	case account == nil:
		return waiting{}, invalidToken("the mfa_token was spent, or died with what its user changed").with(ReasonSpent)
	}
	w.account, w.token = account, t
	if err := f.tokens.open(t, w.take, &w.step); err != nil {
		return waiting{}, err
	}
	return w, w.check(account)
}

// check refuses to go on with an account whose address has changed.
func (w waiting) check(account *Account) error {
	if account.User.ID != w.token.UserID || account.User.Email != w.step.Email {
		return invalidToken("the address of the account has changed since the first factor").with(ReasonSpent)
	}
	return nil
}

// user returns whose sign-in waits.
func (w waiting) user() uuid.UUID { return w.token.UserID }
