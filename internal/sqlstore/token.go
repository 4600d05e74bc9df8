package sqlstore

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const (
	tokenCols = `app_id, kind, slot, hash, binding, proof, user_id, epoch, data, expires_at`
	noUser    = `'00000000-0000-0000-0000-000000000000'`

	named   = ` where app_id = $1 and kind = $2 and hash = $3 and (binding = $5 or $5 is null)`
	unspent = named + ` and spent_at = 0 and expires_at > $4`

	// Whom the token may be bound to: no user, or one whose Epoch is still that of the token
	// (unboundOrCurrent), or the user $6 at the Epoch that it had before the step raised it by $7
	// (boundToUser).
	unboundOrCurrent = ` and (user_id = ` + noUser + ` or exists (select 1 from authkit_users u where u.app_id = authkit_tokens.app_id and u.user_id = authkit_tokens.user_id and u.epoch = authkit_tokens.epoch))`
	unbound          = ` and user_id = ` + noUser
	boundToUser      = ` and (user_id = ` + noUser + ` or (user_id = $6 and epoch = (select u.epoch - $7 from authkit_users u where u.app_id = $1 and u.user_id = $6)))`
)

// tokenDest are the destinations of tokenCols.
func tokenDest(t *authkit.Token) []any {
	return append(make([]any, 0, 40), // has room for the account's
		&t.App, (*string)(&t.Kind), &t.Slot, &t.Hash, &t.Binding, &t.Proof, &t.UserID, &t.Epoch, &t.Data, (*micros)(&t.ExpiresAt))
}

// into scans a token.
func into(t *authkit.Token) func(Row) error {
	return func(r Row) error { return r.Scan(tokenDest(t)...) }
}

func takeArgs(app uuid.UUID, t authkit.Take, now time.Time) []any {
	return []any{id(app), string(t.Kind), t.Hash, us(now), blob(t.Binding)}
}

// addToken puts a token in a place of its slot.
func (s *Store) addToken(ctx context.Context, q Tx, r ride, t authkit.Token) {
	args := []any{id(r.app), string(t.Kind), t.Slot, t.Hash, blob(t.Binding), blob(t.Proof), id(t.UserID), blob(t.Data), us(t.ExpiresAt)}
	current := r.user != uuid.Nil && t.UserID == r.user
	if !current {
		args = append(args, t.Epoch)
	}
	if t.Most <= 1 {
		sql := putToken
		if current {
			sql = putTokenOfUser
		}
		q.Queue(ctx, nil, sql, append(args, int64(max(t.Class, 0)))...)
		return
	}
	sql := chosen{t.Most, max(t.Class, 0), current}.put()
	if !s.c.Dialect().Guards {
		q.Queue(ctx, nil, sql, args...)
		return
	}
	if _, again := q.(anchored); again {
		q.Queue(ctx, nil, putAnchor, id(r.app), string(t.Kind), t.Slot, append([]byte("anchor for "), t.Hash...), us(t.ExpiresAt))
	}
	q.Queue(ctx, errRaced, sql+asChosen, args...)
}

const (
	intoTokens = `insert into authkit_tokens (` + tokenCols + `, place) `
	overPlace  = `
on conflict (app_id, kind, slot, place) do update set hash = excluded.hash, binding = excluded.binding, proof = excluded.proof, user_id = excluded.user_id,
epoch = excluded.epoch, data = excluded.data, expires_at = excluded.expires_at, attempts = 0, spent_at = 0`

	putToken       = intoTokens + `values ($1,$2,$3,$4,$5,$6,$7,$10,$8,$9,$11)` + overPlace
	putTokenOfUser = intoTokens + `select u.app_id,$2,$3,$4,$5,$6,u.user_id,u.epoch,$8,$9,$10 from authkit_users u where u.app_id = $1 and u.user_id = $7` + overPlace

	// asChosen lets a token take only the place that was chosen: what stands there is what the
	// statement saw when it began.
	asChosen = ` where exists (select 1 from authkit_tokens seen where seen.app_id = $1 and seen.kind = $2 and seen.slot = $3 and seen.place = authkit_tokens.place and seen.hash = authkit_tokens.hash)
returning 1`

	// putAnchor locks the row that stands for the slot itself, before every place, and makes it if
	// need be. It serialises the steps on the slot that failed with errRaced. The row can never be
	// spent, and its hash is unique, so that two anchors can only conflict by place.
	putAnchor = `insert into authkit_tokens (` + tokenCols + `, place, spent_at) values ($1,$2,$3,$4,null,null,` + noUser + `,0,null,$5,-1,1)
on conflict (app_id, kind, slot, place) do update set expires_at = case when excluded.expires_at > authkit_tokens.expires_at then excluded.expires_at else authkit_tokens.expires_at end`
)

// errRaced undoes a step whose token found another one in the place that it had chosen.
var errRaced = errors.New("another step took the place of a token")

// chosen is a put of a token into one of several places: the first of its own place, a free one,
// that of a spent token, that of the token which expires first.
type chosen struct {
	most, class int
	current     bool // whether the token takes the Epoch of its user
}

