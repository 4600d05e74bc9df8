// Command pages is an app of server-rendered pages: forms and a session cookie, and no script.
// Its forms post to this server, which asks authkit's handler in the name of the browser and
// passes the cookies on. authkit then counts limits by the browser's address, and refuses a form
// that another site posts.
//
//	go run ./examples/pages
package main

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

//go:embed page.html
var page string

func main() {
	handler, err := newHandler(context.Background(), "http://localhost:8080", os.Stdout)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", handler)) //nolint:gosec // an example without timeouts
}

// site serves the pages of one app.
type site struct {
	auth http.Handler // authkit's, without the mount point
	app  uuid.UUID
	page *template.Template
}

func newHandler(ctx context.Context, origin string, mails io.Writer) (http.Handler, error) {
	engine, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: origin + "/id", Mailer: mail.Log(mails)})
	if err != nil {
		return nil, err
	}
	app, err := engine.EnsureApp(ctx, "acme", "Acme")
	if err != nil {
		return nil, err
	}
	patch := authkit.AppPatch{SessionMode: new(authkit.SessionCookie), RedirectURLs: &[]string{origin + "/signed-in"}}
	if _, err := engine.ChangeApp(ctx, authkit.AppRef{Developer: "acme", ID: app.ID}, patch); err != nil {
		return nil, err
	}
	tmpl, err := template.New("page").Parse(page)
	if err != nil {
		return nil, fmt.Errorf("page.html: %w", err)
	}
	go engine.Run(ctx) //nolint:errcheck // sends mail until ctx ends
	s := site{auth: engine.Handler(), app: app.ID, page: tmpl}
	mux := http.NewServeMux()
	mux.Handle("/id/", http.StripPrefix("/id", s.auth))
	mux.Handle("GET /{$}", engine.Optional(authkit.ForApp(app.ID))(http.HandlerFunc(s.home)))
	mux.HandleFunc("POST /sign-in", func(w http.ResponseWriter, r *http.Request) {
		s.post(w, r, "credentials", map[string]string{"email": r.PostFormValue("email"), "password": r.PostFormValue("password")})
	})
	mux.HandleFunc("POST /link", func(w http.ResponseWriter, r *http.Request) {
		s.post(w, r, "magic-link", map[string]string{"email": r.PostFormValue("email"), "redirect_to": origin + "/signed-in"})
	})
	mux.HandleFunc("GET /signed-in", func(w http.ResponseWriter, r *http.Request) { // from the button of a mailed link
		s.post(w, r, "token", map[string]string{"code": r.URL.Query().Get("code")})
	})
	mux.HandleFunc("POST /sign-out", func(w http.ResponseWriter, r *http.Request) {
		s.post(w, r, "sign-out", map[string]string{})
	})
	return http.MaxBytesHandler(mux, 64<<10), nil // forms are small
}

func (s site) home(w http.ResponseWriter, r *http.Request) {
	var v view
	if who, ok := authkit.IdentityFrom(r.Context()); ok {
		v.User = who.User.String()
	}
	s.show(w, http.StatusOK, v)
}

// post posts to a route of authkit, passes its cookies on, and shows its refusal or goes on.
func (s site) post(w http.ResponseWriter, r *http.Request, route string, body map[string]string) {
	got, err := s.ask(r, route, body)
	if err != nil {
		log.Printf("ask authkit: %v", err)
		http.Error(w, "this did not work", http.StatusInternalServerError)
		return
	}
	for _, cookie := range got.header.Values("Set-Cookie") {
		w.Header().Add("Set-Cookie", cookie)
	}
	switch {
	case got.status >= http.StatusBadRequest:
		s.show(w, got.status, view{Problem: got.why()})
	case got.status == http.StatusAccepted: // a mail is under way
		s.show(w, http.StatusOK, view{Mailed: true})
	default:
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}
