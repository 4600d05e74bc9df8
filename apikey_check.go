package authkit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// apiKeys checks API keys and notes when each was last used, in batches. It is safe for
// concurrent use.
type apiKeys struct {
	store KeyStore
	now   func() time.Time
	used  *lastUses
}

func newAPIKeys(store KeyStore, now func() time.Time) *apiKeys {
	return &apiKeys{store: store, now: now, used: newLastUses()}
}

// check is [Engine.CheckAPIKey].
func (k *apiKeys) check(ctx context.Context, text string) (APIKey, error) {
	app, ok := token.ParseAPIKey(text)
	if !ok {
		return APIKey{}, refuse(CodeInvalidAPIKey, "the API key is not well formed")
	}
	now := k.now()
	key, err := k.store.APIKey(ctx, app, token.Hash([]byte(text)), now)
	switch {
	case errors.Is(err, ErrNotFound):
		return APIKey{}, refuse(CodeInvalidAPIKey, "the API key is unknown, inactive or expired")
	case err != nil:
		return APIKey{}, unavailable(fmt.Errorf("check an API key of app %s: %w", app, err))
	}
	k.used.add(app, key.ID, now)
	return key, nil
}

// flush writes when keys were last used. What cannot be written waits for the next flush.
func (k *apiKeys) flush(ctx context.Context) error {
	var all error
	for app, used := range k.used.take() {
		if err := k.store.TouchAPIKeys(ctx, app, used); err != nil && !errors.Is(err, ErrNotFound) {
			k.used.putBack(app, used)
			all = errors.Join(all, fmt.Errorf("note the use of API keys: %w", err))
		}
	}
	return all
}

// lastUses remembers when API keys were last used, until the next flush.
type lastUses struct {
	mu sync.Mutex
	at map[uuid.UUID]map[uuid.UUID]time.Time // by app, by key
	n  int
}

// maxLastUses bounds how many uses wait for a flush. Further ones are dropped.
const maxLastUses = 65536

func newLastUses() *lastUses { return &lastUses{at: map[uuid.UUID]map[uuid.UUID]time.Time{}} }

func (t *lastUses) add(app, key uuid.UUID, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	keys := t.at[app]
	if keys == nil {
		keys = map[uuid.UUID]time.Time{}
		t.at[app] = keys
	}
	last, known := keys[key]
	if !known {
		if t.n >= maxLastUses {
			return
		}
		t.n++
	}
	if now.After(last) {
		keys[key] = now
	}
}

// putBack adds uses that could not be written. Later uses of the same keys win.
func (t *lastUses) putBack(app uuid.UUID, keys map[uuid.UUID]time.Time) {
	for key, at := range keys {
		t.add(app, key, at)
	}
}

// take returns all uses and empties the set.
func (t *lastUses) take() map[uuid.UUID]map[uuid.UUID]time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.at
	t.at, t.n = map[uuid.UUID]map[uuid.UUID]time.Time{}, 0
	return all
}
