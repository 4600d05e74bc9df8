package authkit

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/seal"
)

// noteStore keeps notes of secrets.
type noteStore struct {
	resealStore

	notes []SecretNote
}

func (n *noteStore) NoteSecret(_ context.Context, id string, known []string) ([]SecretNote, error) {
	for _, note := range n.notes {
		if !slices.Contains(known, note.ID) {
			return n.notes, ErrConflict
		}
	}
	n.notes = append(n.notes, SecretNote{ID: id})
	return n.notes, nil
}

func (n *noteStore) Secrets(context.Context) ([]SecretNote, error) { return n.notes, nil }

func TestSecretsAreNotedBeforeTheySeal(t *testing.T) {
	t.Parallel()
	store := &noteStore{}
	s := newSecrets(testRing(t), store, atTestTime)
	if _, err := s.noteNewest(t.Context()); err != nil || len(store.notes) != 1 || store.notes[0].ID != s.newest() {
		t.Fatalf("got notes %v and %v, want one of the newest secret", store.notes, err)
	}
	if err := s.checkRetired(t.Context()); err != nil {
		t.Errorf("a secret in use: got %v", err)
	}
}

func TestASecretThatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	store := &noteStore{notes: []SecretNote{{ID: "00112233aabbccdd"}}}
	_, err := newSecrets(testRing(t), store, atTestTime).noteNewest(t.Context())
	missing, ok := errors.AsType[*seal.MissingError](err)
	if !ok || !slices.Equal(missing.IDs, []string{"00112233aabbccdd"}) || !strings.Contains(err.Error(), "Config.Secrets") {
		t.Errorf("got %v, want the missing secret and the field", err)
	}
}

func TestAProcessLearnsThatItsNewestSecretIsRetired(t *testing.T) {
	t.Parallel()
	store := &noteStore{}
	s := newSecrets(testRing(t), store, atTestTime)
	store.notes = []SecretNote{{ID: s.newest(), Retired: true}}
	if err := s.checkRetired(t.Context()); err == nil {
		t.Fatal("got no error")
	}
}
