package authkit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/token"
)

// limit is a rate: so many at once, then one every window/most.
type limit struct {
	name   string
	most   int
	window time.Duration
}

// The limits of every app.
var (
	limitCredentialsPeer  = limit{"credentials/ip", 20, time.Minute}
	limitCredentialsEmail = limit{"credentials/email", 10, time.Minute}
	limitSignupPeer       = limit{"signup/ip", 20, time.Hour}
	limitMailPeer         = limit{"mail/ip", 30, time.Hour}
	limitMailEmail        = limit{"mail/email", 5, time.Hour}
	limitOAuthPeer        = limit{"oauth/ip", 60, time.Minute}
	limitCodeEmail        = limit{"code/email", 20, 20 * 24 * time.Hour} // a key lives one day
)

// by counts the limit for one subject. Subjects are hashed with a key, so that a store
// that leaks tells no addresses.
func (e *Engine) by(l limit, subject string) Hit {
	mac := e.ring.MAC("limit", []byte(l.name), []byte(subject))
	return Hit{Key: l.name + "/" + token.Encode(mac[:16]), Limit: l.most, Window: l.window}
}

// byPeer counts for an address; a Go caller who tells none is not counted.
func (e *Engine) byPeer(l limit, ip string) []Hit {
	if ip == "" {
		return nil
	}
	return []Hit{e.by(l, httpio.PeerKey(ip))}
}

// hit counts, and refuses with [CodeRateLimited] when a limit is full.
func (e *Engine) hit(ctx context.Context, app uuid.UUID, hits ...Hit) error {
	if e.cfg.Limits.InsecureOff || len(hits) == 0 {
		return nil
	}
	got, err := e.store.Hit(ctx, app, hits, e.now())
	switch {
	case errors.Is(err, ErrNotFound):
		return unknownApp()
	case err != nil:
		return unavailable(fmt.Errorf("count a limit of app %s: %w", app, err))
	case got.Full >= 0:
		return &Error{Code: CodeRateLimited, Detail: "too many requests; wait and try again", RetryAfter: max(got.RetryAfter, time.Second)}
	}
	return nil
}
