package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/authkit-dev/authkit/bench/faults/network"
)

func TestMain(m *testing.M) {
	serveIfChild()
	network.Child()
	os.Exit(m.Run())
}

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// A case is listed where what it needs is there, as are the stores in their tests.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, f := range faults() {
		if f.postgres && os.Getenv("AUTHKIT_TEST_POSTGRES") == "" || f.program != "" && !installed(f.program) {
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
