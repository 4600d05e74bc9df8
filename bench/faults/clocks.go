package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

func clocksSQLite(ctx context.Context, w *world, r *result) error {
	return clocks(ctx, w, r, w.sqlite())
}

func clocksPostgres(ctx context.Context, w *world, r *result) error {
	store, err := w.postgres(ctx)
	if err != nil {
		return err
	}
	return clocks(ctx, w, r, store)
}

// clocks runs two processes over one store, one of which has a wrong clock, from its start or
// after a jump. The one spends and revokes, the other is asked, and the other way round.
func clocks(ctx context.Context, w *world, r *result, store string) error {
	right, err := w.child(ctx, spec{Store: store, Mail: w.post.url})
	if err != nil {
		return err
	}
	office, err := newTicketOffice(ctx, w, right)
	if err != nil {
		return err
	}
	var all clockCheck
	skews := []time.Duration{time.Minute, -time.Minute, 20 * time.Second, time.Hour, -time.Hour}
	if !w.long {
		skews = []time.Duration{-time.Minute, time.Hour}
	}
	for _, by := range skews {
		for _, jumps := range []bool{false, true} {
			wrong, err := w.wrongClock(ctx, store, by, jumps)
			if err != nil {
				return err
			}
			c := &clockCheck{ticketOffice: office, r: r, by: by, what: fmt.Sprintf("a clock %+v from the start", by)}
			if jumps {
				c.what = fmt.Sprintf("a clock that jumps by %+v", by)
			}
			for _, pair := range [][2]*client{{right.client(), wrong.client()}, {wrong.client(), right.client()}} {
				if err := c.run(ctx, pair[0], pair[1]); err != nil {
					return fmt.Errorf("%s: %w", c.what, err)
				}
			}
			if err := c.notReady(ctx, wrong); err != nil {
				return err
			}
			all.add(c)
			if err := wrong.kill(); err != nil {
				return err
			}
		}
	}
	r.notef("clocks that are %v off, from the start and after a jump: %d spent or revoked things refused by the other process, %d rotations and %d repetitions by turns",
		skews, all.refused, all.rotations, all.repeats)
	return nil
}

// wrongClock starts a process with a wrong clock. It is not ready, but it answers. One whose clock
// jumps has been ready before, and does its background work once, as it would within a second.
func (w *world) wrongClock(ctx context.Context, store string, by time.Duration, jumps bool) (*child, error) {
	s := spec{Store: store, Mail: w.post.url}
	if jumps {
		c, err := w.child(ctx, s)
		if err != nil {
			return nil, err
		}
		if err := c.skew(ctx, by); err != nil {
			return nil, err
		}
		return c, c.runOnce(ctx)
	}
	s.Skew = by
	c := &child{w: w, name: w.name("child"), spec: s}
	w.atEnd(c.kill)
	return c, c.launch(ctx)
}

// clockCheck is a pair of processes with different clocks.
type clockCheck struct {
	*ticketOffice

	r    *result
	what string
	by   time.Duration

	refused, rotations, repeats int
}

func (c *clockCheck) add(other *clockCheck) {
	c.refused += other.refused
	c.rotations += other.rotations
	c.repeats += other.repeats
}

// run lets one process spend and revoke, and asks the other.
func (c *clockCheck) run(ctx context.Context, one, other *client) error {
	for _, check := range []func(context.Context, *client, *client) error{c.spent, c.signedOut, c.replacedKey, c.rotated} {
		if err := check(ctx, one, other); err != nil {
			return err
		}
	}
	return nil
}

// dead sends a request that has to be refused.
func (c *clockCheck) dead(ctx context.Context, p probe, d *client) error {
	a, err := p.send(ctx, d)
	if err != nil {
		return err
	}
	if a.status < 400 || a.status >= 500 {
		c.r.brokef("%s, %s: got %v, want a refusal", c.what, p.what, a)
	}
	c.refused++
	return nil
}

// live sends a request that has to succeed.
func (c *clockCheck) live(ctx context.Context, p probe, d *client) (answer, error) {
	a, err := p.send(ctx, d)
	if err == nil && !a.ok() {
		c.r.brokef("%s, %s: got %v, want success", c.what, p.what, a)
	}
	return a, err
}

