package sqlstore

import (
	"context"

	"github.com/authkit-dev/authkit"
)

// ChangeUser implements [authkit.UserStore].
func (s *Store) ChangeUser(ctx context.Context, c authkit.UserChange) (authkit.User, error) {
	var u authkit.User
	err := s.write(ctx, c.App, func(q Tx) error {
		changeRow(ctx, q, c, &u)
		if kind, ok := signingOf(c); ok && s.c.Dialect().Guards {
			signIn(ctx, q, c, kind)
			return nil
		}
		if c.Take != nil {
			s.spend(ctx, q, spending{c.App, *c.Take, c.Now, boundToUser, []any{id(c.ID), bit(c.End)}})
		}
		changeCredentials(ctx, q, c)
		changeSessions(ctx, q, c)
		if err := suspend(ctx, q, c.Owns, c.Disabled); err != nil {
			return err
		}
		s.riders(ctx, q, ride{c.App, c.ID, c.Riders})
		return nil
	})
	if err != nil {
		return authkit.User{}, err
	}
	return u, nil
}

// changeRow updates the users row. Its lock serialises the steps on one user, and what the
// statements after it read of the row is what it has written.
func changeRow(ctx context.Context, q Tx, c authkit.UserChange, u *authkit.User) {
	var login, method any
	guard := ""
	if c.Session != nil {
		login, method = us(c.Now), c.AuthMethod
		guard = " and coalesce($12, disabled) = 0"
	}
	q.Ask(ctx, authkit.ErrStale, func(r Row) error { return r.Scan(userDest(u)...) }, changeUser+guard+` returning `+userCols,
		id(c.App), id(c.ID), c.Version, bit(c.Raises()), bit(c.End), opt(c.Email), opt(c.EmailTyped), opt(c.Name), opt(c.NameKey), opt(c.DisabledReason),
		optBit(c.Verified), optBit(c.Disabled), login, method, opt(c.ExternalID), optList(c.Roles), blob(c.Metadata), blob(c.PrivateMetadata), optFactors(c.Factors))
	if c.Roles != nil {
		q.Queue(ctx, nil, `delete from authkit_user_roles where app_id = $1 and user_id = $2`, id(c.App), id(c.ID))
		addRoles(ctx, q, authkit.UserRef{App: c.App, ID: c.ID}, *c.Roles)
	}
}

const changeUser = `update authkit_users set version = version + $4, epoch = epoch + $5, email = coalesce($6, email), email_typed = coalesce($7, email_typed),
name = coalesce($8, name), name_key = coalesce($9, name_key), disabled_reason = coalesce($10, disabled_reason), verified = coalesce($11, verified),
disabled = coalesce($12, disabled), last_login = coalesce($13, last_login), auth_method = coalesce($14, auth_method),
external_id = coalesce($15, external_id), roles = coalesce($16, roles), metadata = coalesce($17, metadata), private_metadata = coalesce($18, private_metadata), factors = coalesce($19, factors)
where app_id = $1 and user_id = $2 and (version = $3 or $3 = 0)`

func changeCredentials(ctx context.Context, q Tx, c authkit.UserChange) {
	if c.DropCredentials {
		q.Queue(ctx, nil, `delete from authkit_credentials where app_id = $1 and user_id = $2`, id(c.App), id(c.ID))
	}
	for _, d := range c.Drop {
		q.Queue(ctx, nil, `delete from authkit_credentials where app_id = $1 and user_id = $2 and kind = $3 and subject = $4`, id(c.App), id(c.ID), d.Kind, d.Subject)
	}
	owner := authkit.UserRef{App: c.App, ID: c.ID}
	for _, p := range c.Put {
		addCredential(ctx, q, owner, p, ` on conflict (app_id, kind, subject) do update set data = excluded.data where authkit_credentials.user_id = excluded.user_id`)
	}
}

func changeSessions(ctx context.Context, q Tx, c authkit.UserChange) {
	if c.End {
		q.Queue(ctx, nil, `update authkit_sessions set epoch = epoch + 1 where app_id = $1 and user_id = $2 and session_id = $3 and ended_at = 0 and epoch = `+epochOf+` - 1`,
			id(c.App), id(c.ID), id(c.Keep))
	}
	if c.DropMFA {
		q.Queue(ctx, nil, `update authkit_sessions set mfa_at = 0 where app_id = $1 and user_id = $2 and mfa_at <> 0`, id(c.App), id(c.ID))
	}
	if c.Session != nil {
		addSession(ctx, q, authkit.UserRef{App: c.App, ID: c.ID}, *c.Session)
		if c.MaxSessions > 0 {
			q.Queue(ctx, nil, endOldest,
				id(c.App), id(c.ID), id(c.Session.ID), us(c.Now), int64(c.MaxSessions-1))
		}
	}
	if p := c.Prove; p != nil {
		q.Queue(ctx, authkit.ErrStale, prove, id(c.App), id(c.ID), id(p.ID), us(c.Now), text(p.AMR), us(p.AuthTime), us(p.MFAAt))
	}
}

// prove comes after all that ends sessions, so that it finds the session only if it goes on.
const prove = `update authkit_sessions set amr = $5, auth_time = $6, mfa_at = $7
where app_id = $1 and user_id = $2 and session_id = $3 and ended_at = 0 and idle_until > $4 and until_at > $4 and epoch =
(select u.epoch from authkit_users u where u.app_id = $1 and u.user_id = $2 and u.disabled = 0) returning 1`

// epochOf is the Epoch of the user $2.
const epochOf = `(select u.epoch from authkit_users u where u.app_id = $1 and u.user_id = $2)`

// endOldest ends at $4 the sessions of the user $2 but for $3 and the newest $5 others. It looks for
// one of them first: nearly always there is none, and nothing else is read.
const (
	otherAlive = `app_id = $1 and user_id = $2 and session_id <> $3 and ended_at = 0 and idle_until > $4 and until_at > $4 and epoch = ` + epochOf
	firstOver  = ` from authkit_sessions where ` + otherAlive + ` order by created_at desc, session_id desc limit 1 offset $5)`
	endOldest  = `update authkit_sessions set ended_at = $4 where ` + otherAlive + ` and (select session_id` + firstOver + ` is not null and (created_at, session_id) <= (select created_at, session_id` + firstOver
)
