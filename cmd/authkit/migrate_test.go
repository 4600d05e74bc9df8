package main

import (
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestADryRunOnADatabaseOfTheHosts(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "host.db")
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "create table orders (id integer)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := migrate{DryRun: true}
	names, err := m.sqlite(t.Context(), file)
	if err != nil || len(names) < 9 {
		t.Errorf("pending: got %v, %v, want all", names, err)
	}
	after, err := os.ReadFile(file)
	if err != nil || string(after) != string(before) {
		t.Errorf("bytes: got others than before, %v", err)
	}
	if left, err := filepath.Glob(file + "?*"); err != nil || len(left) != 0 {
		t.Errorf("files beside it: got %v, %v, want none", left, err)
	}
}

// TestMigrationsAndDryRunsAtOnce starts both on an empty store. Each migration is applied once,
// and no process fails.
func TestMigrationsAndDryRunsAtOnce(t *testing.T) {
	t.Parallel()
	everyDurable(t, func(t *testing.T, open func(*testing.T) string) {
		store := open(t)
		var mu sync.Mutex
		said := map[string]int{}
		var all sync.WaitGroup
		for i := range 12 {
			args := []string{"migrate", "--store", store}
			if i%2 == 1 {
				args = append(args, "--dry-run")
			}
			all.Go(func() {
				cmd := exec.Command("authkit", args...)
				cmd.Env = []string{"GORACE=atexit_sleep_ms=0"}
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Errorf("%v: got %v, %s", args, err, out)
				}
				mu.Lock()
				defer mu.Unlock()
				for line := range strings.Lines(string(out)) {
					said[strings.TrimSpace(line)]++
				}
			})
		}
		all.Wait()
		for _, name := range []string{"0001_init.sql", "0002_real_life.sql", "0003_scale.sql", "0004_branding.sql", "0005_stats.sql", "0006_moving.sql", "0007_people.sql", "0008_webhooks.sql", "0009_audit.sql", "0010_refusals.sql", "0011_factors.sql"} {
			if said["applied "+name] != 1 {
				t.Errorf("output: got %v, want %s applied once", said, name)
			}
			delete(said, "applied "+name)
			delete(said, "pending "+name)
		}
		delete(said, "nothing to do")
		if len(said) > 0 {
			t.Errorf("output: got %v besides, want applied, pending or nothing to do", said)
		}
	})
}