// puts holds the text of each kind of put.
var puts texts[chosen]

func (c chosen) put() string { return puts.of(c, c.text) }

func (c chosen) text() string {
	epoch := `$10`
	if c.current {
		epoch = `(select u.epoch from authkit_users u where u.app_id = $1 and u.user_id = $7)`
	}
	return intoTokens + `select $1,$2,$3,$4,$5,$6,$7,` + epoch + `,$8,$9,p.place from ` + c.places() + overPlace
}

// places selects from the places p of the token $4 in the slot $3 of the kind $2 the one to take.
func (c chosen) places() string {
	places := make([]string, c.most)
	for i := range places {
		places[i] = `select ` + strconv.Itoa(c.class*c.most+i) + ` as place`
	}
	return `(` + strings.Join(places, ` union all `) + `) p
left join authkit_tokens o on o.app_id = $1 and o.kind = $2 and o.slot = $3 and o.place = p.place where true
order by case when o.hash = $4 then 0 when o.hash is null then 1 when o.spent_at > 0 then 2 else 3 end, o.expires_at, o.hash limit 1`
}

// Put implements [authkit.TokenStore].
func (s *Store) Put(ctx context.Context, p authkit.Put) error {
	rides := ride{app: p.App, of: p.Riders}
	if len(p.Riders.Tokens)+len(p.Riders.Mail)+len(p.Riders.Events) == 0 { // a write has to be committed
		return s.step(ctx, func(q Tx) error {
			q.Queue(ctx, notLive(p.AppVersion), `update authkit_apps set gen = gen + 1 where app_id = $1 and deleted_at = 0 and (version = $2 or $2 = 0) returning 1`, id(p.App), p.AppVersion)
			s.riders(ctx, q, rides) // checks the secret
			return nil
		})
	}
	if kind, ok := puttingOf(p.Riders); ok && s.c.Dialect().Guards {
		if err := s.putOnce(ctx, p, kind); !errors.Is(err, errRaced) {
			return err
		}
	}
	return s.guarded(ctx, p.App, p.AppVersion, func(q Tx) error {
		s.riders(ctx, q, rides)
		return nil
	})
}

// Token implements [authkit.TokenStore].
func (s *Store) Token(ctx context.Context, app uuid.UUID, t authkit.Take, now time.Time) (authkit.Token, authkit.Account, error) {
	var got authkit.Token
	var holder authkit.Account
	var dead int64
	sql := tokenReads[lookup{t.Dead, s.c.Dialect().Guards}]
	err := first(ctx, s.c, sql, func(r Row) error { return addRow(&holder, r, append(tokenDest(&got), &dead)...) },
		append(takeArgs(app, t, now), t.AppVersion)...)
	if errors.Is(err, authkit.ErrNotFound) {
		err = cmp.Or(s.changed(ctx, app, t.AppVersion), err)
	}
	if got.Dead = dead != 0; got.Dead {
		holder = authkit.Account{}
	}
	sortCredentials(holder)
	return got, holder, err
}

// TryToken implements [authkit.TokenStore].
func (s *Store) TryToken(ctx context.Context, app uuid.UUID, t authkit.Try, now time.Time) (authkit.Tried, error) {
	var out authkit.Tried
	var count, dead int64
	sql := tryToken
	if t.Dead {
		sql = tryAnyToken
	}
	rows, err := s.c.Write(ctx, sql, func(r Row) error { return r.Scan(append(tokenDest(&out.Token), &count, &dead)...) },
		append(takeArgs(app, t.Take, now), t.AppVersion, int64(t.Max))...)
	switch {
	case err != nil:
		return authkit.Tried{}, err
	case rows == 0:
		return authkit.Tried{}, cmp.Or(s.changed(ctx, app, t.AppVersion), authkit.ErrNotFound)
	}
	out.Count, out.Token.Dead = int(count), dead != 0
	out.Right = out.Count <= t.Max && out.Token.Proof != nil && subtle.ConstantTimeCompare(out.Token.Proof, t.Proof) == 1
	return out, nil
}

// TakeToken implements [authkit.TokenStore]. It looks for the token first: strangers can present
// any number of unknown ones, and a guard that fails leaves a line in the log of Postgres.
func (s *Store) TakeToken(ctx context.Context, app uuid.UUID, t authkit.Take, now time.Time) (authkit.Token, error) {
	out, _, err := s.Token(ctx, app, t, now)
	if err != nil {
		return authkit.Token{}, err
	}
	err = s.guarded(ctx, app, t.AppVersion, func(q Tx) error {
		p := spending{app, t, now, unboundOrCurrent, nil}
		if s.c.Dialect().Guards {
			q.Ask(ctx, authkit.ErrNotFound, into(&out), takeSlot, p.all()...)
			return nil
		}
		q.Ask(ctx, authkit.ErrNotFound, into(&out), spendToken+p.bound+` returning `+tokenCols, p.all()...)
		p.spendRest(ctx, q)
		return nil
	})
	if err != nil {
		return authkit.Token{}, err
	}
	return out, nil
}

