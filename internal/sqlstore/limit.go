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

// Hit implements [authkit.LimitStore]. Where all fit, that is two round trips however many
// they are: each statement is a guard of the step, and one that does not fit undoes it. The
// hits before that one are then counted again by themselves.
func (s *Store) Hit(ctx context.Context, app uuid.UUID, hits []authkit.Hit, now time.Time) (authkit.HitResult, error) {
	full := slices.IndexFunc(hits, never)
	for {
		fits := hits
		if full >= 0 {
			fits = hits[:full]
		}
		res, err := s.count(ctx, app, fits, hits[len(fits):], us(now))
		stop, ok := errors.AsType[exhaustedError](err)
		if !ok {
			return res, err
		}
		full = stop.at // below the one before, so that this ends
	}
}

// exhaustedError undoes a step at a hit that does not fit.
type exhaustedError struct{ at int }

func (f exhaustedError) Error() string { return "limit " + strconv.Itoa(f.at) + " is full" }

// count counts hits that all fit, else [exhaustedError], and tells when the first of rest, which is
// known not to fit, may be tried again.
func (s *Store) count(ctx context.Context, app uuid.UUID, fits, rest []authkit.Hit, now int64) (authkit.HitResult, error) {
	res := authkit.HitResult{Full: -1}
	err := s.c.Tx(ctx, false, func(q Tx) error {
		res = authkit.HitResult{Full: -1}
		s.live(ctx, q, app)
		for i, h := range fits {
			hit(ctx, q, exhaustedError{i}, in(app, h), now)
		}
		if len(rest) == 0 {
			return nil
		}
		wait, err := untilRoom(ctx, q, in(app, rest[0]), now)
		res = authkit.HitResult{Full: len(fits), RetryAfter: wait}
		return err
	})
	if err != nil {
		return authkit.HitResult{}, err
	}
	return res, nil
}

// arrival is the stored time, no earlier than now. One that lies further ahead than a full
// limit, and the difference of two clocks, was written before the clock stepped back: it
// must lock nobody out.
const arrival = `case when authkit_limits.tat < $3 or authkit_limits.tat > $6 then $3 else authkit_limits.tat end`

// skew is more than the clocks of two processes may differ by, in microseconds.
const skew = 60_000_000

// hit moves the theoretical arrival time of a key in one statement (GCRA, ITU-T I.371), or
// fails the step with full.
func hit(ctx context.Context, q Tx, full error, h authkit.Hit, now int64) {
	if h.Limit <= 0 {
		return // nothing was counted that a negative cost could give back
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

// untilRoom is how long a hit that does not fit has to wait.
func untilRoom(ctx context.Context, q Tx, h authkit.Hit, now int64) (time.Duration, error) {
	if never(h) {
		return h.Window.Truncate(time.Microsecond), nil
	}
	tat := now
	err := q.Rows(ctx, `select tat from authkit_limits where app_id = $1 and limit_key = $2`, func(r Row) error { return r.Scan(&tat) }, id(h.App), h.Key)
	wait := max(0, max(tat, now)+(costOf(h)-int64(h.Limit))*eachOf(h)-now)
	return time.Duration(wait) * time.Microsecond, err
}

// never reports that a hit fits no limit, whatever was counted.
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
