package main

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// storm is a load of writes whose every answer is recorded. Each worker has users of its own, so
// that it knows what an answer has to be, and repeats a request until it gets one that says yes
// or no. A request without such an answer may or may not have been done.
type storm struct {
	w   *world
	r   *result
	app app

	// target returns the process that the next request goes to.
	target func() *client

	// lossy: what was not acknowledged may be lost although an answer has shown it already, as
	// where a primary that waits for its standby dies. So a refusal after a request in doubt
	// proves nothing; success does.
	lossy bool

	acked, unknown atomic.Int64
	stopped        atomic.Bool
	working        sync.WaitGroup

	mu    sync.Mutex
	kinds map[string]int // acknowledged writes by kind
	dead  []probe        // things that are spent or revoked
	live  []probe        // things that have to work in the end
}

// probe is a request about a thing that is recorded as dead, or as live.
type probe struct {
	what         string
	method, path string
	body         any
	header       [2]string // one header more, if it has a name
	email        string    // of the user whom success signs in; "": any or none
}

func newStorm(ctx context.Context, w *world, r *result, c *child, target func() *client) (*storm, error) {
	a, err := c.newApp(ctx, w.name("storm"))
	return &storm{w: w, r: r, app: a, target: target, kinds: map[string]int{}}, err
}

// start starts n workers of each kind.
func (s *storm) start(ctx context.Context, n int) {
	for _, work := range []func(*storm, context.Context) error{
		(*storm).signUp, (*storm).rotate, (*storm).makeKeys, (*storm).reset, (*storm).signOut, (*storm).redeem,
	} {
		for range n {
			s.working.Go(func() {
				if err := work(s, ctx); err != nil && ctx.Err() == nil {
					s.r.brokef("a worker stopped: %v", err)
				}
			})
		}
	}
}

// stop lets each worker finish its step. Every process has to work again.
func (s *storm) stop() {
	s.stopped.Store(true)
	s.working.Wait()
}

func (s *storm) on(ctx context.Context) bool { return !s.stopped.Load() && ctx.Err() == nil }

// ack records a write that was answered with success.
func (s *storm) ack(kind string) {
	s.acked.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kinds[kind]++
}

func (s *storm) bury(p probe) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = append(s.dead, p)
}

func (s *storm) keep(p probe) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live = append(s.live, p)
}

// retryWait is between two attempts at a request.
const retryWait = 5 * time.Millisecond

// send repeats a request until the answer says yes or no. doubt reports whether an earlier attempt
// may have been done, too. Where the case ends first, the error says so.
func (s *storm) send(ctx context.Context, p probe) (a answer, doubt bool, err error) {
	return s.sendTo(ctx, p, s.target)
}

func (s *storm) sendTo(ctx context.Context, p probe, target func() *client) (a answer, doubt bool, err error) {
	for {
		a, err = p.send(ctx, target())
		switch {
		case ctx.Err() != nil:
			return a, doubt, ctx.Err()
		case err == nil && a.status < 500 && a.status != http.StatusTooManyRequests:
			if a.ok() && p.email != "" && a.fields().User.Email != p.email {
				s.r.brokef("%s: got the user %q, want %q", p.what, a.fields().User.Email, p.email)
			}
			return a, doubt, nil
		case err == nil && a.status != http.StatusServiceUnavailable:
			s.r.brokef("%s: got %v, want an answer or 503", p.what, a)
		}
		doubt = true
		s.unknown.Add(1)
		time.Sleep(retryWait)
	}
}

func (p probe) send(ctx context.Context, c *client) (answer, error) {
	if p.header[0] != "" {
		c = c.with(p.header[0], p.header[1])
	}
	if p.method == "" {
		p.method = http.MethodPost
	}
	return c.do(ctx, p.method, p.path, p.body)
}

// sample checks n of the dead things, drawn at random.
func (s *storm) sample(ctx context.Context, n int) error {
	s.mu.Lock()
	var drawn []probe
	for range min(n, len(s.dead)) {
		drawn = append(drawn, s.dead[mathrand.IntN(len(s.dead))]) //nolint:gosec // nothing depends on it
	}
	s.mu.Unlock()
	return s.each(ctx, drawn, s.mustBeDead)
}

// check checks everything that was recorded, after stop.
func (s *storm) check(ctx context.Context) error {
	if err := s.each(ctx, s.dead, s.mustBeDead); err != nil {
		return err
	}
	if err := s.each(ctx, s.live, s.mustBeLive); err != nil {
		return err
	}
	s.r.notef("%d acknowledged writes %v, %d attempts without an answer; %d things checked to be dead, %d to work",
		s.acked.Load(), s.kinds, s.unknown.Load(), len(s.dead), len(s.live))
	return nil
}

func (s *storm) mustBeDead(p probe, a answer) {
	if a.status < 400 {
		s.r.brokef("%s came back: got %v, want a refusal", p.what, a)
	}
}

func (s *storm) mustBeLive(p probe, a answer) {
	if !a.ok() {
		s.r.brokef("%s is lost: got %v, want success", p.what, a)
	}
}

// each sends the requests, several at once.
func (s *storm) each(ctx context.Context, all []probe, judge func(probe, answer)) error {
	const workers = 8
	var group sync.WaitGroup
	errs := make(chan error, workers)
	for i := range workers {
		group.Go(func() {
			for j := i; j < len(all); j += workers {
				a, _, err := s.send(ctx, all[j])
				if err != nil {
					errs <- err
					return
				}
				judge(all[j], a)
			}
		})
	}
	group.Wait()
	close(errs)
	return <-errs
}

func (s *storm) address() string { return s.w.name("user") + "@example.com" }

// password returns a new password.
func password() string { return rand.Text() }

// unexpected is the error of an answer that no fault explains.
func unexpected(p probe, a answer) error { return fmt.Errorf("%s: got %v", p.what, a) }
