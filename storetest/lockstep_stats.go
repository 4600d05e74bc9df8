package storetest

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func (l *otherSteps) day() int64 { return today() - draw(l, "day", int64(0), 1, 2) }

func (l *otherSteps) doAddStats() {
	app := l.app()
	var b authkit.StatBatch
	for range draw(l, "counts", 0, 1, 2) {
		b.Counts = append(b.Counts, authkit.Stat{
			Day: l.day(), Kind: draw(l, "kind", authkit.StatSignIn, authkit.StatRefused), Key: draw(l, "key", "", "a", "b"), N: draw(l, "n", int64(1), 2),
		})
	}
	for range draw(l, "active", 0, 1, 2) { // of days that Sweep does not forget yet: those users would be counted twice
		b.Active = append(b.Active, authkit.ActiveUser{Day: today() - draw(l, "day", int64(0), 1), User: draw(l, "user", key(0), key(1), key(2))})
	}
	l.answered(l.s.AddStats(l.ctx, app, b), l.m.addStats(app, b))
}

func (l *otherSteps) lookStats() {
	app, first, last := l.app(), l.day(), l.day()
	a, live := l.m[app]
	got, err := l.s.Stats(l.ctx, app, first, last)
	if l.found(err, live) {
		l.same("Stats", got, a.listStats(first, last))
	}
}

func (m model) addStats(app uuid.UUID, b authkit.StatBatch) against {
	return m.step(app, authkit.Riders{}, func(a *modelApp, _ *against) {
		for _, c := range b.Counts {
			a.stats[modelStat{c.Day, string(c.Kind), c.Key}] += c.N
		}
		for _, u := range b.Active {
			if !a.active[u] {
				a.active[u] = true
				a.stats[modelStat{u.Day, string(authkit.StatActive), ""}]++
			}
		}
	})
}

func (a *modelApp) listStats(first, last int64) (list []authkit.Stat) {
	for k, n := range a.stats {
		if k.day >= first && k.day <= last {
			list = append(list, authkit.Stat{Day: k.day, Kind: authkit.StatKind(k.kind), Key: k.key, N: n})
		}
	}
	slices.SortFunc(list, func(a, b authkit.Stat) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	})
	return list
}
