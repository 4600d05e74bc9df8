package sqlstore

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/authkit-dev/authkit"
)

// seenKeys is how many idempotency keys a session remembers. The column holds the first eight
// bytes of each hash, as seenSize hexadecimal digits, the latest first.
const (
	seenKeys = 64
	seenSize = 16
)

func seenKey(key []byte) string { return hex.EncodeToString(key[:min(len(key), seenSize/2)]) }

// rotateSQL decides in one statement on one row. The parameters are those of rotateAny.
// A token that is neither current nor in its grace ends the session (RFC 9700, section 4.14.2).
func rotateSQL() string {
	told0, told1 := inGrace("0"), inGrace("1")
	renew := `prev0 = $3 and key0 = $11 and renewals0 < $14 and abs($5 - rotated0) < $13`
	// A column takes the value of the first case that holds; told holds before renew.
	moved := func(column, to string) string {
		return column + ` = case when cur = $3 then ` + to + ` when ` + told0 + ` then ` + column + ` when ` + renew + ` then ` + to + ` else ` + column + ` end`
	}
	turned := func(column, to string) string {
		return column + ` = case when cur = $3 then ` + to + ` else ` + column + ` end`
	}
	counted := func(column, rotated, again, renewed string) string {
		return column + ` = case when cur = $3 then ` + rotated + ` when ` + told0 + ` then ` + again + ` when ` + renew + ` then ` + renewed + ` else ` + column + ` end`
	}
	return `update authkit_sessions set ` + strings.Join([]string{
		turned("prev1", "prev0"), turned("sealed1", "sealed0"), turned("rotated1", "rotated0"), turned("renewed1", "renewed0"), turned("key1", "key0"),
		`again1 = case when cur = $3 then again0 when ` + told0 + ` then again1 when ` + told1 + ` then $5 else again1 end`,
		turned("prev0", "$3"), turned("rotated0", "$5"), turned("key0", "$11"),
		counted("again0", "0", "$5", "0"), counted("renewed0", "0", "renewed0", "$5"), counted("renewals0", "0", "renewals0", "renewals0 + 1"),
		`seen = case when cur = $3 and $12 <> '' then substr($12 || seen, 1, ` + strconv.Itoa(seenKeys*seenSize) + `) else seen end`,
		`ended_at = case when cur = $3 or ` + told0 + ` or (` + renew + `) or ` + told1 + ` then ended_at else $5 end`,
		moved("sealed0", "$8"), moved("last_used_at", "$5"), moved("idle_until", "$7"), moved("cur", "$4"),
	}, ",\n") + `
where app_id = $1 and family = $2` + rotatable("$5") + `
and not (cur = $3 and $12 <> '' and seen like '%' || $12 || '%')` + rotateEnd()
}

// inGrace is the condition that the presented token is the nth before the current one, counted
// from 0, and in its grace.
func inGrace(n string) string {
	begun := `case when renewed` + n + ` = 0 then rotated` + n + ` else renewed` + n + ` end`
	latest := `case when again` + n + ` <> 0 then again` + n + ` else ` + begun + ` end`
	return `(prev` + n + ` = $3 and (renewed` + n + ` = 0 or key` + n + ` = $11) and abs($5 - ` + latest + `) < $6 and abs($5 - ` + begun + `) < $10)`
}

// undoSQL undoes a rotation. It has those parameters of rotateSQL that it needs.
func undoSQL() string {
	return `update authkit_sessions set prev0 = $3, sealed0 = $6, rotated0 = $5, again0 = 0, renewed0 = 0, renewals0 = 0,
seen = case when key0 is null then seen else substr(seen, ` + strconv.Itoa(seenSize+1) + `) end, key0 = null, cur = $4
where app_id = $1 and family = $2 and cur = $3 and prev0 = $4` + rotatable("$5") + strings.ReplaceAll(rotateEnd(), "$9", "$7")
}

// rotateEnd guards the step by the app's Version and returns the session and its user.
func rotateEnd() string {
	return appAt("$9") + `
returning ` + sessionCols + `, ended_at, prev0, sealed0, sealed1, renewals0` + userOfSession()
}

// appAt is the condition that the app is live and its Version is the one given, if any is.
func appAt(version string) string {
	return `
and exists (select 1 from authkit_apps a where a.app_id = $1 and a.deleted_at = 0 and a.version = coalesce(` + version + `, a.version))`
}

// userOfSession returns the columns of the session's user. Each is a query of its own, since in
// SQLite a statement that writes cannot return rows of another table.
func userOfSession() string {
	var sql strings.Builder
	for col := range strings.SplitSeq(userCols, ", ") {
		sql.WriteString(`, (select u.` + col + ` from authkit_users u where u.app_id = authkit_sessions.app_id and u.user_id = authkit_sessions.user_id)`)
	}
	return sql.String()
}

