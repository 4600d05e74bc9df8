package authkit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// Client says who asks, for limits and for the list of sessions. Empty fields are fine:
// a Go caller without an address is limited by email only.
type Client struct{ IP, UserAgent string }

// SignIn is the outcome of every sign-in.
type SignIn struct {
	Token     string        // the access token, a JWT
	ExpiresIn time.Duration // of Token
	User      User
	SessionID uuid.UUID
	Created   bool // the user is new
}

// maxUserAgent is how much of a User-Agent a session keeps.
const maxUserAgent = 256

// newSession prepares the session that a user verb starts.
func (e *Engine) newSession(app, user uuid.UUID, by Client, amr []string, now time.Time) (*Session, error) {
	id, err := e.newID(now)
	if err != nil {
		return nil, unavailable(err)
	}
	t := e.cfg.Tokens
	return &Session{
		App: app, ID: id, UserID: user, AMR: amr,
		AuthTime: now, CreatedAt: now, LastUsedAt: now,
		IdleUntil: now.Add(t.SessionIdle), Until: now.Add(t.SessionAbsolute),
		UserAgent: clean(by.UserAgent, maxUserAgent), IP: clean(by.IP, 64),
	}, nil
}

// signIn mints the access token of a session that was just started or is alive.
func (e *Engine) signIn(app App, u User, s Session, created bool) (SignIn, error) {
	now := e.now()
	key, ok := app.signingKey(now)
	if !ok {
		return SignIn{}, &Error{Code: CodeInternal, Detail: "the app has no signing key"}
	}
	pair, err := e.open(app.ID, key)
	if err != nil {
		return SignIn{}, &Error{Code: CodeInternal, Detail: "the app's signing key cannot be used", Err: err}
	}
	id, err := e.newID(now)
	if err != nil {
		return SignIn{}, unavailable(err)
	}
	claims := token.Access{
		Issuer: e.issuer(app.ID), Audience: app.ID.String(), Subject: u.ID.String(), SessionID: s.ID.String(),
		ID: id.String(), IssuedAt: now, ExpiresAt: now.Add(e.cfg.Tokens.AccessTTL), AuthTime: s.AuthTime, AMR: s.AMR, Name: u.Name,
	}
	if u.Verified {
		claims.Email = u.EmailTyped
	}
	raw, err := token.Mint(pair, claims)
	if err != nil {
		return SignIn{}, &Error{Code: CodeInternal, Detail: "the access token cannot be signed", Err: err}
	}
	return SignIn{Token: raw, ExpiresIn: e.cfg.Tokens.AccessTTL, User: u, SessionID: s.ID, Created: created}, nil
}

// StartSession signs a user in by a method of the host's own. The method becomes one
// entry of `amr` (RFC 8176). [CodeUserNotFound], [CodeUserDisabled].
func (e *Engine) StartSession(ctx context.Context, app, user uuid.UUID, method string, by Client) (SignIn, error) {
	a, err := e.App(ctx, app)
	if err != nil {
		return SignIn{}, err
	}
	return e.again(func() (SignIn, error) {
		account, err := e.account(ctx, app, AccountKey{ID: user})
		if err != nil {
			return SignIn{}, err
		}
		if account == nil {
			return SignIn{}, refuse(CodeUserNotFound, "the app has no such user")
		}
		return e.enter(ctx, a, account, entry{method: account.User.AuthMethod, amr: []string{method}, by: by})
	})
}

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
	take   *Take // the token that proved it
	proof  bool  // of the address: an unverified account is reset first
	put    []Credential
	then   func(*UserChange, *Session) error // adds to the step; may be nil
}

// errAgain means that somebody else changed what was decided upon: read again.
var errAgain = errors.New("changed meanwhile")

// again repeats a decision until nobody changes its grounds beside it.
func (e *Engine) again(decide func() (SignIn, error)) (SignIn, error) {
	for range 5 {
		in, err := decide()
		if !errors.Is(err, errAgain) {
			return in, err
		}
	}
	return SignIn{}, unavailable(errAgain)
}

// enter signs the user of an account in, in one step: token spent, session started,
// guarded by the Version on which it was decided.
func (e *Engine) enter(ctx context.Context, app App, account *Account, by entry) (SignIn, error) {
	u := account.User
	if u.Disabled {
		return SignIn{}, refuse(CodeUserDisabled, "the account is disabled")
	}
	now := e.now()
	s, err := e.newSession(app.ID, u.ID, by.by, by.amr, now)
	if err != nil {
		return SignIn{}, err
	}
	change := UserChange{
		Now: now, App: app.ID, ID: u.ID, Version: u.Version, Take: by.take, Put: by.put,
		Session: s, AuthMethod: by.method, MaxSessions: e.cfg.Tokens.MaxSessions,
	}
	if by.proof && !u.Verified {
		if err := e.reset(&change); err != nil {
			return SignIn{}, err
		}
	}
	if err := e.note(&change.Also, now, Event{App: app.ID, UserID: u.ID, Type: "session.start", IP: by.by.IP, Reason: by.method}); err != nil {
		return SignIn{}, err
	}
	if by.then != nil {
		if err := by.then(&change, s); err != nil {
			return SignIn{}, err
		}
	}
	u, err = e.store.ChangeUser(ctx, change)
	if err != nil {
		return SignIn{}, e.stepError(err, app.ID)
	}
	return e.signIn(app, u, *s, false)
}

