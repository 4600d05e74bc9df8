package sqlstore

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const keyCols = `app_id, key_id, name, hint, hash, scopes, active, created_at, last_used_at, expires_at`

func scanKey(r Row) (authkit.APIKey, error) {
	var k authkit.APIKey
	err := r.Scan(&k.App, &k.ID, &k.Name, &k.Hint, &k.Hash, (*strs)(&k.Scopes), (*flag)(&k.Active), (*micros)(&k.CreatedAt), (*micros)(&k.LastUsedAt), (*micros)(&k.ExpiresAt))
	return k, err
}

func addAPIKey(ctx context.Context, q Tx, app uuid.UUID, k authkit.APIKey) {
	q.Queue(ctx, nil, `insert into authkit_api_keys (`+keyCols+`) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`,
		id(app), id(k.ID), k.Name, k.Hint, k.Hash, text(k.Scopes), bit(k.Active), us(k.CreatedAt), us(k.LastUsedAt), us(k.ExpiresAt))
}

// APIKey implements [authkit.KeyStore].
func (s *Store) APIKey(ctx context.Context, app uuid.UUID, hash []byte, now time.Time) (authkit.APIKey, error) {
	var k authkit.APIKey
	err := first(ctx, s.c, `select `+keyCols+` from authkit_api_keys where app_id = $1 and hash = $2 and active = 1 and (expires_at = 0 or expires_at > $3)`+servingApp,
		func(r Row) (err error) { k, err = scanKey(r); return err }, id(app), hash, us(now))
	return k, err
}

// APIKeys implements [authkit.KeyStore].
func (s *Store) APIKeys(ctx context.Context, app uuid.UUID) ([]authkit.APIKey, error) {
	return list(ctx, s, `select `+keyCols+` from authkit_api_keys where app_id = $1`+liveApp+` order by created_at desc, key_id desc`, scanKey, id(app))
}

// RotateAPIKey implements [authkit.KeyStore].
func (s *Store) RotateAPIKey(ctx context.Context, r authkit.KeyRotation) error {
	return s.step(ctx, func(q Tx) error {
		// The update serialises rotations: the statements after it see every earlier one.
		q.Queue(ctx, authkit.ErrNotFound, `update authkit_apps set gen = gen + 1 where app_id = $1 and deleted_at = 0 returning 1`, id(r.App))
		retire(ctx, q, r)
		if r.Keep > 0 {
			q.Queue(ctx, nil, `delete from authkit_api_keys where app_id = $1 and active = 0 and key_id not in
(select k.key_id from authkit_api_keys k where k.app_id = $1 and k.active = 0 order by k.created_at desc, k.key_id desc limit $2)`, id(r.App), int64(r.Keep))
		}
		addAPIKey(ctx, q, r.App, r.Next)
		s.riders(ctx, q, ride{app: r.App, of: r.Riders})
		return nil
	})
}

// retire keeps the newest keys active until r.OldUntil. An expired key does not count among them.
func retire(ctx context.Context, q Tx, r authkit.KeyRotation) {
	stay := r.MaxLive - 1
	if us(r.OldUntil) <= us(r.Next.CreatedAt) || stay <= 0 {
		q.Queue(ctx, nil, `update authkit_api_keys set active = 0 where app_id = $1 and active = 1`, id(r.App))
		return
	}
	q.Queue(ctx, nil, `update authkit_api_keys set active = 0 where app_id = $1 and active = 1 and key_id not in
(select k.key_id from authkit_api_keys k where k.app_id = $1 and k.active = 1 and (k.expires_at = 0 or k.expires_at > $2) order by k.created_at desc, k.key_id desc limit $3)`,
		id(r.App), us(r.Next.CreatedAt), int64(stay))
	q.Queue(ctx, nil, `update authkit_api_keys set expires_at = $2 where app_id = $1 and active = 1 and (expires_at = 0 or expires_at > $2)`, id(r.App), us(r.OldUntil))
}

// RevokeAPIKey implements [authkit.KeyStore].
func (s *Store) RevokeAPIKey(ctx context.Context, app, key uuid.UUID, riders authkit.Riders) error {
	return s.write(ctx, app, func(q Tx) error {
		q.Queue(ctx, authkit.ErrNotFound, `update authkit_api_keys set active = 0 where app_id = $1 and key_id = $2 and active = 1 returning 1`, id(app), id(key))
		s.riders(ctx, q, ride{app: app, of: riders})
		return nil
	})
}

// TouchAPIKeys implements [authkit.KeyStore].
func (s *Store) TouchAPIKeys(ctx context.Context, app uuid.UUID, used map[uuid.UUID]time.Time) error {
	ids := slices.SortedFunc(maps.Keys(used), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return s.c.Tx(ctx, false, func(q Tx) error {
		s.live(ctx, q, app, 0)
		for _, key := range ids {
			q.Queue(ctx, nil, `update authkit_api_keys set last_used_at = $3 where app_id = $1 and key_id = $2 and last_used_at < $3`, id(app), id(key), us(used[key]))
		}
		return nil
	})
}
