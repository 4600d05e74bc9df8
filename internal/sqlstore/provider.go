package sqlstore

import (
	"context"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const oauthCols = `app_id, provider, client_id, secret, redirect_uri, scopes, issuer, trust_email, enabled, version, created_at`

func scanOAuth(r Row) (authkit.OAuthConfig, error) {
	var c authkit.OAuthConfig
	err := r.Scan(&c.App, &c.Provider, &c.ClientID, &c.SecretSealed, &c.RedirectURI, (*strs)(&c.Scopes), &c.Issuer, (*flag)(&c.TrustEmail), (*flag)(&c.Enabled), &c.Version, (*micros)(&c.CreatedAt))
	return c, err
}

// PutOAuthConfig implements [authkit.ProviderStore].
func (s *Store) PutOAuthConfig(ctx context.Context, c authkit.OAuthConfig, also authkit.Also) error {
	return s.write(ctx, c.App, func(q Querier) error {
		if err := putOAuth(ctx, q, c); err != nil {
			return err
		}
		return riders(ctx, q, c.App, also)
	})
}

func putOAuth(ctx context.Context, q Querier, c authkit.OAuthConfig) error {
	args := []any{id(c.App), c.Provider, c.ClientID, blob(c.SecretSealed), c.RedirectURI, text(c.Scopes), c.Issuer, bit(c.TrustEmail), bit(c.Enabled)}
	if c.Version == 0 {
		_, err := q.Exec(ctx, `insert into authkit_oauth (`+oauthCols+`) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,1,$10)`, append(args, us(c.CreatedAt))...)
		return err
	}
	return must(ctx, q, authkit.ErrStale, `update authkit_oauth set client_id = $3, secret = $4, redirect_uri = $5, scopes = $6, issuer = $7, trust_email = $8, enabled = $9, version = version + 1
where app_id = $1 and provider = $2 and version = $10`, append(args, c.Version)...)
}

// OAuthConfig implements [authkit.ProviderStore].
func (s *Store) OAuthConfig(ctx context.Context, app uuid.UUID, provider string) (authkit.OAuthConfig, error) {
	var c authkit.OAuthConfig
	err := first(ctx, s.c, `select `+oauthCols+` from authkit_oauth where app_id = $1 and provider = $2`+liveApp,
		func(r Row) (err error) { c, err = scanOAuth(r); return err }, id(app), provider)
	return c, err
}

// OAuthConfigs implements [authkit.ProviderStore].
func (s *Store) OAuthConfigs(ctx context.Context, app uuid.UUID) ([]authkit.OAuthConfig, error) {
	return list(ctx, s, app, `select `+oauthCols+` from authkit_oauth where app_id = $1`+liveApp+` order by provider`, scanOAuth, id(app))
}

// DeleteOAuthConfig implements [authkit.ProviderStore].
func (s *Store) DeleteOAuthConfig(ctx context.Context, app uuid.UUID, provider string, also authkit.Also) error {
	return s.write(ctx, app, func(q Querier) error {
		err := must(ctx, q, authkit.ErrNotFound, `delete from authkit_oauth where app_id = $1 and provider = $2`, id(app), provider)
		if err != nil {
			return err
		}
		return riders(ctx, q, app, also)
	})
}
