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

// DueMail implements [authkit.MailStore].
func (s *Store) DueMail(ctx context.Context, now time.Time, after uuid.UUID, limit int) ([]authkit.MailRef, error) {
	var out []authkit.MailRef
	err := s.step(ctx, func() error {
		apps := s.withDueMail(micro(now), after, limit)
		if len(apps) == 0 {
			return nil
		}
		each := make([][]uuid.UUID, len(apps))
		for i, app := range apps {
			each[i] = s.apps[app].mail.due(micro(now), limit/len(apps))
		}
		for round := range limit / len(apps) {
			for i, app := range apps {
				if round < len(each[i]) {
					out = append(out, authkit.MailRef{App: app, ID: each[i][round]})
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

// ClaimMail implements [authkit.MailStore].
func (s *Store) ClaimMail(ctx context.Context, app, id uuid.UUID, now, until time.Time) (authkit.Mail, error) {
	var out authkit.Mail
	err := s.in(ctx, app, func(t *tenant) error {
		m, ok := t.mail.mails[id]
		if !ok || !due(m, micro(now)) {
			return authkit.ErrNotFound
		}
		t.mail.drop(id)
		m.DueAt = micro(until)
		m.Attempts++
		t.mail.put(m)
		out = copyMail(m)
		return nil
	})
	return out, err
}

// SettleMail implements [authkit.MailStore]. [authkit.ErrNotFound]: there is no such mail.
func (s *Store) SettleMail(ctx context.Context, app, id uuid.UUID, done bool, next time.Time) error {
	return s.in(ctx, app, func(t *tenant) error {
		m, ok := t.mail.mails[id]
		if !ok {
			return authkit.ErrNotFound
		}
		t.mail.drop(id)
		if !done {
			m.DueAt = micro(next)
			t.mail.put(m)
		}
		return nil
	})
}
