package sqlstore

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const (
	tokenCols = `app_id, kind, slot, grp, hash, binding, proof, user_id, epoch, data, expires_at`
	nobody    = `'00000000-0000-0000-0000-000000000000'`

	unspent = ` where app_id = $1 and kind = $2 and hash = $3 and spent_at = 0 and expires_at > $4 and (binding = $5 or $5 is null)`

	// Who a token may be bound to: anyone as they are now, nobody, or one user at one epoch.
	ofAnyone = ` and (user_id = ` + nobody + ` or exists (select 1 from authkit_users u where u.app_id = authkit_tokens.app_id and u.user_id = authkit_tokens.user_id and u.epoch = authkit_tokens.epoch))`
	ofNobody = ` and user_id = ` + nobody
	ofUser   = ` and (user_id = ` + nobody + ` or (user_id = $6 and epoch = $7))`
)

func scanToken(r Row) (authkit.Token, error) {
	var t authkit.Token
	var kind string
	err := r.Scan(&t.App, &kind, &t.Slot, &t.Group, &t.Hash, &t.Binding, &t.Proof, &t.UserID, &t.Epoch, &t.Data, (*micros)(&t.ExpiresAt))
	t.Kind = authkit.TokenKind(kind)
	return t, err
}

func takeArgs(app uuid.UUID, t authkit.Take, now time.Time) []any {
	return []any{id(app), string(t.Kind), t.Hash, us(now), blob(t.Binding)}
}

func oneToken(ctx context.Context, q Querier, sql string, args ...any) (authkit.Token, error) {
	var t authkit.Token
	err := first(ctx, q, sql, func(r Row) (err error) { t, err = scanToken(r); return err }, args...)
	return t, err
}

// Put implements [authkit.TokenStore].
func (s *Store) Put(ctx context.Context, app uuid.UUID, also authkit.Also) error {
	return s.write(ctx, app, func(q Querier) error { return riders(ctx, q, app, also) })
}

// Token implements [authkit.TokenStore].
func (s *Store) Token(ctx context.Context, app uuid.UUID, t authkit.Take, now time.Time) (authkit.Token, error) {
	return oneToken(ctx, s.c, `select `+tokenCols+` from authkit_tokens`+unspent+ofAnyone+liveApp, takeArgs(app, t, now)...)
}

// TryToken implements [authkit.TokenStore].
func (s *Store) TryToken(ctx context.Context, app uuid.UUID, t authkit.Take, proof []byte, limit int, now time.Time) (authkit.Token, error) {
	var out authkit.Token
	err := s.write(ctx, app, func(q Querier) (err error) {
		out, err = oneToken(ctx, q, `update authkit_tokens set attempts = attempts + 1`+unspent+ofAnyone+` and attempts < $6 returning `+tokenCols,
			append(takeArgs(app, t, now), int64(limit))...)
		return err
	})
	if err != nil {
		return authkit.Token{}, err
	}
	if out.Proof == nil || subtle.ConstantTimeCompare(out.Proof, proof) != 1 {
		return authkit.Token{}, authkit.ErrNotFound
	}
	return out, nil
}

// TakeToken implements [authkit.TokenStore].
func (s *Store) TakeToken(ctx context.Context, app uuid.UUID, t authkit.Take, now time.Time) (authkit.Token, error) {
	var out authkit.Token
	err := s.write(ctx, app, func(q Querier) (err error) {
		out, err = s.take(ctx, q, app, t, now, ofAnyone)
		return err
	})
	return out, err
}

// take spends a token and its group. The group is locked in one order first, so that
// takers of two tokens of one group wait for each other instead of deadlocking.
func (s *Store) take(ctx context.Context, q Querier, app uuid.UUID, t authkit.Take, now time.Time, bound string, args ...any) (authkit.Token, error) {
	if lock := s.c.Dialect().Update; lock != "" {
		_, err := q.Exec(ctx, `select slot from authkit_tokens where app_id = $1 and kind = $2 and (hash = $3 or (grp <> '' and grp =
(select g.grp from authkit_tokens g where g.app_id = $1 and g.kind = $2 and g.hash = $3))) order by slot`+lock, id(app), string(t.Kind), t.Hash)
		if err != nil {
			return authkit.Token{}, err
		}
	}
	out, err := oneToken(ctx, q, `update authkit_tokens set spent_at = $4`+unspent+bound+` returning `+tokenCols, append(takeArgs(app, t, now), args...)...)
	if err != nil || out.Group == "" {
		return out, err
	}
	_, err = q.Exec(ctx, `update authkit_tokens set spent_at = $4 where app_id = $1 and kind = $2 and grp = $3 and spent_at = 0`,
		id(app), string(t.Kind), out.Group, us(now))
	return out, err
}
