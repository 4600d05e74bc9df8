// Command spa is a single-page app: a static page whose script signs people up, in and out by the
// browser client that authkit serves, and calls a route of this server as the user.
//
//	go run ./examples/spa
package main

import (
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
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

//go:embed web
var web embed.FS

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
	origin := "http://" + net.JoinHostPort(host, port)

	engine, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: origin + "/id", Mailer: mail.Log(out)})
	if err != nil {
		return err
	}
	app, err := engine.EnsureApp(ctx, "acme", "Acme")
	if err != nil {
		return err
	}
	go engine.Run(ctx) //nolint:errcheck // sends mail until ctx ends

	_, _ = fmt.Fprintf(out, "the app is at %s/\n", origin)
	server := &http.Server{Handler: routes(engine, app.ID), ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// routes returns authkit, the route that the script calls, and the static files.
func routes(engine *authkit.Engine, app uuid.UUID) http.Handler {
	files, err := fs.Sub(web, "web")
	if err != nil {
		panic(err) // the folder is embedded
	}
	mux := http.NewServeMux()
	mux.Handle("/id/", http.StripPrefix("/id", engine.Handler()))
	mux.Handle("GET /api/whoami", engine.Require(authkit.ForApp(app))(http.HandlerFunc(whoami)))
	// A build of a larger app has the id of its app as a constant. This server makes one at each start.
	mux.HandleFunc("GET /config.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = fmt.Fprintf(w, "export const app = %q;\n", app)
	})
	mux.Handle("/", strict(http.FileServerFS(files)))
	return mux
}

// strict lets the page run its own files alone. A script of another origin, or one in the markup,
// could use the session.
func strict(files http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "+
			"base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		files.ServeHTTP(w, r)
	})
}

// whoami answers with what this server knows of the user who calls it.
func whoami(w http.ResponseWriter, r *http.Request) {
	who, _ := authkit.IdentityFrom(r.Context())
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(map[string]any{
		"user": who.User, "session": who.Session, "signed_in_at": who.AuthTime, "signed_in_by": who.Methods,
	}); err != nil {
		log.Printf("answer: %v", err)
	}
}
