package verify

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	keyLead  = 15 * time.Minute // how long the issuer publishes a key before it signs
	keepFor  = 24 * time.Hour   // keys count no longer, whatever the issuer's state
	cooldown = 30 * time.Second // between fetches for unknown keys; the least age
	retry    = 5 * time.Second  // after a fetch that failed
)

// keys remembers the issuer's keys.
type keys struct {
	source *source
	log    *slog.Logger
	now    func() time.Time

	mu      sync.Mutex
	set     map[string]key
	fetched time.Time     // when the set was asked for; zero: never
	fresh   time.Duration // how long since then it is not asked for again
	asked   time.Time     // when an unknown key last had it fetched

	flight chan struct{} // closed when the fetch under way ends; nil: none is
	failed error         // of the last fetch
	tried  time.Time     // when it failed
}

// find answers the key of an id, after a fetch if one is due: [ErrInvalid] if the issuer
// has no such key, [ErrUnavailable] if that cannot be told.
func (k *keys) find(ctx context.Context, kid string) (key, error) {
	if flight := k.refresh(ctx, kid); flight != nil {
		select {
		case <-flight:
		case <-ctx.Done():
			return key{}, unavailable(ctx.Err())
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch found, ok := k.set[kid]; {
	case passed(k.fetched, k.now(), keepFor):
		return key{}, unavailable(k.failed)
	case ok:
		return found, nil
	case k.failed != nil: // it may be a new one
		return key{}, unavailable(k.failed)
	default:
		return key{}, invalid("unknown key %q", kid)
	}
}

// refresh starts a fetch if one is due, and answers the one that is worth waiting for. It is
// not for a key that is at hand and fresh, nor while the issuer is in trouble: then the
// keys at hand do, and the fetch runs beside.
func (k *keys) refresh(ctx context.Context, kid string) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	_, known := k.set[kid]
	old := passed(k.fetched, now, k.fresh)
	switch {
	case k.flight != nil:
	case old && (k.failed == nil || passed(k.tried, now, retry)):
		k.start(ctx, now)
	case !old && !known && passed(k.asked, now, cooldown):
		k.asked = now
		k.start(ctx, now)
	}
	troubled := k.failed != nil && !passed(k.fetched, now, keepFor)
	if known && (!old || troubled) {
		return nil
	}
	return k.flight
}

// start fetches the keys for all who wait: the flight must not end with the one who happens
// to be first.
func (k *keys) start(ctx context.Context, now time.Time) {
	ctx = context.WithoutCancel(ctx)
	flight := make(chan struct{})
	k.flight = flight
	go func() {
		defer close(flight)
		ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
		defer cancel()
		set, fresh, err := k.source.fetch(ctx)
		if err != nil {
			k.log.WarnContext(ctx, "verify: the keys cannot be fetched", slog.String("issuer", k.source.issuer), slog.Any("error", err))
		}
		k.land(set, fresh, now, err)
	}()
}

// land keeps what a flight brought; a failed one leaves the keys as they are.
func (k *keys) land(set map[string]key, fresh time.Duration, began time.Time, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.flight, k.failed = nil, err
	if err != nil {
		k.tried = k.now()
		return
	}
	k.set, k.fetched, k.fresh = set, began, fresh
}

func unavailable(err error) error {
	if err == nil {
		return ErrUnavailable
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// passed says whether so much time has gone by. A time well in the future says that the
// clock was set back: how much has gone by nobody knows.
func passed(since, now time.Time, d time.Duration) bool {
	age := now.Sub(since)
	return age >= d || age < -leeway
}
