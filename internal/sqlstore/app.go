package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// CreateApp implements [authkit.AppStore].
func (s *Store) CreateApp(ctx context.Context, app authkit.App, key authkit.SigningKey, api *authkit.APIKey, also authkit.Also) error {
	set, err := json.Marshal(app.Settings)
	if err != nil {
		return err
	}
	return s.c.Tx(ctx, true, func(q Querier) error {
		_, err := q.Exec(ctx, `insert into authkit_apps (app_id, developer, name, name_key, version, settings, created_at) values ($1,$2,$3,$4,1,$5,$6)`,
			id(app.ID), app.Developer, app.Name, app.NameKey, string(set), us(app.CreatedAt))
		if err != nil {
			return err
		}
		if err := addSigningKey(ctx, q, app.ID, key); err != nil {
			return err
		}
		if api != nil {
			if err := addAPIKey(ctx, q, app.ID, *api); err != nil {
				return err
			}
		}
		return riders(ctx, q, app.ID, also)
	})
}

func addSigningKey(ctx context.Context, q Querier, app uuid.UUID, k authkit.SigningKey) error {
	_, err := q.Exec(ctx, `insert into authkit_signing_keys (app_id, seq, kid, alg, public, sealed, from_at, until_at) values ($1,$2,$3,$4,$5,$6,$7,$8)`,
		id(app), k.Seq, k.KID, k.Alg, blob(k.Public), blob(k.Sealed), us(k.From), us(k.Until))
	return err
}

const appCols = `a.app_id, a.developer, a.name, a.name_key, a.version, a.settings, a.created_at`

func appDest(a *authkit.App, set *string) []any {
	return []any{&a.ID, &a.Developer, &a.Name, &a.NameKey, &a.Version, set, (*micros)(&a.CreatedAt)}
}

// App implements [authkit.AppStore].
func (s *Store) App(ctx context.Context, app uuid.UUID) (authkit.App, error) {
	return readApp(ctx, s.c, app)
}

func readApp(ctx context.Context, q Querier, app uuid.UUID) (authkit.App, error) {
	var a authkit.App
	var set string
	err := first(ctx, q, `select `+appCols+`, k.seq, k.kid, k.alg, k.public, k.sealed, k.from_at, k.until_at
from authkit_apps a join authkit_signing_keys k on k.app_id = a.app_id
where a.app_id = $1 and a.deleted_at = 0 order by k.seq`, func(r Row) error {
		var k authkit.SigningKey
		err := r.Scan(append(appDest(&a, &set), &k.Seq, &k.KID, &k.Alg, &k.Public, &k.Sealed, (*micros)(&k.From), (*micros)(&k.Until))...)
		a.Keys = append(a.Keys, k)
		return err
	}, id(app))
	if err != nil {
		return authkit.App{}, err
	}
	return a, json.Unmarshal([]byte(set), &a.Settings)
}

// Apps implements [authkit.AppStore].
func (s *Store) Apps(ctx context.Context, developer string, p authkit.Page) ([]authkit.App, error) {
	w := where{sql: `select ` + appCols + ` from authkit_apps a where a.developer = $1 and a.deleted_at = 0`, args: []any{developer}}
	w.page(p, "a.created_at", "a.app_id")
	return collect(ctx, s.c, w.sql, func(r Row) (authkit.App, error) {
		var a authkit.App
		var set string
		if err := r.Scan(appDest(&a, &set)...); err != nil {
			return a, err
		}
		return a, json.Unmarshal([]byte(set), &a.Settings)
	}, w.args...)
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
	err := s.c.Tx(ctx, true, func(q Querier) error {
		err := must(ctx, q, authkit.ErrStale, `update authkit_apps set version = version + 1, name = coalesce($3, name), name_key = coalesce($4, name_key), settings = coalesce($5, settings)
where app_id = $1 and version = $2 and deleted_at = 0`, id(c.App), c.Version, opt(c.Name), opt(c.NameKey), set)
		if errors.Is(err, authkit.ErrStale) {
			return errors.Join(s.live(ctx, q, c.App, ""), err)
		}
		if err != nil {
			return err
		}
		if err := riders(ctx, q, c.App, c.Also); err != nil {
			return err
		}
		out, err = readApp(ctx, q, c.App)
		return err
	})
	if errors.Is(err, authkit.ErrNotFound) {
		err = authkit.ErrNotFound // a missing app is not a stale one
	}
	return out, err
}

// DeleteApp implements [authkit.AppStore].
func (s *Store) DeleteApp(ctx context.Context, app uuid.UUID, now time.Time, also authkit.Also) error {
	return s.c.Tx(ctx, true, func(q Querier) error {
		err := must(ctx, q, authkit.ErrNotFound, `update authkit_apps set deleted_at = $2 where app_id = $1 and deleted_at = 0`, id(app), us(now))
		if err != nil {
			return err
		}
		return riders(ctx, q, app, also)
	})
}

// AddSigningKey implements [authkit.AppStore].
func (s *Store) AddSigningKey(ctx context.Context, app uuid.UUID, k authkit.SigningKey, also authkit.Also) error {
	return s.write(ctx, app, func(q Querier) error {
		if err := addSigningKey(ctx, q, app, k); err != nil {
			return err
		}
		return riders(ctx, q, app, also)
	})
}
