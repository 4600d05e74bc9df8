package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// mailPatience is how long a mail may take where no process is killed.
const mailPatience = time.Minute

func winnersSQLite(ctx context.Context, w *world, r *result) error {
	return winners(ctx, w, r, w.sqlite())
}

func winnersPostgres(ctx context.Context, w *world, r *result) error {
	store, err := w.postgres(ctx)
	if err != nil {
		return err
	}
	return winners(ctx, w, r, store)
}

// redeemers is how many clients use one ticket at once.
const redeemers = 64

// winners lets many clients use each ticket at once, at three processes over one store.
func winners(ctx context.Context, w *world, r *result, store string) error {
	var targets []*client
	var first *child
	for range 3 {
		c, err := w.child(ctx, spec{Store: store, Mail: w.post.url})
		if err != nil {
			return err
		}
		if first == nil {
			first = c
		}
		targets = append(targets, c.client())
	}
	office, err := newTicketOffice(ctx, w, first)
	if err != nil {
		return err
	}
	for _, kind := range ticketKinds() {
		var t tally
		for t.tickets < w.of(3, 500) {
			if err := t.batch(ctx, r, office, kind, targets); err != nil {
				return fmt.Errorf("%s: %w", kind.name, err)
			}
		}
		t.report(r, kind)
	}
	return ctx.Err()
}

// batch is how many tickets are made before they are used: a one-time code lives for a minute.
const batch = 50

// tally counts the tickets of a kind.
type tally struct {
	tickets, won, answered int
	doubts                 atomic.Int64
}

// batch makes some tickets and lets all clients use each.
func (t *tally) batch(ctx context.Context, r *result, office *ticketOffice, kind ticketKind, targets []*client) error {
	tickets, err := office.makeAll(ctx, kind, office.w.of(3, batch), targets)
	if err != nil {
		return err
	}
	for _, ticket := range tickets {
		history := useAtOnce(ctx, r, ticket, targets, &t.doubts)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !porcupine.CheckOperations(kind.model(), history) {
			r.brokef("%s %d: no order of the %d uses explains the answers: %v", kind.name, t.tickets, len(history), outcomes(history))
		}
		n := wins(history)
		t.won += min(n, 1)
		t.answered += n
		t.tickets++
	}
	return nil
}

func (t *tally) report(r *result, kind ticketKind) {
	line := fmt.Sprintf("%s: %d of %d used, by exactly one of %d clients each", kind.name, t.won, t.tickets, redeemers)
	if kind.repeats {
		line = fmt.Sprintf("%s: %d of %d used; %d answers, all of one ticket alike", kind.name, t.won, t.tickets, t.answered)
	}
	r.notef("%s; %d attempts without an answer", line, t.doubts.Load())
	if t.won < t.tickets && t.doubts.Load() == 0 {
		r.brokef("%s: %d of %d were used, want all", kind.name, t.won, t.tickets)
	}
}

// makeAll makes n tickets, by each process in turn, several at once.
func (t *ticketOffice) makeAll(ctx context.Context, kind ticketKind, n int, by []*client) ([]probe, error) {
	const workers = 8
	tickets, errs := make([]probe, n), make([]error, workers)
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() {
			for j := i; j < n && errs[i] == nil; j += workers {
				tickets[j], errs[i] = kind.make(t, ctx, by[j%len(by)])
				tickets[j].what = kind.name
			}
		})
	}
	group.Wait()
	return tickets, errors.Join(errs...)
}

// The outcomes of a use, beside the session that it began.
const (
	refused = "refused"
	doubted = "refused after an attempt without an answer"
)

// useAtOnce uses a ticket by all clients at once, and returns the history.
func useAtOnce(ctx context.Context, r *result, p probe, targets []*client, doubts *atomic.Int64) []porcupine.Operation {
	history := make([]porcupine.Operation, redeemers)
	begin := make(chan struct{})
	epoch := time.Now()
	var group sync.WaitGroup
	for i := range redeemers {
		group.Go(func() {
			<-begin
			called := time.Since(epoch)
			out, tries := use(ctx, r, p, targets[i%len(targets)])
			doubts.Add(tries)
			history[i] = porcupine.Operation{ClientId: i, Call: int64(called), Output: out, Return: int64(time.Since(epoch))}
		})
	}
	close(begin)
	group.Wait()
	return history
}

// use uses a ticket until the answer says yes or no.
func use(ctx context.Context, r *result, p probe, d *client) (outcome string, doubts int64) {
	for ctx.Err() == nil {
		a, err := p.send(ctx, d)
		switch {
		case err == nil && a.ok():
			return a.fields().RefreshToken, doubts
		case err == nil && a.status < 500 && doubts == 0:
			return refused, doubts
		case err == nil && a.status < 500:
			return doubted, doubts
		case err == nil && a.status != http.StatusServiceUnavailable:
			r.brokef("%s: got %v, want an answer or 503", p.what, a)
		}
		doubts++
		time.Sleep(retryWait)
	}
	return doubted, doubts
}

// model is a ticket: it is unused (""), or used, and then by the session that it began. A refusal
// after an attempt without an answer may have used it in that attempt.
func (k ticketKind) model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return "" },
		Step: func(state, _, output any) (bool, any) {
			switch {
			case output == refused:
				return state != "" && !k.repeats, state
			case output == doubted && state == "":
				return !k.repeats, doubted
			case output == doubted:
				return !k.repeats, state
			case state == "":
				return true, output
			}
			return k.repeats && output == state, state
		},
	}
}

func wins(history []porcupine.Operation) (n int) {
	for _, o := range history {
		if o.Output != refused && o.Output != doubted {
			n++
		}
	}
	return n
}

// outcomes counts the uses of a history by their outcome.
func outcomes(history []porcupine.Operation) map[any]int {
	out := map[any]int{}
	for _, o := range history {
		out[o.Output]++
	}
	return out
}
