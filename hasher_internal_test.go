package authkit

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"
)

func testHasher() *hasher {
	c := &Config{Password: PasswordConfig{MinLength: 12, MaxLength: 64, MemoryKiB: 8, Time: 1, Threads: 1, Concurrent: 1, Queue: 1, QueueWait: time.Second}, Logger: slog.New(slog.DiscardHandler)}
	return newHasher(c, putStore{}, atTestTime)
}

// putStore takes riders.
type putStore struct{ TokenStore }

func (putStore) Put(context.Context, Put) error { return nil }

func TestTheHasherVerifiesWhatItMade(t *testing.T) {
	t.Parallel()
	h := testHasher()
	who := gateAsker(newID(testTime), Client{})
	phc, err := h.hash(t.Context(), who, "correct horse battery staple")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		pw, phc string
		ok      bool
	}{
		"the password":                     {"correct horse battery staple", phc, true},
		"another password":                 {"correct horse battery stapler", phc, false},
		"an account without a password":    {"correct horse battery staple", "", false},
		"an empty password without a hash": {"", "", false},
	} {
		got, err := h.verify(t.Context(), App{}, Client{}, c.pw, c.phc)
		if got.ok != c.ok || got.renewed != "" || err != nil {
			t.Errorf("%s: got %v, renewed %q and %v, want %v and nothing renewed", name, got.ok, got.renewed, err, c.ok)
		}
	}
	if _, err := h.verify(t.Context(), App{}, Client{}, "any", "$argon2id$damaged"); !errors.Is(err, CodeInternal) {
		t.Errorf("a damaged hash: got %v, want internal", err)
	}
}

func TestAnAccountWithoutAPasswordCostsTheHashOfOneThatHas(t *testing.T) {
	t.Parallel()
	h := testHasher()
	phc, err := h.hash(t.Context(), gateAsker(newID(testTime), Client{}), "correct horse battery staple")
	if err != nil {
		t.Fatal(err)
	}
	if !h.params.Same(h.dummy) || len(h.dummy) != len(phc) {
		t.Errorf("the dummy: got %q, want the parameters and lengths of %q", h.dummy, phc)
	}
}

func TestAHashOfOtherParametersIsRenewedBehindTheRightPasswordAlone(t *testing.T) {
	t.Parallel()
	old, now := testHasher(), testHasher()
	now.params.Time = 2
	who := gateAsker(newID(testTime), Client{})
	phc, err := old.hash(t.Context(), who, "correct horse battery staple")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := now.verify(t.Context(), App{}, Client{}, "another password", phc); got.renewed != "" || err != nil {
		t.Errorf("a wrong password: got renewed %q and %v, want nothing", got.renewed, err)
	}
	got, err := now.verify(t.Context(), App{}, Client{}, "correct horse battery staple", phc)
	if !got.ok || got.renewed == "" || err != nil {
		t.Fatalf("the password: got %v, renewed %q and %v, want another hash", got.ok, got.renewed, err)
	}
	if got, err := now.verify(t.Context(), App{}, Client{}, "correct horse battery staple", got.renewed); !got.ok || got.renewed != "" || err != nil {
		t.Errorf("the renewed hash: got %v, renewed %q and %v, want it to stay", got.ok, got.renewed, err)
	}
}

func TestANewPasswordIsRefusedBeforeItIsHashed(t *testing.T) {
	t.Parallel()
	h := testHasher()
	app, u := App{ID: newID(testTime), Name: "Wonderland"}, User{Name: "Ann Arbor", Email: "ann@example.com"}
	for _, pw := range []string{"", "short", "password1234", "wonderland12", "ann@example.com"} {
		if _, err := h.renew(t.Context(), app, u, pw, Client{}); !errors.Is(err, CodeWeakPassword) {
			t.Errorf("renew %q: got %v, want weak_password", pw, err)
		}
	}
}
