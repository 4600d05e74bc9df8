package sqlstore

import (
	"context"
	"slices"
	"time"
)

const (
	// sweepStep is how many rows one transaction of a sweep removes: where it is alone,
	// everybody else waits for it, and each row of a large table costs a page an index.
	sweepStep = 200

	// sweepRest is how long a sweep stands back then. Other processes only find that they
	// may write by trying now and again, and would hardly ever without it.
	sweepRest = 10 * time.Millisecond
)

// sweeps are the rows that time removes: table, key, condition on $1.
var sweeps = [][3]string{
	{"authkit_tokens", "app_id, kind, slot, place", "expires_at <= $1"},
	{"authkit_sessions", "app_id, session_id", "(ended_at > 0 and ended_at <= $1) or idle_until <= $1 or until_at <= $1"},
	{"authkit_outbox", "app_id, mail_id", "expires_at > 0 and expires_at <= $1"},
	{"authkit_limits", "app_id, limit_key", "tat <= $1"},
}

// oldEvents are the rows that only their age removes.
var oldEvents = [3]string{"authkit_events", "app_id, event_id", "at < $1"}

// owned are the tables whose rows go with their app. Sessions and credentials go before
// the users, who would take any number of them along.
var owned = [][2]string{
	{"authkit_sessions", "app_id, session_id"}, {"authkit_credentials", "app_id, kind, subject"},
	{"authkit_users", "app_id, user_id"}, {"authkit_tokens", "app_id, kind, slot, place"}, {"authkit_outbox", "app_id, mail_id"},
	{"authkit_events", "app_id, event_id"}, {"authkit_limits", "app_id, limit_key"}, {"authkit_oauth", "app_id, provider"},
	{"authkit_api_keys", "app_id, key_id"}, {"authkit_signing_keys", "app_id, seq"},
}

type upkeepType struct{}

// IsUpkeep says that no request waits for what the context is given to.
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

// sweepTable removes rows of one table by time. The condition stands twice: a row that another
// step renews while the delete waits for it is judged again by the outer one, and only by that.
func (s *Store) sweepTable(ctx context.Context, t [3]string, limit int, at time.Time) (full bool, err error) {
	return s.purge(ctx, `delete from `+t[0]+` where (`+t[1]+`) in (select `+t[1]+` from `+t[0]+` where `+t[2]+` limit $2) and (`+t[2]+`)`, limit, us(at))
}

func (s *Store) sweepApps(ctx context.Context, limit int) (bool, error) {
	for _, t := range owned {
		full, err := s.purge(ctx, `delete from `+t[0]+` where (`+t[1]+`) in (select `+t[1]+` from `+t[0]+` where app_id in (select app_id from authkit_apps where deleted_at <> 0) limit $1)`, limit)
		if err != nil || full {
			return err == nil, err
		}
	}
	return s.purge(ctx, `delete from authkit_apps where app_id in (select a.app_id from authkit_apps a where a.deleted_at <> 0
and not exists (select 1 from authkit_signing_keys k where k.app_id = a.app_id) limit $1)`, limit)
}

// purge runs a delete until it finds no more or has removed limit rows, and says whether
// it did. How many rows to remove at most is the statement's last argument.
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

// rest lets others write between two transactions of a sweep.
func (s *Store) rest(ctx context.Context) {
	if s.c.Dialect().Share != "" {
		return // nobody waits for rows that are over
	}
	select {
	case <-ctx.Done(): // the next statement says so
	case <-time.After(sweepRest):
	}
}
