package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestALostSecretLosesNoUser follows docs/secrets.md, "A secret that is lost", and then replaces
// the console app's signing key as the page says. Accounts, passwords and sessions stay, and an app
// goes on once it has a new signing key.
func TestALostSecretLosesNoUser(t *testing.T) {
	t.Parallel()
	everyDurable(t, func(t *testing.T, open func(*testing.T) string) {
		store, lost, fresh := open(t), filepath.Join(t.TempDir(), "lost"), filepath.Join(t.TempDir(), "new")
		flags := []string{"--store", store, "--developer", developerEmail + ":" + password, "--secret-file"}
		p := start(t, newLines(), append(flags, lost)...)
		app, key := p.createApp(p.developer())
		session := p.credentials(app, "ann@example.com", "sign_up").want(t, 201, "").string("refresh_token")
		p.stop()

		all := consoleSQL(t)
		execute(t, store, all)
		p = start(t, newLines(), append(flags, fresh)...)
		p.users(app, key).want(t, 200, "")
		p.credentials(app, "ann@example.com", "sign_in").want(t, 500, "internal")
		p.send("POST", "/apps/"+app+"/signing-keys/rotate", `{"revoke_old":true}`, bearer(p.developer())).want(t, 201, "")
		p.credentials(app, "ann@example.com", "sign_in").want(t, 200, "")
		p.me(app, p.refresh(app, session).want(t, 200, "").string("token")).want(t, 200, "")
		dev := p.developer()
		p.stop()

		_, console, _ := strings.Cut(all, "\n")
		execute(t, store, console)
		p = start(t, newLines(), append(flags, fresh)...)
		p.send("GET", "/apps", "", bearer(dev)).want(t, 401, "invalid_token")
		p.send("GET", "/apps", "", bearer(p.developer())).want(t, 200, "")
		p.credentials(app, "ann@example.com", "sign_in").want(t, 200, "")
		p.stop()
	})
}

// consoleSQL returns the SQL of the page.
func consoleSQL(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/secrets.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```sql\n(.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("docs/secrets.md: got no block of SQL, want one")
	}
	return string(block[1])
}

func execute(t *testing.T, store, text string) {
	t.Helper()
	if file, ok := strings.CutPrefix(store, "sqlite:"); ok {
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
	conn, err := pgx.Connect(t.Context(), strings.Replace(store, "pool_max_conns=10&", "", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.PgConn().Exec(t.Context(), text).ReadAll(); err != nil {
		t.Fatal(err)
	}
}