// spent uses each kind of ticket at one process and then at the other. What may be repeated gets
// the same answer.
func (c *clockCheck) spent(ctx context.Context, one, other *client) error {
	for _, kind := range ticketKinds() {
		p, err := kind.make(c.ticketOffice, ctx, one)
		if err != nil {
			return err
		}
		p.what = kind.name
		first, err := c.live(ctx, p, one)
		if err != nil {
			return err
		}
		p.what = "used " + kind.name
		if !kind.repeats {
			if err := c.dead(ctx, p, other); err != nil {
				return err
			}
			continue
		}
		again, err := c.live(ctx, p, other)
		if err != nil {
			return err
		}
		c.repeats++
		if again.ok() && again.fields().RefreshToken != first.fields().RefreshToken {
			c.r.brokef("%s, %s: the other process gave another session", c.what, p.what)
		}
	}
	return nil
}

func (c *clockCheck) refreshing(what string, a answer) probe {
	return probe{what: what, path: "/auth/refresh/" + c.app.id, body: map[string]string{"refresh_token": a.fields().RefreshToken}}
}

func (c *clockCheck) me(what string, a answer) probe {
	return probe{what: what, method: http.MethodGet, path: "/auth/me/" + c.app.id, header: [2]string{"Authorization", "Bearer " + a.fields().Token}}
}

// signedOut signs out at one process; the session is dead at the other.
func (c *clockCheck) signedOut(ctx context.Context, one, other *client) error {
	a, err := c.signUp(ctx, one, c.address())
	if err != nil {
		return err
	}
	out := probe{what: "sign-out", path: "/auth/sign-out/" + c.app.id, body: map[string]string{"refresh_token": a.fields().RefreshToken}}
	if _, err := c.live(ctx, out, one); err != nil {
		return err
	}
	if err := c.dead(ctx, c.me("access token after a sign-out", a), other); err != nil {
		return err
	}
	return c.dead(ctx, c.refreshing("refresh token after a sign-out", a), other)
}

// replacedKey replaces an API key at one process; the old one is dead at the other.
func (c *clockCheck) replacedKey(ctx context.Context, one, other *client) error {
	path := "/apps/" + c.app.id + "/api-keys"
	make := probe{what: "API key", path: path, body: map[string]string{}, header: [2]string{developerHeader, c.app.developer}}
	use := func(what, key string) probe {
		return probe{what: what, method: http.MethodGet, path: "/users/" + c.app.id, header: [2]string{"Authorization", "Bearer " + key}}
	}
	a, err := c.live(ctx, make, one)
	if err != nil {
		return err
	}
	if _, err := c.live(ctx, use("new API key", a.fields().Key), other); err != nil {
		return err
	}
	if _, err := c.live(ctx, make, one); err != nil {
		return err
	}
	return c.dead(ctx, use("replaced API key", a.fields().Key), other)
}

// rotated rotates a session at the processes by turns. Each rotation is repeated at the other, as
// by a client whose answer was lost, and each access token is used at both.
func (c *clockCheck) rotated(ctx context.Context, one, other *client) error {
	a, err := c.signUp(ctx, one, c.address())
	if err != nil {
		return err
	}
	for i := range c.w.of(4, 20) {
		p := c.refreshing("refresh by turns", a)
		if a, err = c.live(ctx, p, one); err != nil || !a.ok() {
			return err
		}
		again, err := c.live(ctx, p, other)
		if err != nil || !again.ok() {
			return err
		}
		if again.fields().RefreshToken != a.fields().RefreshToken {
			c.r.brokef("%s: repetition %d of a refresh at the other process got another token", c.what, i)
		}
		for _, d := range []*client{one, other} {
			if _, err := c.live(ctx, c.me("access token of the other process", a), d); err != nil {
				return err
			}
		}
		c.rotations++
		c.repeats++
		one, other = other, one
	}
	return nil
}

// notReady checks that a process with a wrong clock says so: others judge its tokens by their own.
func (c *clockCheck) notReady(ctx context.Context, wrong *child) error {
	a, err := wrong.client().get(ctx, "/readyz")
	if c.by.Abs() > 30*time.Second && err == nil && a.status != http.StatusServiceUnavailable {
		c.r.brokef("%s: /readyz answered %v, want 503", c.what, a)
	}
	return err
}
