// Command storewrap puts a wrapper around a store. This one measures the calls that a sign-in
// waits for, and shows the sums at /debug/vars.
//
//	go run ./examples/storewrap
//
// A wrapper embeds authkit.Store and overrides the methods that it is about; all others go to the
// store below. It changes no answer and no error: the Engine decides by them. It does not override
// Contract, so that a store below that is too old is still refused. Its test runs storetest, which
// checks that the whole is a store.
package main

import (
	"context"
	"expvar"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

func main() {
	handler, app, err := newHandler(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("sign up: POST http://localhost:8080/id/auth/credentials/%s", app)
	log.Fatal(http.ListenAndServe("localhost:8080", handler)) //nolint:gosec // an example without timeouts
}

func newHandler(ctx context.Context) (http.Handler, uuid.UUID, error) {
	times := new(expvar.Map)
	engine, err := authkit.New(authkit.Config{
		Store: measured{memory.New(), times}, BaseURL: "http://localhost:8080/id", Mailer: mail.Log(os.Stdout),
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
	mux.HandleFunc("GET /debug/vars", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if _, err := w.Write([]byte(times.String())); err != nil {
			log.Printf("answer: %v", err)
		}
	})
	return mux, app.ID, nil
}

// measured is a Store that adds up how often its calls are made, and how long they take.
type measured struct {
	authkit.Store

	times *expvar.Map // "<method> calls" and "<method> ns"
}

var _ authkit.Store = measured{}

// Unwrap lets Engine.Check find what the wrapped store knows of itself.
func (m measured) Unwrap() authkit.Store { return m.Store }

// since adds a call that began at a time. It is deferred.
func (m measured) since(method string, began time.Time) {
	m.times.Add(method+" calls", 1)
	m.times.Add(method+" ns", time.Since(began).Nanoseconds())
}

func (m measured) Account(ctx context.Context, app uuid.UUID, by authkit.AccountKey) (authkit.Account, error) {
	defer m.since("Account", time.Now())
	return m.Store.Account(ctx, app, by)
}

func (m measured) CreateUser(ctx context.Context, c authkit.NewUser) (authkit.User, error) {
	defer m.since("CreateUser", time.Now())
	return m.Store.CreateUser(ctx, c)
}

func (m measured) ChangeUser(ctx context.Context, c authkit.UserChange) (authkit.User, error) {
	defer m.since("ChangeUser", time.Now())
	return m.Store.ChangeUser(ctx, c)
}

func (m measured) Hit(ctx context.Context, h authkit.Hits, now time.Time) (authkit.HitResult, error) {
	defer m.since("Hit", time.Now())
	return m.Store.Hit(ctx, h, now)
}
