// Command authkit is a host as its README shows one: it mounts the handler of an engine, runs the
// engine beside it, and has one path of its own that wants an API key. Everything is as it ships,
// but for the limits, which are off: one peer makes all requests.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail/smtp"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := serve(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "authkit:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}

func serve(ctx context.Context) error {
	store, err := open(ctx, os.Getenv("BENCH_STORE"))
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	mailer, err := smtp.New(smtp.Config{Addr: os.Getenv("BENCH_SMTP"), TLS: smtp.Opportunistic})
	if err != nil {
		return err
	}
	engine, err := authkit.New(authkit.Config{
		Store: store, BaseURL: "http://" + os.Getenv("BENCH_ADDR"), Mailer: mailer, MailFrom: "bench@example.com",
		Secrets: [][]byte{[]byte("only measured, it keeps nothing.")},
		Limits:  authkit.LimitConfig{InsecureOff: true},
		// The app belongs to the host itself, and no developer signs in.
		Developers: func(*http.Request) (string, time.Time, error) { return "", time.Time{}, errors.New("there are none") },
		Logger:     slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return err
	}
	if err := introduce(ctx, engine); err != nil {
		return err
	}
	running, end := context.WithCancel(ctx)
	var background sync.WaitGroup
	background.Go(func() { _ = engine.Run(running) }) // it logs, and returns nil
	defer background.Wait()
	defer end()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /bench/key", checkKey(engine))
	mux.Handle("/", engine.Handler())
	server := &http.Server{Addr: os.Getenv("BENCH_ADDR"), Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); ctx.Err() == nil {
		return err
	}
	return nil
}

// store is what both adapters are.
type store interface {
	authkit.Store
	io.Closer
}

// open opens postgres://… or a file of SQLite. The adapter of SQLite sets synchronous to FULL, and
// refuses a handle with less.
func open(ctx context.Context, name string) (store, error) {
	if strings.HasPrefix(name, "postgres://") {
		return postgres.Open(ctx, name)
	}
	return sqlite.Open(ctx, name)
}

// checkKey answers who a key belongs to, as a host's own endpoint would.
func checkKey(engine *authkit.Engine) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		key, err := engine.CheckAPIKey(r.Context(), text)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"app_id":"`+key.App.String()+`"}`) // the client may be gone
	}
}

// introduce writes the app and a new API key of it to the file that the driver reads.
func introduce(ctx context.Context, engine *authkit.Engine) error {
	name := os.Getenv("BENCH_APP")
	if _, err := os.Stat(name); err == nil { //nolint:gosec // the driver names it
		return nil // a later start, with the app and the key of the first
	}
	app, key, err := engine.CreateApp(ctx, "bench", "Bench")
	if err != nil {
		return err
	}
	b, err := json.Marshal(map[string]string{"app": app.ID.String(), "key": key})
	if err != nil {
		return err
	}
	return os.WriteFile(name, b, 0o600) //nolint:gosec // likewise
}