const (
	slotOfHash = `(select h.slot from authkit_tokens h where h.app_id = $1 and h.kind = $2 and h.hash = $3)`
	spendToken = `update authkit_tokens set spent_at = $4` + unspent

	// spendSlot spends a slot in one statement, whose end is one of the conditions on a user: of
	// two steps on one slot, the second finds each row spent by the first. Whatever stands in a row
	// by the time that it is locked, the presented token is spent only if it still may be.
	spendRows = `update authkit_tokens set spent_at = $4 where app_id = $1 and kind = $2 and slot = ` + slotOfHash + ` and spent_at = 0
and (hash <> $3 or (expires_at > $4 and (binding = $5 or $5 is null)`
	spendSlot = `with spent as (` + spendRows
	presented = `)) returning ` + tokenCols + `)` + Then + `select ` + tokenCols + ` from spent where hash = $3`

	spendUnbound = spendSlot + unbound + presented
	spendOfUser  = spendSlot + boundToUser + presented
	takeSlot     = spendSlot + unboundOrCurrent + presented

	spendUnboundSlot = spendRows + unbound + `))`
)

// lookup is a way to read a token: with dead ones or not, and by a database that may have no
// statistics or by another.
type lookup struct{ dead, tokenFirst bool }

// tokenReads are the statements of each way.
var tokenReads = map[lookup]string{
	{false, false}: tokenAnd(plainAccount, `0`, live), {true, false}: tokenAnd(plainAccount, ended, ``),
	{false, true}: tokenAnd(accountLast, `0`, live), {true, true}: tokenAnd(accountLast, ended, ``),
}

const (
	plainAccount = `left join authkit_users u on u.app_id = t.app_id and u.user_id = t.user_id and u.epoch = t.epoch
left join authkit_credentials c on c.app_id = u.app_id and c.user_id = u.user_id`

	// accountLast makes Postgres read the token first, and then the rows of its user alone. On tables
	// without statistics, it reads every user of the app for a plain join.
	accountLast = `left join lateral (select ` + userCols + ` from authkit_users h where h.app_id = $1 and h.user_id = t.user_id and h.epoch = t.epoch offset 0) u on true
left join lateral (select kind, subject, data, created_at from authkit_credentials h where h.app_id = $1 and h.user_id = u.user_id offset 0) c on true`

	live  = ` and t.spent_at = 0 and t.expires_at > $4 and (t.user_id = ` + noUser + ` or u.user_id is not null)`
	ended = `case when t.spent_at = 0 and t.expires_at > $4 and (t.user_id = ` + noUser + ` or u.user_id is not null) then 0 else 1 end`

	// countTry counts an attempt, and one more than there may be at most: what is returned then tells
	// the last attempt from those after it.
	countTry = `update authkit_tokens set attempts = case when attempts > $7 then attempts else attempts + 1 end`
)

var (
	tryToken    = countTry + unspent + unboundOrCurrent + liveAppAt("$6") + ` returning ` + tokenCols + `, attempts, 0`
	tryAnyToken = countTry + named + liveAppAt("$6") + ` returning ` + tokenCols + `, attempts, case when spent_at = 0 and expires_at > $4` + unboundOrCurrent + ` then 0 else 1 end`
)

// tokenAnd selects a token, whether it is dead, and the account that it is bound to.
func tokenAnd(account, dead, alive string) string {
	return `select ` + of("t", tokenCols) + `, ` + dead + `, ` + accountCols + ` from authkit_tokens t
` + account + `
where t.app_id = $1 and t.kind = $2 and t.hash = $3 and (t.binding = $5 or $5 is null)` + alive + liveAppAt("$6")
}

// spending is the part of a step that spends a token.
type spending struct {
	app   uuid.UUID
	take  authkit.Take
	now   time.Time
	bound string // a condition on the user that the token is bound to
	args  []any  // of the condition, from $6 on
}

func (p spending) all() []any { return append(takeArgs(p.app, p.take, p.now), p.args...) }

// spend spends a token with its slot, or fails the step with [authkit.ErrNotFound].
func (s *Store) spend(ctx context.Context, q Tx, p spending) {
	switch {
	case !s.c.Dialect().Guards:
		q.Queue(ctx, authkit.ErrNotFound, spendToken+p.bound+` returning 1`, p.all()...)
		p.spendRest(ctx, q)
	case p.bound == unbound:
		q.Queue(ctx, authkit.ErrNotFound, spendUnbound, p.all()...)
	default:
		q.Queue(ctx, authkit.ErrNotFound, spendOfUser, p.all()...)
	}
}

// spendRest spends what else is in the slot.
func (p spending) spendRest(ctx context.Context, q Tx) {
	q.Queue(ctx, nil, `update authkit_tokens set spent_at = $4 where app_id = $1 and kind = $2 and slot = `+slotOfHash+` and spent_at = 0`,
		id(p.app), string(p.take.Kind), p.take.Hash, us(p.now))
}
