package sqlstore

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const sessionCols = `app_id, session_id, user_id, epoch, family, cur, auth_time, created_at, last_used_at, idle_until, until_at, amr, user_agent, ip`

func sessionDest(x *authkit.Session) []any {
	return []any{&x.App, &x.ID, &x.UserID, &x.Epoch, &x.Family, &x.Current, (*micros)(&x.AuthTime), (*micros)(&x.CreatedAt), (*micros)(&x.LastUsedAt), (*micros)(&x.IdleUntil), (*micros)(&x.Until), (*strs)(&x.AMR), &x.UserAgent, &x.IP}
}

func addSession(ctx context.Context, q Tx, app, user uuid.UUID, epoch int64, x authkit.Session) {
	q.Queue(ctx, nil, `insert into authkit_sessions (`+sessionCols+`)
values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14)`, id(app), id(x.ID), id(user), epoch, blob(x.Family), blob(x.Current),
		us(x.AuthTime), us(x.CreatedAt), us(x.LastUsedAt), us(x.IdleUntil), us(x.Until), text(x.AMR), x.UserAgent, x.IP)
}

const aliveSession = ` from authkit_sessions s join authkit_users u on u.app_id = s.app_id and u.user_id = s.user_id and u.epoch = s.epoch and u.disabled = 0
where s.app_id = $1 and s.ended_at = 0 and s.idle_until > $2 and s.until_at > $2` + liveApp

// Session implements [authkit.SessionStore].
func (s *Store) Session(ctx context.Context, app, session uuid.UUID, now time.Time) (authkit.Session, authkit.User, error) {
	var x authkit.Session
	var u authkit.User
	err := first(ctx, s.c, `select `+of("s", sessionCols)+`, `+of("u", userCols)+aliveSession+` and s.session_id = $3`, func(r Row) error {
		return r.Scan(append(sessionDest(&x), userDest(&u)...)...)
	}, id(app), us(now), id(session))
	return x, u, err
}

// Sessions implements [authkit.SessionStore].
func (s *Store) Sessions(ctx context.Context, app, user uuid.UUID, now time.Time) ([]authkit.Session, error) {
	return list(ctx, s, app, `select `+of("s", sessionCols)+aliveSession+` and s.user_id = $3 order by s.created_at desc, s.session_id desc`, func(r Row) (authkit.Session, error) {
		var x authkit.Session
		err := r.Scan(sessionDest(&x)...)
		return x, err
	}, id(app), us(now), id(user))
}

// The whole decision is one statement on one row. A token that is neither current nor in
// its grace ends the session (RFC 9700 section 4.14.2). One that was rotated well in the
// future was so before the clock was set back: how long ago that was nobody knows.
func rotateSQL() string {
	return `update authkit_sessions set
prev1 = case when cur = $3 then prev0 else prev1 end,
sealed1 = case when cur = $3 then sealed0 else sealed1 end,
rotated1 = case when cur = $3 then rotated0 else rotated1 end,
prev0 = case when cur = $3 then $3 else prev0 end,
sealed0 = case when cur = $3 then $8 else sealed0 end,
rotated0 = case when cur = $3 then $5 else rotated0 end,
last_used_at = case when cur = $3 then $5 else last_used_at end,
idle_until = case when cur = $3 then $7 else idle_until end,
cur = case when cur = $3 then $4 else cur end,
ended_at = case when cur = $3 or (prev0 = $3 and rotated0 > $6 and rotated0 < $10) or (prev1 = $3 and rotated1 > $6 and rotated1 < $10) then ended_at else $5 end
where app_id = $1 and family = $2 and ended_at = 0 and idle_until > $5 and until_at > $5
and exists (select 1 from authkit_users u where u.app_id = authkit_sessions.app_id and u.user_id = authkit_sessions.user_id and u.epoch = authkit_sessions.epoch and u.disabled = 0)
and exists (select 1 from authkit_apps a where a.app_id = $1 and a.deleted_at = 0 and a.version = coalesce($9, a.version))
returning ` + sessionCols + `, ended_at, prev0, sealed0, sealed1` + userOfSession()
}

// userOfSession are the columns of the user, each on its own: a statement that writes can
// answer no other table's rows in SQLite.
func userOfSession() string {
	var sql strings.Builder
	for col := range strings.SplitSeq(userCols, ", ") {
		sql.WriteString(`, (select u.` + col + ` from authkit_users u where u.app_id = authkit_sessions.app_id and u.user_id = authkit_sessions.user_id)`)
	}
	return sql.String()
}

// RotateSession implements [authkit.SessionStore].
func (s *Store) RotateSession(ctx context.Context, r authkit.Rotation) (authkit.Rotated, error) {
	var out authkit.Rotated
	var ended int64
	var prev0, sealed0, sealed1 []byte
	rows, err := s.c.Write(ctx, rotateSQL(), func(row Row) error {
		return row.Scan(slices.Concat(sessionDest(&out.Session), []any{&ended, &prev0, &sealed0, &sealed1}, userDest(&out.User))...)
	}, id(r.App), r.Family, r.Presented, r.Next, us(r.Now), us(r.Now)-r.Grace.Microseconds(), us(r.IdleUntil), blob(r.Sealed), optional(r.AppVersion), us(r.Now)+r.Grace.Microseconds())
	switch {
	case err != nil:
		return authkit.Rotated{}, err
	case rows == 0:
		return authkit.Rotated{}, s.whyNot(ctx, r)
	case ended != 0:
		return authkit.Rotated{}, authkit.ErrTokenReused
	case bytes.Equal(out.Session.Current, r.Next):
	case bytes.Equal(prev0, r.Presented):
		out.Again = sealed0
	default:
		out.Again = sealed1
	}
	return out, nil
}

// whyNot tells a guard that no longer holds from a family that is unknown or dead.
func (s *Store) whyNot(ctx context.Context, r authkit.Rotation) error {
	var version int64
	err := first(ctx, s.c, isLiveApp, func(row Row) error { return row.Scan(&version) }, id(r.App))
	if err == nil && r.AppVersion != 0 && r.AppVersion != version {
		return authkit.ErrStale
	}
	if err == nil {
		err = authkit.ErrNotFound
	}
	return err
}

// EndSession implements [authkit.SessionStore].
func (s *Store) EndSession(ctx context.Context, app, user, session uuid.UUID, now time.Time, also authkit.Also) error {
	return s.write(ctx, app, func(q Tx) error {
		q.Queue(ctx, authkit.ErrNotFound, `update authkit_sessions set ended_at = $4 where app_id = $1 and user_id = $2 and session_id = $3 and ended_at = 0 returning 1`,
			id(app), id(user), id(session), us(now))
		s.riders(ctx, q, app, also)
		return nil
	})
}
