package authkit_test

import (
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/storetest"
)

func TestUseOfAKeyIsNotedOnceTheStoreIsBack(t *testing.T) {
	t.Parallel()
	faulty := storetest.NewFaulty(memory.New())
	w := setup(t, func(c *authkit.Config) { c.Store = faulty })
	used := w.clock.now()
	if _, err := w.engine.CheckAPIKey(t.Context(), w.key); err != nil {
		t.Fatal(err)
	}
	faulty.FailAlways(true)
	if err := w.engine.RunOnce(t.Context()); err == nil {
		t.Error("RunOnce on a silent store: got nil, want an error")
	}
	faulty.FailAlways(false)
	w.clock.advance(time.Second)
	if err := w.engine.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys, err := w.engine.APIKeys(t.Context(), w.devID, w.app.ID)
	if err != nil || len(keys) != 1 || !keys[0].LastUsedAt.Equal(used) {
		t.Errorf("keys: got %+v, %v, want one last used at %v", keys, err, used)
	}
}
