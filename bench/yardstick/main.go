// Command yardstick is the least work that each operation can be: net/http, pgx, one durable
// statement for each write, the argon2id parameters and the ES256 signature of authkit. It has no
// tenants, no limits, no events, no validation, no re-use detection and no clean-up. It shows what
// the machine allows, and is no example to follow.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// server holds what the handlers use.
type server struct {
	db     *pgxpool.Pool
	key    *ecdsa.PrivateKey
	hashes chan struct{} // a place for each hash at once: more of them only fight for memory
	smtp   string
	base   string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := serve(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "yardstick:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}

const schema = `
create table if not exists users (
	user_id uuid primary key, email text collate "C" not null unique, hash bytea not null, salt bytea not null,
	created_at bigint not null
);
create index if not exists users_created on users (created_at desc, user_id desc);
create table if not exists sessions (session_id uuid primary key, user_id uuid not null, secret bytea not null unique) with (fillfactor = 80);
create table if not exists links (secret bytea primary key, user_id uuid not null, expires_at bigint not null);
create table if not exists outbox (mail_id bigint generated always as identity primary key, email text not null, secret text not null);
create table if not exists keys (hash bytea primary key, name text not null);`

func serve(ctx context.Context) error {
	db, err := pgxpool.New(ctx, os.Getenv("BENCH_STORE"))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Exec(ctx, schema); err != nil {
		return err
	}
	s := &server{db: db, hashes: make(chan struct{}, runtime.GOMAXPROCS(0)), smtp: os.Getenv("BENCH_SMTP"), base: "http://" + os.Getenv("BENCH_ADDR")}
	if s.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	go s.deliver(ctx)
	h := &http.Server{Addr: os.Getenv("BENCH_ADDR"), Handler: s.routes(), ReadHeaderTimeout: time.Minute}
	go func() {
		<-ctx.Done()
		_ = h.Close()
	}()
	if err := h.ListenAndServe(); ctx.Err() == nil {
		return err
	}
	return nil
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("POST /sign-in", s.signIn)
	mux.HandleFunc("POST /sign-up", s.signUp)
	mux.HandleFunc("GET /me", s.me)
	mux.HandleFunc("POST /refresh", s.refresh)
	mux.HandleFunc("POST /link", s.link)
	mux.HandleFunc("POST /redeem", s.redeem)
	mux.HandleFunc("GET /users", s.users)
	mux.HandleFunc("GET /key", s.checkKey)
	return mux
}
