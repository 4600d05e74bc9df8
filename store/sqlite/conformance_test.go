package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/sqlite"
	"github.com/authkit-dev/authkit/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	conform(t, func(t *testing.T, file string) (*sqlite.Store, error) {
		t.Helper()
		return sqlite.Open(t.Context(), file)
	})
}

func TestConformanceOnAHostsHandles(t *testing.T) {
	t.Parallel()
	conform(t, func(t *testing.T, file string) (*sqlite.Store, error) {
		t.Helper()
		var handles [2]*sql.DB
		for i := range handles {
			db, err := sql.Open("sqlite", file+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)")
			if err != nil {
				return nil, err
			}
			t.Cleanup(func() { _ = db.Close() })
			handles[i] = db
		}
		return sqlite.New(t.Context(), handles[0], handles[1])
	})
}

// conform runs the conformance suite on stores that open opens in new files.
func conform(t *testing.T, open func(t *testing.T, file string) (*sqlite.Store, error)) {
	t.Helper()
	storetest.Run(t, func(t *testing.T) storetest.Opened {
		t.Helper()
		file := filepath.Join(t.TempDir(), "auth.db")
		again := func(t *testing.T) authkit.Store {
			t.Helper()
			s, err := open(t, file)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			return s
		}
		return storetest.Opened{Store: again(t), Again: again}
	})
}
