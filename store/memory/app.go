package memory

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// CreateApp implements [authkit.AppStore].
func (s *Store) CreateApp(ctx context.Context, n authkit.NewApp) error {
	return s.step(ctx, func() error {
		app := copyApp(n.App)
		_, live := s.apps[app.ID]
		_, dead := s.dead[app.ID]
		name := appName{app.Developer, app.NameKey}
		_, named := s.names[name]
		if live || dead || named {
			return authkit.ErrConflict
		}
		if err := s.mayOwn(n.Owner, app.Developer, n.Most); err != nil {
			return err
		}
		app.Version, app.Logo, app.Keys = 1, "", []authkit.SigningKey{copySigningKey(n.First)}
		t := newTenant(app, s.secrets)
		if n.Key != nil {
			t.addKey(*n.Key)
		}
		riders := t.own(n.Riders)
		if err := t.check(riders, nil); err != nil {
			return err
		}
		t.write(riders)
		s.apps[app.ID], s.names[name] = t, app.ID
		return nil
	})
}

// App implements [authkit.AppStore].
func (s *Store) App(ctx context.Context, app uuid.UUID) (authkit.App, error) {
	var out authkit.App
	err := s.in(ctx, app, func(t *tenant) error { out = copyApp(t.app); return nil })
	return out, err
}

// Apps implements [authkit.AppStore].
func (s *Store) Apps(ctx context.Context, developer string, p authkit.Page) ([]authkit.App, error) {
	var out []authkit.App
	err := s.step(ctx, func() error {
		var rows []authkit.App
		for _, t := range s.apps {
			if t.app.Developer == developer {
				rows = append(rows, t.app)
			}
		}
		of := func(a authkit.App) age { return age{a.CreatedAt, a.ID} }
		slices.SortFunc(rows, func(a, b authkit.App) int { return of(a).compare(of(b)) })
		out = newest(rows, p, of, func(a authkit.App) (authkit.App, bool) {
			a.Keys = nil
			return copyApp(a), true
		})
		return nil
	})
	return out, err
}

// ChangeApp implements [authkit.AppStore].
func (s *Store) ChangeApp(ctx context.Context, c authkit.AppChange) (authkit.App, error) {
	var out authkit.App
	err := s.in(ctx, c.App, func(t *tenant) error {
		if t.app.Version != c.Version {
			return authkit.ErrStale
		}
		next := t.app
		set(&next.Name, c.Name)
		set(&next.NameKey, c.NameKey)
		if c.Settings != nil {
			next.Settings = copySettings(*c.Settings)
		}
		if c.Logo != nil {
			next.Logo = c.Logo.Hash
		}
		if c.ForeignHashes != nil {
			next.ForeignHashes = slices.Clone(*c.ForeignHashes)
		}
		was, name := appName{t.app.Developer, t.app.NameKey}, appName{next.Developer, next.NameKey}
		if holder, ok := s.names[name]; ok && holder != c.App {
			return authkit.ErrConflict
		}
		riders := t.own(c.Riders)
		if err := t.check(riders, nil); err != nil {
			return err
		}
		next.Version++
		delete(s.names, was)
		s.names[name], t.app = c.App, next
		if c.Logo != nil {
			t.logo = copyLogo(*c.Logo)
		}
		t.write(riders)
		out = copyApp(next)
		return nil
	})
	return out, err
}

// Logo implements [authkit.BrandStore].
func (s *Store) Logo(ctx context.Context, app uuid.UUID) (authkit.Logo, error) {
	var out authkit.Logo
	err := s.in(ctx, app, func(t *tenant) error {
		if t.app.Logo == "" {
			return authkit.ErrNotFound
		}
		out = copyLogo(t.logo)
		return nil
	})
	return out, err
}

// set changes a field if a new value is given.
func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// DeleteApp implements [authkit.AppStore]. What was in the app goes with it, and so do the
// riders, which no method could show.
func (s *Store) DeleteApp(ctx context.Context, app uuid.UUID, _ time.Time, riders authkit.Riders) error {
	return s.in(ctx, app, func(t *tenant) error {
		if err := t.check(t.own(riders), nil); err != nil {
			return err
		}
		delete(s.names, appName{t.app.Developer, t.app.NameKey})
		delete(s.apps, app)
		s.dead[app] = t.app.Developer
		return nil
	})
}

// AddSigningKey implements [authkit.AppStore].
func (s *Store) AddSigningKey(ctx context.Context, app uuid.UUID, k authkit.SigningKey, oldest int64, riders authkit.Riders) error {
	return s.in(ctx, app, func(t *tenant) error {
		for _, old := range t.app.Keys {
			if old.Seq >= k.Seq || old.KID == k.KID {
				return authkit.ErrConflict
			}
		}
		riders = t.own(riders)
		if err := t.check(riders, nil); err != nil {
			return err
		}
		t.app.Version++
		t.app.Keys = slices.DeleteFunc(t.app.Keys, func(old authkit.SigningKey) bool { return old.Seq < oldest })
		t.app.Keys = append(t.app.Keys, copySigningKey(k))
		t.write(riders)
		return nil
	})
}

// same reports whether two values are equal. A nil, which means not asked for or not there,
// equals no value.
func same(a, b []byte) bool { return a != nil && b != nil && bytes.Equal(a, b) }
