package authkit

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// SignIn is the outcome of every sign-in, and of every refresh.
type SignIn struct {
	Token        string        // the access token, a JWT
	ExpiresIn    time.Duration // of Token
	RefreshToken string        // for [Engine.Refresh], once; empty where a cookie holds the session

	// Cookie is the value of the session's cookie, and CookieAge how long a browser keeps it.
	// They are empty where a refresh token holds the session.
	Cookie    string
	CookieAge time.Duration

	User      User
	SessionID uuid.UUID
	Created   bool // the user is new

	// Removed are the ways to sign in that a reset of the password took from the account.
	Removed []Removed

	// Pending is set where nobody is signed in yet, and nothing else is: a sign-up waits
	// for the proof of its address.
	Pending *Pending
}

// maxMethod is how long the name of a sign-in method may be.
const maxMethod = 64

// mailedTo is the address of the user whose mailed proof alone began the session; empty:
// something else did.
func (s Session) mailedTo(u User) string {
	if !slices.Equal(s.AMR, []string{"otp"}) {
		return ""
	}
	return u.Email
}

// maxUserAgent is how much of a User-Agent a session keeps.
const maxUserAgent = 256

// sessionSecret is the secret by which a client holds a session: a refresh token, or the value of a
// cookie, and never both.
type sessionSecret struct {
	refresh token.Refresh
	cookie  []byte
}

// newSession prepares the session that a user verb starts, and the secret that holds it.
func (e *Engine) newSession(app App, user uuid.UUID, by signInStep, now time.Time) (*Session, sessionSecret, error) {
	id := newID(now)
	_, idle, absolute := e.cfg.Tokens.lifetimes(app)
	s := &Session{
		App: app.ID, ID: id, UserID: user, AMR: by.amr,
		AuthTime: now, CreatedAt: now, LastUsedAt: now, IdleUntil: now.Add(idle), Until: now.Add(absolute),
		UserAgent: clean(by.client.UserAgent, maxUserAgent), IP: clean(by.client.IP, 64),
	}
	if by.inCookie(app) {
		cookie := token.Random(cookieSize)
		s.Cookie = token.Hash(cookie)
		return s, sessionSecret{cookie: cookie}, nil
	}
	first := token.NewRefresh()
	s.Family, s.Current = first.Family(), first.Hash()
	return s, sessionSecret{refresh: first}, nil
}

// Bytes is the secret in a form that sessionSecretOf reads, in less than 64 bytes.
func (s sessionSecret) Bytes() []byte {
	if s.cookie != nil {
		return s.cookie
	}
	return s.refresh.Bytes()
}

// sessionSecretOf tells a cookie from a refresh token by its size.
func sessionSecretOf(b []byte) (sessionSecret, bool) {
	if len(b) == cookieSize {
		return sessionSecret{cookie: b}, true
	}
	refresh, ok := token.RefreshOf(b)
	return sessionSecret{refresh: refresh}, ok
}

// issue mints the access token of a session that was just started or is alive, and answers
// it with the secret that holds the session.
func (e *Engine) issue(ctx context.Context, app App, m Moment, s Session, secret sessionSecret) (SignIn, error) {
	in, err := e.grant(ctx, app, m, s, secret)
	if err == nil {
		m.Kind = MomentToken
		e.hooks.after(m)
	}
	return in, err
}

// grant is issue for a step that is yet to happen: the host is asked, and not told.
func (e *Engine) grant(ctx context.Context, app App, m Moment, s Session, secret sessionSecret) (SignIn, error) {
	now, created := e.now(), m.Kind == MomentSignUp
	m.Kind = MomentToken
	claims, err := e.claims(ctx, app, m, s, now)
	if err != nil {
		return SignIn{}, err
	}
	key, ok := app.keys().active(now)
	if !ok {
		return SignIn{}, &Error{Code: CodeInternal, Detail: "the app has no signing key"}
	}
	pair, err := e.signing.open(app.ID, key)
	if err != nil {
		return SignIn{}, &Error{Code: CodeInternal, Detail: "the app's signing key cannot be used", Err: err}
	}
	e.signing.noteDue(app, now)
	raw, err := token.Mint(pair, claims)
	if err != nil {
		return SignIn{}, &Error{Code: CodeInternal, Detail: "the access token cannot be signed", Err: err}
	}
	out := SignIn{Token: raw, ExpiresIn: claims.ExpiresAt.Sub(now), User: m.User, SessionID: s.ID, Created: created}
	out.hold(secret, s, now)
	return out, nil
}

// hold adds what holds the session.
func (in *SignIn) hold(secret sessionSecret, s Session, now time.Time) {
	switch {
	case secret.cookie != nil:
		in.Cookie, in.CookieAge = token.Encode(secret.cookie), s.Until.Sub(now)
	case secret.refresh != token.Refresh{}:
		in.RefreshToken = secret.refresh.Text()
	}
}

// claims are what an access token of the session says now. It ends no later than the
// session does.
func (e *Engine) claims(ctx context.Context, app App, m Moment, s Session, now time.Time) (token.Access, error) {
	if err := e.hooks.before(ctx, m); err != nil {
		return token.Access{}, err
	}
	extra, err := e.hooks.claims(ctx, m)
	if err != nil {
		return token.Access{}, err
	}
	id := newID(now)
	ttl, _, _ := e.cfg.Tokens.lifetimes(app)
	expires := now.Add(ttl)
	for _, end := range []time.Time{s.IdleUntil, s.Until} {
		if end.Before(expires) {
			expires = end
		}
	}
	u := m.User
	claims := token.Access{
		Issuer: e.cfg.issuer(app.ID), Audience: app.ID.String(), Subject: u.ID.String(), SessionID: s.ID.String(),
		ID: id.String(), IssuedAt: now, ExpiresAt: expires, AuthTime: s.AuthTime, AMR: s.AMR, Name: u.Name, Extra: extra,
	}
	if u.Verified {
		claims.Email = u.EmailTyped
	}
	return claims, nil
}

// HostSignIn signs a user in by a method of the host's own.
type HostSignIn struct {
	App, User uuid.UUID
	Method    string // one to 64 printable characters, such as "hwk" (RFC 8176)
	Client    Client
}

// StartSession signs a user in by a method of the host's own. The method becomes the user's
// auth_method and the one entry of `amr` (RFC 8176); it is one to 64 printable characters.
// "otp" is what a proof by mail is called: a host that names its own method so has its
// sessions taken for begun by mail, and a reset then keeps identities that were linked in them.
// [CodeUserNotFound], [CodeUserDisabled].
func (e *Engine) StartSession(ctx context.Context, in HostSignIn) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, tried{EventSessionStart, in.App, in.Client}, &err)
	if in.Method == "" || clean(in.Method, maxMethod) != in.Method {
		return SignIn{}, invalid("method", "invalid_method", "method is not one to 64 printable characters, such as hwk")
	}
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return SignIn{}, err
	}
	step := signInStep{method: in.Method, amr: []string{in.Method}, client: in.Client}
	landing, err := again(func() (Landing, error) {
		account, err := e.accountOf(ctx, UserRef{App: in.App, ID: in.User})
		if err != nil {
			return Landing{}, err
		}
		return e.enter(ctx, app, account, step)
	})
	return landing.SignIn, err
}

// authenticate reads an access token of the app and asks the store for its session:
// [CodeInvalidToken] for anything but a live one.
func (e *Engine) authenticate(ctx context.Context, app App, raw string) (Session, User, error) {
	got, err := e.signing.verify(app, raw, e.now())
	if err != nil {
		return Session{}, User{}, err
	}
	return e.sessions.liveOf(ctx, got.session)
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
