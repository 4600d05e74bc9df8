package authkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
)

// account reads an account; nil and no error: there is none.
func (e *Engine) account(ctx context.Context, app uuid.UUID, by AccountKey) (*Account, error) {
	account, err := e.store.Account(ctx, app, by)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, unavailable(fmt.Errorf("read an account of app %s: %w", app, err))
	}
	return &account, nil
}

// entry is what a proven sign-in brings along.
type entry struct {
	method string // the user's AuthMethod from now on
	amr    []string
	by     Client
	take   *Take  // the token that proved it
	proof  bool   // of the address: an unverified account is reset first
	keeps  bool   // unless the one who asked for the proof redeems it
	shown  string // the address as the one who proved it wrote it
	put    []Credential
	drop   []Credential
	end    bool  // every session before, and every proof
	alone  bool  // no session starts: whoever proved it is not here to hold one
	bearer bool  // a refresh token holds the session: the answer can set no cookie
	then   rider // may be nil
}

// inCookie reports whether a cookie is to hold the session that the entry starts.
func (by entry) inCookie(app App) bool {
	switch app.Settings.SessionMode {
	case SessionCookie:
		return !by.bearer
	case SessionEither:
		return !by.bearer && by.by.Cookie
	case SessionBearer:
	}
	return false
}

// mayHold refuses a session that the asker's browser has no room for.
func (by entry) mayHold(app App) error {
	if by.alone || !by.inCookie(app) {
		return nil
	}
	return by.by.hasRoom()
}

// rider adds to the step that starts a session: what is written with it, and what it spends.
// The session is nil where none starts.
type rider func(*UserChange, *Session, sessionSecret) error

// enter signs the user of an account in, in one step: token spent, session started,
// guarded by the Version on which it was decided.
func (e *Engine) enter(ctx context.Context, app App, account *Account, by entry) (SignIn, error) {
	u := account.User
	if u.Disabled {
		return SignIn{}, refuse(CodeUserDisabled, "the account is disabled").about(account)
	}
	if app.Settings.RequireVerified && !u.Verified && !by.proof {
		return SignIn{}, unproven("")
	}
	if err := by.mayHold(app); err != nil {
		return SignIn{}, err
	}
	moment := Moment{Kind: MomentSignIn, App: app.ID, User: u, Method: by.method, Client: by.by}
	if !by.alone {
		if err := e.hooks.before(ctx, moment); err != nil {
			return SignIn{}, err
		}
	}
	if by.proof {
		by.drop = append(slices.Clip(by.drop), account.vouchings()...)
	}
	change, secret, err := e.entering(app, u, by)
	if err != nil {
		return SignIn{}, err
	}
	if moment.User, err = e.store.ChangeUser(ctx, change); err != nil {
		return SignIn{}, e.stepError(err, app.ID)
	}
	e.outbox.wakeFor(change.Also)
	if by.alone {
		return SignIn{User: moment.User}, nil
	}
	e.hooks.after(moment)
	return e.begin(ctx, app, moment, *change.Session, secret)
}

// entering is the step by which a user enters.
func (e *Engine) entering(app App, u User, by entry) (UserChange, sessionSecret, error) {
	c := UserChange{Now: e.now(), App: app.ID, ID: u.ID, Version: u.Version, Take: by.take, Put: by.put, Drop: by.drop, End: by.end}
	var secret sessionSecret
	var err error
	if !by.alone {
		if c.Session, secret, err = e.newSession(app, u.ID, by, c.Now); err != nil {
			return c, secret, err
		}
		c.AuthMethod, c.MaxSessions = by.method, e.cfg.Tokens.MaxSessions
		c.Also.note(c.Now, Event{App: app.ID, UserID: u.ID, Type: EventSessionStart, IP: by.by.IP, Reason: by.method})
	}
	switch {
	case by.proof && by.keeps:
		c.Verified = new(true)
	case by.proof && !u.Verified:
		reset(&c)
		if by.shown != "" {
			c.EmailTyped = &by.shown
		}
	}
	if by.then != nil {
		err = by.then(&c, c.Session, secret)
	}
	return c, secret, err
}

// unproven refuses who has not proven the address, where the app asks for that. With the
// binding, the proof that was just mailed can be redeemed.
func unproven(binding string) *Error {
	return &Error{Code: CodeEmailNotVerified, Detail: "prove the address first", Binding: binding}
}

