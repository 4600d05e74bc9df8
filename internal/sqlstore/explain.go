package sqlstore

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// AddExplanations implements [authkit.ExplainStore]. Rows are written in the order of their key, so
// that two batches do not wait for each other.
func (s *Store) AddExplanations(ctx context.Context, app uuid.UUID, explanations []authkit.Explanation, most int) error {
	all := slices.SortedFunc(slices.Values(explanations), func(a, b authkit.Explanation) int { return bytes.Compare(a.RequestID[:], b.RequestID[:]) })
	return s.c.Tx(ctx, false, func(q Tx) error {
		s.live(ctx, q, app, 0)
		for _, e := range all {
			q.Queue(ctx, nil, `insert into authkit_refusals (app_id, request_id, rule, received, allowed, setting, fix, expires_at)
values ($1,$2,$3,$4,$5,$6,$7,$8) on conflict do nothing`, id(app), id(e.RequestID), e.Rule, e.Received, e.Allowed, e.Setting, e.Fix, us(e.Expires))
		}
		q.Queue(ctx, nil, `delete from authkit_refusals where app_id = $1 and request_id < (select r.request_id from authkit_refusals r
where r.app_id = $1 order by r.request_id desc limit 1 offset $2)`, id(app), int64(most-1))
		return nil
	})
}

// Explanation implements [authkit.ExplainStore].
func (s *Store) Explanation(ctx context.Context, app, request uuid.UUID, now time.Time) (authkit.Explanation, error) {
	var e authkit.Explanation
	err := first(ctx, s.c, `select request_id, rule, received, allowed, setting, fix, expires_at from authkit_refusals
where app_id = $1 and request_id = $2 and expires_at > $3`+liveApp, func(r Row) error {
		return r.Scan(&e.RequestID, &e.Rule, &e.Received, &e.Allowed, &e.Setting, &e.Fix, (*micros)(&e.Expires))
	}, id(app), id(request), us(now))
	return e, err
}
