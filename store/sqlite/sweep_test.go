package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// TestASweepRemovesNoMoreThanItsLimitOfAnyTable sweeps a deleted app with a user who has more sessions
// and credentials than a step may remove: they must not be removed with the user.
func TestASweepRemovesNoMoreThanItsLimitOfAnyTable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	app := authkit.App{ID: uuid.New(), Developer: "host:1", Name: "A", NameKey: "a"}
	if err := s.CreateApp(t.Context(), authkit.NewApp{App: app, First: authkit.SigningKey{KID: "k"}}); err != nil {
		t.Fatal(err)
	}
	now, db := time.Now().UTC(), handle(t, path)
	for _, sql := range []string{
		`insert into authkit_users (app_id, user_id, email, email_typed, name, name_key, auth_method, verified, disabled, disabled_reason, version, epoch, last_login, created_at) values ($1, 'u', 'a', 'a', '', '', '', 0, 0, '', 1, 1, 0, 0)`,
		`with recursive c(n) as (select 1 union all select n+1 from c where n < 7) insert into authkit_user_roles select $1, 'u', n, 0 from c`,
		`with recursive c(n) as (select 1 union all select n+1 from c where n < 7) insert into authkit_credentials select $1, 'k', n, 'u', null, 0 from c`,
		`with recursive c(n) as (select 1 union all select n+1 from c where n < 7)
insert into authkit_sessions (app_id, session_id, user_id, epoch, auth_time, created_at, last_used_at, idle_until, until_at, amr, user_agent, ip)
select $1, n, 'u', 1, 0, 0, 0, 1 << 62, 1 << 62, '[]', '', '' from c`,
	} {
		if _, err := db.ExecContext(t.Context(), sql, app.ID.String()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DeleteApp(t.Context(), app.ID, now, authkit.Riders{}); err != nil {
		t.Fatal(err)
	}
	tables := []string{"authkit_apps", "authkit_users", "authkit_user_roles", "authkit_credentials", "authkit_sessions", "authkit_signing_keys"}
	count := func(table string) (n int) {
		if err := db.QueryRowContext(t.Context(), "select count(*) from "+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for more := true; more; {
		before := map[string]int{}
		for _, table := range tables {
			before[table] = count(table)
		}
		if more, err = s.Sweep(t.Context(), now, 2); err != nil {
			t.Fatal(err)
		}
		for _, table := range tables {
			if gone := before[table] - count(table); gone > 2 {
				t.Errorf("%s: got %d rows removed in one step, want at most 2", table, gone)
			}
		}
	}
	for _, table := range tables {
		if left := count(table); left != 0 {
			t.Errorf("%s: got %d rows left, want none", table, left)
		}
	}
}
