package authkit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// AuditCheck says what [Engine.VerifyAudit] checks.
type AuditCheck struct {
	App uuid.UUID

	// Head, if set, is a head of the chain as it was once logged: the log may have been cut off
	// since, together with everything in the store that tells of it.
	Head string
}

// AuditReport is what [Engine.VerifyAudit] found in order.
type AuditReport struct {
	First   int64  // the position of the first event that is kept; older ones were removed by their age
	Chained int64  // how many events from there on are as they were chained; 0 if the chain is not that of AuditCheck.Head
	Waiting int64  // how many are not yet chained: their order and their number are not proven yet
	Head    string // of the chain
}

// AuditFault says that an audit log is not as it was written. It tells of the first fault.
type AuditFault struct {
	Position int64     // of the event, or of the first event of the link; -1: it has none
	Event    uuid.UUID // the nil UUID: the fault is of no single event
	Problem  string
}

// Error tells the problem, and where it is.
func (f *AuditFault) Error() string {
	text := "the audit log was changed"
	if f.Position >= 0 {
		text += " at position " + strconv.FormatInt(f.Position, 10)
	}
	if f.Event != uuid.Nil {
		text += ", event " + f.Event.String()
	}
	return text + ": " + f.Problem
}

// VerifyAudit checks that the events of an app are those that were chained, in their order, each as
// it was, and that no other is beside them. It reads a link at a time, and takes eight bytes of memory
// for each event. An [*AuditFault] tells of the first fault; any other error says that the log could not be read. Without a head that was logged,
// it cannot tell a log whose end was cut off from an earlier state of it, if the seal of that state
// was put back, too.
func (e *Engine) VerifyAudit(ctx context.Context, c AuditCheck) (AuditReport, error) {
	report, err := e.audit.verify(ctx, c)
	return report, auditError(err, c.App)
}

// auditError translates the error of a store step of the audit log. A fault and a refusal stay.
func auditError(err error, app uuid.UUID) error {
	_, fault := errors.AsType[*AuditFault](err)
	if _, refused := errors.AsType[*Error](err); fault || refused {
		return err
	}
	return storeError(err, app)
}

// auditWalk follows a chain.
type auditWalk struct {
	*auditChain

	chain  Chain // its end
	at     int64
	before []byte // the hash at that position
	head   int64  // the position of the head to compare with; -1: there is no such head, or it was met
	hash   string // of that head
	other  bool   // the chain is not that of the head, so that nothing in it is proven

	seen []uint64 // the short ids of the events of the links that were checked
}

func (a *auditChain) verify(ctx context.Context, check AuditCheck) (AuditReport, error) {
	w := auditWalk{auditChain: a, head: -1}
	if err := w.expect(check.Head); err != nil {
		return AuditReport{}, err
	}
	n, err := a.store.CountAudit(ctx, check.App)
	if err != nil {
		return AuditReport{}, err
	}
	if w.chain = n.Chain; w.chain.Seal == nil {
		w.chain = Chain{App: check.App, Hash: beginning(check.App), Before: beginning(check.App)}
	} else if err := a.check(w.chain); err != nil {
		return AuditReport{}, &AuditFault{-1, uuid.Nil, err.Error()}
	}
	report := AuditReport{First: w.chain.First, Waiting: n.Unchained, Head: w.chain.head()}
	w.at, w.before = w.chain.First, w.chain.Before
	err = w.walk(ctx)
	if !w.other {
		report.Chained = w.at - w.chain.First
	}
	if err == nil {
		err = w.twice(ctx)
	}
	if err == nil {
		err = w.others(ctx, n)
	}
	return report, err
}

// expect reads the head to compare with.
func (w *auditWalk) expect(head string) error {
	if head == "" {
		return nil
	}
	position, sum, ok := strings.Cut(head, ":")
	n, err := strconv.ParseInt(position, 10, 64)
	if !ok || err != nil || n < 0 || len(sum) != 2*sha256.Size {
		return invalid("head", "invalid_value", "head is not a position, a colon and 64 hexadecimal digits, as in the log")
	}
	w.head, w.hash = n, sum
	return nil
}

