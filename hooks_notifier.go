package authkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/panics"
	"github.com/authkit-dev/authkit/internal/thinlog"
	"github.com/authkit-dev/authkit/internal/token"
)

// maxHookEvents bounds how many hook events wait for Hooks.After.
const maxHookEvents = 4096

// notifier calls the hooks and the observer of the host, and counts what happens. It is safe for
// concurrent use.
type notifier struct {
	hooks    Hooks
	observer func(Event) // may be nil
	refusals *refusals   // that wait to be written
	now      func() time.Time
	log      *thinlog.Logger

	pending chan HookEvent // for Hooks.After

	stats *tally
	meter *meter

	// confirm returns [ErrAppChanged] if the request began with an app that has changed since, and no
	// call of the store has proved it.
	confirm func(context.Context) error
}

func newNotifier(hooks Hooks, observer func(Event), now func() time.Time, log *thinlog.Logger) *notifier {
	return &notifier{
		hooks: hooks, observer: observer, now: now, log: log, pending: make(chan HookEvent, maxHookEvents),
		stats:   newTally(nil, now, log), // of no store, until it gets the engine's
		meter:   &meter{},
		confirm: func(context.Context) error { return nil }, refusals: newRefusals(nil, now), // of no store, likewise
	}
}

// before calls Hooks.Before. [CodeForbidden]: the host refuses.
func (n *notifier) before(ctx context.Context, m HookEvent) error {
	if n.hooks.Before == nil {
		return nil
	}
	err := n.hooks.Before(ctx, m.public())
	if err == nil {
		return nil
	}
	refusal := &Error{Code: CodeForbidden, Detail: "the application does not allow this", Err: err}
	if reason, ok := errors.AsType[Refusal](err); ok {
		refusal.Detail = clean(string(reason), 500)
	}
	return refusal
}

// after queues a hook event for Hooks.After, which Run calls. If the queue is full, the event is
// lost, and a log line says so.
func (n *notifier) after(m HookEvent) {
	if n.hooks.After == nil {
		return
	}
	select {
	case n.pending <- m.public():
	default:
		n.log.Line(context.Background(), slog.LevelWarn, "event lost",
			"the queue of Hooks.After is full and a hook event is lost; let Hooks.After return sooner, or start Engine.Run", slog.String("kind", string(m.Kind)))
	}
}

// runAfter calls Hooks.After for each hook event until ctx ends. Events that wait then are left
// for a later Run of the process, since a hook cannot act under an ended context.
func (n *notifier) runAfter(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case m := <-n.pending:
			n.callAfter(ctx, m)
		case <-ctx.Done():
		}
	}
}

// callPendingAfter calls Hooks.After for the hook events that wait when it is called, not for
// those that its calls cause.
func (n *notifier) callPendingAfter(ctx context.Context) {
	for range len(n.pending) {
		select {
		case m := <-n.pending:
			n.callAfter(ctx, m)
		default:
			return
		}
	}
}

// callAfter calls the hook. It does not retry an event at which the hook panics.
func (n *notifier) callAfter(ctx context.Context, m HookEvent) {
	err := panics.Catch(func() error { n.hooks.After(ctx, m); return nil })
	if err != nil {
		n.log.Line(ctx, slog.LevelError, "hook", "Hooks.After panicked", slog.String("kind", string(m.Kind)), slog.String("app", m.App.String()), slog.Any("error", err))
	}
}

// claims returns what the host adds to an access token. [CodeInternal]: the hook fails, or adds a
// reserved claim.
func (n *notifier) claims(ctx context.Context, m HookEvent) (map[string]any, error) {
	if n.hooks.Claims == nil {
		return nil, nil
	}
	extra, err := n.hooks.Claims(ctx, m.public())
	if err != nil {
		return nil, &Error{Code: CodeInternal, Detail: "the application could not provide the claims of the token", Err: err}
	}
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if token.ReservedClaim(name) {
			return nil, &Error{Code: CodeInternal, Detail: "the application's claims cannot be used", Err: fmt.Errorf("claim %q is reserved: choose another name", name)}
		}
	}
	return extra, nil
}

// tell passes an event of a durable step on.
func (n *notifier) tell(ev Event) {
	n.stats.event(ev)
	n.meter.event(ev)
	n.observe(ev)
}

// observe passes an event that no step carries to the observer.
func (n *notifier) observe(ev Event) {
	if n.observer != nil {
		n.observer(ev)
	}
}

// attempt is an attempt whose refusal is an event.
type attempt struct {
	kind string // the type of the event
	app  uuid.UUID
	by   Client
}

// refused makes an event of an attempt that was refused. It is deferred where the attempt begins,
// with its error. A refusal that is to be decided again is none: its error becomes
// [ErrAppChanged]. A malformed request and a fault of the server are not attempts.
func (n *notifier) refused(ctx context.Context, what attempt, err *error) {
	refusal, ok := errors.AsType[*Error](*err)
	if ok {
		n.countRefused(ctx, what, refusal)
	}
	if !ok || refusal.Code == CodeInvalidRequest || refusal.Code == CodeAppNotFound || refusal.Code.Status() >= http.StatusInternalServerError {
		return
	}
	switch failed := n.confirm(ctx); {
	case errors.Is(failed, ErrAppChanged):
		*err = failed
		return
	case failed != nil:
		*err = unavailable(fmt.Errorf("read the app of a refused attempt: %w", failed))
		return
	}
	r := requestFrom(ctx)
	r.tell()
	n.tellRefusal(r, Event{
		App: what.app, UserID: refusal.user, Type: what.kind, IP: what.by.IP, Reason: string(refusal.Code), Detail: refusal.ruleDetail(),
	})
}

// tellRefusal completes the event of a refusal, has it written, and passes it to the observer.
func (n *notifier) tellRefusal(r *request, ev Event) {
	ev.Time, ev.Result = n.now(), "refused"
	ev.ID = eventID(ev.Time, 0)
	all := []Event{ev}
	r.stamp(all)
	n.refusals.add(all[0])
	n.observe(all[0])
}

// countRefused counts a refused attempt. That of a request is counted as a refusal where it is
// answered.
func (n *notifier) countRefused(ctx context.Context, what attempt, refusal *Error) {
	n.meter.refusedSignIns.add(refusal.Code)
	if requestFrom(ctx).id != "" {
		return
	}
	n.meter.refused(refusal)
	if refusal.Code != CodeAppNotFound {
		n.stats.refused(what.app, refusal.Code)
	}
}

// ruleDetail names in JSON what refused: the exhausted limit, or the check that failed; nil where
// the code says it all.
func (e *Error) ruleDetail() []byte {
	rule := map[string]string{}
	if e.exhausted.name != "" {
		rule["limit"] = e.exhausted.name
	}
	if why, ok := errors.AsType[cause](e.Err); ok {
		rule["rule"] = string(why)
	}
	if len(rule) == 0 {
		return nil
	}
	detail, err := json.Marshal(rule)
	if err != nil {
		return nil
	}
	return detail
}

// public returns the event as the host sees it: without the findings of the access check.
func (m HookEvent) public() HookEvent {
	m.Client.checked = nil
	return m
}
