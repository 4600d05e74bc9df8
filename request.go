package authkit

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"
)

// request says which request a call of the Engine serves. The call's context carries it, so
// that events name the request; a Go caller's context has none. The host's hooks have that
// context too, and may use it in many goroutines at once.
type request struct {
	id     string
	client Client // who asks; where a backend forwards, the person
	via    string // then the backend's own address

	mu    sync.Mutex
	actor string // as [Event] has it: who is not the user it is about
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

// setActor says who asks.
func (r *request) setActor(actor string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.actor = actor
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
