package authkit

import (
	"context"
	"log/slog"
	"slices"

	"github.com/google/uuid"
)

// signInStep describes the one step of the store in which every way of signing in ends. Each way fills
// it in; [Engine.signInUser] carries it out for an account, and [Engine.signUpUser] for a new user.
type signInStep struct {
	method string   // the user's AuthMethod from now on
	amr    []string // of the session (RFC 8176)
	client Client   // that signs in
	bearer bool     // a refresh token holds the session, since the answer cannot set a cookie

	// ends is the state in which the flow ends without a session. Empty: a session starts.
	ends LandingState

	take       *Take  // the token that proves the sign-in; the step spends it
	proof      bool   // take proves the address: an unverified account is reset first
	byAsker    bool   // the asker of the proof redeems it: the account is not reset
	keep       bool   // a reset keeps the name and the password
	emailTyped string // the address as the redeemer of the proof wrote it; empty: not known

	put, drop []Credential
	end       bool // ends every earlier session and every proof

	linkedProvider string // the provider whose identity is linked to the account; the user is told by mail
	passwordReset  bool   // the step resets the password; a mail tells the user, and names the identities in drop

	mails *signUpProof // the proof that is mailed to a new user; nil: there is none

	added   *newFactor // the factor that the step adds; nil: there is none
	second  *factorUse // the second factor that was shown; nil: there is none
	device  string     // the device token of the browser; may be empty
	browser []byte     // the secret in the binding cookie; may be empty
	created bool       // the sign-in made the user, in an earlier step

	handOver   handOver // the zero value: the session is not handed over
	readsFirst bool     // the hand-over waits until the person has read a page

	press press // the step stores its outcome; the zero press has no outcome
}

// inCookie reports whether the session of the step is held in a cookie.
func (s signInStep) inCookie(app App) bool { return !s.bearer && app.holdsInCookie(s.client) }

// leadsTo returns the goal of the step.
func (s signInStep) leadsTo(app App) goal {
	return goal{to: s.handOver.to, challenge: s.handOver.challenge, cookie: s.inCookie(app)}
}

// start returns the session that the step starts.
func (s signInStep) start(app App, user uuid.UUID) sessionStart {
	start := sessionStart{user: user, amr: s.amr, by: s.client, cookie: s.inCookie(app)}
	if s.second != nil {
		start.amr, start.second = withMethods(s.amr, s.second.amr...), true
	}
	return start
}

// starts reports whether the step starts a session.
func (s signInStep) starts() bool { return s.ends == "" }

// checkCookieRoom refuses a session whose cookie the asker's browser has no room for:
// [CodeLimitReached].
func (s signInStep) checkCookieRoom(app App) error {
	if !s.starts() || !s.inCookie(app) {
		return nil
	}
	return s.client.checkCookieRoom()
}

// checkVerified refuses a user of an unverified address where the app requires a verified one,
// unless the step verifies it: [CodeEmailNotVerified].
func (s signInStep) checkVerified(app App, u User) error {
	if app.requiresProof() && !u.Verified && !s.proof {
		return unproven("")
	}
	return nil
}

// signInUser signs the user of an account in, in one step of the store. The step is guarded by
// the Version by which it was decided. errAgain: another request has changed the account.
func (e *Engine) signInUser(ctx context.Context, app App, account *Account, step signInStep) (Landing, error) {
	u := account.User
	if u.Disabled {
		return Landing{}, refuse(CodeUserDisabled, "the account is disabled").about(account)
	}
	if err := step.checkVerified(app, u); err != nil {
		return Landing{}, err
	}
	if err := step.checkCookieRoom(app); err != nil {
		return Landing{}, err
	}
	if stage := e.factors.due(app, account, step); stage != "" {
		return Landing{}, dueSignIn{e, app, account, step, stage}.refuse(ctx)
	}
	ev := HookEvent{Kind: HookSignIn, App: app.ID, User: u, Method: step.method, Client: step.client}
	if step.starts() {
		if err := e.hooks.before(ctx, ev); err != nil {
			return Landing{}, err
		}
	}
	entry := signInChange{UserChange: UserChange{Now: e.now(), App: app.ID, ID: u.ID, Version: u.Version}}
	if err := e.prepare(ctx, &entry, app, account, step); err != nil {
		return Landing{}, err
	}
	return e.commit(ctx, app, ev, entry)
}

