package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// This test bounds the command as releases have it, without symbols. Over two megabytes are package passkey
// with its WebAuthn library, and the flows and pages of second factors.
func TestTheCommandIsSmall(t *testing.T) {
	t.Parallel()
	const most = 33_500_000
	program := filepath.Join(t.TempDir(), "authkit")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the command has %d bytes", info.Size())
	if info.Size() > most {
		t.Errorf("the command: got %d bytes, want at most %d", info.Size(), most)
	}
}
