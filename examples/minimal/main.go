// Command minimal is a server with one app and one protected route. README.md shows this program.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

func main() {
	mux := http.NewServeMux()
	app, err := addAuth(context.Background(), mux)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("app", app.ID)
	log.Fatal(http.ListenAndServe("localhost:8080", mux)) //nolint:gosec // an example without timeouts
}

// addAuth mounts authkit under /id, and protects /me.
func addAuth(ctx context.Context, mux *http.ServeMux) (authkit.App, error) {
	engine, err := authkit.New(authkit.Config{
		Store:   memory.New(),
		BaseURL: "http://localhost:8080/id",
		Mailer:  mail.Log(os.Stdout),
	})
	if err != nil {
		return authkit.App{}, err
	}
	app, err := engine.EnsureApp(ctx, "acme", "demo") // finds the app of developer acme, or makes it
	if err != nil {
		return authkit.App{}, err
	}
	go engine.Run(ctx) //nolint:errcheck // sends mail until ctx ends
	mux.Handle("/id/", http.StripPrefix("/id", engine.Handler()))
	mux.Handle("/me", engine.Require(authkit.ForApp(app.ID))(http.HandlerFunc(me)))
	return app, nil
}

func me(w http.ResponseWriter, r *http.Request) {
	id, _ := authkit.IdentityFrom(r.Context())
	_, _ = fmt.Fprintln(w, "signed in as user", id.User)
}