// signUpUser creates a user and signs the user in, in one step of the store. The caller has called
// mayCreate. errAgain: the address or a credential is another user's by now.
func (e *Engine) signUpUser(ctx context.Context, app App, u User, step signInStep) (Landing, error) {
	if err := step.checkVerified(app, u); err != nil {
		return Landing{}, err
	}
	if err := step.checkCookieRoom(app); err != nil {
		return Landing{}, err
	}
	now := e.now()
	u.App, u.AuthMethod = app.ID, step.method
	u = newUser(u, now)
	ev := HookEvent{Kind: HookSignUp, App: app.ID, User: u, Method: step.method, Client: step.client}
	ev.User.ID = uuid.Nil // Hooks.Before gets the user without an id
	if err := e.hooks.before(ctx, ev); err != nil {
		return Landing{}, err
	}
	ev.User = u
	for i := range step.put {
		step.put[i] = owned(step.put[i], u, now)
	}
	entry := signInChange{UserChange: UserChange{Now: now, App: app.ID, ID: u.ID}}
	stage := e.factors.due(app, nil, step)
	if stage != "" {
		entry.waits = e.factors.addWait(&entry, app, u, step, stage)
	}
	if err := e.prepare(ctx, &entry, app, nil, step); err != nil {
		return Landing{}, err
	}
	if step.mails != nil && stage == "" {
		e.tokens.addSignUpProof(&entry.Riders, app, u, step, now)
	}
	return e.commit(ctx, app, ev, entry)
}

// signInChange is a sign-in that is about to be written. For a new user, CreateUser takes the
// parts of the change.
type signInChange struct {
	UserChange

	secret  sessionSecret
	landing Landing
	reset   *AccountReset
	created bool       // the sign-in made the user, in this step or an earlier one
	added   *newFactor // the factor that the step adds; nil: there is none
	waits   *Error     // the refusal of a sign-up that waits for a factor; nil: it does not
}

// prepare fills in what the step writes and how the flow ends. account is nil for a new user.
func (e *Engine) prepare(ctx context.Context, c *signInChange, app App, account *Account, step signInStep) error {
	c.Take, c.Put, c.Drop, c.End = step.take, step.put, step.drop, step.end
	c.landing.State = step.ends
	if step.starts() && c.waits == nil {
		c.landing.State = LandingSignedIn
		c.Session, c.secret = e.sessions.start(app, step.start(app, c.ID), c.Now)
	}
	if account == nil {
		c.Riders.note(c.Now, Event{App: app.ID, UserID: c.ID, Type: EventUserCreate, IP: step.client.IP, Reason: step.method})
	} else {
		e.prepareAccount(c, app, account, step)
		if err := e.factors.addTo(ctx, c, app, account, step); err != nil {
			return err
		}
		if step.starts() { // after what the step did before: a host that purges at user.reset keeps what is of the session
			c.Riders.note(c.Now, Event{App: app.ID, UserID: c.ID, Type: EventSessionStart, IP: step.client.IP, Reason: step.method})
		}
	}
	c.landing.SignIn.Removed = removedWays(c.Drop)
	c.created = account == nil || step.created
	return e.prepareLanding(c, step)
}

// prepareAccount adds the changes of an existing account.
func (e *Engine) prepareAccount(c *signInChange, app App, account *Account, step signInStep) {
	if step.starts() {
		c.AuthMethod, c.MaxSessions = step.method, e.cfg.Tokens.MaxSessions
	}
	if step.proof {
		c.Drop = append(slices.Clip(c.Drop), account.vouchedCredentials()...)
	}
	switch {
	case step.proof && step.byAsker:
		c.Verified = new(true)
	case step.proof && !account.User.Verified:
		c.reset = prepareReset(e.outbox, &c.UserChange, app, account, step)
	}
	if step.linkedProvider != "" {
		e.addLinkNotice(&c.UserChange, app, account, step.linkedProvider, step.client)
	}
	if step.passwordReset {
		addResetNotice(e.outbox, &c.UserChange, letter{To: account.User.EmailTyped, Template: "password_changed", App: app.Name}, step.client)
	}
}

