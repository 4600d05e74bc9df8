package authkit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

const (
	explainKept = 24 * time.Hour
	explainMost = 1000 // of one app
)

// Explain returns why a request to a developer's app was refused: the rule, what was received, what
// is allowed, and what to change. The newest 1,000 refusals of an app are kept, for 24 hours.
// [Engine.Run] of the process that refused writes them, so that other processes know them five seconds
// later; a process that crashes loses its last five seconds.
//
// [CodeAppNotFound]; [CodeNotFound]: the app has no such refusal. A request that was not refused has
// none, and neither has one to another app.
func (e *Engine) Explain(ctx context.Context, ref AppRef, request uuid.UUID) (Explanation, error) {
	app, err := e.OwnApp(ctx, ref)
	if err != nil {
		return Explanation{}, err
	}
	if x, ok := e.http.explanations.waiting(app.ID, request); ok {
		return x, nil
	}
	x, err := e.store.Explanation(ctx, app.ID, request, e.now())
	switch {
	case errors.Is(err, ErrNotFound):
		return Explanation{}, refuse(CodeNotFound, "the app has no refused request of this id; the newest 1,000 are kept, for 24 hours")
	case err != nil:
		return Explanation{}, unavailable(fmt.Errorf("read an explanation of app %s: %w", app.ID, err))
	}
	return x, nil
}