// reset takes everything from an account whose address was never proven, before the
// person who proved it gets in: whoever made the account may not have been that person
// (account pre-hijacking, Sudhodanan and Paverd, USENIX Security 2022).
func reset(c *UserChange) {
	c.Verified, c.Name, c.NameKey = new(true), new(""), new("")
	c.DropCredentials, c.End = true, true
	c.Also.note(c.Now, Event{App: c.App, UserID: c.ID, Type: EventUserReset, Reason: "address proven"})
}

// mayCreate refuses a new user where sign-up is closed ([CodeSignupDisabled]) and counts
// one for the peer, whatever the method of sign-in.
func (e *Engine) mayCreate(ctx context.Context, app App, by Client) error {
	if app.Settings.SignupClosed {
		return refuse(CodeSignupDisabled, "this app takes no new users")
	}
	return e.limits.hit(ctx, app, e.limits.byPeer(limitSignupPeer, by)...)
}

// create makes a user that mayCreate has let through and signs in, in one step.
func (e *Engine) create(ctx context.Context, app App, u User, by entry) (SignIn, error) {
	if app.Settings.RequireVerified && !u.Verified {
		return SignIn{}, unproven("")
	}
	if err := by.mayHold(app); err != nil {
		return SignIn{}, err
	}
	now := e.now()
	u.App, u.AuthMethod, u.CreatedAt = app.ID, by.method, now
	moment := Moment{Kind: MomentSignUp, App: app.ID, User: u, Method: by.method, Client: by.by}
	if err := e.hooks.before(ctx, moment); err != nil {
		return SignIn{}, err
	}
	id := newID(now)
	u.ID = id
	for i := range by.put {
		by.put[i] = owned(by.put[i], u, now)
	}
	change := UserChange{Now: now, App: app.ID, ID: id, Take: by.take}
	var secret sessionSecret
	var err error
	if !by.alone {
		if change.Session, secret, err = e.newSession(app, id, by, now); err != nil {
			return SignIn{}, err
		}
	}
	if by.then != nil {
		if err := by.then(&change, change.Session, secret); err != nil {
			return SignIn{}, err
		}
	}
	step := NewUser{Now: now, User: u, Credentials: by.put, Take: change.Take, Session: change.Session, Also: change.Also}
	step.Also.note(now, Event{App: app.ID, UserID: id, Type: EventUserCreate, IP: by.by.IP, Reason: by.method})
	if moment.User, err = e.store.CreateUser(ctx, step); err != nil {
		return SignIn{}, e.stepError(err, app.ID)
	}
	e.hooks.after(moment)
	if by.alone {
		return SignIn{User: moment.User, Created: true}, nil
	}
	return e.begin(ctx, app, moment, *change.Session, secret)
}

// begin mints the first token of a session, and ends one that gets none: nobody holds it.
func (e *Engine) begin(ctx context.Context, app App, m Moment, s Session, secret sessionSecret) (SignIn, error) {
	in, err := e.issue(ctx, app, m, s, secret)
	if err == nil {
		return in, nil
	}
	ended := e.endSession(context.WithoutCancel(ctx), SessionRef{App: app.ID, User: s.UserID, ID: s.ID}, "no token was issued")
	if ended != nil {
		e.log.WarnContext(ctx, "a session that got no token was not ended", slog.Any("error", ended))
	}
	return SignIn{}, err
}

// owned completes a credential with its user. A password's subject is the user's id.
func owned(c Credential, u User, now time.Time) Credential {
	c.App, c.UserID, c.CreatedAt = u.App, u.ID, now
	if c.Kind == passwordKind {
		c.Subject = u.ID.String()
	}
	return c
}

// stepError translates what a user verb answers. A conflict or a stale guard is decided
// anew; a token that cannot be spent was spent by somebody else.
func (e *Engine) stepError(err error, app uuid.UUID) error {
	switch {
	case errors.Is(err, ErrStale), errors.Is(err, ErrConflict):
		return fmt.Errorf("%w: %w", errAgain, err)
	case errors.Is(err, ErrNotFound):
		return invalidToken("the token was spent by another request")
	}
	return unavailable(fmt.Errorf("change a user of app %s: %w", app, err))
}
