package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// NoteSecret implements [authkit.SecretStore]. The update of the row without an id serialises
// these steps: each sees every note of those before it.
func (s *Store) NoteSecret(ctx context.Context, secret string, known []string) (notes []authkit.SecretNote, err error) {
	console := id(authkit.Console)
	err = s.c.Tx(ctx, true, func(q Tx) (err error) {
		q.Queue(ctx, nil, `insert into authkit_secrets (app_id, secret_id) values ($1, '')
on conflict (app_id, secret_id) do update set retired = authkit_secrets.retired`, console)
		if notes, err = secretNotes(ctx, q); err != nil {
			return err
		}
		if slices.ContainsFunc(notes, func(n authkit.SecretNote) bool { return !slices.Contains(known, n.ID) }) {
			return authkit.ErrConflict
		}
		q.Queue(ctx, nil, `insert into authkit_secrets (app_id, secret_id) values ($1, $2)
on conflict (app_id, secret_id) do update set retired = 0`, console, secret)
		notes, err = secretNotes(ctx, q)
		return err
	})
	return notes, err
}

// Secrets implements [authkit.SecretStore].
func (s *Store) Secrets(ctx context.Context) ([]authkit.SecretNote, error) {
	return secretNotes(ctx, s.c)
}

func secretNotes(ctx context.Context, q Reader) ([]authkit.SecretNote, error) {
	return collect(ctx, q, `select secret_id, retired from authkit_secrets where app_id = $1 and secret_id <> '' order by secret_id`,
		func(r Row) (n authkit.SecretNote, err error) {
			err = r.Scan(&n.ID, (*flag)(&n.Retired))
			return n, err
		}, id(authkit.Console))
}

// RetireSecret implements [authkit.SecretStore]. The update waits for the steps that hold a
// share of the row.
func (s *Store) RetireSecret(ctx context.Context, secret string) error {
	return s.c.Tx(ctx, true, func(q Tx) error {
		q.Queue(ctx, authkit.ErrNotFound, `update authkit_secrets set retired = 1 where app_id = $1 and secret_id = $2 and secret_id <> '' returning 1`, id(authkit.Console), secret)
		return nil
	})
}

// ForgetSecret implements [authkit.SecretStore].
func (s *Store) ForgetSecret(ctx context.Context, secret string) error {
	return s.c.Tx(ctx, true, func(q Tx) error {
		args := []any{id(authkit.Console), secret}
		q.Queue(ctx, authkit.ErrNotFound, `update authkit_secrets set retired = retired where app_id = $1 and secret_id = $2 and secret_id <> '' returning 1`, args...)
		q.Queue(ctx, authkit.ErrStale, `delete from authkit_secrets where app_id = $1 and secret_id = $2 and retired = 1 returning 1`, args...)
		return nil
	})
}

// underSecret makes the transaction fail with [authkit.ErrStale] unless the secret is noted and
// not retired. It locks the note, so that this stays so until the transaction ends.
func (s *Store) underSecret(ctx context.Context, q Tx, secret string) {
	q.Queue(ctx, authkit.ErrStale, `select 1 from authkit_secrets where app_id = $1 and secret_id = $2 and retired = 0`+s.c.Dialect().Share, id(authkit.Console), secret)
}

// sealedPart is where a part of [authkit.SealStore] is: the table, the expression of its name, the
// column of its blob, and a condition on its rows.
type sealedPart struct{ table, name, blob, which string }

var sealedParts = map[authkit.SealedPart]sealedPart{
	authkit.SealedSigningKey:   {"authkit_signing_keys", "kid", "sealed", ""},
	authkit.SealedClientSecret: {"authkit_oauth", "provider", "secret", ""},

	authkit.SealedWebhookSecret: {"authkit_webhooks", "cast(webhook_id as text)", "secret", ""},

	authkit.SealedTOTPSeed: {"authkit_credentials", "subject", "data", " and kind = 'totp'"}, // as the index has it
}

const ofLiveApp = ` and exists (select 1 from authkit_apps a where a.app_id = s.app_id and a.deleted_at = 0)`

// Sealed implements [authkit.SealStore].
func (s *Store) Sealed(ctx context.Context, q authkit.SealedQuery) ([]authkit.Sealed, error) {
	at := sealedParts[q.Part]
	return collect(ctx, s.c, `select s.app_id, `+at.name+`, `+at.blob+` from `+at.table+` s where (s.app_id, `+at.name+`) > ($1, $2) and `+at.blob+` is not null`+at.which+ofLiveApp+`
order by s.app_id, `+at.name+` limit $3`,
		func(r Row) (authkit.Sealed, error) {
			got := authkit.Sealed{Part: q.Part}
			err := r.Scan(&got.App, &got.Name, &got.Blob)
			return got, err
		}, id(q.App), q.Name, int64(q.Limit))
}

// Reseal implements [authkit.SealStore].
func (s *Store) Reseal(ctx context.Context, app uuid.UUID, was authkit.Sealed, next []byte, by string) error {
	at := sealedParts[was.Part]
	return s.write(ctx, app, func(q Tx) error {
		q.Queue(ctx, authkit.ErrStale, `update `+at.table+` set `+at.blob+` = $4 where app_id = $1 and `+at.name+` = $2 and `+at.blob+` = $3`+at.which+` returning 1`,
			id(app), was.Name, was.Blob, next)
		s.underSecret(ctx, q, by)
		return nil
	})
}

// SealedHeads implements [authkit.SealStore]. It reads whole tables, and so counts as upkeep.
func (s *Store) SealedHeads(ctx context.Context, now, since time.Time) ([][]byte, error) {
	ctx = context.WithValue(ctx, upkeepType{}, true)
	var out [][]byte
	for _, t := range []struct {
		table, blob, which string
		args               []any
	}{
		{table: "authkit_signing_keys", blob: "sealed"},
		{table: "authkit_oauth", blob: "secret"},
		{table: "authkit_webhooks", blob: "secret"},
		{table: "authkit_audit_chains", blob: "seal"},
		{"authkit_tokens", "data", " and s.expires_at > $1", []any{us(now)}},
		{"authkit_outbox", "sealed", " and (s.expires_at = 0 or s.expires_at > $1)", []any{us(now)}},
		{"authkit_credentials", "data", " and s.created_at >= $1 and s.kind <> 'passkey'", []any{us(since)}},
		{table: "authkit_credentials", blob: "data", which: " and s.kind = 'totp'"},
	} {
		heads, err := collect(ctx, s.c, `select distinct substr(s.`+t.blob+`, 1, 9) from `+t.table+` s where s.`+t.blob+` is not null`+t.which+ofLiveApp,
			func(r Row) (head []byte, err error) { err = r.Scan(&head); return head, err }, t.args...)
		if err != nil {
			return nil, err
		}
		out = append(out, heads...)
	}
	return distinct(out), nil
}

func distinct(heads [][]byte) [][]byte {
	slices.SortFunc(heads, slices.Compare)
	return slices.CompactFunc(heads, slices.Equal)
}
