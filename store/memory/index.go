package memory

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// index finds many values by one key.
type index[K, V comparable] map[K]map[V]struct{}

func (x index[K, V]) add(k K, v V) {
	if x[k] == nil {
		x[k] = map[V]struct{}{}
	}
	x[k][v] = struct{}{}
}

func (x index[K, V]) remove(k K, v V) {
	delete(x[k], v)
	if len(x[k]) == 0 {
		delete(x, k)
	}
}

// age orders rows by time, then by id.
type age struct {
	at time.Time
	id uuid.UUID
}

func (a age) compare(b age) int {
	return cmp.Or(a.at.Compare(b.at), bytes.Compare(a.id[:], b.id[:]))
}

// end returns how many of the rows, oldest first, lie before the page's cursor.
func end[T any](rows []T, p authkit.Page, of func(T) age) int {
	if p.Time.IsZero() {
		return len(rows)
	}
	n, _ := slices.BinarySearchFunc(rows, age{micro(p.Time), p.ID}, func(r T, a age) int { return of(r).compare(a) })
	return n
}

// insert adds a row and keeps the rows sorted. A new row is nearly always the newest.
func insert[T any](rows []T, row T, of func(T) age) []T {
	n, _ := slices.BinarySearchFunc(rows, of(row), func(r T, a age) int { return of(r).compare(a) })
	return slices.Insert(rows, n, row)
}

// newest walks back from the page's cursor and collects the values that match returns.
func newest[T, V any](rows []T, p authkit.Page, of func(T) age, match func(T) (V, bool)) []V {
	var out []V
	for _, r := range slices.Backward(rows[:end(rows, p, of)]) {
		if len(out) >= p.Limit {
			break
		}
		if v, ok := match(r); ok {
			out = append(out, v)
		}
	}
	return out
}
