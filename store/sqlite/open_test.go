package sqlite

import (
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// modes returns the files of a folder with their permissions.
func modes(t *testing.T, dir string) map[string]fs.FileMode {
	t.Helper()
	out := map[string]fs.FileMode{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = info.Mode().Perm()
	}
	return out
}

func TestOnlyItsOwnerMayReadANewFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file        string
		there, want fs.FileMode
	}{
		"that is new":                           {"a.db", 0, 0o600},
		"that is new, with the name of a URI":   {"file:a.db?mode=memory", 0, 0o600},
		"unless it was there, with a mode":      {"a.db", 0o640, 0o640},
		"unless it was there, with another one": {"a.db", 0o666, 0o666},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, c.file)
			if c.there != 0 {
				if err := os.WriteFile(path, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(path, c.there); err != nil {
					t.Fatal(err)
				}
			}
			for _, round := range []string{"first", "second"} {
				s, err := Open(t.Context(), path)
				if err != nil {
					t.Fatal(err)
				}
				got := modes(t, dir)
				for _, file := range []string{c.file, c.file + "-wal", c.file + "-shm"} {
					if got[file] != c.want {
						t.Errorf("%s time: got mode %04o of %s among %v, want %04o", round, got[file], file, got, c.want)
					}
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestMemoryIsNoFile changes the working directory, so it does not run in parallel.
func TestMemoryIsNoFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{":memory:", ""} {
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatalf("Open(%q): got %v, want a store", path, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close %q: got %v, want nil", path, err)
		}
	}
	s, err := Open(t.Context(), "file:a.db")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(".")
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	if want := []string{"file:a.db"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("files: got %q, %v, want %q: a path is no URI", names, err, want)
	}
}

// TestOpenWaitsForAnotherProcessWithANewFile acts as another process that is about to turn the file to WAL:
// SQLite itself does not wait for that.
func TestOpenWaitsForAnotherProcessWithANewFile(t *testing.T) {
	t.Parallel()
	for _, begin := range []string{"begin immediate", "begin exclusive"} {
		t.Run(begin, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "auth.db")
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			other, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			for _, stmt := range []string{"create table other (n)", begin, "select * from other"} {
				if _, err := other.ExecContext(t.Context(), stmt); err != nil {
					t.Fatal(err)
				}
			}
			opened := make(chan error, 1)
			go func() {
				s, err := Open(t.Context(), path)
				if err == nil {
					err = s.Close()
				}
				opened <- err
			}()
			select {
			case err := <-opened:
				t.Errorf("Open beside a writer: got %v, want it to wait", err)
				return
			case <-time.After(200 * time.Millisecond):
			}
			if _, err := other.ExecContext(t.Context(), "commit"); err != nil {
				t.Fatal(err)
			}
			if err := <-opened; err != nil {
				t.Errorf("Open once the writer is done: got %v, want nil", err)
			}
		})
	}
}

// TestTheFileAloneHoldsTheDataAfterASweep copies only the database file while the store is open.
func TestTheFileAloneHoldsTheDataAfterASweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	copied := func(name string) *Store {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Open(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	if names, err := Pending(t.Context(), copied("new.db").own[0]); err != nil || len(names) > 0 {
		t.Errorf("a copy of a new file: got %v pending, %v, want none", names, err)
	}
	app := authkit.App{ID: uuid.New(), Developer: "host:1", Name: "A", NameKey: "a"}
	if err := s.CreateApp(t.Context(), authkit.NewApp{App: app, First: authkit.SigningKey{KID: "k"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sweep(t.Context(), time.Now(), 1000); err != nil {
		t.Fatal(err)
	}
	if _, err := copied("idle.db").App(t.Context(), app.ID); err != nil {
		t.Errorf("a copy after a sweep: got %v, want the app in it", err)
	}
	for range 500 { // several pages each
		e := authkit.Event{ID: uuid.New(), Time: time.Now(), Detail: make([]byte, 8192)}
		if err := s.Put(t.Context(), authkit.Put{App: app.ID, Riders: authkit.Riders{Events: []authkit.Event{e}}}); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() > 2<<20 {
		t.Errorf("the -wal file after 4 MB: got %v, %v, want about one MiB at most", info.Size(), err)
	}
}
