package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// ownership is what is asked before a developer gets one app more.
type ownership struct {
	owner     authkit.UserRef
	developer string
	most      int
	now       time.Time
}

// mayOwn makes the transaction fail unless a developer may have one app more. It locks the
// owner's row before that of any app: a step that disables or deletes the owner waits, and then
// sees the app that this one adds. Without an owner, and with a bound on the number of apps, it
// locks a row that stands for the developer, so that steps which count the apps are serialised.
func (s *Store) mayOwn(ctx context.Context, q Tx, o ownership) {
	if o.owner.ID != uuid.Nil {
		q.Queue(ctx, authkit.ErrNotFound, `select 1 from authkit_users where app_id = $1 and user_id = $2 and disabled = 0`+s.c.Dialect().Update, id(o.owner.App), id(o.owner.ID))
	} else if o.most > 0 {
		q.Queue(ctx, nil, `insert into authkit_limits (app_id, limit_key, tat) values ($1,$2,$3) on conflict (app_id, limit_key) do update set tat = excluded.tat`,
			id(uuid.Nil), "apps of "+o.developer, us(o.now.Add(time.Hour)))
	}
	if o.most > 0 {
		q.Queue(ctx, authkit.ErrFull, `select 1 where (select count(*) from authkit_app_names where developer = $1) < $2`, o.developer, int64(o.most))
	}
}

// MoveApp implements [authkit.OwnerStore].
func (s *Store) MoveApp(ctx context.Context, m authkit.AppMove) error {
	return s.step(ctx, func(q Tx) error {
		s.mayOwn(ctx, q, ownership{m.Owner, m.To, m.Most, m.Now})
		a := authkit.App{ID: m.App, Developer: m.To}
		err := first(ctx, q, `update authkit_apps set developer = $3, suspended = 0, version = version + 1, gen = gen + 1
where app_id = $1 and developer = $2 and deleted_at = 0 returning name_key, created_at`, func(r Row) error {
			return r.Scan(&a.NameKey, (*micros)(&a.CreatedAt))
		}, id(m.App), m.From, m.To)
		if err != nil {
			return err
		}
		addName(ctx, q, a)
		dropNames(ctx, q, authkit.App{ID: a.ID, Developer: m.From, CreatedAt: a.CreatedAt}, nil)
		q.Queue(ctx, nil, `update authkit_api_keys set active = 0 where app_id = $1 and active = 1`, id(m.App))
		q.Queue(ctx, nil, `update authkit_webhooks set enabled = 0, secret = null, version = version + 1 where app_id = $1`, id(m.App))
		s.riders(ctx, q, ride{app: m.App, of: m.Riders})
		return nil
	})
}

// suspendStep is how many apps one statement suspends.
const suspendStep = 500

// suspend makes the API keys of a developer's apps unknown, or known again. The caller has
// locked the owner's row, so that it sees every app added before, and none is added meanwhile.
func suspend(ctx context.Context, q Tx, developer string, disabled *bool) error {
	if developer == "" || disabled == nil {
		return nil
	}
	apps, err := collect(ctx, q, `select app_id from authkit_app_names where developer = $1 order by app_id`, func(r Row) (a authkit.App, err error) {
		err = r.Scan(&a.ID)
		return a, err
	}, developer)
	for some := range slices.Chunk(apps, suspendStep) {
		w := where{args: []any{developer, bit(*disabled)}}
		list := w.ids(some)
		q.Queue(ctx, nil, `update authkit_apps set suspended = $2 where app_id in (`+list+`) and developer = $1 and deleted_at = 0 and suspended <> $2`, w.args...)
	}
	return err
}

// ConfirmDeletion implements [authkit.OwnerStore]. It changes a value of the row, since SQLite
// writes no page for an update that changes no value.
func (s *Store) ConfirmDeletion(ctx context.Context, app uuid.UUID, developer string) error {
	return s.step(ctx, func(q Tx) error {
		q.Queue(ctx, authkit.ErrNotFound, `update authkit_apps set gen = gen + 1 where app_id = $1 and developer = $2 and deleted_at <> 0 returning 1`, id(app), developer)
		return nil
	})
}