// nextSQL is the first case of rotateSQL alone: the presented token is current. Nearly every rotation
// is of this kind, and a server takes longer to prepare the cases than to decide them.
const nextSQL = ` set prev1 = prev0, sealed1 = sealed0, rotated1 = rotated0, renewed1 = renewed0, key1 = key0, again1 = again0,
prev0 = $3, sealed0 = $7, rotated0 = $5, key0 = $9, again0 = 0, renewed0 = 0, renewals0 = 0,
seen = case when $10 <> '' then substr($10 || seen, 1, %d) else seen end, last_used_at = $5, idle_until = $6, cur = $4`

// The texts of a rotation. nextJoined is nextSQL where a statement that writes can return rows of
// another table.
var (
	nextSet   = fmt.Sprintf(nextSQL, seenKeys*seenSize)
	ofCurrent = ` and cur = $3 and not ($10 <> '' and seen like '%' || $10 || '%')`
	nextAlone = `update authkit_sessions` + nextSet + `
where app_id = $1 and family = $2` + ofCurrent + rotatable("$5") + appAt("$8") + `
returning ` + sessionCols + userOfSession()
	nextJoined = `update authkit_sessions s` + nextSet + ` from authkit_users u
where s.app_id = $1 and s.family = $2` + ofCurrent + ` and s.ended_at = 0 and s.idle_until > $5 and s.until_at > $5
and u.app_id = $1 and u.user_id = s.user_id and u.epoch = s.epoch and u.disabled = 0` + appAt("$8") + `
returning ` + of("s", sessionCols) + `, ` + of("u", userCols)

	rotateAll = rotateSQL()
	undoAll   = undoSQL()
)

// RotateSession implements [authkit.SessionStore].
func (s *Store) RotateSession(ctx context.Context, r authkit.Rotation) (authkit.Rotated, error) {
	var out authkit.Rotated
	if !r.Undo {
		sql := nextAlone
		if s.c.Dialect().Guards {
			sql = nextJoined
		}
		rows, err := s.c.Write(ctx, sql, func(row Row) error {
			return row.Scan(sessionAndUser(&out.Session, &out.User)...)
		}, id(r.App), r.Family, r.Presented, r.Next, us(r.Now), us(r.IdleUntil), blob(r.Sealed), optional(r.AppVersion), blob(r.Key), seenKey(r.Key))
		if err != nil {
			return authkit.Rotated{}, err
		}
		if rows > 0 {
			return out, nil
		}
	}
	return s.rotateAny(ctx, r)
}

// rotateAny is RotateSession for every case.
func (s *Store) rotateAny(ctx context.Context, r authkit.Rotation) (authkit.Rotated, error) {
	sql, args := rotateAll, []any{
		id(r.App), r.Family, r.Presented, r.Next, us(r.Now), r.Grace.Microseconds(), us(r.IdleUntil), blob(r.Sealed), optional(r.AppVersion),
		r.GraceMost.Microseconds(), blob(r.Key), seenKey(r.Key), r.RenewFor.Microseconds(), int64(r.Renewals),
	}
	if r.Undo {
		sql, args = undoAll, []any{id(r.App), r.Family, r.Presented, r.Next, us(r.Now), blob(r.Sealed), optional(r.AppVersion)}
	}
	var out authkit.Rotated
	var ended, renewals int64
	var prev0, sealed0, sealed1 []byte
	rows, err := s.c.Write(ctx, sql, func(row Row) error {
		return row.Scan(slices.Concat(sessionDest(&out.Session), []any{&ended, &prev0, &sealed0, &sealed1, &renewals}, userDest(&out.User))...)
	}, args...)
	switch {
	case err != nil:
		return authkit.Rotated{}, err
	case rows == 0:
		return authkit.Rotated{}, s.whyNot(ctx, r)
	case ended != 0:
		return authkit.Rotated{}, authkit.ErrTokenReused
	case bytes.Equal(out.Session.Current, r.Next):
		out.Renewed = renewals > 0
	case bytes.Equal(prev0, r.Presented):
		out.Again = sealed0
	default:
		out.Again = sealed1
	}
	return out, nil
}

// whyNot finds why a rotation changed no row: the app's Version is another, the session has seen
// the key, or the family is unknown or dead.
func (s *Store) whyNot(ctx context.Context, r authkit.Rotation) error {
	err := first(ctx, s.c, isLiveAppAt, func(Row) error { return nil }, id(r.App), r.AppVersion)
	switch {
	case errors.Is(err, authkit.ErrNotFound):
		return notLive(r.AppVersion)
	case err != nil:
		return err
	case r.Undo || len(r.Key) == 0:
		return authkit.ErrNotFound
	}
	var seen string
	err = first(ctx, s.c, `select s.seen`+aliveSession+` and s.family = $3`, func(row Row) error { return row.Scan(&seen) }, id(r.App), us(r.Now), r.Family)
	if err == nil && strings.Contains(seen, seenKey(r.Key)) {
		return authkit.ErrConflict
	}
	if err == nil || errors.Is(err, authkit.ErrNotFound) {
		return authkit.ErrNotFound
	}
	return err
}
