package memory

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// due says whether a mail may be claimed. Without Expires it never expires.
func due(m authkit.Mail, now time.Time) bool {
	return !m.DueAt.After(now) && (m.Expires.IsZero() || m.Expires.After(now))
}

// DueMail implements [authkit.MailStore].
func (s *Store) DueMail(ctx context.Context, now time.Time, limit int) ([]authkit.MailRef, error) {
	var out []authkit.MailRef
	err := s.step(ctx, func() error {
		var rows []authkit.Mail
		for _, t := range s.apps {
			for _, m := range t.mail {
				if due(m, micro(now)) {
					rows = append(rows, m)
				}
			}
		}
		slices.SortFunc(rows, func(a, b authkit.Mail) int {
			return cmp.Or(a.DueAt.Compare(b.DueAt), bytes.Compare(a.ID[:], b.ID[:]))
		})
		for _, m := range rows[:max(0, min(limit, len(rows)))] {
			out = append(out, authkit.MailRef{App: m.App, ID: m.ID})
		}
		return nil
	})
	return out, err
}

// ClaimMail implements [authkit.MailStore].
func (s *Store) ClaimMail(ctx context.Context, app, id uuid.UUID, now, until time.Time) (authkit.Mail, error) {
	var out authkit.Mail
	err := s.in(ctx, app, func(t *tenant) error {
		m, ok := t.mail[id]
		if !ok || !due(m, micro(now)) {
			return authkit.ErrNotFound
		}
		m.DueAt = micro(until)
		m.Attempts++
		t.mail[id], out = m, copyMail(m)
		return nil
	})
	return out, err
}

// SettleMail implements [authkit.MailStore]. [authkit.ErrNotFound]: there is no such mail.
func (s *Store) SettleMail(ctx context.Context, app, id uuid.UUID, done bool, next time.Time) error {
	return s.in(ctx, app, func(t *tenant) error {
		m, ok := t.mail[id]
		if !ok {
			return authkit.ErrNotFound
		}
		if done {
			delete(t.mail, id)
			return nil
		}
		m.DueAt = micro(next)
		t.mail[id] = m
		return nil
	})
}
