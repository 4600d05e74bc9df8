package memory

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// PutOAuthConfig implements [authkit.ProviderStore].
func (s *Store) PutOAuthConfig(ctx context.Context, c authkit.OAuthConfig, most int, riders authkit.Riders) error {
	return s.in(ctx, c.App, func(t *tenant) error {
		old := t.oauth[c.Provider] // the zero configuration, if there is none
		riders = t.own(riders)
		err := mayPut(c.Version, old.Version, most, len(t.oauth))
		if err == nil {
			err = t.check(riders, nil)
		}
		if err != nil {
			return err
		}
		c = copyOAuth(c)
		if c.Version++; c.Version > 1 {
			c.CreatedAt = old.CreatedAt
		}
		t.oauth[c.Provider] = c
		t.write(riders)
		return nil
	})
}

// mayPut refuses to put a record that has the Version, where the stored one has the Version was, or
// there is none (0), and there are n of the kind, of most (below 1: any number).
func mayPut(version, was int64, most, n int) error {
	switch {
	case version == 0 && was > 0:
		return authkit.ErrConflict
	case version != was:
		return authkit.ErrStale
	case version == 0 && most > 0 && n >= most:
		return authkit.ErrFull
	}
	return nil
}

// OAuthConfig implements [authkit.ProviderStore].
func (s *Store) OAuthConfig(ctx context.Context, app uuid.UUID, provider string) (authkit.OAuthConfig, error) {
	var out authkit.OAuthConfig
	err := s.in(ctx, app, func(t *tenant) error {
		c, ok := t.oauth[provider]
		if !ok {
			return authkit.ErrNotFound
		}
		out = copyOAuth(c)
		return nil
	})
	return out, err
}

// OAuthConfigs implements [authkit.ProviderStore].
func (s *Store) OAuthConfigs(ctx context.Context, app uuid.UUID) ([]authkit.OAuthConfig, error) {
	var out []authkit.OAuthConfig
	err := s.in(ctx, app, func(t *tenant) error {
		for _, name := range slices.Sorted(maps.Keys(t.oauth)) {
			out = append(out, copyOAuth(t.oauth[name]))
		}
		return nil
	})
	return out, err
}

// DeleteOAuthConfig implements [authkit.ProviderStore].
func (s *Store) DeleteOAuthConfig(ctx context.Context, app uuid.UUID, provider string, riders authkit.Riders) error {
	return s.in(ctx, app, func(t *tenant) error {
		if _, ok := t.oauth[provider]; !ok {
			return authkit.ErrNotFound
		}
		riders = t.own(riders)
		if err := t.check(riders, nil); err != nil {
			return err
		}
		delete(t.oauth, provider)
		t.write(riders)
		return nil
	})
}
