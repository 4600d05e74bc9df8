package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/migrate"
)

func TestManyProcessesMayStartAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := Open(t.Context(), path)
			if err != nil {
				t.Errorf("got %v, want a store", err)
				return
			}
			if err := s.Close(); err != nil {
				t.Errorf("got %v, want nil", err)
			}
		})
	}
	wg.Wait()
}

func TestAnAppIsSeenByAnotherHandle(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	var stores [2]*Store
	for i := range stores {
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		stores[i] = s
	}
	app := authkit.App{ID: uuid.New(), Developer: "host:1", Name: "A", NameKey: "a"}
	if err := stores[0].CreateApp(t.Context(), authkit.NewApp{App: app, First: authkit.SigningKey{KID: "k"}}); err != nil {
		t.Fatal(err)
	}
	got, err := stores[1].App(t.Context(), app.ID)
	if err != nil || got.Version != 1 || len(got.Keys) != 1 {
		t.Errorf("got %+v, %v, want version 1 with one key", got, err)
	}
	if _, err := stores[1].Users(t.Context(), uuid.New(), authkit.UserQuery{Page: authkit.Page{Limit: 1}}); !errors.Is(err, authkit.ErrNotFound) {
		t.Errorf("got %v, want %v", err, authkit.ErrNotFound)
	}
}

func TestNewSaysWhichPragmasAreMissing(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "a.db")+"?_pragma=synchronous(NORMAL)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	_, err = New(t.Context(), db, db)
	for _, want := range []string{"foreign_keys of the write", "synchronous of the write", "busy_timeout of the write", "busy_timeout of the read"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New: got %v, want one that names %q", err, want)
		}
	}
}

func TestAnyNumberOfMigrationsIsApplied(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	files := fstest.MapFS{}
	for i := range 25 {
		files[fmt.Sprintf("%04d.sql", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "create table t%d (x integer)", i)}
	}
	done, err := migrate.Run(t.Context(), newConn(db, db), files, nil)
	if err != nil || len(done) != len(files) {
		t.Errorf("Run: got %d migrations, %v, want %d", len(done), err, len(files))
	}
}

func TestANewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = handle(t, path).ExecContext(t.Context(), "insert into authkit_migrations values ('0999_later.sql', 'x')")
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "newer version of authkit") {
		t.Errorf("Open: got %v, want one that names a newer version", err)
	}
}

// handle opens the file once more, for statements of a test's own.
func handle(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
