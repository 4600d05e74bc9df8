package sqlstore

import "sync"

// texts remembers the statement for each kind of a step, so that it is built once. The kinds are few.
type texts[K comparable] struct{ m sync.Map }

// of returns the statement for a kind, which build makes if it is not there yet.
func (t *texts[K]) of(kind K, build func() string) string {
	if sql, ok := t.m.Load(kind); ok {
		return sql.(string) //nolint:forcetypeassert // only texts are stored
	}
	sql := build()
	t.m.Store(kind, sql)
	return sql
}
