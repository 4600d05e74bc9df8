package postgres_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/postgres"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
		return
	}
	for name, c := range map[string]struct{ does, code, seen string }{
		"a store that is well":           {`select 1`, "", ""},
		"a migration that is pending":    {`delete from authkit_migrations where version = (select max(version) from authkit_migrations)`, authkit.FindingSchemaPending, "0011"},
		"a migration of a newer version": {`insert into authkit_migrations values ('9999_later.sql', '')`, authkit.FindingSchemaNewer, "9999_later.sql"},
		"a migration that was edited":    {`update authkit_migrations set checksum = 'x'`, authkit.FindingSchemaChanged, "changed after it was applied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := connect(t, fresh(t, os.Getenv("AUTHKIT_TEST_POSTGRES")))
			s, err := postgres.New(t.Context(), pool)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := pool.Exec(t.Context(), c.does); err != nil {
				t.Fatal(err)
			}
			found, err := s.Probe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			found = slices.DeleteFunc(found, func(f authkit.Finding) bool { return f.Code == authkit.FindingStoreNotDurable }) // of the server
			switch {
			case c.code == "" && len(found) > 0:
				t.Errorf("got %+v, want no finding", found)
			case c.code != "" && (len(found) != 1 || found[0].Code != c.code || !strings.Contains(found[0].Seen, c.seen)):
				t.Errorf("got %+v, want %s that has seen %q", found, c.code, c.seen)
			}
		})
	}
}

// TestProbeOfDurability compares with what the server of the test says, which may have fsync off,
// and lets the sessions of a pool not wait for a commit.
func TestProbeOfDurability(t *testing.T) {
	t.Parallel()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
		return
	}
	schema := fresh(t, os.Getenv("AUTHKIT_TEST_POSTGRES"))
	for _, commit := range []string{"on", "remote_apply", "local", "off"} {
		pool := connect(t, schema+"&synchronous_commit="+commit)
		s, err := postgres.New(t.Context(), pool)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, setting := range []string{"fsync", "full_page_writes"} {
			var is string
			if err := pool.QueryRow(t.Context(), "show "+setting).Scan(&is); err != nil {
				t.Fatal(err)
			}
			if is != "on" {
				want = append(want, setting+" is "+is)
			}
		}
		if commit == "local" || commit == "off" {
			want = append(want, "synchronous_commit is "+commit)
		}
		found, err := s.Probe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range found {
			got = append(got, f.Seen)
		}
		if seen := "On the server " + strings.Join(want, ", ") + "."; len(want) > 0 && !slices.Equal(got, []string{seen}) || len(want) == 0 && len(got) > 0 {
			t.Errorf("with synchronous_commit %s: got %q, want %q", commit, got, want)
		}
	}
}
