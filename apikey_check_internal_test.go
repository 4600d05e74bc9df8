package authkit

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// keyStore answers one live key, and keeps what is written of its use.
type keyStore struct {
	KeyStore

	key     APIKey
	fails   error
	touched map[uuid.UUID]time.Time
}

func (k *keyStore) APIKey(_ context.Context, app uuid.UUID, hash []byte, _ time.Time) (APIKey, error) {
	if k.fails != nil {
		return APIKey{}, k.fails
	}
	if app != k.key.App || string(hash) != string(k.key.Hash) {
		return APIKey{}, ErrNotFound
	}
	return k.key, nil
}

func (k *keyStore) TouchAPIKeys(_ context.Context, _ uuid.UUID, used map[uuid.UUID]time.Time) error {
	if k.fails != nil {
		return k.fails
	}
	k.touched = used
	return nil
}

func TestAnAPIKeyIsCheckedInOneQuestion(t *testing.T) {
	t.Parallel()
	app, other := newID(testTime), newID(testTime)
	text := token.NewAPIKey(app)
	live := APIKey{App: app, ID: newID(testTime), Hash: token.Hash([]byte(text))}
	for name, c := range map[string]struct {
		text  string
		fails error
		code  Code
	}{
		"the live key":                     {text, nil, ""},
		"another key of the app":           {token.NewAPIKey(app), nil, CodeInvalidAPIKey},
		"a key of another app":             {token.NewAPIKey(other), nil, CodeInvalidAPIKey},
		"text that is no key":              {"ak_nothing", nil, CodeInvalidAPIKey},
		"a store that is out of order":     {text, errors.New("down"), CodeUnavailable},
		"a store that does not know a key": {text, ErrNotFound, CodeInvalidAPIKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := newAPIKeys(&keyStore{key: live, fails: c.fails}, atTestTime)
			got, err := keys.check(t.Context(), c.text)
			if c.code == "" {
				if err != nil || got.ID != live.ID {
					t.Errorf("got %v and %v, want the live key", got.ID, err)
				}
				return
			}
			if !errors.Is(err, c.code) {
				t.Errorf("got %v, want %s", err, c.code)
			}
		})
	}
}

func TestTheUseOfAnAPIKeyIsWrittenByTheNextFlushThatCan(t *testing.T) {
	t.Parallel()
	app := newID(testTime)
	text := token.NewAPIKey(app)
	store := &keyStore{key: APIKey{App: app, ID: newID(testTime), Hash: token.Hash([]byte(text))}}
	keys := newAPIKeys(store, atTestTime)
	if _, err := keys.check(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	store.fails = errors.New("down")
	if err := keys.flush(t.Context()); err == nil {
		t.Error("a store that is down: got no error")
	}
	store.fails = nil
	if err := keys.flush(t.Context()); err != nil || !store.touched[store.key.ID].Equal(testTime) {
		t.Errorf("the next flush: got %v and %v, want the use at %v", err, store.touched, testTime)
	}
	store.touched = nil
	if err := keys.flush(t.Context()); err != nil || store.touched != nil {
		t.Errorf("a flush without a use: got %v and %v, want nothing written", err, store.touched)
	}
}

func TestWhatWaitsOfTheUseOfAPIKeysIsBounded(t *testing.T) {
	t.Parallel()
	uses, app := newLastUses(), newID(testTime)
	for range maxLastUses + 10 {
		uses.add(app, newID(testTime), testTime)
	}
	if got := len(uses.take()[app]); got != maxLastUses {
		t.Errorf("got %d keys that wait, want %d", got, maxLastUses)
	}
}
