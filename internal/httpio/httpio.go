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
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"

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

	// Judged says that every member was decoded but those of Fields.
	Judged bool
}

// Error returns the detail.
func (e *BodyError) Error() string { return e.Detail }

// ErrUnsent means that the peer left before it had the whole answer.
var ErrUnsent = errors.New("write the answer")

// Appender is an answer that appends its own JSON to a buffer, which takes a fraction of the time
// of an encoder. It replaces text that is not UTF-8.
type Appender interface{ AppendJSON(b []byte) []byte }

// WriteJSON encodes v and then writes the status and the text. If v cannot be encoded, it
// leaves w untouched. It replaces text that is not UTF-8, since otherwise a refusal that quotes
// such text could not be sent.
func WriteJSON(w http.ResponseWriter, status int, contentType string, v any) error {
	buffer, _ := buffers.Get().(*bytes.Buffer)
	defer keep(buffer)
	if a, ok := v.(Appender); ok {
		buffer.Write(a.AppendJSON(buffer.AvailableBuffer()))
	} else if err := json.MarshalWrite(buffer, v, encoding); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	buffer.WriteByte('\n')
	header := w.Header()
	header["Content-Type"] = []string{contentType}
	if buffer.Len() > chunkFrom {
		header["Content-Length"] = []string{strconv.Itoa(buffer.Len())}
	}
	w.WriteHeader(status)
	if _, err := w.Write(buffer.Bytes()); err != nil {
		return fmt.Errorf("%w: %w", ErrUnsent, err)
	}
	return nil
}

// chunkFrom is the length beyond which net/http sends an answer in chunks, unless it is told the
// length. Chunks take another call of the system.
const chunkFrom = 2048

// encoding are the options of every answer.
var encoding = json.JoinOptions(json.Deterministic(true), jsontext.AllowInvalidUTF8(true))

// buffers are those of answers that were sent. A larger one than maxKept is not kept.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxKept is how large an answer may be whose buffer is used again. net/http copies so much into a
// buffer of its own. A larger answer it hands on, and after a reset of the stream (RFC 9113,
// section 6.4) it may still be read.
const maxKept = 4 << 10

func keep(buffer *bytes.Buffer) {
	if buffer.Len() <= maxKept && buffer.Cap() <= 2*maxKept {
		buffer.Reset()
		buffers.Put(buffer)
	}
}
