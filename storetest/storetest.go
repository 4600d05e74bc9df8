// Package storetest checks that a Store keeps the contract of package authkit.
//
// The author of an adapter calls [Run] from one test, with a function that opens an empty
// store. Each subtest is a sentence of the contract and has a store of its own:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) storetest.Opened {
//			return storetest.Opened{Store: memory.New()}
//		})
//	}
//
// # What is checked
//
//   - Sentences about single verbs.
//   - Races, on a second handle too where there is one.
//   - A table that calls every method with ids of a foreign app, in a deleted app, with a
//     context that has ended, and with riders that must not be written.
//   - Every field of every record, filled with odd values.
//   - Random sequences of steps, compared with a model in plain maps by package rapid. Its flags
//     apply: -rapid.checks=5000 searches longer, -rapid.failfile repeats a failed run.
//
// [Faulty] wraps a Store for tests of the code that uses one: it makes chosen calls fail.
package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// Opened is an empty store, and how to open the same database once more.
type Opened struct {
	Store authkit.Store

	// Again opens a second handle on the same database; nil if that is impossible.
	Again func(t *testing.T) authkit.Store
}

// Run checks the store that open returns. It calls open once for each subtest; open
// cleans up with t.Cleanup. The subtests are parallel, and so are the calls of open.
func Run(t *testing.T, open func(t *testing.T) Opened) {
	t.Helper()
	for _, group := range [][]sentence{
		appSentences(), logoSentences(), ownerSentences(), keySentences(), providerSentences(), userSentences(), importSentences(), changeSentences(), factorSentences(), tokenSentences(),
		sessionSentences(), rotationSentences(), secretSentences(), limitSentences(), mailSentences(), eventSentences(), auditSentences(), statSentences(), explainSentences(), webhookSentences(), upkeepSentences(), crossingSentences(), riderSentences(), guardSentences(),
		cancelSentences(), roundTripSentences(), textSentences(), raceSentences(), besideSentences(), neighbourSentences(), lockstepSentences(),
	} {
		for _, s := range group {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				s.check(newBed(t, open(t)))
			})
		}
	}
}

// sentence is one sentence of the contract with its check.
type sentence struct {
	name  string
	check func(b *bed)
}

// bed is a store with one app in it.
type bed struct {
	*testing.T
	ctx   context.Context
	s     authkit.Store
	other func() authkit.Store // a second handle, or s
	app   uuid.UUID
}

func newBed(t *testing.T, o Opened) *bed {
	t.Helper()
	b := &bed{T: t, ctx: t.Context(), s: o.Store}
	b.other = sync.OnceValue(func() authkit.Store {
		if o.Again == nil {
			return o.Store
		}
		return o.Again(t)
	})
	b.app = b.newApp("first")
	return b
}

// now is the time in every test.
func now() time.Time { return time.Date(2030, 1, 2, 3, 4, 5, 678901000, time.UTC) }

// after returns a time after now.
func after(d time.Duration) time.Time { return now().Add(d) }

// hash returns the hash of a name.
func hash(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

func (b *bed) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatalf("got error %v, want none", err)
	}
}

func (b *bed) is(err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Fatalf("got error %v, want %v", err, want)
	}
}

func equal[T comparable](b *bed, got, want T) {
	b.Helper()
	if got != want {
		b.Fatalf("got %v, want %v", got, want)
	}
}

func (b *bed) sameBytes(got, want []byte) {
	b.Helper()
	if !bytes.Equal(got, want) {
		b.Fatalf("got %q, want %q", got, want)
	}
}

// race calls f from n goroutines, on both handles in turn, and returns how many calls had no error.
// An error that is not allowed fails the test.
func (b *bed) race(n int, f func(s authkit.Store, i int) error, allowed ...error) int {
	b.Helper()
	errs := make([]error, n)
	start := make(chan struct{})
	other := b.other()
	var wg sync.WaitGroup
	for i := range n {
		s := b.s
		if i%2 == 1 {
			s = other
		}
		wg.Go(func() {
			<-start
			errs[i] = f(s, i)
		})
	}
	close(start)
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !anyOf(err, allowed) {
			b.Errorf("got error %v, want one of %v", err, allowed)
		}
	}
	return won
}

func anyOf(err error, list []error) bool {
	for _, e := range list {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
