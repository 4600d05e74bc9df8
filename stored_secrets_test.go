package authkit_test

import (
	"bytes"
	"encoding/base64"
	"index/suffixarray"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// This test runs every flow over a database file. Then it looks for every secret in the bytes of the
// file: a person who reads a store or its backup must find nothing to use.
func TestNoSecretIsStored(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "auth.db")
	w := newWatched(t, func(t *testing.T) authkit.Store {
		t.Helper()
		s, err := sqlite.Open(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	})
	for _, f := range flows() {
		f.wellDone(t, w.do(w.ready(f)()))
		w.clock.Advance(time.Second) // so that the newest has a later time
	}
	var stored []byte
	for _, name := range []string{file, file + "-wal"} {
		stored = append(stored, read(t, name)...)
	}
	if found := append(w.spy.leaks(string(stored)), w.spy.bytesIn(stored)...); len(found) > 0 {
		t.Errorf("the store: got %q, want no secret", found)
	}
	if len(w.spy.knows) < 300 {
		t.Errorf("got %d secrets to look for, want those of all flows", len(w.spy.knows))
	}
	there := newSpy() // what is stored as it is, so that this test can fail
	there.learn("a text", "dev@example.com")
	there.learn("a hash", base64.RawURLEncoding.EncodeToString(token.Hash([]byte(w.key))))
	if there.leaks(string(stored)) == nil || there.bytesIn(stored) == nil {
		t.Error("an address and a hash: got one or both not found, want them")
	}
}

// bytesIn returns the secrets whose bytes are in data, where their texts are base64url.
func (s *spy) bytesIn(data []byte) (found []string) {
	index := suffixarray.New(data)
	for secret, where := range s.knows {
		_, opaque, prefixed := strings.Cut(secret, "_")
		if !prefixed {
			opaque = secret
		}
		for _, text := range []string{secret, opaque} {
			raw, err := base64.RawURLEncoding.DecodeString(text)
			blank := bytes.Count(raw, []byte{0}) == len(raw) // a binding that a flow makes up, and pages are full of
			if err == nil && len(raw) >= 16 && !blank && len(index.Lookup(raw, 1)) > 0 {
				found = append(found, where+", its bytes")
			}
		}
	}
	slices.Sort(found)
	return found
}
