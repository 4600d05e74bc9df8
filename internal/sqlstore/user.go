package sqlstore

import (
	"context"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const userCols = `u.app_id, u.user_id, u.email, u.email_typed, u.name, u.name_key, u.auth_method, u.verified, u.disabled, u.disabled_reason, u.version, u.epoch, u.last_login, u.created_at`

func userDest(u *authkit.User) []any {
	return []any{&u.App, &u.ID, &u.Email, &u.EmailTyped, &u.Name, &u.NameKey, &u.AuthMethod, (*flag)(&u.Verified), (*flag)(&u.Disabled), &u.DisabledReason, &u.Version, &u.Epoch, (*micros)(&u.LastLogin), (*micros)(&u.CreatedAt)}
}

func scanUser(r Row) (authkit.User, error) {
	var u authkit.User
	err := r.Scan(userDest(&u)...)
	return u, err
}

// Account implements [authkit.UserStore].
func (s *Store) Account(ctx context.Context, app uuid.UUID, by authkit.AccountKey) (authkit.Account, error) {
	w := where{args: []any{id(app)}}
	switch {
	case by.ID != uuid.Nil:
		w.and("u.user_id", "=", id(by.ID))
	case by.Email != "":
		w.and("u.email", "=", by.Email)
	default:
		w.sql = ` and u.user_id = (select f.user_id from authkit_credentials f where f.app_id = $1 and f.kind = ` + w.arg(by.Kind) + ` and f.subject = ` + w.arg(by.Subject) + `)`
	}
	var a authkit.Account
	err := first(ctx, s.c, `select `+userCols+`, coalesce(c.kind, ''), coalesce(c.subject, ''), c.data, coalesce(c.created_at, 0)
from authkit_users u left join authkit_credentials c on c.app_id = u.app_id and c.user_id = u.user_id
where u.app_id = $1`+w.sql+liveApp+` order by c.kind, c.subject`, func(r Row) error {
		var c authkit.Credential
		err := r.Scan(append(userDest(&a.User), &c.Kind, &c.Subject, &c.Data, (*micros)(&c.CreatedAt))...)
		if c.Kind != "" {
			c.App, c.UserID = a.User.App, a.User.ID
			a.Credentials = append(a.Credentials, c)
		}
		return err
	}, w.args...)
	return a, err
}

// above is greater than every text that goes on after a prefix.
const above = "\U0010FFFF"

// Users implements [authkit.UserStore].
func (s *Store) Users(ctx context.Context, app uuid.UUID, f authkit.UserQuery) ([]authkit.User, error) {
	w := where{sql: `select ` + userCols + ` from authkit_users u where u.app_id = $1` + liveApp, args: []any{id(app)}}
	if f.Email != "" {
		w.and("u.email", "=", f.Email)
	}
	if f.AuthMethod != "" {
		w.and("u.auth_method", "=", f.AuthMethod)
	}
	prefix := func(col, p string) string {
		return "(" + col + " >= " + w.arg(p) + " and " + col + " < " + w.arg(p+above) + ")"
	}
	switch {
	case f.EmailPrefix != "" && f.NamePrefix != "":
		w.sql += " and (" + prefix("u.email", f.EmailPrefix) + " or " + prefix("u.name_key", f.NamePrefix) + ")"
	case f.EmailPrefix != "":
		w.sql += " and " + prefix("u.email", f.EmailPrefix)
	case f.NamePrefix != "":
		w.sql += " and " + prefix("u.name_key", f.NamePrefix)
	}
	w.page(f.Page, "u.created_at", "u.user_id")
	return list(ctx, s, app, w.sql, scanUser, w.args...)
}

// CreateUser implements [authkit.UserStore].
func (s *Store) CreateUser(ctx context.Context, c authkit.NewUser) (authkit.User, error) {
	u := c.User
	var out authkit.User
	err := s.write(ctx, u.App, func(q Querier) error {
		var login int64
		if c.Session != nil {
			login = us(c.Now)
		}
		_, err := q.Exec(ctx, `insert into authkit_users (app_id, user_id, email, email_typed, name, name_key, auth_method, verified, disabled, disabled_reason, version, epoch, last_login, created_at)
values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,1,1,$11,$12)`, id(u.App), id(u.ID), u.Email, u.EmailTyped, u.Name, u.NameKey, u.AuthMethod, bit(u.Verified), bit(u.Disabled), u.DisabledReason, login, us(u.CreatedAt))
		if err != nil {
			return err
		}
		if c.Take != nil {
			if _, err := s.take(ctx, q, u.App, *c.Take, c.Now, ofNobody); err != nil {
				return err
			}
		}
		for _, cr := range c.Credentials {
			if err := addCredential(ctx, q, u, cr, ""); err != nil {
				return err
			}
		}
		if c.Session != nil {
			if err := addSession(ctx, q, u.App, u.ID, 1, *c.Session); err != nil {
				return err
			}
		}
		out, err = readUser(ctx, q, u.App, u.ID)
		if err != nil {
			return err
		}
		return riders(ctx, q, u.App, c.Also)
	})
	if err != nil {
		return authkit.User{}, err
	}
	return out, nil
}

func readUser(ctx context.Context, q Querier, app, user uuid.UUID) (authkit.User, error) {
	var u authkit.User
	err := first(ctx, q, `select `+userCols+` from authkit_users u where u.app_id = $1 and u.user_id = $2`,
		func(r Row) error { return r.Scan(userDest(&u)...) }, id(app), id(user))
	return u, err
}

// addCredential inserts; no row written means that the subject is another user's.
func addCredential(ctx context.Context, q Querier, u authkit.User, c authkit.Credential, replace string) error {
	return must(ctx, q, authkit.ErrConflict, `insert into authkit_credentials (app_id, kind, subject, user_id, data, created_at) values ($1,$2,$3,$4,$5,$6)`+replace,
		id(u.App), c.Kind, c.Subject, id(u.ID), blob(c.Data), us(c.CreatedAt))
}

// DeleteUser implements [authkit.UserStore].
func (s *Store) DeleteUser(ctx context.Context, app, user uuid.UUID, also authkit.Also) error {
	return s.write(ctx, app, func(q Querier) error {
		err := must(ctx, q, authkit.ErrNotFound, `delete from authkit_users where app_id = $1 and user_id = $2`, id(app), id(user))
		if err != nil {
			return err
		}
		if _, err := q.Exec(ctx, `delete from authkit_tokens where app_id = $1 and user_id = $2`, id(app), id(user)); err != nil {
			return err
		}
		return riders(ctx, q, app, also)
	})
}
