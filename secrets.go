package authkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/authkit-dev/authkit/internal/seal"
)

// retiredEvery is how often [Engine.Run] checks that the newest secret is still in use.
const retiredEvery = time.Minute

// secrets holds Config.Secrets. The store notes the newest secret before it seals anything. So a
// deployment that lacks a noted secret does not start, instead of failing for the apps whose data
// it cannot open. It is safe for concurrent use.
type secrets struct {
	ring  *seal.Ring
	ids   []string // of the secrets, the newest first
	store resealStore
	now   func() time.Time

	chains func(context.Context) (int, error) // seals the audit chains again

	mu     sync.Mutex
	looked time.Time
}

// resealStore is the role of the store that keeps notes of secrets and sealed data.
type resealStore interface {
	SecretStore
	SealStore
}

func newSecrets(ring *seal.Ring, store resealStore, now func() time.Time) *secrets {
	return &secrets{ring: ring, ids: ring.IDs(), store: store, now: now}
}

// newest returns the id of the secret that seals.
func (s *secrets) newest() string { return s.ids[0] }

// noteNewest notes the newest secret. It fails if the store has a note of a secret that is not
// among Config.Secrets.
func (s *secrets) noteNewest(ctx context.Context) ([]SecretNote, error) {
	notes, err := s.store.NoteSecret(ctx, s.newest(), s.ids)
	switch {
	case errors.Is(err, ErrConflict):
		return nil, s.missingError(notes)
	case err != nil:
		return nil, fmt.Errorf("note the secret in use: %w", err)
	}
	return notes, nil
}

// missingError names the secrets that the store has a note of and this process lacks.
func (s *secrets) missingError(notes []SecretNote) error {
	var ids []string
	for _, note := range notes {
		if !slices.Contains(s.ids, note.ID) {
			ids = append(ids, note.ID)
		}
	}
	return fmt.Errorf("field Config.Secrets holds %v, but the store may hold what other secrets sealed: "+
		"give those too, the newest first, until Engine.Reseal has made them needless: %w", s.ids, &seal.MissingError{IDs: ids})
}

// checkRetired returns an error if a reseal has retired the newest secret of this process. The
// process goes on with it.
func (s *secrets) checkRetired(ctx context.Context) error {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.looked).Abs() < retiredEvery {
		return nil
	}
	notes, err := s.store.Secrets(ctx)
	if err != nil {
		return fmt.Errorf("look for retired secrets: %w", err)
	}
	s.looked = now
	if !slices.Contains(notes, SecretNote{ID: s.newest()}) {
		return fmt.Errorf("the secret %s was retired by a reseal: restart this process with the newest secret first", s.newest())
	}
	return nil
}
