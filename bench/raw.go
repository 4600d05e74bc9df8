package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/crypto/argon2"
)

// rawNames lists the raw costs in the order of the report.
func rawNames() []string {
	return []string{"argon2id, 19 MiB, 2 passes", "ES256 signature", "ES256 check", "commit on Postgres, one insert", "commit on SQLite, one insert, synchronous FULL", "hello over net/http, one connection"}
}

// measureRaw measures, one after the other and by one caller, what no server can avoid.
func measureRaw(ctx context.Context, p *place, kept *results) error {
	if len(kept.Raw) == len(rawNames()) {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte("a token"))
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		return err
	}
	postgres, stopPostgres, err := postgresCommit(ctx, p)
	if err != nil {
		return err
	}
	defer stopPostgres()
	sqlite, stopSQLite, err := sqliteCommit(ctx, p)
	if err != nil {
		return err
	}
	defer stopSQLite()
	hello, stopHello, err := helloServer(ctx)
	if err != nil {
		return err
	}
	defer stopHello()
	for i, do := range []func() error{
		func() error { argon2.IDKey([]byte(password), sum[:16], 2, 19*1024, 1, 32); return nil },
		func() error { _, err := ecdsa.SignASN1(rand.Reader, key, sum[:]); return err },
		func() error {
			if !ecdsa.VerifyASN1(&key.PublicKey, sum[:], signature) {
				return errors.New("the signature is wrong")
			}
			return nil
		},
		postgres, sqlite, hello,
	} {
		if err := rawCost(kept, rawNames()[i], do); err != nil {
			return err
		}
	}
	return kept.save()
}

// rawCost keeps the mean time of a call, over about a second.
func rawCost(kept *results, name string, do func() error) error {
	begun, n := time.Now(), 0
	for ; time.Since(begun) < time.Second; n++ {
		if err := do(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	kept.Raw[name] = round(time.Since(begun).Seconds()/float64(n)*1e6, 10)
	fmt.Printf("%s: %.1f µs\n", name, kept.Raw[name])
	return nil
}

func postgresCommit(ctx context.Context, p *place) (func() error, func(), error) {
	if err := p.postgres.exec(ctx, "postgres", "drop table if exists raw", "create table raw (n bigint primary key, t text)"); err != nil {
		return nil, nil, err
	}
	c, err := pgx.Connect(ctx, p.postgres.url("postgres"))
	if err != nil {
		return nil, nil, err
	}
	n := 0
	return func() error {
		n++
		_, err := c.Exec(ctx, "insert into raw values ($1, $2)", n, "a row of about forty bytes, as small ones")
		return err
	}, func() { _ = c.Close(ctx) }, nil
}

func sqliteCommit(ctx context.Context, p *place) (func() error, func(), error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.folder, "raw.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, nil, err
	}
	stop := func() { _ = db.Close() }
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "create table raw (n integer primary key, t text)"); err != nil {
		stop()
		return nil, nil, err
	}
	insert, err := db.PrepareContext(ctx, "insert into raw values (?, ?)") //nolint:sqlclosecheck // it ends with db
	if err != nil {
		stop()
		return nil, nil, err
	}
	n := 0
	return func() error {
		n++
		_, err := insert.ExecContext(ctx, n, "a row of about forty bytes, as small ones")
		return err
	}, stop, nil
}

func helloServer(ctx context.Context) (func() error, func(), error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("hello")) // the client may be gone
	})}
	go func() { _ = server.Serve(l) }() // it ends with stop
	c := newClient(l.Addr().String())
	return func() error {
		a, err := c.do("GET", "/", "", "")
		if err != nil {
			return err
		}
		return a.want(200, "hello")
	}, func() { c.close(); _ = server.Close() }, nil
}
