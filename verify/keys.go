package verify

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/authkit-dev/authkit/internal/remote"
)

const (
	keyLead  = 15 * time.Minute // how long the issuer publishes a key before signing with it
	keepFor  = 24 * time.Hour   // older keys are not used, whatever state the issuer is in
	cooldown = 30 * time.Second // between fetches for unknown keys, and the least MaxAge
	retry    = 5 * time.Second  // after a fetch that failed
)

// keys remembers the issuer's keys.
type keys struct {
	set remote.Copy[map[string]key]
}

func newKeys(s *source, log *slog.Logger, now func() time.Time) *keys {
	return &keys{remote.Copy[map[string]key]{
		Fetch: s.fetch, Now: now, Limit: fetchTimeout, KeepFor: keepFor, Cooldown: cooldown, Retry: retry,
		Failed: func(err error) {
			log.Warn("verify: the keys cannot be fetched", slog.String("issuer", s.issuer), slog.Any("error", err))
		},
	}}
}

// find returns the key of an id, after a fetch if one is due. The error is [ErrInvalid] if the
// issuer has no such key, and [ErrUnavailable] if that is not known.
func (k *keys) find(ctx context.Context, kid string) (key, error) {
	set, known, err := k.set.Find(ctx, func(set map[string]key) bool { _, ok := set[kid]; return ok })
	switch {
	case known:
		return set[kid], nil
	case err != nil || set == nil:
		return key{}, unavailable(err)
	}
	return key{}, invalid("unknown key %q", kid)
}

func unavailable(err error) error {
	if err == nil {
		return ErrUnavailable
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
