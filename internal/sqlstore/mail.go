package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/authkit-dev/authkit"
)

// isDue is a condition on the outbox; $1 is the time. It has no or, for which Postgres would
// scan twice.
const isDue = `due_at <= $1 and case when expires_at = 0 then 9223372036854775807 else expires_at end > $1`

// The claim takes turns between the apps:
//
//   - turn goes from app to app by the index, from $2 on, and counts those that have due mail.
//   - ready are the first $3 of these.
//   - walk, where transactions never run concurrently, goes through the mails of each by the
//     index, as far as the app's share. Each step asks for one row in the order of the index.
//   - free, where they do, locks as many mails of each that no other claim has locked.
//
// It reads no more mail than it returns, apart from what has expired since the last sweep, and
// from what others have locked.
const (
	hasDue = `(select d.due_at from authkit_outbox d where d.app_id = turn.app_id and d.` + isDue + ` order by d.due_at, d.mail_id limit 1) is not null
and (select a.deleted_at from authkit_apps a where a.app_id = turn.app_id) = 0`
	readyApps = `with recursive turn(app_id, found) as (
select (select o.app_id from authkit_outbox o where o.app_id > $2 order by o.app_id limit 1), 0
union all
select (select o.app_id from authkit_outbox o where o.app_id > turn.app_id order by o.app_id limit 1), turn.found + case when ` + hasDue + ` then 1 else 0 end
from turn where turn.app_id is not null and turn.found < $3),
ready(app_id) as (select turn.app_id from turn where turn.app_id is not null and turn.found < $3 and ` + hasDue + `)`
	share = `$3 / (select count(*) from ready)`

	firstMail = ` from authkit_outbox d where d.app_id = ready.app_id and d.due_at <= $1 order by d.due_at, d.mail_id limit 1)`
	nextMail  = ` from authkit_outbox d where d.app_id = walk.app_id and (d.due_at, d.mail_id) > (walk.due_at, walk.mail_id) order by d.due_at, d.mail_id limit 1)`
	walkMail  = readyApps + `,
walk(app_id, due_at, mail_id, expires_at, round) as (
select ready.app_id, (select d.due_at` + firstMail + `, (select d.mail_id` + firstMail + `, (select d.expires_at` + firstMail + `, 0 from ready
union all
select walk.app_id, (select d.due_at` + nextMail + `, (select d.mail_id` + nextMail + `, (select d.expires_at` + nextMail + `, walk.round + case when walk.` + isDue + ` then 1 else 0 end
from walk where walk.due_at <= $1 and walk.round < ` + share + `)
select m.app_id, m.mail_id, m.sealed, m.due_at, m.expires_at, m.attempts from (select app_id, mail_id from walk where ` + isDue + ` and round < ` + share + `) w
cross join authkit_outbox m where m.app_id = w.app_id and m.mail_id = w.mail_id`

	freeMail = readyApps + `
select free.app_id, free.mail_id, free.sealed, free.due_at, free.expires_at, free.attempts from ready cross join lateral (select d.app_id, d.mail_id, d.sealed, d.due_at, d.expires_at, d.attempts from authkit_outbox d
where d.app_id = ready.app_id and d.` + isDue + ` order by d.due_at, d.mail_id limit ` + share + ` for update skip locked) free`

	claimMail = `update authkit_outbox set due_at = $3 where app_id = $1 and mail_id = $2`
)

// ClaimMail implements [authkit.MailStore].
func (s *Store) ClaimMail(ctx context.Context, c authkit.MailClaim) ([]authkit.Mail, error) {
	find := walkMail
	if s.c.Dialect().Share != "" {
		find = freeMail
	}
	var mails []authkit.Mail
	err := s.c.Tx(ctx, false, func(q Tx) (err error) {
		s.byIndex(ctx, q)
		mails, err = collect(ctx, q, find, func(r Row) (m authkit.Mail, err error) {
			err = r.Scan(&m.App, &m.ID, &m.Sealed, (*micros)(&m.DueAt), (*micros)(&m.Expires), &m.Attempts)
			return m, err
		}, us(c.Now), id(c.After), int64(c.Max))
		for _, m := range mails {
			q.Queue(ctx, nil, claimMail, id(m.App), id(m.ID), us(c.Until))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return byTurns(mails, c.Until), nil
}

// byIndex keeps the statements of a transaction on the indexes of the outbox, which is empty most
// of the time. A server that has noted this plans to read the table as a whole, and keeps that plan
// while a flood of mail comes.
func (s *Store) byIndex(ctx context.Context, q Tx) {
	if sql := s.c.Dialect().ByIndex; sql != "" {
		q.Queue(ctx, nil, sql)
	}
}

// byTurns orders claimed mails by rounds of their apps, and notes until when they are claimed.
func byTurns(mails []authkit.Mail, until time.Time) []authkit.Mail {
	slices.SortFunc(mails, func(a, b authkit.Mail) int {
		return cmp.Or(bytes.Compare(a.App[:], b.App[:]), a.DueAt.Compare(b.DueAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
	var rounds [][]authkit.Mail
	round := 0
	for i, m := range mails {
		if i > 0 && m.App == mails[i-1].App {
			round++
		} else {
			round = 0
		}
		if round == len(rounds) {
			rounds = append(rounds, nil)
		}
		m.DueAt = micro(until)
		rounds[round] = append(rounds[round], m)
	}
	return slices.Concat(rounds...)
}

// SettleMail implements [authkit.MailStore]. A deleted app is not looked for: its mail is removed
// anyway.
func (s *Store) SettleMail(ctx context.Context, mails []authkit.Settled) error {
	return s.c.Tx(ctx, true, func(q Tx) error {
		s.byIndex(ctx, q)
		for _, m := range slices.SortedStableFunc(slices.Values(mails), byKey) {
			if m.Done {
				q.Queue(ctx, nil, `delete from authkit_outbox where app_id = $1 and mail_id = $2`, id(m.App), id(m.ID))
				continue
			}
			q.Queue(ctx, nil, `update authkit_outbox set due_at = $4, attempts = $5 where app_id = $1 and mail_id = $2 and due_at = $3`,
				id(m.App), id(m.ID), us(m.Until), us(m.DueAt), int64(m.Attempts))
		}
		return nil
	})
}

// byKey is the order in which steps lock mails, since a database takes a second to detect a
// deadlock.
func byKey(a, b authkit.Settled) int {
	return cmp.Or(bytes.Compare(a.App[:], b.App[:]), bytes.Compare(a.ID[:], b.ID[:]))
}
