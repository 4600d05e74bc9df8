// Command subpath adds authkit to a server with routes of its own. authkit is one handler
// under a subpath, and two middlewares for the server's routes.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "where to listen")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *addr, os.Stdout)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, addr string, out io.Writer) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen (-addr names another address): %w", err)
	}
	host, _, _ := net.SplitHostPort(addr) // valid: the listener has it
	host = cmp.Or(host, "localhost")
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	base := "http://" + net.JoinHostPort(host, port)

	// The base URL holds the mount point: links in mails and token issuers begin with it.
	engine, err := authkit.New(authkit.Config{
		Store:   memory.New(),
		BaseURL: base + "/account",
		Mailer:  mail.Log(out),
	})
	if err != nil {
		return err
	}
	// This server is one app. The developer's id, "shop", is a name of your choice.
	app, err := engine.EnsureApp(ctx, "shop", "Shop")
	if err != nil {
		return err
	}
	go engine.Run(ctx) //nolint:errcheck // sends mail until ctx ends

	_, _ = fmt.Fprintf(out, instructions, base, app.ID)
	server := &http.Server{Handler: routes(engine, app.ID), ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// routes returns the server's own routes and those of authkit.
func routes(engine *authkit.Engine, app uuid.UUID) http.Handler {
	// A token must be of this app. A server with a tenant for each host name looks the app up
	// by the request here.
	tenant := authkit.ForApp(app)
	signedIn := engine.Require(tenant)       // 401 without a valid sign-in
	maybeSignedIn := engine.Optional(tenant) // also lets requests without a sign-in pass

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", front)
	mux.Handle("GET /orders", signedIn(http.HandlerFunc(orders)))
	mux.Handle("GET /hello", maybeSignedIn(http.HandlerFunc(hello)))
	mux.Handle("/account/", http.StripPrefix("/account", engine.Handler())) // the path of the base URL
	return mux
}

// front is public and does not use authkit.
func front(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprintln(w, "welcome to the shop")
}

// orders is only called for signed-in users.
func orders(w http.ResponseWriter, r *http.Request) {
	who, _ := authkit.IdentityFrom(r.Context())
	_, _ = fmt.Fprintf(w, "orders of user %s: none yet\n", who.User)
}

// hello is called with and without a signed-in user.
func hello(w http.ResponseWriter, r *http.Request) {
	who, ok := authkit.IdentityFrom(r.Context())
	if !ok {
		_, _ = fmt.Fprintln(w, "hello, stranger")
		return
	}
	_, _ = fmt.Fprintf(w, "hello, user %s\n", who.User)
}

const instructions = `The shop is open at %[1]s/. Sign up, and take the "token" from the answer:

curl -s %[1]s/account/auth/credentials/%[2]s -H 'Content-Type: application/json' -d '{"email":"ann@example.com","password":"correct horse battery"}'

TOKEN=
curl -s %[1]s/hello
curl -s %[1]s/hello -H "Authorization: Bearer $TOKEN"
curl -s %[1]s/orders -H "Authorization: Bearer $TOKEN"

`
