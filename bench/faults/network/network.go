// Package network breaks what surrounds an authkit server on the network: its mail relay, the
// providers of its apps, and its clients. It measures what others notice of that.
//
// Each [Case] starts servers of its own as child processes on loopback and returns what it saw
// as a [Report]. A program that runs cases calls [Child] first, since the children are that same
// program.
//
// The engine in a child is used over its public API alone. Beside it stand a few paths of the
// test's own, below /test/, which [child] describes.
package network

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// Case is one row of the table of faults.
type Case struct {
	Name    string
	What    string // breaks
	Promise string
	Run     func(context.Context, Setting) (*Report, error)
}

// Cases returns the rows of this package.
func Cases() []Case {
	return []Case{
		{
			"smtp", "the mail relay hangs, drips, drops after DATA, answers 4xx or 5xx",
			"a request takes p50 ≤ 1.2×, p99 ≤ 2× of that with a good relay; mail arrives once the relay is back; at most one mail a request", relayCase,
		},
		{
			"provider", "an endpoint of an OpenID provider hangs, never ends, answers 1 GB, drips, or stops within an answer",
			"others: p50 ≤ 1.2×, p99 ≤ 2×; bounded memory", providerCase,
		},
		{
			"flood", "200 clients sign in without pause; one peer tries 300 apps",
			"memory ≤ idle + 140 MB; honest sign-ins ≥ 99 %; overflow 503 < 50 ms; other endpoints' p99 ≤ 3× idle", floodCase,
		},
		{
			"clients", "clients hang up, send slow bodies, 1 MiB of dots as a token, deep JSON",
			"no hash begins for a client that is gone; goroutines, memory and connections go with the clients; no 5xx", clientsCase,
		},
		{
			"soak", "mixed traffic while tokens expire by the million",
			"flat memory; flat store after the expired tokens are removed; no unexpected answer", soakCase,
		},
	}
}

// Setting says how a case runs.
type Setting struct {
	Long bool          // measure times too, under a longer load
	Soak time.Duration // how long the long form of the soak lasts; 0: half an hour
	Dir  string        // for the files of the case; empty: a temporary folder
}

// either returns short or, in the long form, long.
func either[T any](s Setting, short, long T) T {
	if s.Long {
		return long
	}
	return short
}

// folder returns a folder for the files of a case, and a function that removes it.
func (s Setting) folder() (dir string, remove func(), err error) {
	if dir, err = os.MkdirTemp(s.Dir, "network"); err != nil {
		return "", nil, err
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}

// Line is one promise and what was measured.
type Line struct {
	What, Got, Want string
	OK              bool
	Figure          bool // worth reading even if it is as promised
}

// Report holds what a case measured. It is safe for concurrent use.
type Report struct {
	mu    sync.Mutex
	lines []Line
}

// Lines returns the lines in the order in which they were added.
func (r *Report) Lines() []Line {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Line(nil), r.lines...)
}

// figure adds a promise with a figure that is worth reading.
func (r *Report) figure(ok bool, what string, got, want any) {
	r.add(Line{what, fmt.Sprint(got), fmt.Sprint(want), ok, true})
}

// hold adds a promise.
func (r *Report) hold(ok bool, what string, got, want any) {
	r.add(Line{what, fmt.Sprint(got), fmt.Sprint(want), ok, false})
}

func (r *Report) add(l Line) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, l)
}

// atMost adds the promise that a count is at most another.
func (r *Report) atMost(what string, got, most int64) {
	r.hold(got <= most, what, got, fmt.Sprintf("≤ %d", most))
}

// equal adds the promise that a count is exactly another.
func (r *Report) equal(what string, got, want int64) { r.hold(got == want, what, got, want) }
