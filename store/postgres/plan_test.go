package postgres_test

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/plantest"
	"github.com/authkit-dev/authkit/internal/sqlstore"
	"github.com/authkit-dev/authkit/store/postgres"
)

// TestNoHotStatementReadsManyRows runs every statement under explain analyze and counts
// the rows that it reads, with statistics and without. Without statistics Postgres assumes that
// an app is small, and sorts the rows of which a page is a part: pages are therefore checked with
// statistics only, which the server gathers by itself.
func TestNoHotStatementReadsManyRows(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("AUTHKIT_TEST_POSTGRES")
	if dsn == "" {
		return
	}
	for name, c := range map[string]struct {
		statistics bool
		verbs      []plantest.Verb
	}{
		"without statistics": {false, plantest.Verbs()},
		"with statistics":    {true, slices.Concat(plantest.Verbs(), plantest.Pages())},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			schema := fresh(t, dsn)
			pool := connect(t, schema)
			if _, err := postgres.Migrate(t.Context(), pool); err != nil {
				t.Fatal(err)
			}
			tables := strings.Fields("authkit_apps authkit_app_names authkit_signing_keys authkit_users authkit_credentials authkit_tokens authkit_sessions authkit_limits authkit_outbox authkit_events authkit_audit_pending authkit_audit_links authkit_audit_chains " +
				"authkit_refusals authkit_stats authkit_active authkit_webhooks authkit_deliveries authkit_user_roles")
			for _, table := range tables { // the server's autovacuum must not gather statistics here
				must(t, pool, "alter table "+table+" set (autovacuum_enabled = off)")
			}
			for _, sql := range plantest.Fill("uuid", "bytea") {
				must(t, pool, sql)
			}
			if c.statistics { // of these tables: without names, those of other tests would be analyzed while they are filled
				must(t, pool, "analyze "+strings.Join(tables, ", "))
			}
			for _, v := range c.verbs {
				t.Run(v.Name, func(t *testing.T) {
					tapped := sqlstore.New(plantest.Tap{Conn: postgres.Conn(pool), Explain: frugal(t)})
					if err := v.Do(t.Context(), tapped); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

// mostRows allows for a page, the places of a slot, and the rows joined to them.
const mostRows = 200

// plan is a node of a plan, as explain returns it.
type plan struct {
	Node     string  `json:"Node Type"`
	Loops    float64 `json:"Actual Loops"`
	Rows     float64 `json:"Actual Rows"`
	Filtered float64 `json:"Rows Removed by Filter"`
	Checked  float64 `json:"Rows Removed by Index Recheck"`
	Plans    []plan  `json:"Plans"`
}

// read counts the rows that the scans of a plan have read.
func (p plan) read() float64 {
	var n float64
	if strings.Contains(p.Node, "Scan") {
		n = (p.Rows + p.Filtered + p.Checked) * p.Loops
	}
	for _, sub := range p.Plans {
		n += sub.read()
	}
	return n
}

func frugal(t *testing.T) plantest.Explain {
	t.Helper()
	return func(ctx context.Context, q sqlstore.Tx, sql string, args ...any) error {
		var answer []byte
		err := q.Rows(ctx, "explain (analyze, format json) "+sql, func(r sqlstore.Row) error { return r.Scan(&answer) }, args...)
		if err != nil {
			return err
		}
		var plans []struct {
			Plan plan `json:"Plan"`
		}
		if err := json.Unmarshal(answer, &plans); err != nil {
			return err
		}
		if n := plans[0].Plan.read(); n > mostRows {
			t.Errorf("got %.0f rows read, want at most %d\n%s\n%s", n, mostRows, sql, answer)
		}
		return nil
	}
}
