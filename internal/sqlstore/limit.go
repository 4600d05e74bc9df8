package sqlstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// Hit implements [authkit.LimitStore].
func (s *Store) Hit(ctx context.Context, app uuid.UUID, hits []authkit.Hit, now time.Time) (authkit.HitResult, error) {
	res := authkit.HitResult{Full: -1}
	err := s.c.Tx(ctx, false, func(q Tx) error {
		res = authkit.HitResult{Full: -1}
		s.live(ctx, q, app)
		for i, h := range hits {
			wait, ok, err := hit(ctx, q, app, h, us(now))
			if err != nil {
				return err
			}
			if !ok {
				res = authkit.HitResult{Full: i, RetryAfter: time.Duration(wait) * time.Microsecond}
				return nil
			}
		}
		return nil
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

// hit moves the theoretical arrival time of a key in one statement (GCRA, ITU-T I.371),
// or says how many microseconds to wait.
func hit(ctx context.Context, q Tx, app uuid.UUID, h authkit.Hit, now int64) (int64, bool, error) {
	cost := int64(h.Cost)
	if cost == 0 {
		cost = 1
	}
	limit := int64(h.Limit)
	if limit <= 0 || cost > limit {
		return h.Window.Microseconds(), cost < 0, nil // below a limit of 1 there is nothing to give back
	}
	each := max(h.Window.Microseconds()/limit, 1)
	args := []any{id(app), h.Key, now, cost * each, now + cost*each, now + limit*each + skew}
	fits := ""
	if cost > 0 {
		fits = ` where ` + arrival + ` + $4 <= $7`
		args = append(args, now+limit*each)
	}
	n, err := q.Exec(ctx, `insert into authkit_limits (app_id, limit_key, tat) values ($1, $2, $5)
on conflict (app_id, limit_key) do update set tat = `+arrival+` + $4`+fits, args...)
	if err != nil || n > 0 {
		return 0, true, err
	}
	var tat int64
	err = first(ctx, q, `select tat from authkit_limits where app_id = $1 and limit_key = $2`, func(r Row) error { return r.Scan(&tat) }, id(app), h.Key)
	return max(0, max(tat, now)+(cost-limit)*each-now), false, err
}
