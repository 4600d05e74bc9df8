// Command quickstart is a pretend product, Sprig, whose users sign in on authkit's own pages. Beside
// it stands the mailbox: the mails that authkit sent. Everything is in memory. It prints commands to
// paste into a shell, too.
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

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/passkey"
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
	home := "http://" + net.JoinHostPort(host, port) + "/"

	// All paths of authkit are under /id. No mail leaves the process.
	mails := mail.NewOutbox()
	engine, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: home + "id", Mailer: mails, ProductName: "Sprig", Passkeys: passkey.New()})
	if err != nil {
		return err
	}
	go engine.Run(ctx) //nolint:errcheck // ends with ctx
	app, key, err := newApp(ctx, engine, home)
	if err != nil {
		return err
	}

	// A browser that opens /plants without a session is sent to the sign-in page, and comes back.
	require, err := engine.RequirePage(ctx, app.ID)
	if err != nil {
		return err
	}
	optional := engine.Optional(authkit.ForApp(app.ID)) // lets strangers through, too
	p := &product{engine: engine, app: app.ID, watered: map[watering]bool{}}
	mux := http.NewServeMux()
	mux.Handle("/id/", http.StripPrefix("/id", engine.Handler()))
	mux.Handle("GET /{$}", optional(http.HandlerFunc(p.show)))
	mux.Handle("GET /plants", require(http.HandlerFunc(p.show)))
	mux.Handle("POST /water", require(http.HandlerFunc(p.water)))
	addMailbox(mux, mails)
	_, _ = fmt.Fprintf(out, instructions, home, app.ID, key)

	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// newApp makes a developer, who owns apps, and an app, which has users of its own. Its sessions are
// in cookies, and its colour and links are on authkit's pages.
func newApp(ctx context.Context, engine *authkit.Engine, home string) (app authkit.App, key string, err error) {
	dev, err := engine.CreateDeveloper(ctx, "dev@example.com", "a-long-enough-passphrase")
	if err != nil {
		return app, "", err
	}
	app, key, err = engine.CreateApp(ctx, dev.ID.String(), "Sprig")
	if err != nil {
		return app, "", err
	}
	app, err = engine.ChangeApp(ctx, authkit.AppRef{Developer: dev.ID.String(), ID: app.ID}, authkit.AppPatch{
		SessionMode: new(authkit.SessionCookie),
		Branding:    &authkit.BrandingPatch{Color: new("#2f6f4f"), HomeURL: &home, SupportURL: new(home + "#help")},
	})
	return app, key, err
}

const instructions = `authkit is running. Open %[1]s

Its mailbox, %[1]smailbox, has every mail. The first tells the developer what this program set.
The API takes requests from a shell, too:

# sign up with a password
curl -s %[1]sid/auth/credentials/%[2]s -H 'Content-Type: application/json' -d '{"email":"ann@example.com","password":"correct horse battery"}'

# ask for a link
curl -s %[1]sid/auth/magic-link/%[2]s -H 'Content-Type: application/json' -d '{"email":"bob@example.com"}'

# list the app's users with its API key
curl -s %[1]sid/users/%[2]s -H 'Authorization: Bearer %[3]s'

# sign in as the developer
curl -s %[1]sid/auth/credentials/console -H 'Content-Type: application/json' -d '{"email":"dev@example.com","password":"a-long-enough-passphrase"}'

`
