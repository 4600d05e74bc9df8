package authkit

import (
	"context"
)

//go:generate go run ./internal/tools/wrapstore -wrap audited -o store_audited_gen.go

// audited is a Store that adds to each event the request that it comes from, and tells an
// observer of the event once its step is durable. Its methods are generated: one for each verb
// that carries an [Also], which calls step. All other verbs go straight to the Store.
type audited struct {
	Store

	tell func(Event) // may be nil
}

// step does a step with its riders. The events are told of only if it succeeds.
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
