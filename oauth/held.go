package oauth

import (
	"errors"
	"io"
	"slices"
	"sync/atomic"
)

const (
	// smallAnswer is how many bytes of each answer may be held in any case. Answers of providers
	// are smaller.
	smallAnswer = 64 << 10

	// maxHeld bounds what all answers that are being read hold together beyond that, in bytes.
	maxHeld = 16 << 20
)

// errHeld means that the answers that are being read hold all that they may.
var errHeld = errors.New("too many large answers of providers are being read")

// held counts the bytes of large answers while they are read. An issuer that a stranger chose can
// send most of what an answer may have and then stop, in any number of sign-ins at once. It is
// safe for concurrent use.
type held struct{ bytes atomic.Int64 }

// read reads an answer to its end. It gives up with errHeld rather than wait for room, since the
// answers that take it may never end.
func (h *held) read(answer io.Reader) ([]byte, error) {
	counted := 0
	defer func() { h.bytes.Add(-int64(counted)) }()
	b := make([]byte, 0, 512)
	for {
		n, err := answer.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return b, err
		case len(b) < cap(b):
			continue
		}
		b = slices.Grow(b, len(b))
		if more := max(cap(b)-smallAnswer, 0) - counted; more > 0 {
			counted += more
			if h.bytes.Add(int64(more)) > maxHeld {
				return nil, errHeld
			}
		}
	}
}
