package authkit

import (
	"context"
)

//go:generate go run ./internal/tools/wrapstore -wrap audited -o store_audited_gen.go

// audited is a Store that adds to each event the request that it comes from. Once a step is
// durable, it reports the events of the step to an observer and wakes the outbox for its mail.
// Its methods are generated: one for each verb that carries [Riders], which calls step. All other
// verbs are those of the Store.
type audited struct {
	Store

	tell func(Event) // may be nil
	wake func()      // mail was queued
}

// step runs a step with its riders. It reports them only if the step succeeds.
func (a audited) step(ctx context.Context, riders Riders, do func() error) error {
	requestFrom(ctx).stamp(riders.Events)
	if err := do(); err != nil {
		return err
	}
	if a.tell != nil {
		for _, e := range riders.Events {
			a.tell(e)
		}
	}
	if len(riders.Mail) > 0 {
		a.wake()
	}
	return nil
}
