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

// retiredEvery is how often [Engine.Run] asks whether the newest secret is still in use.
const retiredEvery = time.Minute

// noted are the secrets of this process. The store has a note of the newest before that seals
// anything: a deployment that lacks a noted secret does not start, instead of failing for the
// apps that it cannot open.
type noted struct {
	ids   []string // of Config.Secrets
	store SecretStore

	mu     sync.Mutex
	looked time.Time
}

// newest is the secret that seals.
func (n *noted) newest() string { return n.ids[0] }

// admit notes the newest secret. It refuses where the store has a note of a secret that is
// not among Config.Secrets.
func (n *noted) admit(ctx context.Context) ([]SecretNote, error) {
	notes, err := n.store.NoteSecret(ctx, n.newest(), n.ids)
	switch {
	case errors.Is(err, ErrConflict):
		return nil, n.missing(notes)
	case err != nil:
		return nil, fmt.Errorf("note the secret in use: %w", err)
	}
	return notes, nil
}

// missing names the secrets that the store has a note of and this process does not hold.
func (n *noted) missing(notes []SecretNote) error {
	var ids []string
	for _, note := range notes {
		if !slices.Contains(n.ids, note.ID) {
			ids = append(ids, note.ID)
		}
	}
	return fmt.Errorf("field Config.Secrets holds %v, but the store may hold what other secrets sealed: "+
		"give those too, the newest first, until Engine.Reseal has made them needless: %w", n.ids, &seal.MissingError{IDs: ids})
}

// look tells of a newest secret that a reseal has retired, which this process goes on with.
func (n *noted) look(ctx context.Context, now time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if now.Sub(n.looked).Abs() < retiredEvery {
		return nil
	}
	notes, err := n.store.Secrets(ctx)
	if err != nil {
		return fmt.Errorf("look for retired secrets: %w", err)
	}
	n.looked = now
	if !slices.Contains(notes, SecretNote{ID: n.newest()}) {
		return fmt.Errorf("the secret %s was retired by a reseal: restart this process with the newest secret first", n.newest())
	}
	return nil
}
