// Command chi mounts authkit under the router chi, and protects a group of routes.
//
// Run it in examples/routers, a module of its own: go run ./chi
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/go-chi/chi/v5"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

func main() {
	handler, app, err := newHandler(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("app", app.ID)
	log.Fatal(http.ListenAndServe("localhost:8080", handler)) //nolint:gosec // an example without timeouts
}

func newHandler(ctx context.Context) (http.Handler, authkit.App, error) {
	engine, err := authkit.New(authkit.Config{
		Store:   memory.New(),
		BaseURL: "http://localhost:8080/api/auth", // with the mount point
		Mailer:  mail.Log(os.Stdout),
	})
	if err != nil {
		return nil, authkit.App{}, err
	}
	app, err := engine.EnsureApp(ctx, "acme", "Acme")
	if err != nil {
		return nil, authkit.App{}, err
	}
	go engine.Run(ctx) //nolint:errcheck // sends mail until ctx ends

	r := chi.NewRouter()
	// chi keeps the whole path of a request, so that the prefix is removed here.
	r.Mount("/api/auth", http.StripPrefix("/api/auth", engine.Handler()))
	r.Group(func(r chi.Router) {
		r.Use(engine.Require(authkit.ForApp(app.ID)))
		r.Get("/me", me)
	})
	return r, app, nil
}

func me(w http.ResponseWriter, r *http.Request) {
	id, _ := authkit.IdentityFrom(r.Context()) // always there behind Require
	_, _ = fmt.Fprintln(w, "signed in as user", id.User)
}
