package storetest

import (
	"maps"
	"slices"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// dice draws the arguments of steps. They follow from the draws before, so that a failing run is
// the same when it is run again.
type dice struct {
	*rapid.T

	made int
}

// drawer is a type that embeds dice.
type drawer interface {
	rolled() *rapid.T
	often(n int, label string) bool
}

func (d *dice) rolled() *rapid.T { return d.T }

// draw picks one of a few values, each equally likely, as rapid's own draws are not.
func draw[T any](d drawer, label string, from ...T) T {
	return rapid.Custom(func(t *rapid.T) T {
		n := 0
		for range 8 {
			n <<= 1
			if rapid.Bool().Draw(t, "bit") {
				n++
			}
		}
		return from[n%len(from)]
	}).Draw(d.rolled(), label)
}

// often is true n times out of ten.
func (d *dice) often(n int, label string) bool {
	return draw(d, label, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9) < n
}

// drawID mostly picks one of the ids in a map, and otherwise one of the others.
func drawID[V any](d drawer, label string, there map[uuid.UUID]V, other ...uuid.UUID) uuid.UUID {
	ids := slices.Collect(maps.Keys(there))
	if len(ids) == 0 || len(other) > 0 && !d.often(8, "there") {
		ids = slices.Concat(other, []uuid.UUID{key(0)})
	}
	texts := make([]string, len(ids)) // these read better in the output
	for i, id := range ids {
		texts[i] = id.String()
	}
	slices.Sort(texts)
	return uuid.MustParse(draw(d, label, texts...))
}

// fresh is an id that no step has used.
func (d *dice) fresh() uuid.UUID {
	d.made++
	return key(d.made)
}

// user draws the id of one of the few users of each app, who may or may not exist.
func (d *dice) user() uuid.UUID { return key(-draw(d, "user", 1, 2, 3)) }

func (d *dice) userOrNone() uuid.UUID {
	if d.often(5, "of a user") {
		return d.user()
	}
	return uuid.Nil
}

func (d *dice) email() string { return draw(d, "email", "a@x", "ab@x", "b@x", "b%@x") }

func (d *dice) provider() string { return draw(d, "provider", "github", "google") }

func (d *dice) blob() []byte { return []byte(draw(d, "blob", "s", "t")) }
