package sqlstore

import (
	"context"
	"time"
)

// sweeps are the rows that time removes: table, key, condition on $1.
var sweeps = [][3]string{
	{"authkit_tokens", "app_id, kind, slot, place", "expires_at <= $1"},
	{"authkit_sessions", "app_id, session_id", "(ended_at > 0 and ended_at <= $1) or idle_until <= $1 or until_at <= $1"},
	{"authkit_outbox", "app_id, mail_id", "expires_at > 0 and expires_at <= $1"},
	{"authkit_limits", "app_id, limit_key", "tat <= $1"},
}

// owned are the tables whose rows go with their app, in lock order.
var owned = [][2]string{
	{"authkit_users", "app_id, user_id"}, {"authkit_tokens", "app_id, kind, slot, place"}, {"authkit_outbox", "app_id, mail_id"},
	{"authkit_events", "app_id, event_id"}, {"authkit_limits", "app_id, limit_key"}, {"authkit_oauth", "app_id, provider"},
	{"authkit_api_keys", "app_id, key_id"}, {"authkit_signing_keys", "app_id, seq"},
}

// Sweep implements [authkit.Upkeep]. Each table is a transaction of its own, so that no
// lock is held for long.
func (s *Store) Sweep(ctx context.Context, now time.Time, limit int) (bool, error) {
	more := false
	for _, t := range sweeps {
		n, err := s.purge(ctx, `delete from `+t[0]+` where (`+t[1]+`) in (select `+t[1]+` from `+t[0]+` where `+t[2]+` limit $2)`, us(now), int64(limit))
		if err != nil {
			return false, err
		}
		more = more || n >= int64(limit)
	}
	left, err := s.sweepApps(ctx, limit)
	return more || left, err
}

func (s *Store) sweepApps(ctx context.Context, limit int) (bool, error) {
	for _, t := range owned {
		n, err := s.purge(ctx, `delete from `+t[0]+` where (`+t[1]+`) in (select `+t[1]+` from `+t[0]+` where app_id in (select app_id from authkit_apps where deleted_at > 0) limit $1)`, int64(limit))
		if err != nil || n >= int64(limit) {
			return err == nil, err
		}
	}
	n, err := s.purge(ctx, `delete from authkit_apps where app_id in (select a.app_id from authkit_apps a where a.deleted_at > 0
and not exists (select 1 from authkit_signing_keys k where k.app_id = a.app_id) limit $1)`, int64(limit))
	return n >= int64(limit), err
}

func (s *Store) purge(ctx context.Context, sql string, args ...any) (n int64, err error) {
	err = s.c.Tx(ctx, true, func(q Tx) (err error) {
		n, err = q.Exec(ctx, sql, args...)
		return err
	})
	return n, err
}
