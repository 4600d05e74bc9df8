// Command ownpages is a server whose pages, forms and tables are its own: it signs people up, in and
// out by methods of authkit's Engine, and keeps their notes in the same SQLite file. Its pages work
// without script.
//
// net/http refuses a form that a page of another site posts, in front of every form of the host
// (http.CrossOriginProtection). Without it, such a page could sign its visitors in to an account of
// its own. authkit's handler, below /id/, has its own protection and stands beside it: a provider may
// post its answer there.
//
// The Engine limits how often an address is tried and written to. The limits by peer address are
// those of authkit's handler: a host that serves sign-ins itself limits its peers in front of them.
//
//	SECRET=$(openssl rand -base64 32) go run ./examples/ownpages
package main

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/google/uuid"
	_ "modernc.org/sqlite"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/sqlite"
)

//go:embed page.html
var page string

func main() {
	secret, err := base64.StdEncoding.DecodeString(os.Getenv("SECRET"))
	if err != nil {
		log.Fatal("SECRET: ", err)
	}
	handler, err := newHandler(context.Background(), config{"http://localhost:8080", "ownpages.db", secret, os.Stdout})
	if err != nil {
		log.Fatal(err)
	}
	log.Print("listening on http://localhost:8080")
	log.Fatal(http.ListenAndServe("localhost:8080", handler)) //nolint:gosec // an example without timeouts
}

type config struct {
	origin, file string
	secret       []byte
	mails        io.Writer
}

// site serves the pages of one app.
type site struct {
	engine *authkit.Engine
	app    uuid.UUID
	notes  notes
	page   *template.Template
}

func newHandler(ctx context.Context, c config) (http.Handler, error) {
	// authkit and the host share the file: one connection writes, others read.
	dsn := "file:" + c.file + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	write, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	read, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _, _ = write.Close(), read.Close() })
	store, err := sqlite.New(ctx, write, read) // makes authkit's tables
	if err != nil {
		return nil, err
	}
	engine, err := authkit.New(authkit.Config{Store: store, BaseURL: c.origin + "/id", Mailer: mail.Log(c.mails), Secrets: [][]byte{c.secret}})
	if err != nil {
		return nil, err
	}
	app, err := engine.EnsureApp(ctx, "acme", "Acme")
	if err != nil {
		return nil, err
	}
	if _, err := engine.ChangeApp(ctx, app.Ref(), authkit.AppPatch{SessionMode: new(authkit.SessionCookie)}); err != nil {
		return nil, err
	}
	s := site{engine: engine, app: app.ID, notes: notes{write, read}}
	if err := s.notes.create(ctx); err != nil {
		return nil, err
	}
	if s.page, err = template.New("page").Parse(page); err != nil {
		return nil, fmt.Errorf("page.html: %w", err)
	}
	go engine.Run(ctx) //nolint:errcheck // sends mail until ctx ends
	return s.routes(ctx)
}

func (s site) routes(ctx context.Context) (http.Handler, error) {
	signedIn, err := s.engine.RequirePage(ctx, s.app)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", s.engine.Optional(authkit.ForApp(s.app))(http.HandlerFunc(s.home)))
	mux.HandleFunc("POST /sign-up", s.password("sign_up"))
	mux.HandleFunc("POST /sign-in", s.password("sign_in"))
	mux.HandleFunc("POST /link", s.link)
	mux.HandleFunc("POST /code", s.code)
	mux.HandleFunc("POST /sign-out", s.signOut)
	mux.Handle("GET /notes", signedIn(http.HandlerFunc(s.list)))
	mux.Handle("POST /notes", signedIn(http.HandlerFunc(s.add)))

	all := http.NewServeMux()
	all.Handle("/id/", http.StripPrefix("/id", s.engine.Handler()))
	all.Handle("/", http.NewCrossOriginProtection().Handler(mux))
	return http.MaxBytesHandler(all, 64<<10), nil // forms are small
}

func (s site) home(w http.ResponseWriter, r *http.Request) {
	who, ok := authkit.IdentityFrom(r.Context())
	s.show(w, http.StatusOK, view{SignedIn: ok, Name: who.Name})
}

// password signs a person up or in.
func (s site) password(intent string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		in, err := s.engine.SignInWithPassword(r.Context(), authkit.PasswordSignIn{
			App: s.app, Intent: intent, Email: r.PostFormValue("email"), Password: r.PostFormValue("password"), Name: r.PostFormValue("name"),
			Browser: s.engine.Browser(w, r), Device: s.engine.Device(r, s.app), Client: s.engine.Client(r, s.app),
		})
		s.signIn(w, r, in, err)
	}
}

// link mails a link and a code. The page of the link is authkit's; the code is typed here.
func (s site) link(w http.ResponseWriter, r *http.Request) {
	email := r.PostFormValue("email")
	pending, err := s.engine.RequestMagicLink(r.Context(), authkit.MagicLinkRequest{
		App: s.app, Email: email, Browser: s.engine.Browser(w, r), Device: s.engine.Device(r, s.app), Client: s.engine.Client(r, s.app),
	})
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.show(w, http.StatusOK, view{Mailed: email, Binding: pending.Binding})
}

func (s site) code(w http.ResponseWriter, r *http.Request) {
	in, err := s.engine.RedeemMagicLink(r.Context(), authkit.MagicLinkProof{
		App: s.app, Email: r.PostFormValue("email"), Code: r.PostFormValue("code"), Binding: r.PostFormValue("binding"), Client: s.engine.Client(r, s.app),
	})
	s.signIn(w, r, in, err)
}

// signIn lets the browser hold the session that has begun.
func (s site) signIn(w http.ResponseWriter, r *http.Request, in authkit.SignIn, err error) {
	if err == nil {
		err = s.engine.SetSessionCookies(w, r, in)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s site) signOut(w http.ResponseWriter, r *http.Request) {
	if err := s.engine.ClearSessionCookies(w, r, s.app); err != nil {
		s.refuse(w, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// view is what a page shows.
type view struct {
	SignedIn        bool
	Name            string
	Notes           []string
	Problem         string
	Mailed, Binding string // the address that was written to, and the asker's secret
}

func (s site) show(w http.ResponseWriter, status int, v view) {
	w.Header().Set("Cache-Control", "no-store") // also after a sign-out and the button "back"
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
	w.WriteHeader(status)
	if err := s.page.Execute(w, v); err != nil {
		log.Printf("page: %v", err)
	}
}

// refuse shows why something did not work.
func (s site) refuse(w http.ResponseWriter, err error) {
	refusal, ok := errors.AsType[*authkit.Error](err)
	if !ok || refusal.Code.Status() >= http.StatusInternalServerError {
		log.Printf("refused: %v", err)
		s.show(w, http.StatusServiceUnavailable, view{Problem: "This did not work. Try again in a moment."})
		return
	}
	v := view{Problem: refusal.Detail}
	if len(refusal.Fields) > 0 {
		v.Problem = refusal.Fields[0].Detail
	}
	s.show(w, refusal.Code.Status(), v)
}
