package authkit

import "context"

// Ready asks whether the process can serve. [CodeUnavailable]: the store is out of reach or
// cannot write, or its clock is more than 30 seconds off.
func (e *Engine) Ready(ctx context.Context) error {
	if err := e.store.clock.ready(ctx); err != nil {
		return unavailable(err)
	}
	return nil
}
