package authkit

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// ExplainStore keeps for a while why requests were refused.
type ExplainStore interface {
	// AddExplanations adds explanations to an app, in one step, and removes all but the newest most of
	// it. The order of their RequestID is that of time. Of two for one request the first one stays.
	AddExplanations(ctx context.Context, app uuid.UUID, list []Explanation, most int) error

	// Explanation returns the explanation of a request. [ErrNotFound]: there is none in this app, or
	// it is expired at now.
	Explanation(ctx context.Context, app, request uuid.UUID, now time.Time) (Explanation, error)
}

// Explanation says why a request was refused. It holds no secret: of one it says the length and the
// form. Each text has 200 characters at most, but for Fix.
type Explanation struct {
	RequestID uuid.UUID // as in X-Request-Id
	Rule      string    // what refused
	Received  string    // the one member at fault
	Allowed   string    // what the rule allows
	Setting   string    // the setting of the app, or the field of Config, that changes it; empty: there is no such setting
	Fix       string    // what to do
	Expires   time.Time // when it is forgotten
}
