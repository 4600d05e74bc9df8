package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// A fault is a case: something that breaks, and what authkit promises then.
type fault struct {
	name    string // for -case
	what    string // breaks
	promise string

	// postgres: the case starts a Postgres of its own, whose programs have to be installed.
	postgres bool

	// program has to be installed, too; "": none.
	program string

	// run breaks it and checks the promise. It notes figures and broken promises in the result;
	// an error says that the case could not be run. The short form (w.long is false) asserts
	// answers and counts, never times.
	run func(ctx context.Context, w *world, r *result) error
}

// faults returns all cases, in the order of the report.
func faults() []fault { return slices.Concat(storageFaults(), networkFaults()) }

// storageFaults are those of processes, stores and clocks.
func storageFaults() []fault {
	return []fault{
		{name: "kill-sqlite", run: killSQLite,
			what:    "SIGKILL of authkit in a storm of sign-ups, rotations, keys, resets, links and sign-outs, over SQLite",
			promise: "0 acknowledged writes lost, 0 spent or revoked things come back, start ≤ 2 s"},
		{name: "kill-postgres", run: killPostgres, postgres: true,
			what:    "the same over Postgres: SIGKILL of authkit, of the postmaster, and of both",
			promise: "0 acknowledged writes lost, 0 spent or revoked things come back, start ≤ 2 s, heals without a restart"},
		{name: "cut-wal", run: cutWAL,
			what:    "SQLite's write-ahead log cut after the last sync, and anywhere, as by a power cut",
			promise: "nothing acknowledged is lost; opens with a prefix of the commits"},
		{name: "sync", run: syncs, program: tracer,
			what:    "syncs of SQLite's log that are watched, slow, or fail",
			promise: "the log is synced before each answer that says success; what could not be synced is not acknowledged"},
		{name: "failover", run: failOver, postgres: true,
			what:    "a primary killed and its synchronous standby promoted, again and again, in the storm at 2 processes; the standby hangs (SIGSTOP) meanwhile",
			promise: "0 acknowledged writes lost, 0 things come back, 0 wrong sign-ins, 0 sign-outs, healed ≤ 5 s after a promotion"},
		{name: "clocks-sqlite", run: clocksSQLite,
			what:    "two processes over one SQLite file, the clock of one of which is a minute or an hour wrong, from its start or after a jump",
			promise: "nothing spent or revoked revives, no sign-out"},
		{name: "clocks-postgres", run: clocksPostgres, postgres: true,
			what:    "the same over Postgres",
			promise: "nothing spent or revoked revives, no sign-out"},
		{name: "statements", run: statements, postgres: true,
			what:    "40001, or a connection that drops before or after it, at every statement of 18 steps",
			promise: "done, or 503; never a half step"},
		{name: "winners-sqlite", run: winnersSQLite,
			what:    "64 clients use each link, code, reset, OAuth state, one-time code and refresh token at once, at 3 processes over one SQLite file",
			promise: "exactly one winner each; what may be repeated gets the same answer; histories checked with porcupine"},
		{name: "winners-postgres", run: winnersPostgres, postgres: true,
			what:    "the same over Postgres",
			promise: "exactly one winner each; what may be repeated gets the same answer; histories checked with porcupine"},
	}
}

// mostBroken is how many broken promises of one case are listed; the others are counted.
const mostBroken = 20

// result is what a case has found. It is safe for concurrent use.
type result struct {
	mu       sync.Mutex
	measured []string
	broken   []string
	more     int // broken promises that are not listed
}

// notef adds a figure.
func (r *result) notef(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.measured = append(r.measured, fmt.Sprintf(format, args...))
}

// brokef adds a broken promise: the case fails.
func (r *result) brokef(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.broken) == mostBroken {
		r.more++
		return
	}
	r.broken = append(r.broken, fmt.Sprintf(format, args...))
}

// row is a row of the table.
type row struct {
	result

	fault fault
	long  bool
	took  time.Duration
}

func (r *row) verdict() string {
	if len(r.broken) > 0 {
		return "FAIL"
	}
	return "PASS"
}

// text returns the row for a terminal.
func (r *row) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %-20s %s\n", r.verdict(), r.fault.name, r.took.Round(time.Millisecond))
	for _, m := range r.measured {
		fmt.Fprintf(&b, "      %s\n", m)
	}
	for _, m := range r.broken {
		fmt.Fprintf(&b, "      broken: %s\n", m)
	}
	if r.more > 0 {
		fmt.Fprintf(&b, "      broken: and %d more\n", r.more)
	}
	return b.String()
}
