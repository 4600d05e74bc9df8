package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

const (
	// sweepStep is how many rows one transaction of a sweep removes. Where it is the only
	// writer all others wait for it, and each row of a large table costs a page per index.
	sweepStep = 200

	// sweepRest is how long a sweep pauses after that. Other processes poll for the write lock,
	// and without a pause would hardly ever find it free.
	sweepRest = 10 * time.Millisecond
)

// sweep names the rows of a table that expire.
type sweep struct {
	table, key string
	over       string // a condition on $1
	gate       string // a condition that costs one look-up and is false if no row is over
}

// sweeps are the rows that expire. Nearly every sweep finds no row. A Postgres without statistics
// expects a third of the table and would read all of it each time; the gate, which follows the
// order of an index, prevents that.
var sweeps = []sweep{
	{"authkit_tokens", "app_id, kind, slot, place", "expires_at <= $1", " and " + anyBy("authkit_tokens", "expires_at")},
	{"authkit_sessions", "app_id, session_id", "(ended_at > 0 and ended_at <= $1) or idle_until <= $1 or until_at <= $1",
		" and ((select f.ended_at from authkit_sessions f where f.ended_at > 0 and f.ended_at <= $1 order by f.ended_at limit 1) is not null or " +
			anyBy("authkit_sessions", "idle_until") + " or " + anyBy("authkit_sessions", "until_at") + ")"},
	{"authkit_outbox", "app_id, mail_id", "expires_at > 0 and expires_at <= $1", ""},
	{"authkit_limits", "app_id, limit_key", "tat <= $1", " and " + anyBy("authkit_limits", "tat")},
}

// anyBy is the condition that the column of some row of the table is not after $1.
func anyBy(table, column string) string {
	return `(select f.` + column + ` from ` + table + ` f where f.` + column + ` <= $1 order by f.` + column + ` limit 1) is not null`
}

// oldEvents are the rows that are removed by their age alone.
var oldEvents = sweep{"authkit_events", "app_id, event_id", "at < $1", " and " + anyBy("authkit_events", "at")}

// owned are the tables whose rows are removed with their app. Sessions and credentials go before
// the users: deleting a user would remove any number of them at once.
var owned = [][2]string{
	{"authkit_sessions", "app_id, session_id"}, {"authkit_credentials", "app_id, kind, subject"},
	{"authkit_users", "app_id, user_id"}, {"authkit_tokens", "app_id, kind, slot, place"}, {"authkit_outbox", "app_id, mail_id"},
	{"authkit_events", "app_id, event_id"}, {"authkit_limits", "app_id, limit_key"}, {"authkit_oauth", "app_id, provider"},
	{"authkit_api_keys", "app_id, key_id"}, {"authkit_signing_keys", "app_id, seq"},
}

type upkeepType struct{}

// IsUpkeep reports whether the context belongs to background work, which no request waits for.
func IsUpkeep(ctx context.Context) bool { return ctx.Value(upkeepType{}) != nil }

// Sweep implements [authkit.Upkeep]. It is many small transactions, so that no lock is
// held for long.
func (s *Store) Sweep(ctx context.Context, now, events time.Time, limit int) (bool, error) {
	ctx = context.WithValue(ctx, upkeepType{}, true)
	more := false
	for _, t := range sweeps {
		full, err := s.sweepTable(ctx, t, limit, now)
		if err != nil {
			return false, err
		}
		more = more || full
	}
	if !events.IsZero() {
		full, err := s.sweepTable(ctx, oldEvents, limit, events)
		if err != nil {
			return false, err
		}
		more = more || full
	}
	left, err := s.sweepApps(ctx, limit)
	return more || left, err
}

// sweepTable removes rows of one table by time. The condition stands twice: if another step
// renews a row while the delete waits for it, only the outer condition is evaluated again.
func (s *Store) sweepTable(ctx context.Context, t sweep, limit int, at time.Time) (full bool, err error) {
	return s.purge(ctx, `delete from `+t.table+` where (`+t.key+`) in (select `+t.key+` from `+t.table+` where `+t.over+` limit $2) and (`+t.over+`)`+t.gate, limit, us(at))
}

// sweepApps removes the rows of the deleted app with the least id, and then that app.
func (s *Store) sweepApps(ctx context.Context, limit int) (more bool, err error) {
	var app string
	err = s.c.Rows(ctx, `select app_id from authkit_apps where deleted_at <> 0 order by app_id limit 1`, func(r Row) error {
		var u uuid.UUID
		err := r.Scan(&u)
		app = u.String()
		return err
	})
	if err != nil || app == "" {
		return false, err
	}
	for _, t := range owned {
		full, err := s.purge(ctx, `delete from `+t[0]+` where (`+t[1]+`) in (select `+t[1]+` from `+t[0]+` where app_id = $1 limit $2)`, limit, app)
		if err != nil || full {
			return err == nil, err
		}
	}
	_, err = s.purge(ctx, `delete from authkit_apps where app_id in (select a.app_id from authkit_apps a where a.app_id = $1 and a.deleted_at <> 0
and not exists (select 1 from authkit_signing_keys k where k.app_id = a.app_id) limit $2)`, 1, app)
	return err == nil, err
}

// purge runs a delete until it finds no more rows or has removed limit of them, and reports
// whether it reached the limit. The statement's last argument is how many rows it may remove.
func (s *Store) purge(ctx context.Context, sql string, limit int, args ...any) (full bool, err error) {
	for left := int64(limit); left > 0; {
		step, n := min(left, sweepStep), int64(0)
		err := s.c.Tx(ctx, true, func(q Tx) (err error) {
			n, err = q.Exec(ctx, sql, append(slices.Clip(args), step)...)
			return err
		})
		if err != nil || n < step {
			return false, err
		}
		if left -= n; step == sweepStep {
			s.rest(ctx)
		}
	}
	return true, nil
}

// rest lets other processes write between two transactions of a sweep.
func (s *Store) rest(ctx context.Context) {
	if s.c.Dialect().Share != "" {
		return // no step waits for rows that are over
	}
	select {
	case <-ctx.Done(): // the next statement reports it
	case <-time.After(sweepRest):
	}
}
