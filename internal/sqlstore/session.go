package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const sessionCols = `app_id, session_id, user_id, epoch, family, cur, cookie, auth_time, created_at, last_used_at, idle_until, until_at, amr, user_agent, ip, mfa_at`

func sessionDest(x *authkit.Session) []any {
	return append(make([]any, 0, 40), // has room for the user's
		&x.App, &x.ID, &x.UserID, &x.Epoch, &x.Family, &x.Current, &x.Cookie, (*micros)(&x.AuthTime), (*micros)(&x.CreatedAt), (*micros)(&x.LastUsedAt), (*micros)(&x.IdleUntil), (*micros)(&x.Until), (*strs)(&x.AMR), &x.UserAgent, &x.IP, (*micros)(&x.MFAAt))
}

// sessionAndUser are the destinations of sessionCols and userCols.
func sessionAndUser(x *authkit.Session, u *authkit.User) []any {
	return append(sessionDest(x), userDest(u)...)
}

// addSession starts a session of a user at the Epoch that the user then has.
func addSession(ctx context.Context, q Tx, u authkit.UserRef, x authkit.Session) {
	q.Queue(ctx, nil, `insert into authkit_sessions (`+sessionCols+`)
select u.app_id,$3,u.user_id,u.epoch,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15 from authkit_users u where u.app_id = $1 and u.user_id = $2`,
		append([]any{id(u.App), id(u.ID)}, sessionArgs(x)...)...)
}

// sessionOwn are the columns of sessionArgs.
const sessionOwn = `session_id, family, cur, cookie, auth_time, created_at, last_used_at, idle_until, until_at, amr, user_agent, ip, mfa_at`

func sessionArgs(x authkit.Session) []any {
	return []any{
		id(x.ID), blob(x.Family), blob(x.Current), blob(x.Cookie),
		us(x.AuthTime), us(x.CreatedAt), us(x.LastUsedAt), us(x.IdleUntil), us(x.Until), text(x.AMR), x.UserAgent, x.IP, us(x.MFAAt),
	}
}

const (
	living = ` from authkit_sessions s join authkit_users u on u.app_id = s.app_id and u.user_id = s.user_id and u.epoch = s.epoch and u.disabled = 0
where s.app_id = $1 and s.ended_at = 0 and s.idle_until > $2 and s.until_at > $2`
	aliveSession = living + liveApp
)

var (
	selectSession   = `select ` + of("s", sessionCols) + `, ` + of("u", userCols) + living + liveAppAt("$4")
	sessionByID     = selectSession + ` and s.session_id = $3`
	sessionByCookie = selectSession + ` and s.cookie = $3`
)

// Session implements [authkit.SessionStore].
func (s *Store) Session(ctx context.Context, app uuid.UUID, by authkit.SessionKey, now time.Time) (authkit.Session, authkit.User, error) {
	var x authkit.Session
	var u authkit.User
	sql, args := sessionByID, []any{id(app), us(now), id(by.ID), by.AppVersion}
	if by.ID == uuid.Nil {
		sql, args[2] = sessionByCookie, by.Cookie
	}
	err := authkit.ErrNotFound
	if by.ID != uuid.Nil || len(by.Cookie) > 0 {
		err = first(ctx, s.c, sql, func(r Row) error { return r.Scan(sessionAndUser(&x, &u)...) }, args...)
	}
	if errors.Is(err, authkit.ErrNotFound) {
		err = cmp.Or(s.changed(ctx, app, by.AppVersion), err)
	}
	return x, u, err
}

// useSessionSoon is useSession for a database that need not wait until the disk has the change.
var (
	useSession = `update authkit_sessions set last_used_at = $3, idle_until = $4
where app_id = $1 and session_id = $2` + rotatable("$3") + `
and exists (select 1 from authkit_apps a where a.app_id = $1 and a.deleted_at = 0)
returning 1`
	useSessionSoon = useSession + `, set_config('synchronous_commit', 'off', true)`
)

// UseSession implements [authkit.SessionStore].
func (s *Store) UseSession(ctx context.Context, app, session uuid.UUID, now, idleUntil time.Time) error {
	sql := useSession
	if s.c.Dialect().Guards {
		sql = useSessionSoon
	}
	rows, err := s.c.Write(ctx, sql, func(Row) error { return nil }, id(app), id(session), us(now), us(idleUntil))
	if err == nil && rows == 0 {
		err = authkit.ErrNotFound
	}
	return err
}

// rotatable is the condition that the session is alive at a time, for a statement that writes it.
func rotatable(at string) string {
	return ` and ended_at = 0 and idle_until > ` + at + ` and until_at > ` + at + `
and exists (select 1 from authkit_users u where u.app_id = authkit_sessions.app_id and u.user_id = authkit_sessions.user_id and u.epoch = authkit_sessions.epoch and u.disabled = 0)`
}

// Sessions implements [authkit.SessionStore].
func (s *Store) Sessions(ctx context.Context, app, user uuid.UUID, now time.Time) ([]authkit.Session, error) {
	return list(ctx, s, `select `+of("s", sessionCols)+aliveSession+` and s.user_id = $3 order by s.created_at desc, s.session_id desc`, func(r Row) (authkit.Session, error) {
		var x authkit.Session
		err := r.Scan(sessionDest(&x)...)
		return x, err
	}, id(app), us(now), id(user))
}

// EndSession implements [authkit.SessionStore].
func (s *Store) EndSession(ctx context.Context, e authkit.SessionEnd) error {
	return s.write(ctx, e.App, func(q Tx) error {
		q.Queue(ctx, authkit.ErrNotFound, `update authkit_sessions set ended_at = $4 where app_id = $1 and user_id = $2 and session_id = $3 and ended_at = 0 and idle_until > $4 and until_at > $4 returning 1`,
			id(e.App), id(e.User), id(e.ID), us(e.Now))
		s.riders(ctx, q, ride{app: e.App, of: e.Riders})
		return nil
	})
}
