package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// isDue is a condition on the outbox; $1 is the time. It has no or, for which Postgres would
// scan twice.
const isDue = `due_at <= $1 and case when expires_at = 0 then 9223372036854775807 else expires_at end > $1`

// dueMail selects due mail so that the apps take turns:
//
//   - turn goes from app to app by the index, from $2 on, and counts those that have due mail.
//   - ready are the first $3 of these.
//   - walk goes through the mails of each by the index, as far as the app's share.
//
// It reads no more mail than it returns, apart from what has expired since the last sweep. Each
// step asks for one row in the order of the index, so that a Postgres without statistics does
// not choose to sort.
const (
	hasDue = `(select d.due_at from authkit_outbox d where d.app_id = turn.app_id and d.` + isDue + ` order by d.due_at, d.mail_id limit 1) is not null
and (select a.deleted_at from authkit_apps a where a.app_id = turn.app_id) = 0`
	firstMail = ` from authkit_outbox d where d.app_id = ready.app_id and d.due_at <= $1 order by d.due_at, d.mail_id limit 1)`
	nextMail  = ` from authkit_outbox d where d.app_id = walk.app_id and (d.due_at, d.mail_id) > (walk.due_at, walk.mail_id) order by d.due_at, d.mail_id limit 1)`
	inShare   = `walk.round < $3 / (select count(*) from ready)`

	dueMail = `with recursive turn(app_id, found) as (
select (select o.app_id from authkit_outbox o where o.app_id > $2 order by o.app_id limit 1), 0
union all
select (select o.app_id from authkit_outbox o where o.app_id > turn.app_id order by o.app_id limit 1), turn.found + case when ` + hasDue + ` then 1 else 0 end
from turn where turn.app_id is not null and turn.found < $3),
ready(app_id) as (select turn.app_id from turn where turn.app_id is not null and turn.found < $3 and ` + hasDue + `),
walk(app_id, due_at, mail_id, expires_at, round) as (
select ready.app_id, (select d.due_at` + firstMail + `, (select d.mail_id` + firstMail + `, (select d.expires_at` + firstMail + `, 0 from ready
union all
select walk.app_id, (select d.due_at` + nextMail + `, (select d.mail_id` + nextMail + `, (select d.expires_at` + nextMail + `, walk.round + case when walk.` + isDue + ` then 1 else 0 end
from walk where walk.due_at <= $1 and ` + inShare + `)
select app_id, mail_id, round from walk where ` + isDue + ` and ` + inShare
)

// DueMail implements [authkit.MailStore].
func (s *Store) DueMail(ctx context.Context, now time.Time, after uuid.UUID, limit int) ([]authkit.MailRef, error) {
	type inRound struct {
		authkit.MailRef

		round int64
	}
	due, err := collect(ctx, s.c, dueMail, func(r Row) (m inRound, err error) {
		err = r.Scan(&m.App, &m.ID, &m.round)
		return m, err
	}, us(now), id(after), int64(limit))
	slices.SortFunc(due, func(a, b inRound) int {
		return cmp.Or(cmp.Compare(a.round, b.round), bytes.Compare(a.App[:], b.App[:]))
	})
	var refs []authkit.MailRef
	for _, m := range due {
		refs = append(refs, m.MailRef)
	}
	return refs, err
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
