package postgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/plantest"
	"github.com/authkit-dev/authkit/internal/sqlstore"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/storetest"
)

// acrossApps lists patterns of the statements that touch more than one partition, with the reason.
// They are background work, or a developer's own list: no request of a user waits for them.
func acrossApps() map[string]string {
	return map[string]string{
		`^select app_id from authkit_apps where deleted_at <> 0`:          "Sweep looks for a deleted app",
		`^select case when \(select expires_at from authkit_tokens where`: "Sweep looks for what is over",
		`^with recursive turn\(app_id, found\) as`:                        "DueMail takes turns between apps",
		`^select e\.event_id, .* from \(select n\.app_id`:                 "Unchained looks for the next app",
		`^select n\.app_id, n\.event_id from authkit_audit_pending n`:     "Unchained looks for the next app",
		`^select h\.app_id, .* a\.settings from authkit_audit_chains`:     "Chains walks through every app",
		`^select distinct substr\(`:                                       "SealedHeads reads every app",
		`^select s\.app_id, [\w ()]+, \w+ from`:                           "Sealed walks through every app",
		`^with recursive turn\(app_id, webhook_id, found\) as`:            "DueWebhooks goes through the webhooks of every app",
		`^select a\.app_id, .* where a\.app_id in \(`:                     "Apps reads the apps of a page, which the names list",
		`^update authkit_apps set suspended = \$2 where app_id in \(`:     "the apps of an owner who is disabled",
		// A database that refuses it gets a statement for each hit.
		`^with live as \(.*\),\nhit0 as`: "Hit counts for a peer in all apps together, too",
		// Of a deleted app the server finds the rows by their whole keys: with a condition on the
		// app alone it would read all of them where it has no statistics.
		`^delete from authkit_\w+ where (\(app_id[,)]|app_id in \()`: "Sweep",
	}
}

// TestStatementsStayWithinOneApp runs the conformance suite on partitioned tables and looks at
// the plan of each statement: what it touches lies in the partitions of one app, as on an engine
// that distributes the tables by app it lies on one machine.
func TestStatementsStayWithinOneApp(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("AUTHKIT_TEST_POSTGRES")
	if dsn == "" {
		return
	}
	seen := &touched{of: map[string]string{}}
	spare := &schemas{of: t, dsn: dsn, server: server{"read committed", []postgres.MigrateOption{postgres.Partitions(3)}}}
	t.Run("suite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) storetest.Opened {
			t.Helper()
			schema := spare.empty(t) + "&default_query_exec_mode=exec" // after an error in a savepoint, prepared statements are mixed up
			open := func(t *testing.T) authkit.Store {
				t.Helper()
				return sqlstore.New(plantest.Tap{Conn: postgres.Conn(connect(t, schema)), Explain: seen.look})
			}
			return storetest.Opened{Store: open(t), Again: open}
		})
	})
	allowed := acrossApps()
	for sql, parts := range seen.of {
		known := func(pattern string) bool { return regexp.MustCompile(pattern).MatchString(sql) }
		if !slices.ContainsFunc(slices.Collect(maps.Keys(allowed)), known) {
			t.Errorf("got a statement that touches the partitions %s, want those of one app\n%s", parts, sql)
		}
	}
}

// touched holds the statements that touched several partitions.
type touched struct {
	mu sync.Mutex
	of map[string]string
}

// part is a partition of a table.
var part = regexp.MustCompile(`^(authkit_\w+?)_(\d+)$`)

// look explains a statement, and notes it if its plan touches partitions with different numbers.
func (s *touched) look(ctx context.Context, q sqlstore.Tx, sql string, args ...any) error {
	var answer []byte
	err := q.Rows(ctx, "explain (analyze, format json) "+sql, func(r sqlstore.Row) error { return r.Scan(&answer) }, args...)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "22012" {
		_, err = q.Exec(ctx, "rollback to savepoint look") // a guard that finds no row divides by zero
		return err
	}
	if err != nil {
		return err
	}
	var plans []struct {
		Plan scans `json:"Plan"`
	}
	if err := json.Unmarshal(answer, &plans); err != nil {
		return err
	}
	numbers := map[string]bool{}
	plans[0].Plan.numbers(numbers)
	if len(numbers) > 1 {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.of[sql] = strings.Join(slices.Sorted(maps.Keys(numbers)), ", ")
	}
	return nil
}

// scans is a node of a plan, with what it reads.
type scans struct {
	Relation string  `json:"Relation Name"`
	Loops    float64 `json:"Actual Loops"`
	Plans    []scans `json:"Plans"`
}

// numbers collects the numbers of the partitions that a plan has read.
func (p scans) numbers(into map[string]bool) {
	if m := part.FindStringSubmatch(p.Relation); m != nil && p.Loops > 0 {
		into[m[2]] = true
	}
	for _, sub := range p.Plans {
		sub.numbers(into)
	}
}
