package authkit

import (
	"time"
)

// MetricsBuckets are the upper bounds of the durations in [RequestMetrics], in seconds. The last
// bucket, which has no bound, is not among them.
var MetricsBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Metrics are numbers of this process, counted since New made the Engine. The packages promauthkit
// and otelauthkit hand them on, under the names of docs/metrics.md. No number tells apps, users or
// addresses apart, so that what strangers do adds no series.
type Metrics struct {
	Requests []RequestMetrics // in no order

	SignUps         map[string]uint64 // by method
	SignIns         map[string]uint64 // of known users, by method
	RefusedSignIns  map[Code]uint64   // attempts to sign in or to change the password, by code
	SessionsStarted uint64
	SessionEnds     uint64 // steps that ended one session or all of a user; sessions that expire do not count

	Refused map[Code]uint64   // answers that refuse, those of Require as well, and refused sign-ins of Go callers
	Limited map[string]uint64 // refusals by the name of the limit that was exhausted

	Mail  MailMetrics
	Gate  GateMetrics
	Store []StoreMetrics // in no order
	Run   RunMetrics
}

// RequestMetrics counts the requests of one route, method and status.
type RequestMetrics struct {
	Route  string // the pattern, such as "/auth/me/{app_id}"; "(none)": no route has the path
	Method string // "other": one that no route takes
	Status int

	Count   uint64
	Seconds float64  // in all
	Buckets []uint64 // how many took at most so long as the bound of [MetricsBuckets] says, and longer than the bound before; then how many took longer
}

// MailMetrics counts mails.
type MailMetrics struct {
	Sent        uint64
	FailedTries uint64 // by the Mailer; the mail is tried again
	Rejected    uint64 // by the Mailer, for good
	InHand      int    // that this process has claimed and not sent yet
}

// GateMetrics tells of the gate that bounds how many passwords are hashed at once.
type GateMetrics struct {
	Running int    // places that are taken now
	Places  int    // that there are
	Waiting int    // callers that wait now
	Refused uint64 // callers that found the queue full, or waited too long or left
}

// StoreMetrics counts the calls of one verb of the store.
type StoreMetrics struct {
	Verb    string // such as "CreateUser"
	Calls   uint64
	Errors  uint64  // of the store itself; that it found nothing, or a conflict, is none
	Seconds float64 // in all
}

// RunMetrics tells whether the background work is done.
type RunMetrics struct {
	Running  int       // how many Runs this process has
	Failures uint64    // parts of the work that failed, each try
	LastOK   time.Time // when Run or RunOnce last did all that was due without a failure; zero: never
}

// Metrics returns the numbers of this process. It asks nothing of the store.
func (e *Engine) Metrics() Metrics {
	m := e.hooks.meter.snapshot()
	gate := e.hasher.gate.Numbers()
	m.Gate = GateMetrics{Running: gate.Running, Places: gate.Places, Waiting: gate.Waiting, Refused: gate.Refused}
	m.Mail.InHand = int(e.outbox.inHand.Load())
	m.Run.Running = int(e.outbox.runs.Load())
	return m
}
