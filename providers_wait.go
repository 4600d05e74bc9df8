package authkit

import (
	"context"
	"time"
)

const (
	maxReturnsWaiting = 64 // in a process
	longestWait       = 12 * time.Second

	firstLook  = 20 * time.Millisecond // the time between two calls doubles
	rarestLook = time.Second
)

// wait lets a return from a provider wait for the same return in another request. It calls over
// at growing intervals until that reports true. It reports false if that did not happen in time,
// or if maxReturnsWaiting returns wait already, since each calls the store repeatedly.
// [CodeUnavailable]: ctx ended; other errors are those of over.
func (p *providers) wait(ctx context.Context, over func() (bool, error)) (bool, error) {
	select {
	case p.waiting <- struct{}{}:
		defer func() { <-p.waiting }()
	default:
		return false, nil
	}
	pause := firstLook
	for waited := time.Duration(0); waited < longestWait; waited += pause {
		if yes, err := over(); yes || err != nil {
			return yes, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return false, unavailable(ctx.Err())
		}
		pause = min(2*pause, rarestLook)
	}
	return false, nil
}
