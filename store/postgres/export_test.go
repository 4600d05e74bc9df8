package postgres

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// Conn is the connection on which a [Store] of the pool runs its statements.
func Conn(pool *pgxpool.Pool) sqlstore.Conn { return &conn{pool: pool} }
