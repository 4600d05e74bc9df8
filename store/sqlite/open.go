package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"net/url"

	_ "modernc.org/sqlite" // the driver; only Open needs it
)

// Open opens the file, creates it if it is missing, and migrates.
func Open(ctx context.Context, path string) (*Store, error) {
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String() +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	write, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	read, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	s, err := New(ctx, write, read)
	if err != nil {
		return nil, errors.Join(err, write.Close(), read.Close())
	}
	s.own = []*sql.DB{write, read}
	return s, nil
}
