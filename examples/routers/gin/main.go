// Command gin mounts authkit under the router gin, and protects a group of routes.
//
// Run it in examples/routers, a module of its own: go run ./gin
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

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

	r := gin.New()
	r.Any("/api/auth/*path", gin.WrapH(http.StripPrefix("/api/auth", engine.Handler())))
	signedIn := r.Group("/", middleware(engine.Require(authkit.ForApp(app.ID))))
	signedIn.GET("/me", me)
	return r, app, nil
}

// middleware makes a middleware of net/http one of gin. If it refuses a request, it has answered
// it, and the handlers behind it are not called.
func middleware(m func(http.Handler) http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		passed := false
		next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			passed, c.Request, c.Writer = true, r, writer{c.Writer, w}
			c.Next()
		})
		if m(next).ServeHTTP(c.Writer, c.Request); !passed {
			c.Abort()
		}
	}
}

// writer is gin's, with what the middleware does to an answer.
type writer struct {
	gin.ResponseWriter

	w http.ResponseWriter
}

func (w writer) WriteHeader(status int)               { w.w.WriteHeader(status) }
func (w writer) Write(b []byte) (int, error)          { return w.w.Write(b) }
func (w writer) WriteString(text string) (int, error) { return io.WriteString(w.w, text) }

func me(c *gin.Context) {
	id, _ := authkit.IdentityFrom(c.Request.Context()) // always there behind Require
	c.String(http.StatusOK, "signed in as user %s\n", id.User)
}
