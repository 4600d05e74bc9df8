package authkit

import (
	"context"
)

//go:generate go run ./internal/tools/wrapstore -wrap audited -o store_audited_gen.go

// audited is a Store that says of each event which request it comes from, and tells an
// observer of it once its step is durable. Its methods are generated: one for each verb that
// carries an [Also], and a call of step in each.
type audited struct {
	Store

	tell func(Event) // may be nil
}

// step is one with events.
func (a audited) step(ctx context.Context, also Also, do func() error) error {
	requestFrom(ctx).stamp(also.Events)
	err := do()
	if err == nil && a.tell != nil {
		for _, e := range also.Events {
			a.tell(e)
		}
	}
	return err
}
