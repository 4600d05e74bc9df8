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
		old, ok := t.oauth[c.Provider]
		switch {
		case ok && c.Version == 0:
			return authkit.ErrConflict
		case c.Version != old.Version: // 0 if there is no configuration
			return authkit.ErrStale
		case !ok && most > 0 && len(t.oauth) >= most:
			return authkit.ErrFull
		}
		riders = t.own(riders)
		if err := t.check(riders, nil); err != nil {
			return err
		}
		c = copyOAuth(c)
		c.Version++
		if ok {
			c.CreatedAt = old.CreatedAt
		}
		t.oauth[c.Provider] = c
		t.write(riders)
		return nil
	})
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
