package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// timing is how one operation did.
type timing struct {
	Rates   []float64 `json:"rates"`   // requests a second, of each round
	Rate    float64   `json:"rate"`    // their median
	P50     float64   `json:"p50_ms"`  // of all rounds
	P99     float64   `json:"p99_ms"`  //
	Server  float64   `json:"cpu_us"`  // of the authkit processes a request, in microseconds
	DB      float64   `json:"db_us"`   // of Postgres a request
	Read    float64   `json:"read"`    // rows and index entries that Postgres read a request; -1: unknown
	Answers int       `json:"answers"` // that were measured and checked
}

// mostRead is how many rows and index entries Postgres may read a request, background work
// included. A statement that reads a table, or all of a large app, is far above it.
const mostRead = 1000

// newClients makes the clients, each with one connection to one of the processes.
func (w *world) newClients() {
	for i := range w.how.clients {
		w.clients = append(w.clients, &client{
			w: w, i: i, rnd: rand.New(rand.NewPCG(uint64(i), 1)), //nolint:gosec // random requests, the same each run
			http: &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1, DisableCompression: true}},
			base: w.servers[i%len(w.servers)].base, turns: map[int]string{},
		})
	}
}

// each runs f for every client at once.
func (w *world) each(f func(c *client) error) error {
	errs := make([]error, len(w.clients))
	var all sync.WaitGroup
	for i, c := range w.clients {
		all.Go(func() { errs[i] = f(c) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// time measures an operation.
func (w *world) time(ctx context.Context, o operation) (*timing, error) {
	if w.clients == nil {
		w.newClients()
	}
	if o.begin != nil {
		if err := w.each(func(c *client) error { return o.begin(ctx, c) }); err != nil {
			return nil, err
		}
	}
	if w.counted == nil || o.begin != nil {
		if err := w.count(ctx, o); err != nil {
			return nil, err
		}
	}
	readBefore := w.counted
	warmed, _, err := w.round(ctx, o, w.how.each/4)
	if err != nil {
		return nil, err
	}
	serverBefore, dbBefore := w.cpu()
	t := &timing{}
	var all []time.Duration
	for range w.how.rounds {
		took, rate, err := w.round(ctx, o, w.how.each)
		if err != nil {
			return nil, err
		}
		all = append(all, took...)
		t.Rates = append(t.Rates, rate)
	}
	server, db := w.cpu()
	if err := w.count(ctx, o); err != nil {
		return nil, err
	}
	slices.Sort(all)
	t.Answers, t.Rate = len(all), median(t.Rates)
	per := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(len(all)) }
	t.P50, t.P99 = ms(all[len(all)/2]), ms(all[len(all)*99/100])
	t.Server, t.DB, t.Read = per(server-serverBefore), per(db-dbBefore), -1
	if w.counted == nil {
		return t, nil
	}
	t.Read = 0
	each := map[string]float64{}
	for name, n := range w.counted {
		each[name] = float64(n-readBefore[name]) / float64(len(all)+len(warmed))
		t.Read += each[name]
	}
	if t.Read > mostRead {
		return nil, fmt.Errorf("got %.0f rows and index entries read a request, want at most %d: %s", t.Read, mostRead, most(each))
	}
	return t, nil
}

// most lists the tables and indexes that were read most.
func most(each map[string]float64) string {
	names := slices.SortedFunc(maps.Keys(each), func(a, b string) int { return cmp.Compare(each[b], each[a]) })
	var out []string
	for _, name := range names[:min(len(names), 5)] {
		out = append(out, fmt.Sprintf("%s %.0f", name, each[name]))
	}
	return strings.Join(out, ", ")
}

// count reads how much Postgres has read so far. A session of Postgres counts what it has read
// at the end of a transaction, at most once a second: so a second passes first, and then every
// session has a request.
func (w *world) count(ctx context.Context, o operation) error {
	if w.Store == "postgres" {
		time.Sleep(1100 * time.Millisecond)
		for range 4 {
			if err := w.each(func(c *client) error { return o.do(ctx, c) }); err != nil {
				return err
			}
		}
	}
	var err error
	w.counted, err = w.tables.read(ctx)
	return err
}

// round sends requests for a while, and returns how long each took and the rate.
func (w *world) round(ctx context.Context, o operation, d time.Duration) ([]time.Duration, float64, error) {
	took := make([][]time.Duration, len(w.clients))
	began := time.Now()
	until := began.Add(d)
	err := w.each(func(c *client) error {
		for sent := time.Now(); sent.Before(until); sent = time.Now() {
			if err := o.do(ctx, c); err != nil {
				return err
			}
			took[c.i] = append(took[c.i], time.Since(sent))
		}
		return nil
	})
	all := slices.Concat(took...)
	return all, float64(len(all)) / time.Since(began).Seconds(), err
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
