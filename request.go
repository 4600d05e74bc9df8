package authkit

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"

	"github.com/google/uuid"
)

// request is what the handler knows of the request that a call of the Engine serves. The
// call's context carries it, so that a flow sees the app that the door has read, and what is
// written names the request; a Go caller's context has none, and says nothing. The host's
// hooks have that context too, and may use it in many goroutines at once.
type request struct {
	id     string
	client Client // who asks; where a backend forwards, the person
	via    string // then the backend's own address

	mu    sync.Mutex
	actor string  // as [Event] has it: who is not the user it is about
	app   App     // of the path, once it is read
	owed  []count // what the door has left to the flow to count
	held  int     // how many other apps' session cookies came with it
}

type requestKey struct{}

func withRequest(ctx context.Context, r *request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// requestFrom answers an empty one where there is none.
func requestFrom(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// peer is the address that the request came from, also where a backend told another.
func (r *request) peer() string { return cmp.Or(r.via, r.client.IP) }

// appFrom is the app as the door has read it.
func appFrom(ctx context.Context, id uuid.UUID) (App, bool) {
	r := requestFrom(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.app, id != uuid.Nil && r.app.ID == id
}

// concerns says which app the request is of, and how many others' session cookies it brings.
func (r *request) concerns(app App, others int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.app, r.held = app, others
}

// holding is the number of other apps whose session cookies came with the request.
func (r *request) holding() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held
}

// isBy says who asks.
func (r *request) isBy(actor string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.actor = actor
}

// owe leaves counts to the flow.
func (r *request) owe(counts []count) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.owed = counts
}

// owes says whether there are counts that nobody has made.
func (r *request) owes() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.owed != nil
}

// pay answers what is owed to the app's limits, once.
func (r *request) pay(app uuid.UUID) []count {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.app.ID != app {
		return nil
	}
	owed := r.owed
	r.owed = nil
	return owed
}

// stamp says where events come from.
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

// withMember adds a member to a JSON object; nil is the empty one.
func withMember(object []byte, name, value string) []byte {
	members := map[string]any{}
	if len(object) > 0 && json.Unmarshal(object, &members) != nil {
		return object // it is no object
	}
	members[name] = value
	out, err := json.Marshal(members)
	if err != nil {
		return object
	}
	return out
}
