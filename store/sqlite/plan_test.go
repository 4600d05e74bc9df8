package sqlite

import (
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/plantest"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// TestNoHotStatementReadsAWholeTable asks SQLite for the plan of every statement, with
// statistics and without: by default a database has no statistics.
func TestNoHotStatementReadsAWholeTable(t *testing.T) {
	t.Parallel()
	for name, statistics := range map[string]string{"without statistics": "select 1", "with statistics": "analyze"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "a.db")
			s, err := Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			db := handle(t, path)
			for _, sql := range append(plantest.Fill("text", "blob"), statistics) {
				if _, err := db.ExecContext(t.Context(), sql); err != nil {
					t.Fatalf("%s: %v", sql, err)
				}
			}
			for _, v := range slices.Concat(plantest.Verbs(), plantest.Pages()) {
				t.Run(v.Name, func(t *testing.T) {
					tapped := sqlstore.New(plantest.Tap{Conn: s.conn, Explain: frugal(t)})
					if err := v.Do(t.Context(), tapped); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

// few matches the steps of a plan that read or sort few rows: constants, the rows that a statement brings, the places of a slot,
// the deleted apps, the turns of the outbox, the sessions of one user that began at the same time.
var few = regexp.MustCompile(`CONSTANT ROW|-ROW VALUES CLAUSE|authkit_apps_deleted|^SCAN (p|turn|ready|walk)$|FOR LAST TERM OF ORDER BY`)

// ofApp matches a search that reads all rows of an app in a table.
var ofApp = regexp.MustCompile(`^SEARCH .*\(app_id=\?\)`)

// paged lists the indexes that a page walks newest first, and the tables with few rows per app.
var paged = regexp.MustCompile(`authkit_users_created|authkit_events_at|authkit_apps|authkit_signing_keys|authkit_secrets|authkit_audit_chains|authkit_webhooks|authkit_refusals`)

func frugal(t *testing.T) plantest.Explain {
	t.Helper()
	return func(ctx context.Context, q sqlstore.Tx, sql string, args ...any) error {
		var steps []string
		err := q.Rows(ctx, "explain query plan "+sql, func(r sqlstore.Row) error {
			var id, parent, unused int64
			var step string
			err := r.Scan(&id, &parent, &unused, &step)
			steps = append(steps, step)
			return err
		}, args...)
		// The places of a slot are sorted, and the webhooks of an app.
		constants := slices.Contains(steps, "CO-ROUTINE p") || slices.Contains(steps, "SEARCH authkit_webhooks USING PRIMARY KEY (app_id=?)")
		for _, step := range steps {
			scan := strings.HasPrefix(step, "SCAN") || strings.HasPrefix(step, "USE TEMP B-TREE FOR")
			whole := ofApp.MatchString(step) && !paged.MatchString(step)
			if constants && step == "USE TEMP B-TREE FOR ORDER BY" {
				continue
			}
			if (scan || whole) && !few.MatchString(step) {
				t.Errorf("got step %q, want none that reads or sorts a table\n%s\n%s", step, sql, strings.Join(steps, "\n"))
			}
		}
		return err
	}
}
