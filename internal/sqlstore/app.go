package sqlstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// CreateApp implements [authkit.AppStore].
func (s *Store) CreateApp(ctx context.Context, n authkit.NewApp) error {
	set, err := json.Marshal(n.App.Settings)
	if err != nil {
		return err
	}
	app := n.App
	return s.step(ctx, func(q Tx) error {
		s.mayOwn(ctx, q, ownership{n.Owner, app.Developer, n.Most, app.CreatedAt})
		q.Queue(ctx, nil, `insert into authkit_apps (app_id, developer, name, name_key, version, settings, foreign_hashes, created_at) values ($1,$2,$3,$4,1,$5,$6,$7)`,
			id(app.ID), app.Developer, app.Name, app.NameKey, string(set), text(app.ForeignHashes), us(app.CreatedAt))
		addName(ctx, q, app)
		addSigningKey(ctx, q, app.ID, n.First)
		if n.Key != nil {
			addAPIKey(ctx, q, app.ID, *n.Key)
		}
		s.riders(ctx, q, ride{app: app.ID, of: n.Riders})
		return nil
	})
}

func addSigningKey(ctx context.Context, q Tx, app uuid.UUID, k authkit.SigningKey) {
	q.Queue(ctx, nil, `insert into authkit_signing_keys (app_id, seq, kid, alg, public, sealed, from_at, alone) values ($1,$2,$3,$4,$5,$6,$7,$8)`,
		id(app), k.Seq, k.KID, k.Alg, blob(k.Public), blob(k.Sealed), us(k.From), bit(k.Alone))
}

const appCols = `a.app_id, a.developer, a.name, a.name_key, a.version, a.settings, a.logo, a.foreign_hashes, a.created_at`

func appDest(a *authkit.App, set *string) []any {
	return []any{&a.ID, &a.Developer, &a.Name, &a.NameKey, &a.Version, set, &a.Logo, (*strs)(&a.ForeignHashes), (*micros)(&a.CreatedAt)}
}

// App implements [authkit.AppStore].
func (s *Store) App(ctx context.Context, app uuid.UUID) (authkit.App, error) {
	return readApp(ctx, s.c, app)
}

func readApp(ctx context.Context, q Reader, app uuid.UUID) (authkit.App, error) {
	var a authkit.App
	var set string
	err := first(ctx, q, `select `+appCols+`, k.seq, k.kid, k.alg, k.public, k.sealed, k.from_at, k.alone
from authkit_apps a join authkit_signing_keys k on k.app_id = a.app_id
where a.app_id = $1 and a.deleted_at = 0 order by k.seq`, func(r Row) error {
		var k authkit.SigningKey
		err := r.Scan(append(appDest(&a, &set), &k.Seq, &k.KID, &k.Alg, &k.Public, &k.Sealed, (*micros)(&k.From), (*flag)(&k.Alone))...)
		a.Keys = append(a.Keys, k)
		return err
	}, id(app))
	if err != nil {
		return authkit.App{}, err
	}
	return a, json.Unmarshal([]byte(set), &a.Settings)
}

// ChangeApp implements [authkit.AppStore].
func (s *Store) ChangeApp(ctx context.Context, c authkit.AppChange) (authkit.App, error) {
	var set any
	if c.Settings != nil {
		b, err := json.Marshal(c.Settings)
		if err != nil {
			return authkit.App{}, err
		}
		set = string(b)
	}
	var out authkit.App
	// The update comes first: two steps that share the row and then update it would deadlock.
	err := s.step(ctx, func(q Tx) (err error) {
		q.Queue(ctx, authkit.ErrStale, `update authkit_apps set version = version + 1, name = coalesce($3, name), name_key = coalesce($4, name_key), settings = coalesce($5, settings), logo = coalesce($6, logo), foreign_hashes = coalesce($7, foreign_hashes)
where app_id = $1 and version = $2 and deleted_at = 0 returning 1`, id(c.App), c.Version, opt(c.Name), opt(c.NameKey), set, logoHash(c.Logo), optList(c.ForeignHashes))
		out, err = readApp(ctx, q, c.App)
		if err == nil && c.NameKey != nil {
			changeName(ctx, q, out)
		}
		if c.Logo != nil {
			changeLogo(ctx, q, c.App, *c.Logo)
		}
		s.riders(ctx, q, ride{app: c.App, of: c.Riders})
		return err
	})
	if errors.Is(err, authkit.ErrStale) {
		err = cmp.Or(first(ctx, s.c, isLiveApp, func(Row) error { return nil }, id(c.App)), err)
	}
	if err != nil {
		return authkit.App{}, err
	}
	return out, nil
}

// DeleteApp implements [authkit.AppStore].
func (s *Store) DeleteApp(ctx context.Context, app uuid.UUID, now time.Time, riders authkit.Riders) error {
	return s.step(ctx, func(q Tx) error {
		gone := authkit.App{ID: app}
		err := first(ctx, q, `update authkit_apps set deleted_at = $2 where app_id = $1 and deleted_at = 0 returning developer, created_at`, func(r Row) error {
			return r.Scan(&gone.Developer, (*micros)(&gone.CreatedAt))
		}, id(app), us(now))
		if err != nil {
			return err
		}
		dropNames(ctx, q, gone, nil)
		s.riders(ctx, q, ride{app: app, of: riders})
		return nil
	})
}

// AddSigningKey implements [authkit.AppStore].
func (s *Store) AddSigningKey(ctx context.Context, app uuid.UUID, k authkit.SigningKey, oldest int64, riders authkit.Riders) error {
	return s.step(ctx, func(q Tx) error {
		q.Queue(ctx, authkit.ErrNotFound, `update authkit_apps set version = version + 1 where app_id = $1 and deleted_at = 0 returning 1`, id(app))
		// The update serialises additions: the statement after it sees the key that the addition
		// before has added.
		q.Queue(ctx, authkit.ErrConflict, `select 1 where not exists (select 1 from authkit_signing_keys where app_id = $1 and seq >= $2)`, id(app), k.Seq)
		addSigningKey(ctx, q, app, k)
		q.Queue(ctx, nil, `delete from authkit_signing_keys where app_id = $1 and seq < $2`, id(app), min(oldest, k.Seq))
		s.riders(ctx, q, ride{app: app, of: riders})
		return nil
	})
}
