package memory

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// outbox is the mail of one app.
type outbox struct {
	mails map[uuid.UUID]authkit.Mail
	byDue []age // the earliest due first
}

func mailAge(a age) age { return a }

func (o *outbox) put(m authkit.Mail) {
	o.drop(m.ID)
	o.mails[m.ID] = m
	o.byDue = insert(o.byDue, age{m.DueAt, m.ID}, mailAge)
}

func (o *outbox) drop(id uuid.UUID) {
	m, ok := o.mails[id]
	if !ok {
		return
	}
	delete(o.mails, id)
	at, _ := slices.BinarySearchFunc(o.byDue, age{m.DueAt, m.ID}, age.compare)
	o.byDue = slices.Delete(o.byDue, at, at+1)
}

// postpone makes a mail due at a later time and returns a copy of it.
func (o *outbox) postpone(id uuid.UUID, until time.Time) authkit.Mail {
	m := o.mails[id]
	m.DueAt = until
	o.put(m)
	return copyMail(m)
}

// due lists at most limit mails that may be claimed, the earliest due first.
func (o *outbox) due(now time.Time, limit int) (ids []uuid.UUID) {
	for _, a := range o.byDue {
		if len(ids) == limit || a.at.After(now) {
			break
		}
		if due(o.mails[a.id], now) {
			ids = append(ids, a.id)
		}
	}
	return ids
}

// due reports whether a mail may be claimed. Without Expires it never expires.
func due(m authkit.Mail, now time.Time) bool {
	return !m.DueAt.After(now) && (m.Expires.IsZero() || m.Expires.After(now))
}

// ClaimMail implements [authkit.MailStore].
func (s *Store) ClaimMail(ctx context.Context, c authkit.MailClaim) ([]authkit.Mail, error) {
	var out []authkit.Mail
	err := s.step(ctx, func() error {
		apps := s.withDueMail(micro(c.Now), c.After, c.Max)
		if len(apps) == 0 {
			return nil
		}
		each := make([][]uuid.UUID, len(apps))
		for i, app := range apps {
			each[i] = s.apps[app].mail.due(micro(c.Now), c.Max/len(apps))
		}
		for round := range c.Max / len(apps) {
			for i, app := range apps {
				if round < len(each[i]) {
					out = append(out, s.apps[app].mail.postpone(each[i][round], micro(c.Until)))
				}
			}
		}
		return nil
	})
	return out, err
}

// withDueMail lists the apps that have due mail, in the order of their ids: at most limit of
// those after the given one.
func (s *Store) withDueMail(now time.Time, after uuid.UUID, limit int) []uuid.UUID {
	var apps []uuid.UUID
	for app, t := range s.apps {
		if bytes.Compare(app[:], after[:]) > 0 && len(t.mail.due(now, 1)) > 0 {
			apps = append(apps, app)
		}
	}
	slices.SortFunc(apps, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return apps[:max(0, min(limit, len(apps)))]
}

// SettleMail implements [authkit.MailStore].
func (s *Store) SettleMail(ctx context.Context, mails []authkit.Settled) error {
	return s.step(ctx, func() error {
		for _, x := range mails {
			t := s.apps[x.App]
			if t == nil {
				continue
			}
			m, ok := t.mail.mails[x.ID]
			switch {
			case ok && x.Done:
				t.mail.drop(x.ID)
			case ok && m.DueAt.Equal(micro(x.Until)):
				m.DueAt, m.Attempts = micro(x.DueAt), x.Attempts
				t.mail.put(m)
			}
		}
		return nil
	})
}
