// Package httpio reads requests strictly and writes answers safely. It knows HTTP, but not
// accounts.
//
// [Decode] reads a body. Its error names each field that it refuses:
//
//	var in struct{ Email string `json:"email"` }
//	if err := httpio.Decode(r, &in); err != nil { … a *BodyError with a status … }
//	httpio.WriteJSON(w, http.StatusOK, out)
package httpio

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// BodyLimit is the size of the largest request body, in bytes.
const BodyLimit = 64 << 10

// FieldError says what is wrong with one member.
type FieldError struct{ Field, Code, Detail string }

// BodyError says why a body was refused. Its status is 400, 413 or 415.
type BodyError struct {
	Status int
	Detail string
	Fields []FieldError
}

// Error returns the detail.
func (e *BodyError) Error() string { return e.Detail }

// ErrUnsent means that the peer left before it had the whole answer.
var ErrUnsent = errors.New("write the answer")

// WriteJSON encodes v and then writes the status and the text. If v cannot be encoded, it
// leaves w untouched. It replaces text that is not UTF-8, since otherwise a refusal that quotes
// such text could not be sent.
func WriteJSON(w http.ResponseWriter, status int, contentType string, v any) error {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	if _, err := w.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("%w: %w", ErrUnsent, err)
	}
	return nil
}
