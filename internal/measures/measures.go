// Package measures names the numbers of [authkit.Metrics] as programs that collect them see them: a
// name and a unit for each, of Prometheus and of OpenTelemetry.
//
//	for _, f := range measures.All() {
//		for _, s := range f.Samples(engine.Metrics()) { … }
//	}
//
// docs/metrics.md is held against this list.
package measures

import (
	"strconv"

	"github.com/authkit-dev/authkit"
)

// Kind says how a number moves.
type Kind string

// The kinds. A counter only grows while the process lives.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Family is one number, with a series for each set of labels.
type Family struct {
	Prometheus string // its name there
	Name       string // its name in OpenTelemetry
	Unit       string // of OpenTelemetry (UCUM); Prometheus has it in the name
	Kind       Kind
	Labels     []string
	Help       string

	// Samples returns the series that have a value.
	Samples func(authkit.Metrics) []Sample
}

// Sample is the value of one series.
type Sample struct {
	Labels []string // in the order of the family's
	Value  float64  // of a histogram: the sum

	Count   uint64   // of a histogram
	Buckets []uint64 // of a histogram, as in [authkit.RequestMetrics]
}

func one(value float64) []Sample { return []Sample{{Value: value}} }

func each[K ~string](counts map[K]uint64) []Sample {
	out := make([]Sample, 0, len(counts))
	for key, n := range counts {
		out = append(out, Sample{Labels: []string{string(key)}, Value: float64(n)})
	}
	return out
}

func verbs(m authkit.Metrics, value func(authkit.StoreMetrics) float64) []Sample {
	out := make([]Sample, 0, len(m.Store))
	for _, s := range m.Store {
		out = append(out, Sample{Labels: []string{s.Verb}, Value: value(s)})
	}
	return out
}

func requests(m authkit.Metrics) []Sample {
	out := make([]Sample, 0, len(m.Requests))
	for _, r := range m.Requests {
		out = append(out, Sample{Labels: []string{r.Route, r.Method, strconv.Itoa(r.Status)}, Value: r.Seconds, Count: r.Count, Buckets: r.Buckets})
	}
	return out
}

// All returns every family, in the order of docs/metrics.md.
func All() []Family {
	return []Family{
		{"authkit_request_duration_seconds", "authkit.request.duration", "s", Histogram, []string{"route", "method", "status"},
			"Requests to the handler, and how long they took.", requests},
		{"authkit_sign_ups_total", "authkit.sign_ups", "{user}", Counter, []string{"method"},
			"Users who signed up.", func(m authkit.Metrics) []Sample { return each(m.SignUps) }},
		{"authkit_sign_ins_total", "authkit.sign_ins", "{sign_in}", Counter, []string{"method"},
			"Sign-ins of known users.", func(m authkit.Metrics) []Sample { return each(m.SignIns) }},
		{"authkit_sign_ins_refused_total", "authkit.sign_ins.refused", "{attempt}", Counter, []string{"code"},
			"Attempts to sign in or to change a password that were refused.", func(m authkit.Metrics) []Sample { return each(m.RefusedSignIns) }},
		{"authkit_refusals_total", "authkit.refusals", "{refusal}", Counter, []string{"code"},
			"Refusals of any kind, by error code.", func(m authkit.Metrics) []Sample { return each(m.Refused) }},
		{"authkit_limits_exhausted_total", "authkit.limits.exhausted", "{refusal}", Counter, []string{"limit"},
			"Refusals by an exhausted limit.", func(m authkit.Metrics) []Sample { return each(m.Limited) }},
		{"authkit_sessions_started_total", "authkit.sessions.started", "{session}", Counter, nil,
			"Sessions that began.", func(m authkit.Metrics) []Sample { return one(float64(m.SessionsStarted)) }},
		{"authkit_session_ends_total", "authkit.session.ends", "{step}", Counter, nil,
			"Steps that ended one session, or all of a user. Sessions that expire do not count.", func(m authkit.Metrics) []Sample { return one(float64(m.SessionEnds)) }},
		{"authkit_mails_sent_total", "authkit.mails.sent", "{mail}", Counter, nil,
			"Mails that the mail server took.", func(m authkit.Metrics) []Sample { return one(float64(m.Mail.Sent)) }},
		{"authkit_mails_failed_total", "authkit.mails.failed", "{try}", Counter, nil,
			"Tries to send a mail that failed; the mail is tried again.", func(m authkit.Metrics) []Sample { return one(float64(m.Mail.FailedTries)) }},
		{"authkit_mails_rejected_total", "authkit.mails.rejected", "{mail}", Counter, nil,
			"Mails that the mail server refused for good.", func(m authkit.Metrics) []Sample { return one(float64(m.Mail.Rejected)) }},
		{"authkit_mails_in_hand", "authkit.mails.in_hand", "{mail}", Gauge, nil,
			"Mails that this process is sending.", func(m authkit.Metrics) []Sample { return one(float64(m.Mail.InHand)) }},
		{"authkit_gate_running", "authkit.gate.running", "{place}", Gauge, nil,
			"Places of the password gate that are taken.", func(m authkit.Metrics) []Sample { return one(float64(m.Gate.Running)) }},
		{"authkit_gate_places", "authkit.gate.places", "{place}", Gauge, nil,
			"Places of the password gate.", func(m authkit.Metrics) []Sample { return one(float64(m.Gate.Places)) }},
		{"authkit_gate_waiting", "authkit.gate.waiting", "{caller}", Gauge, nil,
			"Callers that wait at the password gate.", func(m authkit.Metrics) []Sample { return one(float64(m.Gate.Waiting)) }},
		{"authkit_gate_refused_total", "authkit.gate.refused", "{caller}", Counter, nil,
			"Callers whom the password gate sent away, or who left.", func(m authkit.Metrics) []Sample { return one(float64(m.Gate.Refused)) }},
		{"authkit_store_calls_total", "authkit.store.calls", "{call}", Counter, []string{"verb"},
			"Calls of the store.", func(m authkit.Metrics) []Sample {
				return verbs(m, func(s authkit.StoreMetrics) float64 { return float64(s.Calls) })
			}},
		{"authkit_store_errors_total", "authkit.store.errors", "{call}", Counter, []string{"verb"},
			"Calls of the store that failed.", func(m authkit.Metrics) []Sample {
				return verbs(m, func(s authkit.StoreMetrics) float64 { return float64(s.Errors) })
			}},
		{"authkit_store_seconds_total", "authkit.store.time", "s", Counter, []string{"verb"},
			"Time that calls of the store took, in all.", func(m authkit.Metrics) []Sample {
				return verbs(m, func(s authkit.StoreMetrics) float64 { return s.Seconds })
			}},
		{"authkit_runs", "authkit.runs", "{run}", Gauge, nil,
			"How many times Engine.Run is running in this process.", func(m authkit.Metrics) []Sample { return one(float64(m.Run.Running)) }},
		{"authkit_run_failures_total", "authkit.run.failures", "{failure}", Counter, nil,
			"Parts of the background work that failed.", func(m authkit.Metrics) []Sample { return one(float64(m.Run.Failures)) }},
		{"authkit_run_last_success_timestamp_seconds", "authkit.run.last_success", "s", Gauge, nil,
			"When the background work was last done without a failure, in seconds since 1970; absent before.", lastOK},
	}
}

func lastOK(m authkit.Metrics) []Sample {
	if m.Run.LastOK.IsZero() {
		return nil
	}
	return one(float64(m.Run.LastOK.UnixMilli()) / 1000)
}
