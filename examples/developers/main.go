// Command developers is a platform with developers of its own: Config.Developers tells authkit
// who they are, and the built-in console app is off. Developers sign in to the platform as they
// always did. Their session there lets them make and manage apps under /id/apps; the owner of an
// app is kept by the platform's id of the developer.
//
//	DEVELOPER_PASSWORD=… go run ./examples/developers
//	curl -s -c jar http://localhost:8080/login -d name=ann -d password=…
//	curl -s -b jar http://localhost:8080/id/apps -H 'Content-Type: application/json' -d '{"name":"shop"}'
package main

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"log"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

func main() {
	password := os.Getenv("DEVELOPER_PASSWORD")
	if password == "" {
		log.Fatal("set DEVELOPER_PASSWORD")
	}
	handler, err := newHandler(&platform{password: password, now: time.Now, sessions: map[string]session{}})
	if err != nil {
		log.Fatal(err)
	}
	log.Print("listening on http://localhost:8080")
	log.Fatal(http.ListenAndServe("localhost:8080", handler)) //nolint:gosec // an example without timeouts
}

// platform stands for what the host has already: developers who sign in, and their sessions.
type platform struct {
	password string // of every developer, in this example
	now      func() time.Time

	mu       sync.Mutex
	sessions map[string]session // by the value of the cookie
}

type session struct {
	developer string
	signedIn  time.Time
}

func newHandler(p *platform) (http.Handler, error) {
	engine, err := authkit.New(authkit.Config{
		Store: memory.New(), BaseURL: "http://localhost:8080/id", Mailer: mail.Log(os.Stdout),
		Developers: p.developer,
		Now:        p.now,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/id/", http.StripPrefix("/id", engine.Handler()))
	mux.HandleFunc("POST /login", p.login)
	return http.MaxBytesHandler(mux, 64<<10), nil // forms are small
}

// developer names the developer of a request to /id/apps. authkit refuses requests that other
// sites make with the cookie, and asks for a sign-in of the last ten minutes before an app can be
// taken over or deleted.
func (p *platform) developer(r *http.Request) (id string, signedIn time.Time, err error) {
	cookie, err := r.Cookie("platform")
	if err != nil {
		return "", time.Time{}, errors.New("no session of the platform")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sessions[cookie.Value]
	return s.developer, s.signedIn, nil // an empty id is refused
}

func (p *platform) login(w http.ResponseWriter, r *http.Request) {
	name := r.PostFormValue("name")
	if name == "" || subtle.ConstantTimeCompare([]byte(r.PostFormValue("password")), []byte(p.password)) == 0 {
		http.Error(w, "name or password is wrong", http.StatusUnauthorized)
		return
	}
	value := rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions[value] = session{developer: name, signedIn: p.now()}
	//nolint:gosec // a server for production serves https, and sets Secure
	http.SetCookie(w, &http.Cookie{Name: "platform", Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
