// Command members is a host whose own tables refer to authkit's users, in the same Postgres
// database. Each user has a row in members from the moment that the user exists: a trigger, in
// schema.sql, inserts it.
//
// How this is sure: a trigger is part of the statement that fires it, so that user and member are
// written by one commit. If the process or the database ends before that commit, there is
// neither, and the sign-up was not answered; after it there are both. If the insert fails, the
// sign-up does, with 503. No way to create a user goes around it: sign-ups by password, link and
// provider, CreateUser, and the API of the app all insert into authkit_users. A second trigger
// empties the row where authkit resets an account, by the event of the same commit.
//
// Hooks and Config.Observer do not give that. Hooks.Before runs before the user has an id, and
// the step after it may still fail. Hooks.After, Hooks.Claims and Config.Observer run after the
// commit: in a crash between the two, a user is left without a row. Without triggers, insert the
// row where it is first needed, behind Require, with "on conflict do nothing".
//
//	DATABASE_URL=postgres://… SECRET_FILE=secret go run ./examples/members
//
// examples/postgres says what is in SECRET_FILE, and how a server for production stops.
package main

import (
	"context"
	_ "embed"
	"encoding/base64"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/postgres"
)

//go:embed schema.sql
var schema string

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	text, err := os.ReadFile(os.Getenv("SECRET_FILE")) //nolint:gosec // the operator names the file
	if err != nil {
		return fmt.Errorf("SECRET_FILE: %w", err)
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("SECRET_FILE: %w", err)
	}
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	defer pool.Close()
	handler, app, err := newHandler(ctx, pool, secret, mail.Log(os.Stdout))
	if err != nil {
		return err
	}
	fmt.Println("app", app)
	return (&http.Server{Addr: "localhost:8080", Handler: handler, ReadHeaderTimeout: 5 * time.Second}).ListenAndServe()
}

func newHandler(ctx context.Context, pool *pgxpool.Pool, secret []byte, mailer mail.Mailer) (http.Handler, uuid.UUID, error) {
	store, err := postgres.New(ctx, pool) // makes authkit's tables
	if err != nil {
		return nil, uuid.Nil, err
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, schema)
		return err
	})
	if err != nil {
		return nil, uuid.Nil, fmt.Errorf("schema.sql: %w", err)
	}
	engine, err := authkit.New(authkit.Config{
		Store: store, BaseURL: "http://localhost:8080/id", Mailer: mailer, Secrets: [][]byte{secret},
	})
	if err != nil {
		return nil, uuid.Nil, err
	}
	app, err := engine.EnsureApp(ctx, "acme", "Acme")
	if err != nil {
		return nil, uuid.Nil, err
	}
	go engine.Run(ctx) //nolint:errcheck // sends mail until ctx ends
	mux := http.NewServeMux()
	mux.Handle("/id/", http.StripPrefix("/id", engine.Handler()))
	mux.Handle("GET /plan", engine.Require(authkit.ForApp(app.ID))(plan(pool)))
	return mux, app.ID, nil
}

// plan tells the user's plan.
func plan(pool *pgxpool.Pool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := authkit.IdentityFrom(r.Context()) // always there behind Require
		var plan string
		err := pool.QueryRow(r.Context(), `select plan from members where app_id = $1 and user_id = $2`, who.App, who.User).Scan(&plan)
		if err != nil {
			log.Printf("plan of user %s: %v", who.User, err)
			http.Error(w, "try again later", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, plan)
	})
}
