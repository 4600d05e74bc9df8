package authkit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// sessions starts, reads, uses, rotates and ends the sessions of apps, and mints their access
// tokens. It decides only by the settings of the app. The flow decides who may have a session.
type sessions struct {
	store   SessionStore
	signing *signing
	hooks   *notifier
	config  TokenConfig
	now     func() time.Time
}

func newSessions(store SessionStore, signing *signing, hooks *notifier, config TokenConfig, now func() time.Time) *sessions {
	return &sessions{store: store, signing: signing, hooks: hooks, config: config, now: now}
}

// useEvery is how often the use of a session by its cookie is written.
const useEvery = time.Minute

// What a session keeps of the request that started it.
const (
	maxUserAgent = 256
	maxIP        = 64
)

// live returns a live session and its user. [CodeInvalidToken]: the app has no such session.
func (s *sessions) live(ctx context.Context, app, id uuid.UUID) (Session, User, error) {
	session, user, err := s.store.Session(ctx, app, SessionKey{ID: id}, s.now())
	if err != nil {
		return Session{}, User{}, sessionError(id, err)
	}
	return session, user, nil
}

// sessionError translates the store's error for one session.
func sessionError(id uuid.UUID, err error) error {
	if errors.Is(err, ErrNotFound) {
		return invalidToken("the session has ended")
	}
	return unavailable(fmt.Errorf("read session %s: %w", id, err))
}

// liveOf is live for a session of one user. The session of another user is [CodeInvalidToken] as
// well.
func (s *sessions) liveOf(ctx context.Context, ref SessionRef) (Session, User, error) {
	session, user, err := s.live(ctx, ref.App, ref.ID)
	switch {
	case err != nil:
		return Session{}, User{}, err
	case user.ID != ref.User:
		return Session{}, User{}, invalidToken("the session is another user's")
	}
	return session, user, nil
}

// byToken returns the live session of an access token of the app, and its user:
// [CodeInvalidToken] for every other token.
func (s *sessions) byToken(ctx context.Context, app App, raw string) (Session, User, error) {
	got, err := s.signing.verify(app, raw, s.now())
	if err != nil {
		return Session{}, User{}, err
	}
	session, user, err := s.liveOf(ctx, got.session())
	if errors.Is(err, CodeInvalidToken) {
		s.signing.forget(raw)
	}
	return session, user, err
}

// byCookie returns the live session of a session cookie, and its user: [CodeInvalidToken] for
// every other value.
func (s *sessions) byCookie(ctx context.Context, app uuid.UUID, value string) (Session, User, error) {
	hash, ok := cookieHash(value)
	if !ok {
		return Session{}, User{}, invalidToken("the session cookie is malformed").with(ReasonMalformed)
	}
	session, user, err := s.store.Session(ctx, app, SessionKey{Cookie: hash}, s.now())
	switch {
	case errors.Is(err, ErrNotFound):
		return Session{}, User{}, invalidToken("no live session has the cookie")
	case err != nil:
		return Session{}, User{}, unavailable(fmt.Errorf("read a session by its cookie: %w", err))
	}
	return session, user, nil
}

// list returns the live sessions of a user, newest first.
func (s *sessions) list(ctx context.Context, ref UserRef) ([]Session, error) {
	all, err := s.store.Sessions(ctx, ref.App, ref.ID, s.now())
	return all, storeError(err, ref.App)
}

// end ends one session of a user. [CodeSessionNotFound]: the user has no such session that is
// not ended.
func (s *sessions) end(ctx context.Context, end SessionEnd) error {
	err := s.store.EndSession(ctx, end)
	switch {
	case errors.Is(err, ErrNotFound):
		return refuse(CodeSessionNotFound, "the user has no such session")
	case err != nil:
		return unavailable(fmt.Errorf("end session %s: %w", end.ID, err))
	}
	return nil
}

// use extends the idle time of a session, at most once in useEvery.
func (s *sessions) use(ctx context.Context, app App, session *Session) error {
	now := s.now()
	if since := now.Sub(session.LastUsedAt); since.Abs() < useEvery {
		return nil
	}
	_, idle, _ := s.config.lifetimes(app)
	err := s.store.UseSession(ctx, app.ID, session.ID, now, now.Add(idle))
	switch {
	case errors.Is(err, ErrNotFound):
		return invalidToken("the session has ended")
	case err != nil:
		return unavailable(fmt.Errorf("note the use of session %s: %w", session.ID, err))
	}
	session.LastUsedAt, session.IdleUntil = now, now.Add(idle)
	return nil
}

// sessionStart describes a session to start, and how the client will hold it.
type sessionStart struct {
	user   uuid.UUID
	amr    []string // RFC 8176
	by     Client
	second bool // a second factor was shown
	cookie bool // the client holds the session by a cookie; false: by a refresh token
}

// start prepares a session, which a verb of the store adds, and the secret by which the client
// holds it.
func (s *sessions) start(app App, by sessionStart, now time.Time) (*Session, sessionSecret) {
	_, idle, absolute := s.config.lifetimes(app)
	session := &Session{
		App: app.ID, ID: newID(now), UserID: by.user, AMR: by.amr,
		AuthTime: now, CreatedAt: now, LastUsedAt: now, IdleUntil: now.Add(idle), Until: now.Add(absolute),
		UserAgent: clean(by.by.UserAgent, maxUserAgent), IP: clean(by.by.IP, maxIP),
	}
	if by.second {
		session.MFAAt = now
	}
	if by.cookie {
		cookie := token.Random(cookieSize)
		session.Cookie = token.Hash(cookie)
		return session, sessionSecret{cookie: cookie}
	}
	first := token.NewRefresh()
	session.Family, session.Current = first.Family(), first.Hash()
	return session, sessionSecret{refresh: first}
}
