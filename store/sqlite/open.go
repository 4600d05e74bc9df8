package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the driver; only Open needs it

	"github.com/authkit-dev/authkit/internal/private"
)

// walPages is how many pages, of 4 KiB each, may stand in the -wal file before a commit moves
// them into the database file: 1 MiB.
const walPages = 256

// Open opens the file, creates it if it is missing, and migrates. A file that it creates may be
// read and written by its owner only (mode 0600); a file that is there keeps its mode. SQLite
// gives the files beside it, -wal and -shm, the mode of the file. The path is a path, never a
// URI.
func Open(ctx context.Context, path string) (*Store, error) {
	if path != "" && path != ":memory:" { // for which SQLite keeps no file of that name
		if err := private.Create(path); err != nil {
			return nil, fmt.Errorf("sqlite: %w", err)
		}
	}
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String() +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" +
		"&_pragma=temp_store(MEMORY)&_pragma=wal_autocheckpoint(" + strconv.Itoa(walPages) + ")"
	write, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	read, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	most := readersMost()
	read.SetMaxOpenConns(most)
	read.SetMaxIdleConns(most)
	err = awaken(ctx, write)
	if err != nil {
		return nil, errors.Join(err, write.Close(), read.Close())
	}
	s, err := New(ctx, write, read)
	if err != nil {
		return nil, errors.Join(err, write.Close(), read.Close())
	}
	s.own = []*sql.DB{write, read}
	s.conn.w.keep = true
	s.conn.turns = make(chan struct{}, most)
	return s, nil
}

// wakeWait is how long Open tries: as long as busy_timeout makes other calls wait.
const wakeWait = 5 * time.Second

// awaken makes the first connection. If several turn a new file to WAL at once, SQLite answers
// all but one that it is busy, without the wait that busy_timeout promises.
func awaken(ctx context.Context, db *sql.DB) error {
	for give := time.Now().Add(wakeWait); ; {
		err := db.PingContext(ctx)
		if !busy(err) || time.Now().After(give) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// readersMost is how many connections read.
func readersMost() int { return 2 * runtime.GOMAXPROCS(0) }
