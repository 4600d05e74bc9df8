package sqlstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// DueMail implements [authkit.MailStore].
func (s *Store) DueMail(ctx context.Context, now time.Time, limit int) ([]authkit.MailRef, error) {
	return collect(ctx, s.c, `select o.app_id, o.mail_id from authkit_outbox o
where o.due_at <= $1 and (o.expires_at = 0 or o.expires_at > $1) and not exists (select 1 from authkit_apps a where a.app_id = o.app_id and a.deleted_at <> 0)
order by o.due_at, o.mail_id limit $2`, func(r Row) (authkit.MailRef, error) {
		var m authkit.MailRef
		err := r.Scan(&m.App, &m.ID)
		return m, err
	}, us(now), int64(limit))
}

// ClaimMail implements [authkit.MailStore].
func (s *Store) ClaimMail(ctx context.Context, app, mail uuid.UUID, now, until time.Time) (authkit.Mail, error) {
	var m authkit.Mail
	err := s.write(ctx, app, func(q Tx) error {
		return first(ctx, q, `update authkit_outbox set due_at = $4, attempts = attempts + 1 where app_id = $1 and mail_id = $2 and due_at <= $3 and (expires_at = 0 or expires_at > $3)
returning app_id, mail_id, sealed, due_at, expires_at, attempts`, func(r Row) error {
			return r.Scan(&m.App, &m.ID, &m.Sealed, (*micros)(&m.DueAt), (*micros)(&m.Expires), &m.Attempts)
		}, id(app), id(mail), us(now), us(until))
	})
	if err != nil {
		return authkit.Mail{}, err
	}
	return m, nil
}

// SettleMail implements [authkit.MailStore].
func (s *Store) SettleMail(ctx context.Context, app, mail uuid.UUID, done bool, next time.Time) error {
	return s.write(ctx, app, func(q Tx) error {
		if done {
			q.Queue(ctx, authkit.ErrNotFound, `delete from authkit_outbox where app_id = $1 and mail_id = $2 returning 1`, id(app), id(mail))
			return nil
		}
		q.Queue(ctx, authkit.ErrNotFound, `update authkit_outbox set due_at = $3 where app_id = $1 and mail_id = $2 returning 1`, id(app), id(mail), us(next))
		return nil
	})
}
