package authkit

import "context"

// Ready reports whether the process can serve. [CodeUnavailable]: the store is unreachable or
// cannot write, or its clock differs by more than 30 seconds.
func (e *Engine) Ready(ctx context.Context) error {
	if err := e.store.clock.ready(ctx); err != nil {
		return unavailable(err)
	}
	return nil
}
