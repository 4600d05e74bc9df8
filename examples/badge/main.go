// Command badge signs users in by a method of the host's own: a reader at the door vouches for a
// badge, and Engine.StartSession begins the session. The reader signs badge and time with a key
// that it shares with this server.
//
//	READER_KEY=0123456789abcdef go run ./examples/badge
//
// In another shell, do what the reader does when badge 4711 is shown:
//
//	AT=$(date +%s); MAC=$(printf 4711.$AT | openssl dgst -sha256 -hmac 0123456789abcdef -binary | base64)
//	curl -s http://localhost:8080/badge -d '{"badge":"4711","at":'$AT',"mac":"'$MAC'"}'
//
// The host does what authkit cannot know: it proves who is there, spends each proof once, and
// limits its peers. The rest is as at any sign-in: disabled users are refused, hooks are asked.
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

func main() {
	handler, err := newHandler(context.Background(), []byte(os.Getenv("READER_KEY")))
	if err != nil {
		log.Fatal(err)
	}
	log.Print("listening on http://localhost:8080")
	log.Fatal(http.ListenAndServe("localhost:8080", handler)) //nolint:gosec // an example without timeouts
}

// door signs in who shows a badge.
type door struct {
	engine *authkit.Engine
	app    uuid.UUID
	key    []byte               // of the reader
	owner  map[string]uuid.UUID // of each badge

	mu   sync.Mutex
	last map[string]int64 // the time of each badge's latest proof
}

func newHandler(ctx context.Context, key []byte) (http.Handler, error) {
	if len(key) < 16 {
		return nil, errors.New("READER_KEY has less than 16 bytes")
	}
	engine, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: "http://localhost:8080/id", Mailer: mail.Log(os.Stdout)})
	if err != nil {
		return nil, err
	}
	app, err := engine.EnsureApp(ctx, "acme", "Acme")
	if err != nil {
		return nil, err
	}
	ann, err := engine.CreateUser(ctx, app.ID, authkit.UserRequest{Email: "ann@example.com", Verified: true})
	if err != nil {
		return nil, err
	}
	d := &door{engine: engine, app: app.ID, key: key, owner: map[string]uuid.UUID{"4711": ann.ID}, last: map[string]int64{}}
	mux := http.NewServeMux()
	mux.Handle("/id/", http.StripPrefix("/id", engine.Handler()))
	mux.HandleFunc("POST /badge", d.signIn)
	return mux, nil
}

// proof is what the reader sends: MAC is the HMAC-SHA256 of "badge.at" under its key, in base64.
type proof struct {
	Badge string `json:"badge"`
	At    int64  `json:"at"` // Unix time
	MAC   string `json:"mac"`
}

// accept reports whether a proof is the reader's, no older than a minute, and the badge's latest.
func (d *door) accept(p proof) bool {
	mac := hmac.New(sha256.New, d.key)
	_, _ = fmt.Fprintf(mac, "%s.%d", p.Badge, p.At) // never fails
	got, err := base64.StdEncoding.DecodeString(p.MAC)
	if err != nil || !hmac.Equal(got, mac.Sum(nil)) || time.Since(time.Unix(p.At, 0)).Abs() > time.Minute {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.At <= d.last[p.Badge] {
		return false
	}
	d.last[p.Badge] = p.At
	return true
}

func (d *door) signIn(w http.ResponseWriter, r *http.Request) {
	var p proof
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&p)
	if err != nil || !d.accept(p) {
		http.Error(w, "the badge was not read", http.StatusUnauthorized)
		return
	}
	in, err := d.engine.StartSession(r.Context(), authkit.HostSignIn{
		App: d.app, User: d.owner[p.Badge], Method: "badge",
		Client: authkit.Client{IP: r.RemoteAddr, UserAgent: r.UserAgent()},
	})
	if refusal, ok := errors.AsType[*authkit.Error](err); ok {
		http.Error(w, refusal.Detail, refusal.Code.Status())
		return
	}
	if err != nil {
		http.Error(w, "the sign-in failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store") // it holds a credential
	answer := map[string]any{"token": in.Token, "refresh_token": in.RefreshToken, "expires_in": in.ExpiresIn.Seconds()}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		log.Printf("answer: %v", err)
	}
}
