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
	noUser    = `'00000000-0000-0000-0000-000000000000'`

	unspent = ` where app_id = $1 and kind = $2 and hash = $3 and spent_at = 0 and expires_at > $4 and (binding = $5 or $5 is null)`

	// Whom the token may be bound to: no user, or one whose Epoch is still that of the token
	// (unboundOrCurrent), or the user $6 at the Epoch $7 (unboundOrOf).
	unboundOrCurrent = ` and (user_id = ` + noUser + ` or exists (select 1 from authkit_users u where u.app_id = authkit_tokens.app_id and u.user_id = authkit_tokens.user_id and u.epoch = authkit_tokens.epoch))`
	unbound          = ` and user_id = ` + noUser
	unboundOrOf      = ` and (user_id = ` + noUser + ` or (user_id = $6 and epoch = $7))`
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

// addToken puts a token in a place of its slot.
func (s *Store) addToken(ctx context.Context, q Tx, app uuid.UUID, t authkit.Token) {
	place := strconv.Itoa(max(t.Class, 0))
	if t.Most > 1 {
		s.anchor(ctx, q, app, t)
		place = choose(t)
	}
	q.Queue(ctx, nil, `insert into authkit_tokens (`+tokenCols+`, place) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,`+place+`)
on conflict (app_id, kind, slot, place) do update set hash = excluded.hash, binding = excluded.binding, proof = excluded.proof, user_id = excluded.user_id,
epoch = excluded.epoch, data = excluded.data, expires_at = excluded.expires_at, attempts = 0, spent_at = 0`,
		id(app), string(t.Kind), t.Slot, t.Hash, blob(t.Binding), blob(t.Proof), id(t.UserID), t.Epoch, blob(t.Data), us(t.ExpiresAt))
}

// anchor locks the row that stands for the slot itself, before every place, and makes it if need
// be. It serialises the steps on the slot: the statements after it see every earlier step. The row
// can never be spent, and its hash is unique, so that two anchors can only conflict by place.
func (s *Store) anchor(ctx context.Context, q Tx, app uuid.UUID, t authkit.Token) {
	if s.c.Dialect().Update == "" {
		return
	}
	q.Queue(ctx, nil, `insert into authkit_tokens (`+tokenCols+`, place, spent_at) values ($1,$2,$3,$4,null,null,`+noUser+`,0,null,$5,-1,1)
on conflict (app_id, kind, slot, place) do update set expires_at = case when excluded.expires_at > authkit_tokens.expires_at then excluded.expires_at else authkit_tokens.expires_at end`,
		id(app), string(t.Kind), t.Slot, append([]byte("anchor for "), t.Hash...), us(t.ExpiresAt))
}

// choose selects the place that a token takes among those of its class: the first of its own
// place, a free one, that of a spent token, that of the token which expires first.
func choose(t authkit.Token) string {
	places := make([]string, t.Most)
	for i := range places {
		places[i] = `select ` + strconv.Itoa(max(t.Class, 0)*t.Most+i) + ` as place`
	}
	return `(select p.place from (` + strings.Join(places, ` union all `) + `) p
left join authkit_tokens o on o.app_id = $1 and o.kind = $2 and o.slot = $3 and o.place = p.place
order by case when o.hash = $4 then 0 when o.hash is null then 1 when o.spent_at > 0 then 2 else 3 end, o.expires_at, o.hash limit 1)`
}

// lockSlot locks the tokens of one slot in one order, so that steps on them wait for each other
// and do not deadlock.
func (s *Store) lockSlot(ctx context.Context, q Tx, app uuid.UUID, t authkit.Take) {
	if lock := s.c.Dialect().Update; lock != "" {
		q.Queue(ctx, nil, `select place from authkit_tokens where app_id = $1 and kind = $2 and slot = `+slotOfHash+` order by place`+lock, id(app), string(t.Kind), t.Hash)
	}
}

