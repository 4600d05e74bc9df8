// Command quickstart runs authkit on the in-memory store, with a page to sign in on. It prints
// commands to paste into a shell, and then each mail with its link.
package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"flag"
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
	home := "http://" + net.JoinHostPort(host, port) + "/"

	// All paths of authkit are under /id. Mails are printed.
	engine, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: home + "id", Mailer: mail.Log(out)})
	if err != nil {
		return err
	}
	go engine.Run(ctx) //nolint:errcheck // ends with ctx

	// A developer owns apps; an app has users of its own.
	dev, err := engine.CreateDeveloper(ctx, "dev@example.com", "a-long-enough-passphrase")
	if err != nil {
		return err
	}
	app, key, err := engine.CreateApp(ctx, dev.ID.String(), "demo")
	if err != nil {
		return err
	}
	// A link sends the browser on to the page. Only registered URLs are allowed.
	if _, err := engine.ChangeApp(ctx, authkit.AppRef{Developer: dev.ID.String(), ID: app.ID}, authkit.AppPatch{RedirectURLs: &[]string{home}}); err != nil {
		return err
	}

	mux := http.NewServeMux()
	mux.Handle("/id/", http.StripPrefix("/id", engine.Handler()))
	mux.Handle("/me", engine.Require(authkit.ForApp(app.ID))(http.HandlerFunc(me)))
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = strings.NewReplacer("APP_ID", app.ID.String(), "HOME", home).WriteString(w, page)
	})
	_, _ = fmt.Fprintf(out, instructions, home, app.ID, key)

	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// me is a route of the host.
func me(w http.ResponseWriter, r *http.Request) {
	id, _ := authkit.IdentityFrom(r.Context())
	_, _ = fmt.Fprintf(w, "user %s of app %s, signed in by %s\n", id.User, id.App, strings.Join(id.Methods, ", "))
}

const instructions = `authkit is running. Open %[1]s to sign in, or paste:

# sign up with a password
curl -s %[1]sid/auth/credentials/%[2]s -H 'Content-Type: application/json' -d '{"email":"ann@example.com","password":"correct horse battery"}'

# ask for a link; the mail is printed here, and the link can be clicked
curl -s %[1]sid/auth/magic-link/%[2]s -H 'Content-Type: application/json' -d '{"email":"bob@example.com","redirect_to":"%[1]s"}'

# list the app's users with its API key
curl -s %[1]sid/users/%[2]s -H 'Authorization: Bearer %[3]s'

# sign in as the developer
curl -s %[1]sid/auth/credentials/console -H 'Content-Type: application/json' -d '{"email":"dev@example.com","password":"a-long-enough-passphrase"}'

# mails follow; the first tells the developer that this program set redirect_urls

`
