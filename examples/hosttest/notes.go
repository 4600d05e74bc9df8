// Package hosttest is a small host that keeps notes, which only their author sees. Its test
// shows how a host tests its routes with package authkittest.
package hosttest

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"sync"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// maxNote is the size of the longest note, in bytes.
const maxNote = 4 << 10

// notes keeps the notes of each user.
type notes struct {
	mu sync.Mutex
	by map[uuid.UUID][]string
}

// NewNotes serves GET and POST /notes to the users of one app. Each sees only their own notes.
func NewNotes(engine *authkit.Engine, app uuid.UUID) http.Handler {
	n := &notes{by: map[uuid.UUID][]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /notes", n.list)
	mux.HandleFunc("POST /notes", n.add)
	return engine.Require(authkit.ForApp(app))(mux)
}

func (n *notes) list(w http.ResponseWriter, r *http.Request) {
	who, _ := authkit.IdentityFrom(r.Context()) // always there behind Require
	n.mu.Lock()
	own := append([]string{}, n.by[who.User]...) // never null
	n.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(own); err != nil {
		log.Printf("answer: %v", err)
	}
}

func (n *notes) add(w http.ResponseWriter, r *http.Request) {
	who, _ := authkit.IdentityFrom(r.Context())
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxNote))
	if err != nil {
		http.Error(w, "the note cannot be read, or is too long", http.StatusBadRequest)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.by[who.User] = append(n.by[who.User], string(text))
	w.WriteHeader(http.StatusCreated)
}
