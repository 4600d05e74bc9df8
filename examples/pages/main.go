// Command pages is a server of a club: chi, server-rendered pages, and a table of members of its own
// in the SQLite file that holds authkit's. People sign up, in and out on authkit's pages, and at
// GitHub where GITHUB_ID and GITHUB_SECRET are set.
//
// Run it in examples/pages, a module of its own: SECRET=$(openssl rand -base64 32) go run .
package main

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"log"
	"net/http"
	"os"

	"github.com/go-chi/chi/v5"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/sqlite"
)

var (
	//go:embed page.html
	text string
	page = template.Must(template.New("page").Parse(text))

	//go:embed schema.sql
	schema string
)

func main() {
	secret := must(base64.StdEncoding.DecodeString(os.Getenv("SECRET")))
	c := authkit.Config{BaseURL: "http://localhost:8080/id", Mailer: mail.Log(os.Stdout), Secrets: [][]byte{secret}}
	log.Fatal(http.ListenAndServe("localhost:8080", newHandler(context.Background(), "club.db", c))) //nolint:gosec // an example without timeouts
}

func newHandler(ctx context.Context, file string, c authkit.Config) http.Handler {
	c.Store = must(sqlite.Open(ctx, file)) // makes authkit's tables
	engine := must(authkit.New(c))
	go engine.Run(ctx) //nolint:errcheck // sends mail until ctx ends
	app := must(engine.EnsureApp(ctx, "club", "The Club"))
	must(engine.ChangeApp(ctx, app.Ref(), authkit.AppPatch{SessionMode: new(authkit.SessionCookie)}))
	if id, secret := os.Getenv("GITHUB_ID"), os.Getenv("GITHUB_SECRET"); id != "" {
		_, err := engine.CreateOAuthConfig(ctx, authkit.ProviderRef{App: app.Ref(), Provider: "github"}, authkit.OAuthPatch{ClientID: &id, ClientSecret: &secret})
		if !errors.Is(err, authkit.CodeOAuthConfigExists) { // since an earlier start
			must(app, err)
		}
	}
	db := must(sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)"))
	must(db.ExecContext(ctx, schema))

	r := chi.NewRouter()
	r.Mount("/id", http.StripPrefix("/id", engine.Handler()))
	r.Group(func(r chi.Router) {
		r.Use(must(engine.RequirePage(ctx, app.ID)))
		r.Get("/", func(w http.ResponseWriter, r *http.Request) { show(w, r, "") })
		r.Post("/join", func(w http.ResponseWriter, r *http.Request) {
			who, _ := authkit.IdentityFrom(r.Context()) // always there behind RequirePage
			_, err := db.ExecContext(r.Context(), `insert or replace into members (app_id, user_id, motto) values ($1, $2, $3)`, who.App, who.User, r.FormValue("motto"))
			if err != nil {
				http.Error(w, "Try again in a moment.", http.StatusServiceUnavailable)
				return
			}
			http.Redirect(w, r, "/lounge", http.StatusSeeOther)
		})
		r.Get("/lounge", func(w http.ResponseWriter, r *http.Request) {
			who, _ := authkit.IdentityFrom(r.Context())
			var motto string
			if err := db.QueryRowContext(r.Context(), `select motto from members where app_id = $1 and user_id = $2`, who.App, who.User).Scan(&motto); err != nil {
				http.Error(w, "The lounge is for members.", http.StatusForbidden)
				return
			}
			show(w, r, motto)
		})
	})
	return r
}

// show writes a page: with a motto, that of the lounge.
func show(w http.ResponseWriter, r *http.Request, motto string) {
	who, _ := authkit.IdentityFrom(r.Context())
	w.Header().Set("Cache-Control", "no-store") // nor behind the button "back", after a sign-out
	_ = page.Execute(w, map[string]any{"Who": who, "Motto": motto})
}

// must ends the program where it cannot start.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
