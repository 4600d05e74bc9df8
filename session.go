package authkit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// Client says who asks, for limits and for the list of sessions. Empty fields are fine:
// a Go caller without an address is limited by email only.
type Client struct {
	IP, UserAgent string

	// forwarder owns the app whose backend told IP; empty: it is the peer's own.
	forwarder string
}

// SignIn is the outcome of every sign-in, and of every refresh.
type SignIn struct {
	Token        string        // the access token, a JWT
	ExpiresIn    time.Duration // of Token
	RefreshToken string        // for [Engine.Refresh], once
	User         User
	SessionID    uuid.UUID
	Created      bool // the user is new

	// Pending is set where nobody is signed in yet, and nothing else is: a sign-up waits
	// for the proof of its address.
	Pending *Pending
}

// maxMethod is how long the name of a sign-in method may be.
const maxMethod = 64

// maxUserAgent is how much of a User-Agent a session keeps.
const maxUserAgent = 256

// newSession prepares the session that a user verb starts, and its first refresh token.
func (e *Engine) newSession(app App, user uuid.UUID, by Client, amr []string, now time.Time) (*Session, token.Refresh, error) {
	id, err := e.newID(now)
	if err != nil {
		return nil, token.Refresh{}, unavailable(err)
	}
	first, err := token.NewRefresh(e.cfg.Random)
	if err != nil {
		return nil, token.Refresh{}, unavailable(err)
	}
	_, idle, absolute := e.lifetimes(app)
	return &Session{
		App: app.ID, ID: id, UserID: user, AMR: amr, Family: first.Family(), Current: first.Hash(),
		AuthTime: now, CreatedAt: now, LastUsedAt: now, IdleUntil: now.Add(idle), Until: now.Add(absolute),
		UserAgent: clean(by.UserAgent, maxUserAgent), IP: clean(by.IP, 64),
	}, first, nil
}

// lifetimes are how long an app's access tokens and sessions live.
func (e *Engine) lifetimes(app App) (access, idle, absolute time.Duration) {
	s, t := app.Settings, e.cfg.Tokens
	return cmp.Or(s.AccessTTL, t.AccessTTL), cmp.Or(s.SessionIdle, t.SessionIdle), cmp.Or(s.SessionAbsolute, t.SessionAbsolute)
}

// issue mints the access token of a session that was just started or is alive.
func (e *Engine) issue(ctx context.Context, app App, m Moment, s Session, refresh token.Refresh) (SignIn, error) {
	in, err := e.grant(ctx, app, m, s, refresh)
	if err == nil {
		m.Kind = MomentToken
		e.after(m)
	}
	return in, err
}

// grant is issue for a step that is yet to happen: the host is asked, and not told.
func (e *Engine) grant(ctx context.Context, app App, m Moment, s Session, refresh token.Refresh) (SignIn, error) {
	now, u, created := e.now(), m.User, m.Kind == MomentSignUp
	m.Kind = MomentToken
	if err := e.before(ctx, m); err != nil {
		return SignIn{}, err
	}
	extra, err := e.extraClaims(ctx, m)
	if err != nil {
		return SignIn{}, err
	}
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
	if e.keyDue(app, now) {
		e.due.add(app.ID)
	}
	ttl, _, _ := e.lifetimes(app)
	claims := token.Access{
		Issuer: e.issuer(app.ID), Audience: app.ID.String(), Subject: u.ID.String(), SessionID: s.ID.String(),
		ID: id.String(), IssuedAt: now, ExpiresAt: now.Add(ttl), AuthTime: s.AuthTime, AMR: s.AMR, Name: u.Name, Extra: extra,
	}
	if u.Verified {
		claims.Email = u.EmailTyped
	}
	raw, err := token.Mint(pair, claims)
	if err != nil {
		return SignIn{}, &Error{Code: CodeInternal, Detail: "the access token cannot be signed", Err: err}
	}
	return SignIn{Token: raw, ExpiresIn: ttl, RefreshToken: refresh.Text(), User: u, SessionID: s.ID, Created: created}, nil
}

// StartSession signs a user in by a method of the host's own. The method becomes the user's
// auth_method and the one entry of `amr` (RFC 8176); it is one to 64 printable characters.
// [CodeUserNotFound], [CodeUserDisabled].
func (e *Engine) StartSession(ctx context.Context, app, user uuid.UUID, method string, by Client) (_ SignIn, err error) {
	defer e.watch(ctx, EventSessionStart, app, by, &err)
	if method == "" || clean(method, maxMethod) != method {
		return SignIn{}, invalid("method", "invalid_method", "method is not one to 64 printable characters, such as hwk")
	}
	a, err := e.App(ctx, app)
	if err != nil {
		return SignIn{}, err
	}
	return again(func() (SignIn, error) {
		account, err := e.account(ctx, app, AccountKey{ID: user})
		if err != nil {
			return SignIn{}, err
		}
		if account == nil {
			return SignIn{}, noUser()
		}
		return e.enter(ctx, a, account, entry{method: method, amr: []string{method}, by: by})
	})
}

// authenticate reads an access token of the app and asks the store for its session:
// [CodeInvalidToken] for anything but a live one.
func (e *Engine) authenticate(ctx context.Context, app App, raw string) (Session, User, error) {
	now := e.now()
	claims, _, err := token.Verify(raw, e.issuer(app.ID), app.ID.String(), e.verifyKey(app, now), now)
	if err != nil {
		return Session{}, User{}, invalidToken("the access token does not verify").because(err)
	}
	sid, err := uuid.Parse(claims.SessionID)
	if err != nil {
		return Session{}, User{}, invalidToken("the access token names no session")
	}
	s, u, err := e.store.Session(ctx, app.ID, sid, now)
	switch {
	case errors.Is(err, ErrNotFound):
		return Session{}, User{}, invalidToken("the session has ended")
	case err != nil:
		return Session{}, User{}, unavailable(fmt.Errorf("read session %s: %w", sid, err))
	case u.ID.String() != claims.Subject:
		return Session{}, User{}, invalidToken("the session is another user's")
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
		if unicode.IsControl(r) || r == utf8.RuneError {
			continue
		}
		if size += len(string(r)); size > most {
			break
		}
		out = append(out, r)
	}
	return string(out)
}
