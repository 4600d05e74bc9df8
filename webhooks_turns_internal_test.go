package authkit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/webhook"
)

// hookCrowd is a store in which deliveries wait for many webhooks, of an app each, and the receivers of
// them. The deliveries never end.
type hookCrowd struct {
	WebhookStore
	DeliveryStore

	hooks *webhooks
	keys  []WebhookKey // by app
	hangs []WebhookKey // whose receivers answer nothing before hold is closed

	mu   sync.Mutex
	hold chan struct{}
	got  map[WebhookKey]int // deliveries that a receiver took
}

func (h *hookCrowd) Webhooks(_ context.Context, app uuid.UUID) ([]Webhook, error) {
	w := Webhook{App: app, ID: app, URL: "https://hooks.example/" + app.String(), Enabled: true, Live: true, Version: 1}
	h.hooks.seal(&w, webhookSecret{Key: webhook.NewKey()})
	return []Webhook{w}, nil
}

func (h *hookCrowd) DueWebhooks(_ context.Context, after WebhookKey, _ time.Time, most int) ([]WebhookKey, error) {
	i := slices.Index(h.keys, after) + 1
	return slices.Clone(h.keys[i:min(len(h.keys), i+most)]), nil
}

func (h *hookCrowd) ClaimDeliveries(_ context.Context, c DeliveryClaim) (out []Delivery, err error) {
	for range c.Max {
		out = append(out, Delivery{App: c.App, Webhook: c.ID, ID: uuid.New(), Type: EventUserCreate, Event: []byte(`{"time":"2030-01-02T03:04:05Z"}`)})
	}
	return out, nil
}

func (h *hookCrowd) SettleDeliveries(context.Context, []SettledDelivery) error { return nil }

func (h *hookCrowd) RoundTrip(r *http.Request) (*http.Response, error) {
	id := uuid.MustParse(r.URL.Path[1:])
	key := WebhookKey{id, id}
	h.mu.Lock()
	hold := h.hold
	hangs := slices.Contains(h.hangs, key)
	if !hangs {
		h.got[key]++
	}
	h.mu.Unlock()
	if hangs {
		<-hold
		return nil, errors.New("the receiver hung up")
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(nil)), Request: r}, nil
}

// lets ends what hangs, and returns once all turns are over.
func (h *hookCrowd) lets(c *courier) {
	h.mu.Lock()
	close(h.hold)
	h.mu.Unlock()
	c.turns.wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hold = make(chan struct{})
}

func TestReceiversThatHangLeaveRoomForOthers(t *testing.T) {
	t.Parallel()
	ring, err := seal.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	h := &hookCrowd{hold: make(chan struct{}), got: map[WebhookKey]int{}}
	h.hooks = &webhooks{WebhookStore: h, secrets: &secrets{ring: ring}, now: atTestTime}
	for i := range 3 * webhooksAtOnce {
		id := uuid.UUID{0: byte(i + 1)}
		h.keys = append(h.keys, WebhookKey{id, id})
	}
	h.hangs = h.keys[:2*webhooksAtOnce] // they come first in every look
	c := newCourier(h, h.hooks, quietLog(), nil)
	c.client = &http.Client{Transport: h}
	for range 2 { // the receivers that hang are not known yet, and have a turn each
		if err := c.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.lets(c)
	}
	// From now on they hang for good. Each of the others has its turn.
	for look := 0; len(h.taken()) < webhooksAtOnce; look++ {
		if look == 10 {
			t.Fatalf("after %d looks: got %d webhooks that were sent to, want %d", look, len(h.taken()), webhooksAtOnce)
		}
		if err := c.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.waitFor(h.keys[len(h.hangs):])
	}
	c.turns.mu.Lock()
	if n := len(c.turns.busy); n > slowAtOnce {
		t.Errorf("got %d webhooks that hang at once, want %d at most", n, slowAtOnce)
	}
	c.turns.mu.Unlock()
	for _, key := range h.keys[len(h.hangs):] {
		if n := h.taken()[key]; n < webhookBatch*turnBatches || n%(webhookBatch*turnBatches) != 0 {
			t.Errorf("got %d deliveries, want whole turns of %d", n, webhookBatch*turnBatches)
		}
	}
	h.lets(c)
}

// taken returns how many deliveries each receiver has taken.
func (h *hookCrowd) taken() map[WebhookKey]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.got)
}

// waitFor waits for the end of the turns of some webhooks.
func (c *courier) waitFor(keys []WebhookKey) {
	for _, key := range keys {
		c.turns.mu.Lock()
		done := c.turns.busy[key]
		c.turns.mu.Unlock()
		if done != nil {
			<-done
		}
	}
}
