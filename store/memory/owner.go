package memory

import (
	"context"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// mayOwn returns the error that keeps a developer from owning one app more, or nil.
func (s *Store) mayOwn(owner authkit.UserRef, developer string, most int) error {
	if owner.ID != uuid.Nil {
		t, ok := s.apps[owner.App]
		if !ok || t.users[owner.ID] == nil || t.users[owner.ID].user.Disabled {
			return authkit.ErrNotFound
		}
	}
	if most > 0 && len(s.owned(developer)) >= most {
		return authkit.ErrFull
	}
	return nil
}

// owned returns the live apps of a developer; without a developer, no apps.
func (s *Store) owned(developer string) []*tenant {
	var out []*tenant
	for _, t := range s.apps {
		if developer != "" && t.app.Developer == developer {
			out = append(out, t)
		}
	}
	return out
}

// suspend makes the API keys of a developer's apps unknown, or known again.
func (s *Store) suspend(developer string, disabled *bool) {
	if disabled == nil {
		return
	}
	for _, t := range s.owned(developer) {
		t.suspended = *disabled
	}
}

// MoveApp implements [authkit.OwnerStore].
func (s *Store) MoveApp(ctx context.Context, m authkit.AppMove) error {
	return s.in(ctx, m.App, func(t *tenant) error {
		was, name := appName{m.From, t.app.NameKey}, appName{m.To, t.app.NameKey}
		if t.app.Developer != m.From {
			return authkit.ErrNotFound
		}
		if _, named := s.names[name]; named {
			return authkit.ErrConflict
		}
		if err := s.mayOwn(m.Owner, m.To, m.Most); err != nil {
			return err
		}
		riders := t.own(m.Riders)
		if err := t.check(riders, nil); err != nil {
			return err
		}
		delete(s.names, was)
		s.names[name] = m.App
		t.app.Developer, t.suspended = m.To, false
		t.app.Version++
		t.retire(micro(m.Now), micro(m.Now), 0)
		for id, w := range t.webhooks {
			w.Enabled, w.Secret = false, nil
			w.Version++
			t.webhooks[id] = w
		}
		t.write(riders)
		return nil
	})
}

// ConfirmDeletion implements [authkit.OwnerStore].
func (s *Store) ConfirmDeletion(ctx context.Context, app uuid.UUID, developer string) error {
	return s.step(ctx, func() error {
		if was, dead := s.dead[app]; !dead || was != developer {
			return authkit.ErrNotFound
		}
		return nil
	})
}
