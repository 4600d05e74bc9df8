package memory

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func keyAge(k authkit.APIKey) age { return age{k.CreatedAt, k.ID} }

func (t *tenant) addKey(k authkit.APIKey) {
	k = copyAPIKey(k)
	k.App = t.app.ID
	t.keys[k.ID] = k
	t.hashes[string(k.Hash)] = k.ID
}

// newestKeys returns copies of all keys, newest first.
func (t *tenant) newestKeys() []authkit.APIKey {
	var out []authkit.APIKey
	for _, k := range t.keys {
		out = append(out, copyAPIKey(k))
	}
	slices.SortFunc(out, func(a, b authkit.APIKey) int { return keyAge(b).compare(keyAge(a)) })
	return out
}

// APIKey implements [authkit.KeyStore].
func (s *Store) APIKey(ctx context.Context, app uuid.UUID, hash []byte, now time.Time) (authkit.APIKey, error) {
	var out authkit.APIKey
	err := s.in(ctx, app, func(t *tenant) error {
		k, ok := t.keys[t.hashes[string(hash)]]
		if !ok || t.suspended || !k.Active || expired(k, micro(now)) {
			return authkit.ErrNotFound
		}
		out = copyAPIKey(k)
		return nil
	})
	return out, err
}

func expired(k authkit.APIKey, now time.Time) bool {
	return !k.ExpiresAt.IsZero() && !k.ExpiresAt.After(now)
}

// APIKeys implements [authkit.KeyStore].
func (s *Store) APIKeys(ctx context.Context, app uuid.UUID) ([]authkit.APIKey, error) {
	var out []authkit.APIKey
	err := s.in(ctx, app, func(t *tenant) error { out = t.newestKeys(); return nil })
	return out, err
}

// RotateAPIKey implements [authkit.KeyStore].
func (s *Store) RotateAPIKey(ctx context.Context, r authkit.KeyRotation) error {
	return s.in(ctx, r.App, func(t *tenant) error {
		_, id := t.keys[r.Next.ID]
		_, hash := t.hashes[string(r.Next.Hash)]
		if id || hash {
			return authkit.ErrConflict
		}
		riders := t.own(r.Riders)
		if err := t.check(riders, nil); err != nil {
			return err
		}
		t.retire(micro(r.Next.CreatedAt), micro(r.OldUntil), r.MaxLive-1)
		t.forgetKeys(r.Keep)
		t.addKey(r.Next)
		t.write(riders)
		return nil
	})
}

// forgetKeys removes all inactive keys but the newest ones.
func (t *tenant) forgetKeys(keep int) {
	if keep == 0 {
		return
	}
	for _, k := range t.newestKeys() {
		if k.Active {
			continue
		}
		if keep--; keep < 0 {
			delete(t.keys, k.ID)
			delete(t.hashes, string(k.Hash))
		}
	}
}

// retire keeps the newest keys active until the given time. An expired key does not count among
// them.
func (t *tenant) retire(now, until time.Time, stay int) {
	for _, k := range t.newestKeys() {
		if !k.Active {
			continue
		}
		if stay <= 0 || !until.After(now) || expired(k, now) {
			k.Active = false
		} else {
			stay--
			if k.ExpiresAt.IsZero() || k.ExpiresAt.After(until) {
				k.ExpiresAt = until
			}
		}
		t.keys[k.ID] = k
	}
}

// RevokeAPIKey implements [authkit.KeyStore].
func (s *Store) RevokeAPIKey(ctx context.Context, app, id uuid.UUID, riders authkit.Riders) error {
	return s.in(ctx, app, func(t *tenant) error {
		k, ok := t.keys[id]
		if !ok || !k.Active {
			return authkit.ErrNotFound
		}
		riders = t.own(riders)
		if err := t.check(riders, nil); err != nil {
			return err
		}
		k.Active = false
		t.keys[id] = k
		t.write(riders)
		return nil
	})
}

// TouchAPIKeys implements [authkit.KeyStore].
func (s *Store) TouchAPIKeys(ctx context.Context, app uuid.UUID, used map[uuid.UUID]time.Time) error {
	return s.in(ctx, app, func(t *tenant) error {
		for id, at := range used {
			if k, ok := t.keys[id]; ok && micro(at).After(k.LastUsedAt) {
				k.LastUsedAt = micro(at)
				t.keys[id] = k
			}
		}
		return nil
	})
}
