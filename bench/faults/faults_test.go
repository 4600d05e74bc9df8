package main

import (
	"os"
	"testing"

	"github.com/authkit-dev/authkit/bench/faults/network"
)

func TestMain(m *testing.M) {
	serveIfChild()
	network.Child()
	os.Exit(m.Run())
}

// Postgres has to be there for the cases that need it, as for every test of the stores.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, f := range faults() {
		if f.postgres && os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			r := examine(t.Context(), f, form{})
			t.Log("\n" + r.text())
			if len(r.broken) > 0 {
				t.Errorf("got %d broken promises, want: %s", len(r.broken)+r.more, f.promise)
			}
		})
	}
}
