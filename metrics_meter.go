package authkit

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// meter counts what [Engine.Metrics] returns. Its series are those of routes, codes, limits, verbs and
// methods of sign-in, so that its memory is bounded. It is safe for concurrent use.
type meter struct {
	requests sync.Map // of requestSeries, by its key
	verbs    sync.Map // of verbSeries, by the name of the verb

	signUps, signIns, limited tallies[string]
	refusedSignIns, refusals  tallies[Code]

	started, ended, sent, failedTries, rejected, runFailures atomic.Uint64

	runOK atomic.Int64 // microseconds since 1970
}

// tallies counts by a key.
type tallies[K comparable] struct {
	mu sync.Mutex
	n  map[K]uint64
}

func (t *tallies[K]) add(k K) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil {
		t.n = map[K]uint64{}
	}
	t.n[k]++
}

// all returns a copy.
func (t *tallies[K]) all() map[K]uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil {
		return map[K]uint64{}
	}
	return maps.Clone(t.n)
}

// requestKind is what the series of requests are told apart by.
type requestKind struct {
	route, method string
	status        int
}

type requestSeries struct {
	nanos   atomic.Int64
	buckets []atomic.Uint64
}

// methods are those of routes, and of the requests that every route answers.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}

// request counts an answered request.
func (m *meter) request(of requestKind, took time.Duration) {
	if !slices.Contains(methods, of.method) {
		of.method = "other" // a client chooses its text
	}
	found, ok := m.requests.Load(of)
	if !ok {
		found, _ = m.requests.LoadOrStore(of, &requestSeries{buckets: make([]atomic.Uint64, len(MetricsBuckets)+1)})
	}
	s, _ := found.(*requestSeries)
	s.nanos.Add(int64(took))
	at, _ := slices.BinarySearch(MetricsBuckets, took.Seconds())
	s.buckets[at].Add(1)
}

type verbSeries struct {
	calls, errors atomic.Uint64
	nanos         atomic.Int64
}

// answers are the errors by which a store answers.
var answers = []error{ErrNotFound, ErrConflict, ErrStale, ErrFull, ErrTokenReused, ErrAppChanged}

// called counts a call of the store that began at a time.
func (m *meter) called(verb string, begun time.Time, err error) {
	found, ok := m.verbs.Load(verb)
	if !ok {
		found, _ = m.verbs.LoadOrStore(verb, &verbSeries{})
	}
	s, _ := found.(*verbSeries)
	s.calls.Add(1)
	s.nanos.Add(int64(time.Since(begun)))
	if err != nil && !slices.ContainsFunc(answers, func(answer error) bool { return errors.Is(err, answer) }) {
		s.errors.Add(1)
	}
}

// event counts an event of a step that is durable.
func (m *meter) event(ev Event) {
	if ev.Result != "ok" {
		return
	}
	switch ev.Type {
	case EventUserCreate:
		if ev.Reason != "" {
			m.signUps.add(ev.Reason)
			m.started.Add(1)
		}
	case EventSessionStart:
		m.signIns.add(ev.Reason)
		m.started.Add(1)
	case EventSessionEnd, EventSessionEndAll:
		m.ended.Add(1)
	}
}

// refused counts a refusal that is answered.
func (m *meter) refused(refusal *Error) {
	m.refusals.add(refusal.Code)
	if refusal.exhausted.name != "" {
		m.limited.add(refusal.exhausted.name)
	}
}

// mailed counts a try of the Mailer.
func (m *meter) mailed(err error, permanent bool) {
	switch {
	case err == nil:
		m.sent.Add(1)
	case permanent:
		m.rejected.Add(1)
	default:
		m.failedTries.Add(1)
	}
}

// worked counts what came of a part of the background work.
func (m *meter) worked(err error, now time.Time) {
	if err != nil {
		m.runFailures.Add(1)
		return
	}
	m.runOK.Store(now.UnixMicro())
}

func (m *meter) snapshot() Metrics {
	out := Metrics{
		SignUps: m.signUps.all(), SignIns: m.signIns.all(), RefusedSignIns: m.refusedSignIns.all(),
		SessionsStarted: m.started.Load(), SessionEnds: m.ended.Load(), Refused: m.refusals.all(), Limited: m.limited.all(),
		Mail: MailMetrics{Sent: m.sent.Load(), FailedTries: m.failedTries.Load(), Rejected: m.rejected.Load()},
		Run:  RunMetrics{Failures: m.runFailures.Load()},
	}
	if at := m.runOK.Load(); at != 0 {
		out.Run.LastOK = time.UnixMicro(at).UTC()
	}
	for key, found := range m.requests.Range {
		of, _ := key.(requestKind)
		s, _ := found.(*requestSeries)
		r := RequestMetrics{Route: of.route, Method: of.method, Status: of.status, Seconds: time.Duration(s.nanos.Load()).Seconds()}
		for i := range s.buckets {
			n := s.buckets[i].Load()
			r.Buckets = append(r.Buckets, n)
			r.Count += n
		}
		out.Requests = append(out.Requests, r)
	}
	for key, found := range m.verbs.Range {
		verb, _ := key.(string)
		s, _ := found.(*verbSeries)
		out.Store = append(out.Store, StoreMetrics{verb, s.calls.Load(), s.errors.Load(), time.Duration(s.nanos.Load()).Seconds()})
	}
	return out
}

// metered is a Store whose calls are counted. Its methods are generated: one for each verb.
type metered struct {
	Store

	meter *meter
}

//go:generate go run ./internal/tools/wrapstore -wrap metered -o store_metered_gen.go
