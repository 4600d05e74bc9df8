package sqlite

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
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

func TestANewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.own[0].ExecContext(t.Context(), "insert into authkit_migrations values ('0999_later.sql', 'x')")
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "newer version of authkit") {
		t.Errorf("Open: got %v, want one that names a newer version", err)
	}
}
