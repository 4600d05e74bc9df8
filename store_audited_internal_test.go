package authkit

import (
	"errors"
	"testing"
)

func TestWhatFollowsFromAStepFollowsOnlyIfItIsDurable(t *testing.T) {
	t.Parallel()
	failed := errors.New("the store is out of order")
	for _, c := range []struct {
		name          string
		riders        Riders
		err           error
		events, wakes int
	}{
		{"a step with an event and mail", Riders{Events: []Event{{}}, Mail: []Mail{{}}}, nil, 1, 1},
		{"a step without riders", Riders{}, nil, 0, 0},
		{"a step that fails", Riders{Events: []Event{{}}, Mail: []Mail{{}}}, failed, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			events, wakes := 0, 0
			a := audited{tell: func(Event) { events++ }, wake: func() { wakes++ }}
			err := a.step(t.Context(), c.riders, func() error { return c.err })
			if !errors.Is(err, c.err) || events != c.events || wakes != c.wakes {
				t.Errorf("got %v, %d events told and %d wakes, want %v, %d and %d", err, events, wakes, c.err, c.events, c.wakes)
			}
		})
	}
}
