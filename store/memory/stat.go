package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const daySeconds = 86400

// statKey is what a count is stored under.
type statKey struct {
	day  int64
	kind authkit.StatKind
	key  string
}

// AddStats implements [authkit.StatStore].
func (s *Store) AddStats(ctx context.Context, app uuid.UUID, b authkit.StatBatch) error {
	return s.in(ctx, app, func(t *tenant) error {
		for _, c := range b.Counts {
			t.stats[statKey{c.Day, c.Kind, c.Key}] += c.N
		}
		for _, a := range b.Active {
			if _, noted := t.active[a]; !noted {
				t.active[a] = struct{}{}
				t.stats[statKey{a.Day, authkit.StatActive, ""}]++
			}
		}
		return nil
	})
}

// Stats implements [authkit.StatStore].
func (s *Store) Stats(ctx context.Context, app uuid.UUID, first, last int64) ([]authkit.Stat, error) {
	var out []authkit.Stat
	err := s.in(ctx, app, func(t *tenant) error {
		for k, n := range t.stats {
			if k.day >= first && k.day <= last {
				out = append(out, authkit.Stat{Day: k.day, Kind: k.kind, Key: k.key, N: n})
			}
		}
		return nil
	})
	slices.SortFunc(out, func(a, b authkit.Stat) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	})
	return out, err
}

// sweepStats removes the counts of old days, and the users of days that are over.
func (t *tenant) sweepStats(today int64, stats, active *batch) {
	for k := range t.stats {
		if k.day < today-authkit.StatDays && stats.takes() {
			delete(t.stats, k)
		}
	}
	for a := range t.active {
		if a.Day < today-1 && active.takes() {
			delete(t.active, a)
		}
	}
}
