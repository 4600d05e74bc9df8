package main

import (
	"context"
	"fmt"
	"net/http"
)

// statements interrupts each statement of each step in each way. The answer to the step is then
// success or 503, and nothing is done by half: the client repeats the request, and everything is
// as after one that was not interrupted.
func statements(ctx context.Context, w *world, r *result) error {
	store, err := w.postgres(ctx)
	if err != nil {
		return err
	}
	p, err := newProxy(ctx, w, store)
	if err != nil {
		return err
	}
	c, err := w.child(ctx, spec{Store: p.dsn(), Mail: w.post.url, Idle: true})
	if err != nil {
		return err
	}
	office, err := newTicketOffice(ctx, w, c)
	if err != nil {
		return err
	}
	s := &stepper{ticketOffice: office, r: r, child: c, proxy: p, answers: map[interruption]map[int]int{}}
	tried := 0
	for i, step := range steps() {
		n, err := s.interrupt(ctx, i, step)
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		tried += n
	}
	for _, how := range interruptions {
		r.notef("%s: %d answered with success, %d with 503", how, s.answers[how][http.StatusOK], s.answers[how][http.StatusServiceUnavailable])
	}
	r.notef("%d steps, %d interruptions; repeated, each step was done once", len(steps()), tried)
	return nil
}

// stepper runs steps at a child behind the proxy.
type stepper struct {
	*ticketOffice

	r       *result
	child   *child
	proxy   *proxy
	answers map[interruption]map[int]int // by status; 200 stands for each success
}

// step is a request that writes.
type step struct {
	name string

	// begin prepares it and returns the request, and a check that runs after it: done reports
	// whether the answer was success. The check repeats the request if it was not.
	begin func(s *stepper, ctx context.Context) (p probe, check func(done bool, a answer) error, err error)
}

// interrupt interrupts the first statement, the second, and so on, until the step has no more. In
// the short form that is every second one, in one way each.
func (s *stepper) interrupt(ctx context.Context, turn int, step step) (tried int, err error) {
	for at := 1; ; at++ {
		ways := interruptions
		if !s.w.long {
			at += (turn + at) % 2
			ways = ways[(turn+at/2)%len(ways):][:1]
		}
		for _, how := range ways {
			count, err := s.once(ctx, step, at, how)
			if err != nil {
				return tried, fmt.Errorf("statement %d %s: %w", at, how, err)
			}
			if count < at {
				return tried, nil
			}
			tried++
		}
	}
}

// once interrupts one statement of a step, and returns how many the step had.
func (s *stepper) once(ctx context.Context, step step, at int, how interruption) (int, error) {
	p, check, err := step.begin(s, ctx)
	if err != nil {
		return 0, fmt.Errorf("prepare: %w", err)
	}
	s.proxy.arm(at, how)
	a, err := p.send(ctx, s.child.client())
	count := s.proxy.disarm()
	if err != nil {
		return count, err
	}
	if count >= at {
		status := a.status
		if a.ok() {
			status = http.StatusOK
		}
		if s.answers[how] == nil {
			s.answers[how] = map[int]int{}
		}
		s.answers[how][status]++
		if !a.ok() && a.status != http.StatusServiceUnavailable {
			s.r.brokef("%s, statement %d %s: got %v, want success or 503", step.name, at, how, a)
		}
	}
	if err := check(a.ok(), a); err != nil {
		s.r.brokef("%s, statement %d %s, answered with %v: %v", step.name, at, how, a.status, err)
	}
	return count, nil
}

// must sends a request that has to succeed; refuses, one that has to be refused.
func (s *stepper) must(ctx context.Context, p probe) (answer, error) {
	a, err := p.send(ctx, s.child.client())
	if err == nil && !a.ok() {
		err = fmt.Errorf("%s: got %v, want success", p.what, a)
	}
	return a, err
}

func (s *stepper) refuses(ctx context.Context, p probe) error {
	a, err := p.send(ctx, s.child.client())
	if err == nil && (a.status < 400 || a.status >= 500) {
		err = fmt.Errorf("%s: got %v, want a refusal", p.what, a)
	}
	return err
}

// works reports whether a request succeeds. It has to succeed or to be refused.
func (s *stepper) works(ctx context.Context, p probe) (bool, error) {
	a, err := p.send(ctx, s.child.client())
	if err == nil && a.status >= 500 {
		err = fmt.Errorf("%s: got %v, want success or a refusal", p.what, a)
	}
	return a.ok(), err
}
