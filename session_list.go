package authkit

import (
	"context"
)

// Sessions lists the live sessions of a user, newest first.
func (e *Engine) Sessions(ctx context.Context, ref UserRef) ([]Session, error) {
	if err := e.cfg.refuseDisabledConsole(ref.App); err != nil {
		return nil, err
	}
	return e.sessions.list(ctx, ref)
}
