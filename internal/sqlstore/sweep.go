package sqlstore

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const (
	// sweepStep is how many rows one transaction of a sweep removes. Where it is the only
	// writer all others wait for it, and each row of a large table costs a page per index.
	sweepStep = 200

	// sweepRest is how long a sweep pauses after that. Other processes poll for the write lock,
	// and without a pause would hardly ever find it free.
	sweepRest = 10 * time.Millisecond
)

// sweep is the removal of the rows of a table whose column is not after a time. They are found in
// the order of an index that begins with the column, in small batches.
type sweep struct {
	table, key, column string
	never              bool   // whether 0 in the column stands for a time that never comes
	period             string // of which the column holds the number, in microseconds, and by how many of them a row is over later; empty: it holds a time
	shared             bool   // whether any number of rows have one value of the column
}

// sweeps are those of the rows that expire.
var sweeps = []sweep{
	{"authkit_tokens", "app_id, kind, slot, place", "expires_at", false, "", false},
	{"authkit_sessions", "app_id, session_id", "over_quarter", false, "21600000000", false},
	{"authkit_outbox", "app_id, mail_id", "expires_at", true, "", false},
	{"authkit_limits", "app_id, limit_key", "tat_hour", false, "3600000000", false},
	{"authkit_stats", "app_id, day, kind, name", "day", false, "86400000000 - " + strconv.Itoa(authkit.StatDays), true},
	{"authkit_active", "app_id, day, user_id", "day", false, "86400000000 - 1", true},
	{"authkit_refusals", "app_id, request_id", "expires_at", false, "", false},
	{"authkit_deliveries", "app_id, webhook_id, delivery_id", "expires_at", false, "", false},
}

// over is the condition on the rows that the time $n removes. A number of a period is over with the
// period: a session up to six hours, a limit up to an hour later. These columns are in an index,
// and change once a period; the times themselves change with each use.
func (t sweep) over(n string) string {
	if t.period != "" {
		return t.column + " < " + n + " / " + t.period
	}
	if t.never {
		return t.column + " > 0 and " + t.column + " <= " + n
	}
	return t.column + " <= " + n
}

// purge returns the statement of the sweep that removes at most limit rows by the time $1. Where
// the limit is no constant, a planner expects a tenth of the table. The bounds on the column keep
// a planner from reading every row that is over for each batch. If another step renews a row while
// the delete waits for it, they alone are evaluated again, and the row stays.
func (t sweep) purge(limit int64) string {
	first := func(columns string, n int64) string {
		return `select ` + columns + ` from ` + t.table + ` where ` + t.over("$1") + ` order by ` + t.column + ` limit ` + strconv.FormatInt(n, 10)
	}
	rows := `delete from ` + t.table + ` where (` + t.key + `) in (` + first(t.key, limit) + `)`
	if t.shared { // the bounds would hold them all
		return rows
	}
	return rows + `
and ` + t.column + ` >= (` + first(t.column, 1) + `) and ` + t.column + ` <= (select max(o.` + t.column + `) from (` + first(t.column, limit) + `) o)`
}

// look is the statement that tells what there is to remove: a row with 1 or 0 for each sweep, by
// the time $1, and for a deleted app. A Postgres without statistics would read
// much of a table for many rows, but follows the order of an index for one.
var look = func() string {
	var sql strings.Builder
	for _, t := range sweeps {
		sql.WriteString(`case when (select ` + t.column + ` from ` + t.table + ` where ` + t.over("$1") + ` order by ` + t.column + ` limit 1) is null then 0 else 1 end, `)
	}
	return `select ` + sql.String() + `case when (select app_id from authkit_apps where deleted_at <> 0 order by app_id limit 1) is null then 0 else 1 end`
}()

// owned are the tables whose rows are removed with their app. Sessions, credentials and roles go
// before the users: deleting a user would remove any number of them at once.
var owned = [][2]string{
	{"authkit_sessions", "app_id, session_id"}, {"authkit_credentials", "app_id, kind, subject"},
	{"authkit_user_roles", "app_id, user_id, role"},
	{"authkit_users", "app_id, user_id"}, {"authkit_tokens", "app_id, kind, slot, place"}, {"authkit_outbox", "app_id, mail_id"},
	{"authkit_audit_pending", "app_id, event_id"}, {"authkit_audit_links", "app_id, seq"}, {"authkit_audit_chains", "app_id"},
	{"authkit_events", "app_id, event_id"}, {"authkit_limits", "app_id, limit_key"}, {"authkit_oauth", "app_id, provider"},
	{"authkit_deliveries", "app_id, webhook_id, delivery_id"}, {"authkit_webhooks", "app_id, webhook_id"},
	{"authkit_api_keys", "app_id, key_id"}, {"authkit_logos", "app_id"},
	{"authkit_active", "app_id, day, user_id"}, {"authkit_refusals", "app_id, request_id"}, {"authkit_stats", "app_id, day, kind, name"}, {"authkit_signing_keys", "app_id, seq"},
}

type upkeepType struct{}

// IsUpkeep reports whether the context belongs to background work, which no request waits for.
func IsUpkeep(ctx context.Context) bool { return ctx.Value(upkeepType{}) != nil }

// Sweep implements [authkit.Upkeep]. One statement tells what there is to remove. The rest is
// many small transactions, so that no lock is held for long.
func (s *Store) Sweep(ctx context.Context, now time.Time, limit int) (more bool, err error) {
	ctx = context.WithValue(ctx, upkeepType{}, true)
	due, err := s.due(ctx, us(now))
	for i := range sweeps {
		if err == nil && due[i] {
			var full bool
			full, err = s.purge(ctx, sweeps[i].purge, limit, us(now))
			more = more || full
		}
	}
	if err == nil && due[len(sweeps)] {
		var left bool
		left, err = s.sweepApps(ctx, limit)
		more = more || left
	}
	return more && err == nil, err
}

// due reports for each sweep, and last for deleted apps, whether it has rows to remove.
func (s *Store) due(ctx context.Context, now int64) (due []bool, err error) {
	found := make([]int64, len(sweeps)+1)
	var into []any
	for i := range found {
		into = append(into, &found[i])
	}
	err = s.c.Rows(ctx, look, func(r Row) error { return r.Scan(into...) }, now)
	for _, n := range found {
		due = append(due, n != 0)
	}
	return due, err
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
		full, err := s.purge(ctx, func(limit int64) string {
			return `delete from ` + t[0] + ` where (` + t[1] + `) in (select ` + t[1] + ` from ` + t[0] + ` where app_id = $1 limit ` + strconv.FormatInt(limit, 10) + `)`
		}, limit, app)
		if err != nil || full {
			return err == nil, err
		}
	}
	_, err = s.purge(ctx, func(int64) string {
		return `delete from authkit_apps where app_id = $1 and deleted_at <> 0 and not exists (select 1 from authkit_signing_keys k where k.app_id = $1)`
	}, 1, app)
	return err == nil, err
}

// purge runs a delete until it finds no more rows or has removed limit of them, and reports
// whether it reached the limit. The statement removes at most as many rows as it is made for.
func (s *Store) purge(ctx context.Context, sql func(limit int64) string, limit int, arg any) (full bool, err error) {
	for left := int64(limit); left > 0; {
		step, n := min(left, sweepStep), int64(0)
		err := s.c.Tx(ctx, false, func(q Tx) (err error) { // what comes back is removed again
			n, err = q.Exec(ctx, sql(step), arg)
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
