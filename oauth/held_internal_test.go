package oauth

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
)

// stalling is an answer that stops short of its end until it is freed.
type stalling struct {
	io.Reader

	stalled func()
	free    <-chan struct{}
}

func (s *stalling) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		s.stalled()
		<-s.free
	}
	return n, err
}

// TestLargeAnswersThatStall checks that answers which stop within 1 MiB hold a bounded number of
// bytes, that small ones are read beside them, and that there is room again when they end.
func TestLargeAnswersThatStall(t *testing.T) {
	t.Parallel()
	const answers = 100
	var h held
	large := bytes.Repeat([]byte{' '}, 1000<<10)
	free, seen := make(chan struct{}), make(chan error, 2*answers)
	var all sync.WaitGroup
	for range answers {
		all.Go(func() {
			b, err := h.read(&stalling{bytes.NewReader(large), func() { seen <- nil }, free})
			if err != nil {
				seen <- err
			} else if !bytes.Equal(b, large) {
				t.Errorf("an answer that ends at last: got %d bytes, want %d", len(b), len(large))
			}
		})
	}
	stalled := 0
	for range answers {
		switch err := <-seen; {
		case err == nil:
			stalled++
		case !errors.Is(err, errHeld):
			t.Errorf("an answer beyond the bound: got %v, want %v", err, errHeld)
		}
	}
	if most := maxHeld / len(large); stalled == 0 || stalled > most {
		t.Errorf("answers that are held: got %d of %d, want some and %d at most", stalled, answers, most)
	}
	small := strings.Repeat("x", smallAnswer/2)
	if b, err := h.read(strings.NewReader(small)); string(b) != small || err != nil {
		t.Errorf("a small answer beside them: got %d bytes, %v, want %d", len(b), err, len(small))
	}
	close(free)
	all.Wait()
	if b, err := h.read(bytes.NewReader(large)); !bytes.Equal(b, large) || err != nil || h.bytes.Load() != 0 {
		t.Errorf("a large answer afterwards: got %d bytes, %v, with %d held, want %d with none", len(b), err, h.bytes.Load(), len(large))
	}
}
