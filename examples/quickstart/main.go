// Command quickstart runs authkit on the in-memory store: mails are printed as links that
// can be clicked, and the first lines say what to paste into a shell.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

//go:embed page.html
var page string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, "localhost:8080", os.Stdout)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, addr string, out io.Writer) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	base := "http://" + listener.Addr().String()
	if strings.HasPrefix(addr, "localhost:") {
		_, port, _ := net.SplitHostPort(listener.Addr().String()) // an address of our own
		base = "http://localhost:" + port
	}

	engine, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: base + "/id", Mailer: mail.Log(out)})
	if err != nil {
		return err
	}
	dev, err := engine.CreateDeveloper(ctx, "dev@example.com", "a-long-enough-passphrase")
	if err != nil {
		return err
	}
	app, key, err := engine.CreateApp(ctx, dev.ID.String(), "demo")
	if err != nil {
		return err
	}
	go engine.Run(ctx) //nolint:errcheck // ends with ctx

	mux := http.NewServeMux()
	mux.Handle("/id/", http.StripPrefix("/id", engine.Handler()))
	mux.Handle("/me", engine.Require(authkit.ForApp(app.ID))(http.HandlerFunc(me)))
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, strings.ReplaceAll(page, "APP_ID", app.ID.String()))
	})
	_, _ = fmt.Fprintf(out, instructions, base, app.ID, key)

	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// me is a route of the host's own.
func me(w http.ResponseWriter, r *http.Request) {
	id, _ := authkit.IdentityFrom(r.Context())
	_, _ = fmt.Fprintf(w, "user %s of app %s\n", id.User, id.App)
}

const instructions = `authkit is running. Open %[1]s/ to sign in, or paste:

# sign up with a password
curl -s %[1]s/id/auth/credentials/%[2]s -H 'Content-Type: application/json' -d '{"email":"ann@example.com","password":"correct horse battery"}'

# ask for a link; the mail is printed here
curl -s %[1]s/id/auth/magic-link/%[2]s -H 'Content-Type: application/json' -d '{"email":"bob@example.com"}'

# list the app's users with its API key
curl -s %[1]s/id/users/%[2]s -H 'Authorization: Bearer %[3]s'

# sign in as the developer
curl -s %[1]s/id/auth/credentials/console -H 'Content-Type: application/json' -d '{"email":"dev@example.com","password":"a-long-enough-passphrase"}'

`
