package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"
)

// A step does an operation once and checks the answer. A step that returns errEmpty has nothing
// left to do; its cell ends there.
type step func(*worker) error

var errEmpty = errors.New("nothing is left to work on")

// A worker is one connection.
type worker struct {
	*client
	n   int // of the worker, from 0
	rng *rand.Rand
}

// load is what the workers saw in one run.
type load struct {
	answers int
	errors  int
	first   error     // of the errors
	seconds float64   // until the last answer
	millis  []float64 // of each answer, sorted
}

// drive lets the workers repeat the step for a time, and waits for the answers that are under
// way then: what was begun is counted, with the time that it took. A run ends at ten errors.
func drive(ctx context.Context, addr string, workers int, d time.Duration, do step) load {
	var all load
	var mu sync.Mutex
	var group sync.WaitGroup
	begun := time.Now()
	until := begun.Add(d)
	for n := range workers {
		group.Go(func() {
			w := &worker{client: newClient(addr), n: n, rng: rand.New(rand.NewPCG(rand.Uint64(), uint64(n)))} //nolint:gosec // no secret is made of it
			defer w.close()
			var own load
			for at := time.Now(); at.Before(until) && own.errors < 10 && ctx.Err() == nil; {
				err := do(w)
				now := time.Now()
				if errors.Is(err, errEmpty) {
					break
				}
				if err != nil {
					own.errors++
					own.first = err
				} else {
					own.millis = append(own.millis, now.Sub(at).Seconds()*1e3)
				}
				at = now
			}
			mu.Lock()
			defer mu.Unlock()
			all.errors += own.errors
			if all.first == nil {
				all.first = own.first
			}
			all.millis = append(all.millis, own.millis...)
		})
	}
	group.Wait()
	all.seconds, all.answers = time.Since(begun).Seconds(), len(all.millis)
	slices.Sort(all.millis)
	return all
}

// warmUp is how long an operation runs before it is measured.
const warmUp = 300 * time.Millisecond

// measureCell fills in a cell. Every other system is stopped meanwhile.
func measureCell(ctx context.Context, p *place, s system, c *cell) error {
	b := s.common()
	if err := b.wake(); err != nil {
		return err
	}
	defer b.sleep()
	if c.Op == "start" {
		return measureStart(ctx, s, c)
	}
	do, err := s.prepare(c.Op, c.Workers)
	if err != nil {
		return err
	}
	length := time.Duration(p.o.Seconds * float64(time.Second))
	if c.Op == "redeem" {
		if err := fillJar(ctx, s, length); err != nil {
			return err
		}
	}
	warm := drive(ctx, b.addr, min(c.Workers, warmers(c.Op)), warmUp, do)
	b.sink.settle(b.asked)
	runtime.GC() // the driver's own garbage is not to be collected in the cell
	before := p.usage(b)
	arrived := b.sink.count()
	begun := time.Now()
	seen := drive(ctx, b.addr, c.Workers, length, do)
	if c.Op == "link" {
		c.Undelivered = b.sink.settle(b.asked)
		c.Delivered = float64(b.sink.count()-arrived) / max(b.sink.lastAt().Sub(begun).Seconds(), seen.seconds)
	}
	c.fill(seen, before, p.usage(b))
	if c.Op == "link" {
		b.linkRate = c.PerSecond
	}
	if warm.errors > 0 && c.Errors == 0 {
		c.Errors, c.Error = warm.errors, warm.first.Error()
	}
	return ctx.Err()
}

// warmers is how many connections warm an operation up: few where each answer costs a hash.
func warmers(op string) int {
	if op == "sign-in" || op == "sign-up" {
		return 2
	}
	return 16
}

func (c *cell) fill(seen load, before, after usage) {
	c.Answers, c.Seconds, c.Errors = seen.answers, round(seen.seconds, 1000), seen.errors
	if seen.first != nil {
		c.Error = seen.first.Error()
	}
	if seen.answers == 0 {
		if c.Errors == 0 {
			c.Errors, c.Error = 1, "no answer came"
		}
		return
	}
	n := float64(seen.answers)
	c.PerSecond = round(n/seen.seconds, 10)
	c.P50, c.P99 = round(quantile(seen.millis, 0.5), 1000), round(quantile(seen.millis, 0.99), 1000)
	c.ServerCPU = round((after.server-before.server).Seconds()/n*1e6, 10)
	c.DatabaseCPU = round((after.database-before.database).Seconds()/n*1e6, 10)
	c.ClientCPU = round((after.client-before.client).Seconds()/n*1e6, 10)
	c.Delivered = round(c.Delivered, 10)
}

func round(v, parts float64) float64 { return float64(int64(v*parts+0.5)) / parts }

// fillJar asks for links until there are enough to redeem for a cell, or four seconds have gone: a
// cell whose links run out ends early. Most systems redeem fewer than they are asked for in the
// same time, so that the links of the cell before suffice.
func fillJar(ctx context.Context, s system, length time.Duration) error {
	b := s.common()
	do, err := s.prepare("link", 16)
	if err != nil {
		return err
	}
	for give := time.Now().Add(4 * time.Second); time.Now().Before(give) && ctx.Err() == nil; {
		if float64(b.sink.links()) >= max(b.linkRate*(length.Seconds()+warmUp.Seconds()), 200) {
			return nil
		}
		if seen := drive(ctx, b.addr, 16, warmUp, do); seen.first != nil {
			return seen.first
		}
		b.sink.settle(b.asked)
	}
	return nil
}

// measureStart starts the server anew on its full store: how long until it answers, and how much
// memory it keeps when it has nothing to do.
func measureStart(ctx context.Context, s system, c *cell) error {
	b := s.common()
	b.stop()
	begun := time.Now()
	if err := b.launch(ctx); err != nil {
		return err
	}
	c.FirstMS = round(time.Since(begun).Seconds()*1e3, 10)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(2 * time.Second):
	}
	c.IdleMB = round(float64(resident(b.pid()))/(1<<20), 10)
	return nil
}