// Put implements [authkit.TokenStore].
func (s *Store) Put(ctx context.Context, app uuid.UUID, riders authkit.Riders) error {
	if len(riders.Tokens)+len(riders.Mail)+len(riders.Events) == 0 { // a write has to be committed
		return s.c.Tx(ctx, true, func(q Tx) error {
			q.Queue(ctx, authkit.ErrNotFound, `update authkit_apps set gen = gen + 1 where app_id = $1 and deleted_at = 0 returning 1`, id(app))
			s.riders(ctx, q, app, riders) // checks the secret
			return nil
		})
	}
	return s.write(ctx, app, func(q Tx) error {
		s.riders(ctx, q, app, riders)
		return nil
	})
}

// Token implements [authkit.TokenStore].
func (s *Store) Token(ctx context.Context, app uuid.UUID, t authkit.Take, now time.Time) (authkit.Token, error) {
	return oneToken(ctx, s.c, `select `+tokenCols+` from authkit_tokens`+unspent+unboundOrCurrent+liveApp, takeArgs(app, t, now)...)
}

// TryToken implements [authkit.TokenStore].
func (s *Store) TryToken(ctx context.Context, app uuid.UUID, t authkit.Try, now time.Time) (authkit.Token, error) {
	var out authkit.Token
	err := s.write(ctx, app, func(q Tx) (err error) {
		out, err = oneToken(ctx, q, `update authkit_tokens set attempts = attempts + 1`+unspent+unboundOrCurrent+` and attempts < $6 returning `+tokenCols,
			append(takeArgs(app, t.Take, now), int64(t.Max))...)
		return err
	})
	if err != nil {
		return authkit.Token{}, err
	}
	if out.Proof == nil || subtle.ConstantTimeCompare(out.Proof, t.Proof) != 1 {
		return authkit.Token{}, authkit.ErrNotFound
	}
	return out, nil
}

// BindToken implements [authkit.TokenStore].
func (s *Store) BindToken(ctx context.Context, app uuid.UUID, t authkit.Token, now time.Time) error {
	return s.write(ctx, app, func(q Tx) error {
		// The user's row comes first: a concurrent step that raises the Epoch waits, or is seen.
		q.Queue(ctx, authkit.ErrNotFound, `select 1 from authkit_users where app_id = $1 and user_id = $2 and epoch = $3`+s.c.Dialect().Share, id(app), id(t.UserID), t.Epoch)
		q.Queue(ctx, authkit.ErrNotFound, `update authkit_tokens set user_id = $6, epoch = $7, proof = $8, data = $9, attempts = case when proof is null then 0 else attempts end`+unspent+unbound+` returning 1`,
			append(takeArgs(app, authkit.Take{Kind: t.Kind, Hash: t.Hash}, now), id(t.UserID), t.Epoch, blob(t.Proof), blob(t.Data))...)
		return nil
	})
}

// TakeToken implements [authkit.TokenStore].
func (s *Store) TakeToken(ctx context.Context, app uuid.UUID, t authkit.Take, now time.Time) (authkit.Token, error) {
	var out authkit.Token
	err := s.write(ctx, app, func(q Tx) (err error) {
		s.lockSlot(ctx, q, app, t)
		out, err = oneToken(ctx, q, spendToken+unboundOrCurrent+` returning `+tokenCols, takeArgs(app, t, now)...)
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

// spending is the part of a step that spends a token.
type spending struct {
	app   uuid.UUID
	take  authkit.Take
	now   time.Time
	bound string // a condition on the user that the token is bound to
	args  []any  // of the condition, from $6 on
}

// spend spends a token with its slot, or fails the step with [authkit.ErrNotFound].
func (s *Store) spend(ctx context.Context, q Tx, p spending) {
	s.lockSlot(ctx, q, p.app, p.take)
	q.Queue(ctx, authkit.ErrNotFound, spendToken+p.bound+` returning 1`, append(takeArgs(p.app, p.take, p.now), p.args...)...)
	spendSlot(ctx, q, p.app, p.take, p.now)
}

func spendSlot(ctx context.Context, q Tx, app uuid.UUID, t authkit.Take, now time.Time) {
	q.Queue(ctx, nil, `update authkit_tokens set spent_at = $4 where app_id = $1 and kind = $2 and slot = `+slotOfHash+` and spent_at = 0`,
		id(app), string(t.Kind), t.Hash, us(now))
}
