package main

import (
	"database/sql"
	"os"
	"path/filepath"
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
	if err != nil || len(names) != 1 {
		t.Errorf("pending: got %v, %v, want one", names, err)
	}
	after, err := os.ReadFile(file)
	if err != nil || string(after) != string(before) {
		t.Errorf("bytes: got others than before, %v", err)
	}
	if left, err := filepath.Glob(file + "?*"); err != nil || len(left) != 0 {
		t.Errorf("files beside it: got %v, %v, want none", left, err)
	}
}
