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
func (s *Store) PutOAuthConfig(ctx context.Context, c authkit.OAuthConfig, most int, riders authkit.Riders) error {
	return s.step(ctx, func(q Tx) error {
		if c.Version == 0 && most > 0 {
			// The update serialises additions: the count after it sees every earlier one.
			q.Queue(ctx, authkit.ErrNotFound, `update authkit_apps set gen = gen + 1 where app_id = $1 and deleted_at = 0 returning 1`, id(c.App))
			// If the provider has a configuration, the insert answers the conflict, whatever the count.
			q.Queue(ctx, authkit.ErrFull, `select 1 where exists (select 1 from authkit_oauth where app_id = $1 and provider = $2)
or (select count(*) from authkit_oauth where app_id = $1) < $3`, id(c.App), c.Provider, int64(most))
		} else {
			s.live(ctx, q, c.App, 0)
		}
		putOAuth(ctx, q, c)
		s.riders(ctx, q, ride{app: c.App, of: riders})
		return nil
	})
}

func putOAuth(ctx context.Context, q Tx, c authkit.OAuthConfig) {
	args := []any{id(c.App), c.Provider, c.ClientID, blob(c.SecretSealed), c.RedirectURI, text(c.Scopes), c.Issuer, bit(c.TrustEmail), bit(c.Enabled)}
	if c.Version == 0 {
		q.Queue(ctx, nil, `insert into authkit_oauth (`+oauthCols+`) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,1,$10)`, append(args, us(c.CreatedAt))...)
		return
	}
	q.Queue(ctx, authkit.ErrStale, `update authkit_oauth set client_id = $3, secret = $4, redirect_uri = $5, scopes = $6, issuer = $7, trust_email = $8, enabled = $9, version = version + 1
where app_id = $1 and provider = $2 and version = $10 returning 1`, append(args, c.Version)...)
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
	return list(ctx, s, `select `+oauthCols+` from authkit_oauth where app_id = $1`+liveApp+` order by provider`, scanOAuth, id(app))
}

// DeleteOAuthConfig implements [authkit.ProviderStore].
func (s *Store) DeleteOAuthConfig(ctx context.Context, app uuid.UUID, provider string, riders authkit.Riders) error {
	return s.write(ctx, app, func(q Tx) error {
		q.Queue(ctx, authkit.ErrNotFound, `delete from authkit_oauth where app_id = $1 and provider = $2 returning 1`, id(app), provider)
		s.riders(ctx, q, ride{app: app, of: riders})
		return nil
	})
}
