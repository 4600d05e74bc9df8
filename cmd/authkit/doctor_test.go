package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/authkit-dev/authkit"
)

// diagnose runs the doctor in a folder, and returns its document.
func diagnose(t *testing.T, dir string, args ...string) diagnosis {
	t.Helper()
	var out, told bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "authkit", append([]string{"doctor", "--json"}, args...)...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, []string{"GORACE=atexit_sleep_ms=0"}, &out, &told
	err := cmd.Run()
	var got diagnosis
	if bad := json.Unmarshal(out.Bytes(), &got); bad != nil || told.Len() > 0 {
		t.Fatalf("doctor: got %q and %q, %v, want one document", out.String(), told.String(), bad)
	}
	if status := cmd.ProcessState.ExitCode(); (status == 0) != got.OK || status > 1 {
		t.Errorf("exit: got %v, want 0 or 1 by ok: %v", err, got.OK)
	}
	// The server that tests share may have fsync off.
	got.Findings = slices.DeleteFunc(got.Findings, func(f authkit.Finding) bool { return f.Code == authkit.FindingStoreNotDurable })
	return got
}

// wants checks the codes of all findings.
func (d diagnosis) wants(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, f := range d.Findings {
		got = append(got, f.Code)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("findings: got %q, want %q\n%+v", got, want, d.Findings)
	}
}

func TestDoctorBesideAServer(t *testing.T) {
	t.Parallel()
	for name, place := range durable() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := place(t)
			p := start(t, newLines(), "--store", store)
			dir, addr := p.cmd.Dir, p.addr
			diagnose(t, dir, "--store", store, "--addr", addr).wants(t, "mail_undelivered")
			diagnose(t, dir, "--store", store, "--addr", addr, "--base-url", "http://localhost:"+port(addr)).wants(t, "mail_undelivered", "base_url_differs")
			diagnose(t, dir, "--store", store, "--addr", addr, "--base-url", "http://"+addr+"/id").wants(t, "mail_undelivered", "base_url_elsewhere")
			diagnose(t, dir, "--store", store, "--addr", addr, "--clock-offset", "1h").wants(t, "mail_undelivered")

			other := place(t)
			started := start(t, newLines(), "--store", other)
			diagnose(t, started.cmd.Dir, "--store", other, "--addr", addr).wants(t, "mail_undelivered", "base_url_other_store")
		})
	}
}

func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

// TestDoctorLeavesTheSchema runs the doctor on tables of another version. It must not migrate.
func TestDoctorLeavesTheSchema(t *testing.T) {
	t.Parallel()
	for name, place := range durable() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := place(t)
			p := start(t, newLines(), "--store", store)
			dir, addr := p.cmd.Dir, p.addr
			p.stop()
			doctor := func() diagnosis { return diagnose(t, dir, "--store", store, "--addr", addr) }
			doctor().wants(t, "mail_undelivered", "base_url_unreachable")
			statement(t, store, "delete from authkit_migrations where version = (select max(version) from authkit_migrations)")
			doctor().wants(t, "mail_undelivered", "base_url_unreachable", "schema_pending")
			doctor().wants(t, "mail_undelivered", "base_url_unreachable", "schema_pending")
			statement(t, store, "insert into authkit_migrations values ('9999_later.sql', '')")
			doctor().wants(t, "mail_undelivered", "base_url_unreachable", "schema_newer")
		})
	}
}

// statement runs one statement on the store of a --store.
func statement(t *testing.T, store, text string) {
	t.Helper()
	file, ok := strings.CutPrefix(store, "sqlite:")
	if ok {
		db, err := sql.Open("sqlite", file)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		return
	}
	dsn, _, _ := strings.Cut(store, "&pool_max_conns")
	conn, err := pgx.Connect(t.Context(), strings.Replace(dsn, "pool_max_conns=10&", "", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

func TestDoctorOfAServerOutOfReach(t *testing.T) {
	t.Parallel()
	got := diagnose(t, t.TempDir(), "--store", "postgres://someone:sekret@127.0.0.1:1/db", "--addr", "127.0.0.1:1", "--mail", "smtp://ann:sekret@127.0.0.1:1")
	got.wants(t, "base_url_unreachable", "mail_unreachable", "store_unreachable")
	if text, err := json.Marshal(got); err != nil || strings.Contains(string(text), "sekret") {
		t.Errorf("got %s, %v, want no password in it", text, err)
	}
}