// prepareLanding adds the one-time code if the step hands the session over, and adds the outcome of
// the press.
func (e *Engine) prepareLanding(c *signInChange, step signInStep) error {
	if c.waits != nil { // the outcome is the refusal
		return nil //nolint:nilerr // it is the answer, once the step is written
	}
	out := outcome{State: step.ends, Created: c.created, Removed: c.landing.SignIn.Removed, Reset: c.reset}
	if step.added != nil {
		c.landing.RecoveryCodes, out.Recovery = step.added.codes, step.added.codes
	}
	if c.Session != nil {
		out.Session, out.Secret = c.Session.ID, c.secret.Bytes()
	}
	switch to := step.handOver.to; {
	case to == "" || c.Session == nil:
	case c.Session.Cookie != nil: // the browser holds the session already
		c.landing.State, c.landing.RedirectTo, out.RedirectTo = LandingGoesOn, to, to
	default:
		proof, err := step.handOver.proof(c.App, c.Session.ID)
		if err != nil {
			return err
		}
		code := oneTime{session: c.Session.ID, user: c.ID, made: c.Now, created: c.created, proof: proof, secret: c.secret}
		if step.readsFirst {
			c.landing.Onward = e.tokens.addOnward(&c.UserChange, code, step.handOver)
		} else {
			c.landing.Code = e.tokens.addCode(&c.UserChange, code)
		}
		c.landing.State, c.landing.RedirectTo = LandingGoesOn, to
		out.RedirectTo, out.Code, out.Onward, out.Secret = to, c.landing.Code, c.landing.Onward, nil
	}
	e.tokens.addOutcome(&c.UserChange, step.press, out)
	return nil
}

// commit writes a sign-in, calls Hooks.After, and mints the first access token of the session.
// errAgain: the state by which the step was decided has changed. [CodeInvalidToken]: another
// request has spent the token.
func (e *Engine) commit(ctx context.Context, app App, m HookEvent, c signInChange) (Landing, error) {
	var err error
	if m.Kind == HookSignUp {
		m.User, err = e.store.CreateUser(ctx, NewUser{Now: c.Now, User: m.User, Credentials: c.Put, Take: c.Take, Session: c.Session, Riders: c.Riders})
	} else {
		m.User, err = e.store.ChangeUser(ctx, c.UserChange)
	}
	if err != nil {
		return Landing{}, stepError(err, app.ID)
	}
	m.Reset = c.reset
	if c.Session != nil || m.Kind == HookSignUp || m.Reset != nil {
		e.hooks.after(m)
	}
	m.Reset = nil // it is told once
	if c.added != nil {
		e.hooks.after(HookEvent{Kind: HookFactor, App: app.ID, User: m.User, Client: m.Client, Factor: c.added.told()})
	}
	removed := c.landing.SignIn.Removed
	c.landing.SignIn = SignIn{User: m.User}
	if c.Session != nil {
		if c.landing.SignIn, err = e.begin(ctx, app, m, *c.Session, c.secret); err != nil {
			return Landing{}, err
		}
	}
	if c.waits != nil {
		return Landing{}, c.waits
	}
	c.landing.SignIn.Created, c.landing.SignIn.Removed, c.landing.SignIn.Reset = c.created, removed, c.reset
	return c.landing, nil
}

// begin issues the first access token of a session. If that fails, it ends the session, since no client
// has the session's secret.
func (e *Engine) begin(ctx context.Context, app App, m HookEvent, s Session, secret sessionSecret) (SignIn, error) {
	in, err := e.sessions.issue(ctx, app, m, s, secret)
	if err == nil {
		return in, nil
	}
	ended := e.endSession(context.WithoutCancel(ctx), SessionRef{App: app.ID, User: s.UserID, ID: s.ID}, "no token was issued")
	if ended != nil {
		e.cfg.Logger.WarnContext(ctx, "a session for which no token could be issued was not ended", slog.Any("error", ended))
	}
	return SignIn{}, err
}

// unproven refuses a user with an unverified address, where the app requires a verified one. The
// binding redeems the proof that was just mailed.
func unproven(binding string) *Error {
	return &Error{Code: CodeEmailNotVerified, Detail: "verify the address first", Binding: binding}
}

// mayCreate refuses a new user where sign-up is closed ([CodeSignupDisabled]) and charges the
// limit of sign-ups for the peer, whatever the method, and then more.
func (e *Engine) mayCreate(ctx context.Context, app App, by Client, more ...count) error {
	if app.Settings.SignupClosed {
		return signupClosed()
	}
	return e.limits.hit(ctx, app, append(e.limits.peerCounts(limitSignupPeer, by), more...)...)
}

func signupClosed() *Error { return refuse(CodeSignupDisabled, "this app takes no new users") }
