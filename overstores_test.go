package authkit_test

import (
	"os"
	"testing"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// overStores runs a script on each available store.
func overStores(t *testing.T, script func(s *stage)) {
	t.Helper()
	onEveryStore(t, func(t *testing.T, store authkit.Store) { script(newStageOn(t, store, withoutLimits)) })
}

// onEveryStore runs a test on each available store.
func onEveryStore(t *testing.T, test func(t *testing.T, store authkit.Store)) {
	t.Helper()
	open := map[string]func(testing.TB) (authkit.Store, func(uuid.UUID, int)){"memory": openMemory, "sqlite": openSQLite}
	if os.Getenv("AUTHKIT_TEST_POSTGRES") != "" {
		open["postgres"] = openPostgres
	}
	for name, open := range open {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, _ := open(t)
			test(t, store)
		})
	}
}

func TestEveryFlowOverEveryStore(t *testing.T) {
	t.Parallel()
	overStores(t, everyFlow)
}

func everyFlow(s *stage) {
	for _, f := range flows() {
		f.wellDone(s.t, s.do(f.ready(s)()))
	}
}

// This test sets the server's default isolation. authkit's own transactions name theirs.
func TestEveryFlowAtEveryIsolation(t *testing.T) {
	t.Parallel()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
		return
	}
	for _, level := range []string{"repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			store, _ := openPostgresAt(t, level)
			everyFlow(newStageOn(t, store, withoutLimits))
		})
	}
}