// reset takes everything from an account whose address was never proven, before the
// person who proved it gets in: whoever made the account may not have been that person
// (account pre-hijacking, Sudhodanan and Paverd, USENIX Security 2022).
func (e *Engine) reset(c *UserChange) error {
	c.Verified, c.Name, c.NameKey = new(true), new(""), new("")
	c.DropCredentials, c.End = true, true
	return e.note(&c.Also, c.Now, Event{App: c.App, UserID: c.ID, Type: "user.reset", Reason: "address proven"})
}

// mayCreate refuses a new user where sign-up is closed ([CodeSignupDisabled]) and counts
// one for the peer, whatever the method of sign-in.
func (e *Engine) mayCreate(ctx context.Context, app App, by Client) error {
	if app.Settings.SignupClosed {
		return refuse(CodeSignupDisabled, "this app takes no new users")
	}
	return e.hit(ctx, app.ID, e.byPeer(limitSignupPeer, by.IP)...)
}

// create makes a user that mayCreate has let through and signs in, in one step.
func (e *Engine) create(ctx context.Context, app App, u User, by entry) (SignIn, error) {
	now := e.now()
	id, err := e.newID(now)
	if err != nil {
		return SignIn{}, unavailable(err)
	}
	u.App, u.ID, u.AuthMethod, u.CreatedAt = app.ID, id, by.method, now
	s, err := e.newSession(app.ID, id, by.by, by.amr, now)
	if err != nil {
		return SignIn{}, err
	}
	for i := range by.put {
		by.put[i] = owned(by.put[i], u, now)
	}
	change := UserChange{Now: now, App: app.ID, ID: id}
	if by.then != nil {
		if err := by.then(&change, s); err != nil {
			return SignIn{}, err
		}
	}
	step := NewUser{Now: now, User: u, Credentials: by.put, Take: by.take, Session: s, Also: change.Also}
	if err := e.note(&step.Also, now, Event{App: app.ID, UserID: id, Type: "user.create", IP: by.by.IP, Reason: by.method}); err != nil {
		return SignIn{}, err
	}
	u, err = e.store.CreateUser(ctx, step)
	if err != nil {
		return SignIn{}, e.stepError(err, app.ID)
	}
	return e.signIn(app, u, *s, true)
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
		return invalidToken()
	}
	return unavailable(fmt.Errorf("change a user of app %s: %w", app, err))
}

func invalidToken() *Error {
	return refuse(CodeInvalidToken, "the token is malformed, expired, used already, or another's")
}

// authenticate reads an access token of the app and asks the store for its session:
// [CodeInvalidToken] for anything but a live one.
func (e *Engine) authenticate(ctx context.Context, app App, raw string) (Session, User, error) {
	now := e.now()
	claims, err := token.Verify(raw, e.issuer(app.ID), app.ID.String(), e.verifyKey(app, now), now)
	if err != nil {
		return Session{}, User{}, invalidToken()
	}
	sid, err := uuid.Parse(claims.SessionID)
	if err != nil {
		return Session{}, User{}, invalidToken()
	}
	s, u, err := e.store.Session(ctx, app.ID, sid, now)
	switch {
	case errors.Is(err, ErrNotFound):
		return Session{}, User{}, invalidToken()
	case err != nil:
		return Session{}, User{}, unavailable(fmt.Errorf("read session %s: %w", sid, err))
	case u.ID.String() != claims.Subject:
		return Session{}, User{}, invalidToken()
	}
	return s, u, nil
}

// Me answers the user of an access token; the session is asked for, so that an ended one
// is refused at once: [CodeInvalidToken].
func (e *Engine) Me(ctx context.Context, app uuid.UUID, accessToken string) (User, error) {
	a, err := e.App(ctx, app)
	if err != nil {
		return User{}, err
	}
	_, u, err := e.authenticate(ctx, a, accessToken)
	return u, err
}

// note adds an event to a step.
func (e *Engine) note(also *Also, now time.Time, ev Event) error {
	id, err := e.newID(now)
	if err != nil {
		return unavailable(err)
	}
	ev.ID, ev.Time = id, now
	if ev.Result == "" {
		ev.Result = "ok"
	}
	also.Events = append(also.Events, ev)
	return nil
}

// clean cuts text from a request to what may be kept: printable, at most so many bytes.
func clean(s string, most int) string {
	out := make([]rune, 0, min(len(s), most))
	size := 0
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			continue
		}
		if size += len(string(r)); size > most {
			break
		}
		out = append(out, r)
	}
	return string(out)
}
