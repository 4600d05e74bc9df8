package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// kills is how many kills a storm has on each store. More hit a process that starts.
const kills = 20

// TestAKillAtRandomLosesNothingThatWasAcknowledged kills a process while clients use it, starts
// it again over the same store, and compares its answers with what it had acknowledged.
func TestAKillAtRandomLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	everyDurable(t, func(t *testing.T, open func(*testing.T) string) {
		begun := time.Now()
		s := newStorm(t, open(t))
		for range kills {
			s.rage(s.p.kill)
			s.start()
			for _, a := range s.actors {
				a.check(t, s.p)
			}
		}
		for _, a := range s.actors {
			a.checkAll(t, s.p)
		}
		t.Logf("%d kills in a storm and %d at a start, %d requests acknowledged, %d lost, %.1f s",
			kills, s.starts, s.acknowledged.Load(), s.lost.Load(), time.Since(begun).Seconds())
	})
}

// actor is a client with a ledger of its acknowledged requests.
type actor interface {
	// act sends a request. It returns false if the answer was lost.
	act(s *storm) bool

	// check compares the latest entries of the ledger with a process that was started after a
	// kill, and finds out whether the request whose answer was lost took effect.
	check(t *testing.T, p *process)

	// checkAll compares every entry.
	checkAll(t *testing.T, p *process)
}

// storm is a process and its clients.
type storm struct {
	t      *testing.T
	rnd    *rand.Rand
	flags  []string
	p      *process
	actors []actor
	starts int // how many starts were killed

	acknowledged, lost atomic.Int64
	killed             atomic.Bool
	target             int64         // of acknowledged requests, at which the next kill comes
	reached            chan struct{} // closed at the target
}

func newStorm(t *testing.T, store string) *storm {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed: %d", seed)
	s := &storm{t: t, rnd: rand.New(rand.NewPCG(seed, 0)), flags: sharing(t, store)}
	for range 3 { // the store is empty, and the secret may not be there yet
		s.killStart()
	}
	s.start()
	s.cast(seed)
	return s
}

// cast makes the actors.
func (s *storm) cast(seed uint64) {
	developer := s.p.developer()
	app, key := s.p.createApp(developer)
	for i := range 2 {
		s.actors = append(s.actors, newTurner(s.t, s.p, app, fmt.Sprintf("turner%d@example.com", i)))
	}
	for i := range uint64(2) {
		s.actors = append(s.actors, newLeaver(s.t, s.p, app, fmt.Sprintf("leaver%d@example.com", i), rand.New(rand.NewPCG(seed, 1+i))))
	}
	s.actors = append(s.actors,
		&joiner{app: app},
		&keyTurner{app: app, developer: developer, key: key},
		newSigner(s.t, s.p, developer, rand.New(rand.NewPCG(seed, 3))),
	)
}

// start starts the process. One time in four, it first kills a process that starts, and decides
// anew.
func (s *storm) start() {
	s.t.Helper()
	for s.rnd.IntN(4) == 0 {
		s.killStart()
	}
	s.p = start(s.t, newLines(), s.flags...)
}

// killStart kills a process that may not be ready yet.
func (s *storm) killStart() {
	s.t.Helper()
	p := launch(s.t, newLines(), s.flags...)
	<-time.After(time.Duration(s.rnd.Int64N(int64(300 * time.Millisecond))))
	p.kill()
	s.starts++
}

// rage lets all actors act at once, and calls fail while they do.
func (s *storm) rage(fail func()) {
	s.t.Helper()
	s.killed.Store(false)
	s.target, s.reached = s.acknowledged.Load()+1+s.rnd.Int64N(30), make(chan struct{})
	var acting sync.WaitGroup
	for _, a := range s.actors {
		acting.Go(func() {
			for !s.killed.Load() && a.act(s) {
			}
		})
	}
	select {
	case <-s.reached:
		<-time.After(time.Duration(s.rnd.Int64N(int64(5 * time.Millisecond)))) // between two answers
	case <-time.After(patience):
		s.t.Errorf("storm: got %d requests acknowledged within %v, want %d", s.acknowledged.Load(), patience, s.target)
	}
	s.killed.Store(true)
	fail()
	acting.Wait()
	if s.t.Failed() { // a goroutine of the storm cannot end the test
		s.t.FailNow()
	}
}

// ask sends a request within the storm. It returns false without a whole answer, or with one
// that does not say whether the request took effect.
func (s *storm) ask(status int, method, path, body string, headers ...string) (answer, bool) {
	got, err := s.once(method, path, body, headers...)
	switch {
	case s.killed.Load() && (err != nil || got.status == http.StatusServiceUnavailable):
		s.lost.Add(1)
		return got, false
	case err != nil:
		s.t.Errorf("%s: got %v before the kill", got.asked, err)
		return got, false
	case got.status != status:
		s.t.Errorf("%s: got %d, want %d\n%s", got.asked, got.status, status, got.text)
		return got, false
	}
	if s.acknowledged.Add(1) == s.target {
		close(s.reached)
	}
	return got, true
}

// once sends a request, and repeats it only if the process refused it as busy: a request that
// fails because the store goes away may have taken effect.
func (s *storm) once(method, path, body string, headers ...string) (answer, error) {
	for {
		got, err := s.p.tryOnce(method, path, body, headers)
		if err != nil || got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || s.killed.Load() {
			return got, err
		}
	}
}
