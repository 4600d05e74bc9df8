// Command postgres is a server for production: data in Postgres, the secret in a file, mail by
// SMTP, and a shutdown that loses no request. Any number of such processes may run over one
// database. Its environment:
//
//	DATABASE_URL  postgres://user:password@host/database
//	SECRET_FILE   32 random bytes in base64: `(umask 077; head -c 32 /dev/urandom | base64 > FILE)`
//	SMTP_URL      smtps://user:password@host:465; without it mails are printed, on http only
//	PUBLIC_URL    where people reach the server, https://example.com; default http://localhost:8080.
//	              Links in mails begin with it, so with another port in ADDR, set it, too
//	ADDR          where to listen; default localhost:8080
//
// To try it, with the id of the app from the first line of output:
//
//	DATABASE_URL=postgres://… SECRET_FILE=secret go run ./examples/postgres
//	curl -s http://localhost:8080/id/auth/credentials/APP_ID -H 'Content-Type: application/json' -d '{"email":"ann@example.com","password":"correct horse battery"}'
//	curl -s http://localhost:8080/me -H "Authorization: Bearer TOKEN"
package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/mail/smtp"
	"github.com/authkit-dev/authkit/store/postgres"
)

// settings are what differs from one machine to another.
type settings struct{ database, secretFile, smtp, publicURL, addr string }

func main() {
	// Schedulers send SIGTERM, and Ctrl-C sends an interrupt.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, settings{
		database:   os.Getenv("DATABASE_URL"),
		secretFile: os.Getenv("SECRET_FILE"),
		smtp:       os.Getenv("SMTP_URL"),
		publicURL:  cmp.Or(os.Getenv("PUBLIC_URL"), "http://localhost:8080"),
		addr:       cmp.Or(os.Getenv("ADDR"), "localhost:8080"),
	}, os.Stdout)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, s settings, out io.Writer) error {
	if s.database == "" || s.secretFile == "" {
		return errors.New("set DATABASE_URL and SECRET_FILE, as the comment above package main says")
	}
	secret, err := readSecret(s.secretFile)
	if err != nil {
		return err
	}
	s.publicURL = strings.TrimSuffix(s.publicURL, "/")
	mailer, err := s.mailer(out)
	if err != nil {
		return err
	}

	// Open also applies pending migrations. A server with a pool of its own passes it to
	// postgres.New instead.
	store, err := postgres.Open(ctx, s.database)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer store.Close() //nolint:errcheck // all writes are committed by then

	engine, err := authkit.New(authkit.Config{
		Store:   store,
		BaseURL: s.publicURL + "/id",
		Mailer:  mailer,
		Secrets: [][]byte{secret},
		// Behind a proxy, set TrustedProxies: limits count by the peer's address.
	})
	if err != nil {
		return err
	}
	// The first start makes the app. Later ones, and other processes, find it.
	app, err := engine.EnsureApp(ctx, "acme", "Acme")
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", s.addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	_, _ = fmt.Fprintf(out, "serving app %s at %s\n", app.ID, listener.Addr())
	return serve(ctx, listener, engine, app.ID)
}

// serve serves until ctx ends. Then requests end first, background work second, and the store
// (in run) last.
func serve(ctx context.Context, listener net.Listener, engine *authkit.Engine, app uuid.UUID) error {
	var background sync.WaitGroup
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	background.Go(func() {
		if err := engine.Run(working); err != nil { // sends mail, removes expired rows
			log.Print(err)
		}
	})
	defer background.Wait()
	defer stop()

	server := &http.Server{
		Handler:           routes(engine, app),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(last) // waits for the requests in flight
}

func routes(engine *authkit.Engine, app uuid.UUID) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/id/", http.StripPrefix("/id", engine.Handler()))
	mux.Handle("GET /me", engine.Require(authkit.ForApp(app))(http.HandlerFunc(me)))
	return mux
}

// me is a route of this server.
func me(w http.ResponseWriter, r *http.Request) {
	who, _ := authkit.IdentityFrom(r.Context())
	_, _ = fmt.Fprintf(w, "you are user %s\n", who.User)
}

// readSecret reads the secret that seals keys, client secrets and mails in the database. Keep
// it out of the database and of its backups.
func readSecret(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read SECRET_FILE: %w", err)
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("SECRET_FILE %q does not hold base64: %w", file, err)
	}
	return secret, nil
}

// mailer sends mails by SMTP. Without SMTP_URL it prints them, which is for development alone:
// they contain links that sign in.
func (s settings) mailer(out io.Writer) (mail.Mailer, error) {
	if s.smtp == "" && strings.HasPrefix(s.publicURL, "https://") {
		return nil, fmt.Errorf("PUBLIC_URL is %q: set SMTP_URL, too", s.publicURL)
	}
	if s.smtp == "" {
		return mail.Log(out), nil
	}
	c, err := smtp.Parse(s.smtp)
	if err != nil {
		return nil, fmt.Errorf("SMTP_URL: %w", err)
	}
	return smtp.New(c)
}
