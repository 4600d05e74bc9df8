package authkit

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"

	"github.com/google/uuid"
)

// request describes the HTTP request that a call of the Engine serves. The context carries it, so
// that events name the request. The context of a Go caller has none. The hooks of the host get
// that context and may use it in several goroutines at once.
type request struct {
	id     string
	client Client // who asks; where a backend forwards a request, its user's client
	via    string // the address of that backend; empty: nothing was forwarded

	mu         sync.Mutex
	actor      string        // as in [Event]; empty: the user whom the event is about
	remembered rememberedApp // what the next call of the store has to prove; the zero value: nothing
	told       bool          // the refusal of an attempt is an event already
}

type requestKey struct{}

// requestContext is a context that carries a request.
type requestContext struct {
	context.Context //nolint:containedctx // it is a context

	request request
}

// Value implements [context.Context].
func (c *requestContext) Value(key any) any {
	if key == (requestKey{}) {
		return &c.request
	}
	return c.Context.Value(key)
}

// requestFrom returns the request of the context, or an empty one.
func requestFrom(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// begin notes who asks, before anything else is known of the request.
func (r *request) begin(by Client) {
	r.client, r.via = by, ""
	r.setActor("")
}

// peer is the address that the request came from. For a forwarded request it is the address of
// the backend.
func (r *request) peer() string { return cmp.Or(r.via, r.client.IP) }

// remember notes that the request is decided by an app as this process last read it.
func (r *request) remember(app App) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remembered = rememberedApp{app.ID, app.Version}
}

// takeRemembered returns the app that the next call of the store has to prove. ok is false if
// there is none, or a call has taken it already.
func (r *request) takeRemembered() (app rememberedApp, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	app, r.remembered = r.remembered, rememberedApp{}
	return app, app.id != uuid.Nil
}

// tell notes that the refusal of the request is an event.
func (r *request) tell() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = true
}

// wasTold reports whether the refusal of the request is an event.
func (r *request) wasTold() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.told
}

// setActor sets the actor of the events.
func (r *request) setActor(actor string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.actor = actor
}

// stamp sets the request, peer and actor of the events.
func (r *request) stamp(events []Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range events {
		ev := &events[i]
		if r.id != "" {
			ev.RequestID = r.id
		}
		if r.client.IP != "" {
			ev.IP = r.client.IP
		}
		if r.via != "" {
			ev.Detail = withMember(ev.Detail, "forwarded_by", r.via)
		}
		if r.actor != "" {
			ev.Actor = r.actor
		}
	}
}

// withMember adds a member to a JSON object. A nil object is an empty one.
func withMember(object []byte, name, value string) []byte {
	members := map[string]any{}
	if len(object) > 0 && json.Unmarshal(object, &members) != nil {
		return object // not an object
	}
	members[name] = value
	out, err := json.Marshal(members)
	if err != nil {
		return object
	}
	return out
}
