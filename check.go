package authkit

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/panics"
)

// Severity says how much a [Finding] matters.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"   // something does not work, or is open to strangers
	SeverityWarning Severity = "warning" // something will fail, or may be another than was meant
	SeverityNote    Severity = "note"    // something that is worth knowing
)

// rank orders severities, the worst first.
func (s Severity) rank() int {
	return slices.Index([]Severity{SeverityError, SeverityWarning, SeverityNote}, s)
}

// Finding is one thing that [Engine.Check] or `authkit doctor` has found. No text holds a secret.
type Finding struct {
	Code     string    `json:"code"` // stable: one of the Finding constants, or a code of the Store's own
	Severity Severity  `json:"severity"`
	App      uuid.UUID `json:"app_id,omitzero"` // that it is about; the nil UUID: no app, or several

	Seen string `json:"seen"` // what is there
	Why  string `json:"why"`  // why it matters
	Fix  string `json:"fix"`  // what to do
}

// maxSeen bounds what a finding shows, in bytes: it may hold the answer of another server.
const maxSeen = 600

// NewFinding makes a finding of one of the Finding constants, with its severity, reason and fix.
// A finding of any other code is a warning, without reason and fix.
func NewFinding(code, seen string) Finding {
	if len(seen) > maxSeen {
		seen = strings.ToValidUTF8(seen[:maxSeen], "") + "…"
	}
	kind := findingKinds()[code]
	if kind.severity == "" {
		kind.severity = SeverityWarning
	}
	return Finding{Code: code, Severity: kind.severity, Seen: seen, Why: kind.why, Fix: kind.fix}
}

// of returns the finding as one about an app.
func (f Finding) of(app uuid.UUID) Finding {
	f.App = app
	return f
}

const (
	// probeTimeout is how long each probe of [Engine.Check] may take. It bounds the probes of all
	// providers together, too: each provider has five seconds, and several are asked at once.
	probeTimeout = 15 * time.Second

	// probeGrace is how long a probe has to report once its time is over.
	probeGrace = 250 * time.Millisecond
)

// Check examines the configuration and what it depends on, and returns what it finds, the worst
// first: limits that are off, weak secrets, the store, its schema and its clock, the mail server
// (it connects, and sends no mail), what answers at BaseURL, each provider's discovery document,
// and signing keys that are due. docs/doctor.md lists the findings. It returns nil if there is no
// finding.
//
// Check changes nothing. Its probes run concurrently; each ends with ctx, and after fifteen
// seconds at the latest. A probe that has not ended by then is a finding itself
// ([FindingCheckIncomplete]). A Store that is a [Prober] and a Mailer that is a [mail.Pinger] are
// asked as well.
func (e *Engine) Check(ctx context.Context) []Finding {
	base, err := url.Parse(e.cfg.BaseURL)
	if err != nil { // New has refused such a URL
		base = &url.URL{}
	}
	c := checkup{e: e, base: base, now: e.now()}
	probes := []probe{
		{"the configuration", c.configuration},
		{"the store", c.store},
		{"the store's own findings", c.ownFindings},
		{"the mail server", c.mail},
		{"the base URL", c.baseURL},
		{"the apps", c.apps},
	}
	waiting := make([]<-chan []Finding, len(probes))
	for i, p := range probes {
		waiting[i] = p.start(ctx)
	}
	var found []Finding
	for _, w := range waiting {
		found = append(found, <-w...)
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return a.Severity.rank() - b.Severity.rank() })
	return found
}

// checkup is one call of [Engine.Check].
type checkup struct {
	e    *Engine
	base *url.URL
	now  time.Time
}

// probe is one part of a checkup. What it returns beside an error counts.
type probe struct {
	name string
	run  func(context.Context) ([]Finding, error)
}

// start runs the probe. The channel gets its findings once, in bounded time: a probe that calls
// code of the host may hang whatever its context says, and is then left behind.
func (p probe) start(ctx context.Context) <-chan []Finding {
	done, out := make(chan []Finding, 1), make(chan []Finding, 1)
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	go func() {
		var found []Finding
		err := panics.Catch(func() (err error) { found, err = p.run(ctx); return err })
		if err != nil {
			found = append(found, p.incomplete(err))
		}
		done <- found
	}()
	go func() {
		defer cancel()
		select {
		case found := <-done:
			out <- found
			return
		case <-ctx.Done():
		}
		select {
		case found := <-done:
			out <- found
		case <-time.After(probeGrace):
			out <- []Finding{p.incomplete(ctx.Err())}
		}
	}()
	return out
}

func (p probe) incomplete(err error) Finding {
	return NewFinding(FindingCheckIncomplete, fmt.Sprintf("the check of %s did not end: %v", p.name, err))
}

// loopback reports whether BaseURL is on this machine, so that no stranger reaches the handler.
func (c checkup) loopback() bool { return httpio.Loopback(c.base.Hostname()) }

// exposed makes a finding that matters because strangers reach the handler. On loopback it is a
// note.
func (c checkup) exposed(code, seen string) Finding {
	f := NewFinding(code, seen)
	if c.loopback() {
		f.Severity = SeverityNote
	}
	return f
}

// errEach joins errors of several reads, of which a few say enough.
func errEach(errs []error) error {
	const most = 3
	if len(errs) > most {
		errs = append(slices.Clone(errs[:most]), fmt.Errorf("and %d more", len(errs)-most))
	}
	return errors.Join(errs...)
}
