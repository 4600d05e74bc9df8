// Stored fills an empty store with an example of everything that authkit keeps. It writes a
// file with what a client would hold: secrets, tokens, links, codes and keys. The folder
// testdata/stored holds what it made at earlier commits, and a test of the root package opens
// that with today's code. A folder there is never made again. To add one, copy the program to
// the commit whose data the folder is to hold, and run it there once for each store:
//
//	go run ./internal/tools/stored -store sqlite:auth.db -held held.json
//	go run ./internal/tools/stored -store 'postgres://…?search_path=authkit_stored' -held held.json
//	pg_dump --inserts --no-owner --no-privileges --schema authkit_stored … | grep -v '^\\' > auth.sql
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
)

func main() {
	store := flag.String("store", "", "the empty store: sqlite:FILE or postgres://…")
	held := flag.String("held", "", "the file for what clients hold")
	flag.Parse()
	if err := run(context.Background(), *store, *held); err != nil {
		fmt.Fprintln(os.Stderr, "stored:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name, heldFile string) (err error) {
	store, err := open(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }() // SQLite writes all data into the main file
	idp, err := newProvider()
	if err != nil {
		return err
	}
	defer idp.close()
	f := newFiller(store, idp)
	if err := f.fill(ctx); err != nil {
		return err
	}
	text, err := json.MarshalIndent(f.held, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(heldFile, append(text, '\n'), 0o600)
}

type closer interface {
	authkit.Store
	io.Closer
}

func open(ctx context.Context, name string) (closer, error) {
	if path, ok := strings.CutPrefix(name, "sqlite:"); ok {
		return sqlite.Open(ctx, path)
	}
	return postgres.Open(ctx, name)
}
