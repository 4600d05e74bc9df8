package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const addStat = `insert into authkit_stats (app_id, day, kind, name, n) values ($1, $2, $3, $4, $5)
on conflict (app_id, day, kind, name) do update set n = authkit_stats.n + excluded.n`

// AddStats implements [authkit.StatStore]. Rows are written in an order, so that two batches do not
// wait for each other.
func (s *Store) AddStats(ctx context.Context, app uuid.UUID, b authkit.StatBatch) error {
	counts, active := slices.Clone(b.Counts), slices.Clone(b.Active)
	slices.SortFunc(counts, compareStats)
	slices.SortFunc(active, func(a, b authkit.ActiveUser) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), bytes.Compare(a.User[:], b.User[:]))
	})
	return s.c.Tx(ctx, true, func(q Tx) error {
		s.live(ctx, q, app, 0)
		fresh, err := addActive(ctx, q, app, active)
		if err != nil {
			return err
		}
		for _, c := range slices.Concat(fresh, counts) {
			q.Queue(ctx, nil, addStat, id(app), c.Day, string(c.Kind), c.Key, c.N)
		}
		return nil
	})
}

// addActive notes active users, and returns for each day how many of them were not noted before.
func addActive(ctx context.Context, q Tx, app uuid.UUID, active []authkit.ActiveUser) ([]authkit.Stat, error) {
	if len(active) == 0 {
		return nil, nil
	}
	var days []authkit.Stat
	for _, a := range active {
		if n := len(days); n == 0 || days[n-1].Day != a.Day {
			days = append(days, authkit.Stat{Day: a.Day, Kind: authkit.StatActive})
		}
	}
	at := 0
	for _, a := range active {
		for days[at].Day != a.Day {
			at++
		}
		day := at
		q.Ask(ctx, nil, func(Row) error { days[day].N++; return nil },
			`insert into authkit_active (app_id, day, user_id) values ($1, $2, $3) on conflict do nothing returning 1`, id(app), a.Day, id(a.User))
	}
	// The answers are in once another statement has been answered.
	if _, err := q.Exec(ctx, isLiveApp, id(app)); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(days, func(d authkit.Stat) bool { return d.N == 0 }), nil
}

func compareStats(a, b authkit.Stat) int {
	return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
}

// Stats implements [authkit.StatStore].
func (s *Store) Stats(ctx context.Context, app uuid.UUID, first, last int64) ([]authkit.Stat, error) {
	return list(ctx, s, `select day, kind, name, n from authkit_stats where app_id = $1 and day >= $2 and day <= $3`+liveApp+`
order by day, kind, name`, func(r Row) (c authkit.Stat, err error) {
		err = r.Scan(&c.Day, (*string)(&c.Kind), &c.Key, &c.N)
		return c, err
	}, id(app), first, last)
}
