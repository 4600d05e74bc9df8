package postgres

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit/internal/migrate"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

var created = regexp.MustCompile(`(?is)^\s*create table (authkit_\w+)`)

// MigratePartitioned creates the tables, all but the directory of apps partitioned by app.
func MigratePartitioned(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := migrate.Run(ctx, &conn{pool: pool}, Migrations(), func(stmt string) []string {
		m := created.FindStringSubmatch(stmt)
		if m == nil || m[1] == "authkit_apps" {
			return []string{stmt}
		}
		out := []string{strings.TrimRight(stmt, " \t\r\n;") + " partition by hash (app_id)"}
		for i := range 4 {
			out = append(out, fmt.Sprintf("create table %s_%d partition of %s for values with (modulus 4, remainder %d)", m[1], i, m[1], i))
		}
		return out
	})
	return err
}

// Conn is the connection on which a [Store] of the pool runs its statements.
func Conn(pool *pgxpool.Pool) sqlstore.Conn { return &conn{pool: pool} }
