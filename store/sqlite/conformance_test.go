package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/sqlite"
	"github.com/authkit-dev/authkit/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Opened {
		t.Helper()
		file := filepath.Join(t.TempDir(), "auth.db")
		open := func(t *testing.T) authkit.Store {
			t.Helper()
			s, err := sqlite.Open(t.Context(), file)
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
		return storetest.Opened{Store: open(t), Again: open}
	})
}