// walk checks each link, and that the last one is the end of the chain.
func (w *auditWalk) walk(ctx context.Context) error {
	if w.head > w.chain.Next {
		return &AuditFault{w.chain.Next, uuid.Nil, fmt.Sprintf("it was cut off: it ends here, and the head had %d events", w.head)}
	}
	if w.head >= 0 && w.head < w.chain.First {
		return invalid("head", "invalid_value", fmt.Sprintf("head is of position %d, and all before %d was removed by its age: give a later one", w.head, w.chain.First))
	}
	if err := w.meet(); err != nil {
		return err
	}
	for w.at < w.chain.Next {
		links, err := w.store.Links(ctx, w.chain.App, w.at, 1)
		if err != nil {
			return err
		}
		if len(links) == 0 || links[0].Seq != w.at {
			return w.moved(ctx, &AuditFault{w.at, uuid.Nil, "the link that begins here is missing"})
		}
		if err := w.link(ctx, links[0]); err != nil {
			return w.moved(ctx, err)
		}
		if err := w.meet(); err != nil {
			return err
		}
	}
	if err := w.beyond(ctx); err != nil {
		return err
	}
	if w.at != w.chain.Next || !bytes.Equal(w.before, w.chain.Hash) {
		return &AuditFault{w.at, uuid.Nil, "the links do not lead to the end that was sealed: they were made anew without the secret"}
	}
	if w.head >= 0 {
		w.other = true
		return &AuditFault{w.head, uuid.Nil, "no link ends at the head, which may be that of another app"}
	}
	return nil
}

// moved returns the fault, unless its link was removed by its age while it was checked: then the
// walk goes on where the chain begins now.
func (w *auditWalk) moved(ctx context.Context, fault error) error {
	now, err := w.auditChain.chain(ctx, w.chain.App)
	if err != nil || now.First <= w.at {
		return fault
	}
	w.at, w.before = now.First, now.Before
	if w.at > w.chain.Next {
		w.at, w.before = w.chain.Next, w.chain.Hash
	}
	return nil
}

// beyond looks for a link behind the end. One that was appended since is no fault.
func (w *auditWalk) beyond(ctx context.Context) error {
	links, err := w.store.Links(ctx, w.chain.App, w.chain.Next, 1)
	if err != nil || len(links) == 0 || links[0].Seq < w.chain.Next {
		return err
	}
	now, err := w.auditChain.chain(ctx, w.chain.App)
	if err == nil && now.Next <= links[0].Seq {
		return &AuditFault{links[0].Seq, uuid.Nil, "a link stands behind the end that was sealed"}
	}
	return err
}

// meet compares with the head that is expected at this position.
func (w *auditWalk) meet() error {
	if w.head != w.at {
		return nil
	}
	if got := (Chain{Next: w.at, Hash: w.before}).head(); got != strconv.FormatInt(w.head, 10)+":"+w.hash {
		w.other = true
		return &AuditFault{w.at, uuid.Nil, "the chain up to here is another one than that of the head"}
	}
	w.head = -1
	return nil
}

// link checks one link, and goes behind it.
func (w *auditWalk) link(ctx context.Context, l Link) error {
	events, sums, err := w.eventsOf(ctx, w.chain.App, l)
	if err != nil {
		return err
	}
	if len(events) == 0 || !bytes.Equal(l.Hash, linkHash(w.chain.App, w.before, l, sums)) {
		return &AuditFault{l.Seq, uuid.Nil, fmt.Sprintf("the link of the %d events from here was changed", l.Len())}
	}
	w.at, w.before = l.Seq+l.Len(), l.Hash
	for i := range events {
		w.seen = append(w.seen, shortID(events[i].ID))
	}
	return nil
}

// eventsOf returns the events of a link, in its order, and their digests. An [*AuditFault]: one of
// them is missing, or is not as the link has it.
func (a *auditChain) eventsOf(ctx context.Context, app uuid.UUID, l Link) ([]Event, [][sha256.Size]byte, error) {
	ids := l.IDs()
	found, err := a.store.EventsByID(ctx, app, ids)
	if err != nil {
		return nil, nil, err
	}
	byID := make(map[uuid.UUID]*Event, len(found))
	for i := range found {
		byID[found[i].ID] = &found[i]
	}
	events, sums := make([]Event, len(ids)), make([][sha256.Size]byte, len(ids))
	for i, id := range ids {
		e := byID[id]
		if e == nil {
			return nil, nil, &AuditFault{l.Seq + int64(i), id, "it was removed"}
		}
		events[i], sums[i] = *e, digestOf(e)
		if digest := l.Entries[i*LinkEntry+len(id) : (i+1)*LinkEntry]; !bytes.Equal(digest, sums[i][:len(digest)]) {
			return nil, nil, &AuditFault{l.Seq + int64(i), id, "it is not as it was written"}
		}
	}
	return events, sums, nil
}
