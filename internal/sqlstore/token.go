package sqlstore

import (
	"context"
	"crypto/subtle"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const (
	tokenCols = `app_id, kind, slot, hash, binding, proof, user_id, epoch, data, expires_at`
	nobody    = `'00000000-0000-0000-0000-000000000000'`

	unspent = ` where app_id = $1 and kind = $2 and hash = $3 and spent_at = 0 and expires_at > $4 and (binding = $5 or $5 is null)`

	// Who a token may be bound to: anyone as they are now, nobody, or one user at one epoch.
	boundToAnyone = ` and (user_id = ` + nobody + ` or exists (select 1 from authkit_users u where u.app_id = authkit_tokens.app_id and u.user_id = authkit_tokens.user_id and u.epoch = authkit_tokens.epoch))`
	boundToNobody = ` and user_id = ` + nobody
	boundToUser   = ` and (user_id = ` + nobody + ` or (user_id = $6 and epoch = $7))`
)

func scanToken(r Row) (authkit.Token, error) {
	var t authkit.Token
	var kind string
	err := r.Scan(&t.App, &kind, &t.Slot, &t.Hash, &t.Binding, &t.Proof, &t.UserID, &t.Epoch, &t.Data, (*micros)(&t.ExpiresAt))
	t.Kind = authkit.TokenKind(kind)
	return t, err
}

func takeArgs(app uuid.UUID, t authkit.Take, now time.Time) []any {
	return []any{id(app), string(t.Kind), t.Hash, us(now), blob(t.Binding)}
}

func oneToken(ctx context.Context, q Reader, sql string, args ...any) (authkit.Token, error) {
	var t authkit.Token
	err := first(ctx, q, sql, func(r Row) (err error) { t, err = scanToken(r); return err }, args...)
	return t, err
}

// addToken takes a place in the slot. Where several tokens may live there, the place is
// chosen by what the statement sees; if another took it meanwhile, the step begins anew.
func (s *Store) addToken(ctx context.Context, q Tx, app uuid.UUID, t authkit.Token) {
	args := []any{
		id(app), string(t.Kind), t.Slot, t.Hash, blob(t.Binding), blob(t.Proof), id(t.UserID), t.Epoch, blob(t.Data), us(t.ExpiresAt),
	}
	if t.Most <= 1 {
		q.Queue(ctx, nil, addTokenSQL("0", ""), args...)
		return
	}
	s.lockSlot(ctx, q, app, t.Kind, `$3`, t.Slot)
	seen := choose(t)
	q.Queue(ctx, errAgain, addTokenSQL(`(select p.place `+seen+`)`, ` where authkit_tokens.hash = (select o.hash `+seen+`) returning 1`), args...)
}

func addTokenSQL(place, guard string) string {
	return `insert into authkit_tokens (` + tokenCols + `, place) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,` + place + `)
on conflict (app_id, kind, slot, place) do update set hash = excluded.hash, binding = excluded.binding, proof = excluded.proof, user_id = excluded.user_id,
epoch = excluded.epoch, data = excluded.data, expires_at = excluded.expires_at, attempts = 0, spent_at = 0` + guard
}

// choose is the tail of a select of the place that a token takes: its own, a free one
// (where it looks first follows from its hash, so that two that come at once seldom meet),
// one that is spent, or that of the token which expires first.
func choose(t authkit.Token) string {
	places := make([]string, t.Most)
	for i := range places {
		free := (i + int(t.Hash[0])) % t.Most
		places[i] = `select ` + strconv.Itoa(i) + ` as place, ` + strconv.Itoa(free) + ` as free`
	}
	return `from (` + strings.Join(places, ` union all `) + `) p left join authkit_tokens o on o.app_id = $1 and o.kind = $2 and o.slot = $3 and o.place = p.place
order by case when o.hash = $4 then 0 when o.hash is null then 1 when o.spent_at > 0 then 2 else 3 end, case when o.hash is null then p.free else o.expires_at end limit 1`
}

// lockSlot makes steps on the tokens of one slot a queue, in one order, so that they
// wait for each other instead of deadlocking.
func (s *Store) lockSlot(ctx context.Context, q Tx, app uuid.UUID, kind authkit.TokenKind, slot string, of any) {
	if lock := s.c.Dialect().Update; lock != "" {
		q.Queue(ctx, nil, `select place from authkit_tokens where app_id = $1 and kind = $2 and slot = `+slot+` order by place`+lock, id(app), string(kind), of)
	}
}

// Put implements [authkit.TokenStore].
func (s *Store) Put(ctx context.Context, app uuid.UUID, also authkit.Also) error {
	return s.write(ctx, app, func(q Tx) error {
		s.riders(ctx, q, app, also)
		return nil
	})
}

// Token implements [authkit.TokenStore].
func (s *Store) Token(ctx context.Context, app uuid.UUID, t authkit.Take, now time.Time) (authkit.Token, error) {
	return oneToken(ctx, s.c, `select `+tokenCols+` from authkit_tokens`+unspent+boundToAnyone+liveApp, takeArgs(app, t, now)...)
}

// TryToken implements [authkit.TokenStore].
func (s *Store) TryToken(ctx context.Context, app uuid.UUID, t authkit.Take, proof []byte, limit int, now time.Time) (authkit.Token, error) {
	var out authkit.Token
	err := s.write(ctx, app, func(q Tx) (err error) {
		out, err = oneToken(ctx, q, `update authkit_tokens set attempts = attempts + 1`+unspent+boundToAnyone+` and attempts < $6 returning `+tokenCols,
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
	err := s.write(ctx, app, func(q Tx) (err error) {
		s.lockSlot(ctx, q, app, t.Kind, slotOfHash, t.Hash)
		out, err = oneToken(ctx, q, spendToken+boundToAnyone+` returning `+tokenCols, takeArgs(app, t, now)...)
		if err == nil {
			spendSlot(ctx, q, app, t, now)
		}
		return err
	})
	if err != nil {
		return authkit.Token{}, err
	}
	return out, nil
}

const (
	slotOfHash = `(select h.slot from authkit_tokens h where h.app_id = $1 and h.kind = $2 and h.hash = $3)`
	spendToken = `update authkit_tokens set spent_at = $4` + unspent
)

// take spends a token with its slot, or fails the step with [authkit.ErrNotFound].
func (s *Store) take(ctx context.Context, q Tx, app uuid.UUID, t authkit.Take, now time.Time, bound string, args ...any) {
	s.lockSlot(ctx, q, app, t.Kind, slotOfHash, t.Hash)
	q.Queue(ctx, authkit.ErrNotFound, spendToken+bound+` returning 1`, append(takeArgs(app, t, now), args...)...)
	spendSlot(ctx, q, app, t, now)
}

func spendSlot(ctx context.Context, q Tx, app uuid.UUID, t authkit.Take, now time.Time) {
	q.Queue(ctx, nil, `update authkit_tokens set spent_at = $4 where app_id = $1 and kind = $2 and slot = `+slotOfHash+` and spent_at = 0`,
		id(app), string(t.Kind), t.Hash, us(now))
}
