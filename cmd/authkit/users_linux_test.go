package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe has no place for a note beside it, and cannot be read again.
func TestAnImportOfAPipeHasNoNote(t *testing.T) {
	t.Parallel()
	_, app, run, flags := manager(t, "sqlite:"+filepath.Join(t.TempDir(), "authkit.db"))
	pipe := filepath.Join(t.TempDir(), "users")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() { written <- os.WriteFile(pipe, []byte("{\"email\":\"ann@example.com\"}\n{"), 0o600) }()
	refused(t, "refused lines: 1", append([]string{"users", "import", "--app", app, pipe}, flags...)...)
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if got := run("users", "export", "--app", app, "-"); strings.Count(got, "\n") != 1 {
		t.Errorf("users: got %s, want one", got)
	}
	if all, err := os.ReadDir(filepath.Dir(pipe)); err != nil || len(all) != 1 {
		t.Errorf("beside the pipe: got %v, %v, want nothing", all, err)
	}
	refused(t, "--resume needs a file", append([]string{"users", "import", "--app", app, pipe, "--resume"}, flags...)...)
}
