package storetest

import (
	"errors"
	"sync"

	"github.com/authkit-dev/authkit"
)

// ErrInjected is the error of a call that a [Faulty] store makes fail.
var ErrInjected = errors.New("injected")

//go:generate go run ../internal/tools/wrapstore -root .. -wrap faulty -o faulty_gen.go

// Faulty is a Store that makes chosen calls fail before they do anything. It is safe for
// concurrent use. Contract and Volatile are not counted and never fail.
type Faulty struct {
	s authkit.Store

	mu     sync.Mutex
	calls  int
	fail   int // the call that fails, counted like calls; 0: no call
	always bool
}

// NewFaulty wraps s. No call fails yet.
func NewFaulty(s authkit.Store) *Faulty { return &Faulty{s: s} }

// FailAt makes the n-th call from now fail, counted from 1, and no other; with 0, no call fails.
func (f *Faulty) FailAt(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = 0
	if n > 0 {
		f.fail = f.calls + n
	}
}

// FailAlways makes every call fail, until it is called with false.
func (f *Faulty) FailAlways(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.always = on
}

// Calls returns how many calls there have been, failed ones included.
func (f *Faulty) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func (f *Faulty) next() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.always || f.calls == f.fail {
		return ErrInjected
	}
	return nil
}

// Contract is that of the wrapped store.
func (f *Faulty) Contract() int { return f.s.Contract() }

// Volatile is that of the wrapped store.
func (f *Faulty) Volatile() bool { return f.s.Volatile() }

var _ authkit.Store = (*Faulty)(nil)
