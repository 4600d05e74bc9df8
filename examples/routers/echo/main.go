// Command echo mounts authkit under the router echo, and protects a route.
//
// Run it in examples/routers, a module of its own: go run ./echo
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/labstack/echo/v5"

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

	e := echo.New()
	e.Any("/api/auth/*", echo.WrapHandler(http.StripPrefix("/api/auth", engine.Handler())))
	// A group of echo answers for every path below its prefix, also unknown ones. Without a prefix
	// of its own, the middleware stands at each route.
	signedIn := echo.WrapMiddleware(engine.Require(authkit.ForApp(app.ID)))
	e.GET("/me", me, signedIn)
	return e, app, nil
}

func me(c *echo.Context) error {
	id, _ := authkit.IdentityFrom(c.Request().Context()) // always there behind Require
	return c.String(http.StatusOK, fmt.Sprintln("signed in as user", id.User))
}
