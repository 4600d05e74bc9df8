package sqlite

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T) (*Store, *sql.DB) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "a.db")
		s, err := Open(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		db, err := sql.Open("sqlite", file+"?_pragma=busy_timeout(5000)&_pragma=wal_autocheckpoint(0)")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return s, db
	}
	exec := func(t *testing.T, db *sql.DB, text string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ does, code, seen string }{
		"a store that is well":               {`select 1`, "", ""},
		"a log that no checkpoint has moved": {`create table host (b blob); insert into host values (zeroblob(20000000))`, authkit.FindingWALGrows, "-wal"},
		"a log that is within its bounds":    {`create table host (b blob); insert into host values (zeroblob(2000000))`, "", ""},
		"a migration that is pending":        {`delete from authkit_migrations where version = (select max(version) from authkit_migrations)`, authkit.FindingSchemaPending, "0011"},
		"a migration of a newer version":     {`insert into authkit_migrations values ('9999_later.sql', '')`, authkit.FindingSchemaNewer, "9999_later.sql"},
		"a migration that was edited":        {`update authkit_migrations set checksum = 'x'`, authkit.FindingSchemaChanged, "changed after it was applied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, db := open(t)
			exec(t, db, c.does)
			found, err := s.Probe(t.Context())
			switch {
			case err != nil:
				t.Fatal(err)
			case c.code == "" && len(found) > 0:
				t.Errorf("got %+v, want no finding", found)
			case c.code != "" && (len(found) != 1 || found[0].Code != c.code || !strings.Contains(found[0].Seen, c.seen)):
				t.Errorf("got %+v, want %s that has seen %q", found, c.code, c.seen)
			}
		})
	}
	t.Run("a reader that holds the log, until it ends", func(t *testing.T) {
		t.Parallel()
		s, db := open(t)
		exec(t, db, `create table host (b blob)`)
		reader, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := reader.QueryRowContext(t.Context(), `select count(*) from host`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		exec(t, db, `insert into host values (zeroblob(20000000))`)
		look := func() []authkit.Finding {
			if err := s.checkpoint(t.Context()); err != nil {
				t.Fatal(err)
			}
			found, err := s.Probe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		if found := look(); len(found) != 1 || found[0].Code != authkit.FindingWALGrows {
			t.Errorf("beside the reader: got %+v, want one finding about the log", found)
		}
		if err := reader.Rollback(); err != nil {
			t.Fatal(err)
		}
		if found := look(); len(found) != 0 {
			t.Errorf("after the reader: got %+v, want no finding", found)
		}
	})
}
