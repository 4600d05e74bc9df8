package sqlstore

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// Hit implements [authkit.LimitStore]. Where a database cannot count all hits in one statement,
// each has one, which is a guard of the step, so that a hit that does not fit undoes the step. The
// hits before that one are then counted in a step of their own.
func (s *Store) Hit(ctx context.Context, hits authkit.Hits, now time.Time) (authkit.HitResult, error) {
	if s.c.Dialect().Guards && !s.apart.Load() && once(hits) {
		res, err := s.hitOnce(ctx, hits, us(now))
		if !errors.Is(err, ErrUnsupported) {
			return res, err
		}
		s.apart.Store(true)
	}
	full := slices.IndexFunc(hits.Each, never)
	for {
		fits := len(hits.Each)
		if full >= 0 {
			fits = full
		}
		res, err := s.count(ctx, hits, fits, us(now))
		stop, ok := errors.AsType[exhaustedError](err)
		if !ok {
			return res, err
		}
		full = stop.at // lower than before, so the loop ends
	}
}

// exhaustedError undoes a step at the hit that does not fit.
type exhaustedError struct{ at int }

func (f exhaustedError) Error() string { return "limit " + strconv.Itoa(f.at) + " is exhausted" }

// count counts the first hits, up to fits, if all of them fit, and otherwise fails with
// [exhaustedError]. It also answers how long to wait for the next one, which is known not to fit.
func (s *Store) count(ctx context.Context, hits authkit.Hits, fits int, now int64) (authkit.HitResult, error) {
	res := authkit.HitResult{Full: -1}
	err := s.c.Tx(ctx, false, func(q Tx) error {
		res = authkit.HitResult{Full: -1}
		s.live(ctx, q, hits.App, hits.AppVersion)
		for i, h := range hits.Each[:fits] {
			hit(ctx, q, exhaustedError{i}, in(hits.App, h), now)
		}
		if fits == len(hits.Each) {
			return nil
		}
		wait, err := untilRoom(ctx, q, in(hits.App, hits.Each[fits]), now)
		res = authkit.HitResult{Full: fits, RetryAfter: wait}
		return err
	})
	if err != nil {
		return authkit.HitResult{}, err
	}
	return res, nil
}

// arrival is the stored time, no earlier than now. A time further ahead than an exhausted limit
// plus the skew was written before the clock was set back. It counts as now, so that it locks
// out no user.
const arrival = `case when authkit_limits.tat < $3 or authkit_limits.tat > $6 then $3 else authkit_limits.tat end`

// skew is more than the clocks of two processes may differ by, in microseconds.
const skew = 60_000_000

// hit moves the theoretical arrival time of a key in one statement (GCRA, ITU-T I.371), or
// fails the step with full if the hit does not fit.
func hit(ctx context.Context, q Tx, full error, h authkit.Hit, now int64) {
	if h.Limit <= 0 {
		return // a negative cost has nothing to give back
	}
	each, cost := eachOf(h), costOf(h)
	args := []any{id(h.App), h.Key, now, cost * each, now + cost*each, now + int64(h.Limit)*each + skew}
	fits := ""
	if cost > 0 {
		fits = ` where ` + arrival + ` + $4 <= $7`
		args = append(args, now+int64(h.Limit)*each)
	}
	q.Queue(ctx, full, `insert into authkit_limits (app_id, limit_key, tat) values ($1, $2, $5)
on conflict (app_id, limit_key) do update set tat = `+arrival+` + $4`+fits+` returning 1`, args...)
}

// untilRoom is how long to wait until a hit that does not fit may be tried again.
func untilRoom(ctx context.Context, q Reader, h authkit.Hit, now int64) (time.Duration, error) {
	if never(h) {
		return h.Window.Truncate(time.Microsecond), nil
	}
	tat := now
	err := q.Rows(ctx, `select tat from authkit_limits where app_id = $1 and limit_key = $2`, func(r Row) error { return r.Scan(&tat) }, id(h.App), h.Key)
	wait := max(0, max(tat, now)+(costOf(h)-int64(h.Limit))*eachOf(h)-now)
	return time.Duration(wait) * time.Microsecond, err
}

// never reports whether a hit cannot fit, whatever was counted.
func never(h authkit.Hit) bool { return h.Cost >= 0 && (h.Limit <= 0 || costOf(h) > int64(h.Limit)) }

// eachOf is how far one count moves the arrival time, in microseconds.
func eachOf(h authkit.Hit) int64 { return max(h.Window.Microseconds()/int64(h.Limit), 1) }

func costOf(h authkit.Hit) int64 {
	if h.Cost == 0 {
		return 1
	}
	return int64(h.Cost)
}

// in is the hit with its app: that of the call unless it names another.
func in(app uuid.UUID, h authkit.Hit) authkit.Hit {
	if h.App == uuid.Nil {
		h.App = app
	}
	return h
}
