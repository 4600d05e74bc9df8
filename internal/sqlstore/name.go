package sqlstore

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// The table authkit_app_names has a row for each live app: its name, led by its developer. It
// makes names unique, and is what a developer's apps are listed, counted and found by, so that
// all other tables are led by the app. No statement reads it together with another table: where
// tables are distributed, the rows of a developer and those of an app are on different machines.
//
// A step locks the app's own row before a name, and adds a name before it drops one. A name that
// a step waits for is then held by a step that waits for no other name.

// addName adds the name of an app. If the developer has an app of that name, the step fails with
// [authkit.ErrConflict].
func addName(ctx context.Context, q Tx, a authkit.App) {
	q.Queue(ctx, nil, `insert into authkit_app_names (developer, name_key, app_id, created_at) values ($1,$2,$3,$4)`,
		a.Developer, a.NameKey, id(a.ID), us(a.CreatedAt))
}

// changeName replaces the name of an app, unless it is the same.
func changeName(ctx context.Context, q Tx, a authkit.App) {
	q.Queue(ctx, nil, `insert into authkit_app_names (developer, name_key, app_id, created_at)
select $1, $2, $3, cast($4 as bigint) where not exists (select 1 from authkit_app_names where developer = $1 and name_key = $2 and app_id = $3)`,
		a.Developer, a.NameKey, id(a.ID), us(a.CreatedAt))
	dropNames(ctx, q, a, a.NameKey)
}

// dropNames drops the names that an app has under its developer, all but the one to keep, if
// that is not nil. The time leads to them by the index of the lists.
func dropNames(ctx context.Context, q Tx, a authkit.App, keep any) {
	q.Queue(ctx, nil, `delete from authkit_app_names where developer = $1 and created_at = $2 and app_id = $3 and (name_key <> $4 or $4 is null)`,
		a.Developer, us(a.CreatedAt), id(a.ID), keep)
}

// Apps implements [authkit.AppStore]. An app that is deleted or moved between the two reads is
// missed by the second; the page is then filled with what comes after it.
func (s *Store) Apps(ctx context.Context, developer string, p authkit.Page) ([]authkit.App, error) {
	var out []authkit.App
	for {
		at, err := s.named(ctx, developer, p)
		if err != nil || len(at) == 0 {
			return out, err
		}
		apps, err := s.appsOf(ctx, developer, at)
		if err != nil {
			return nil, err
		}
		out = append(out, apps...)
		if len(at) < p.Limit || len(apps) == len(at) {
			return out, nil
		}
		last := at[len(at)-1]
		p = authkit.Page{Time: last.CreatedAt, ID: last.ID, Limit: p.Limit - len(apps)}
	}
}

// named returns a page of a developer's apps, which have no more than their ids and times.
func (s *Store) named(ctx context.Context, developer string, p authkit.Page) ([]authkit.App, error) {
	w := where{sql: `select app_id, created_at from authkit_app_names where developer = $1`, args: []any{developer}}
	w.page(p, "created_at", "app_id")
	return collect(ctx, s.c, w.sql, func(r Row) (a authkit.App, err error) {
		err = r.Scan(&a.ID, (*micros)(&a.CreatedAt))
		return a, err
	}, w.args...)
}

// appsOf reads those of the apps that are the developer's and live, in the order given.
func (s *Store) appsOf(ctx context.Context, developer string, at []authkit.App) ([]authkit.App, error) {
	w := where{args: []any{developer}}
	found := make(map[uuid.UUID]authkit.App, len(at))
	err := s.c.Rows(ctx, `select `+appCols+` from authkit_apps a where a.app_id in (`+w.ids(at)+`) and a.developer = $1 and a.deleted_at = 0`, func(r Row) error {
		var a authkit.App
		var set string
		if err := r.Scan(appDest(&a, &set)...); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(set), &a.Settings)
		found[a.ID] = a
		return err
	}, w.args...)
	var out []authkit.App
	for _, a := range at {
		if app, ok := found[a.ID]; ok {
			out = append(out, app)
		}
	}
	return out, err
}

// ids adds the ids of apps as arguments, and returns the list of them.
func (w *where) ids(apps []authkit.App) string {
	list := make([]string, len(apps))
	for i, a := range apps {
		list[i] = w.arg(id(a.ID))
	}
	return strings.Join(list, ",")
}
