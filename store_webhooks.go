package authkit

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// WebhookStore keeps the webhooks of apps: the addresses to which events are sent.
type WebhookStore interface {
	// PutWebhook adds a webhook (Version 0), of which an app has at most most (below 1: any
	// number), or replaces the one of its id, and raises its Version. [ErrStale]: the Version is
	// another, or the webhook is gone. [ErrConflict]: the id is taken. [ErrFull]: the app has most
	// of them.
	PutWebhook(ctx context.Context, w Webhook, most int, riders Riders) error

	// Webhooks lists the webhooks of an app, oldest first (created_at, then id).
	Webhooks(ctx context.Context, app uuid.UUID) ([]Webhook, error)

	// DeleteWebhook removes a webhook. What waits for it is never claimed again. [ErrNotFound]:
	// there is no such webhook.
	DeleteWebhook(ctx context.Context, app, id uuid.UUID, riders Riders) error
}

// DeliveryStore keeps what is on its way to webhooks. Deliveries are put in as riders.
type DeliveryStore interface {
	// DueWebhooks lists webhooks of live apps that are enabled and for which deliveries wait that
	// are due at now, ordered by app and id: at most max of those after a last one. While the owner
	// of an app is disabled, its webhooks are not listed, and their deliveries are not claimed.
	DueWebhooks(ctx context.Context, after WebhookKey, now time.Time, max int) ([]WebhookKey, error)

	// ClaimDeliveries takes deliveries that wait for a webhook and are due at c.Now, those that were due
	// first (due_at, then Sequence), and returns them by their Sequence. They are due again at c.Until, unless they are settled before.
	// Of concurrent callers exactly one gets a delivery. A delivery about a user is not taken
	// while an earlier one about that user waits, in its claim or for its next try, that was
	// queued after c.Held.
	ClaimDeliveries(ctx context.Context, c DeliveryClaim) ([]Delivery, error)

	// SettleDeliveries says what became of claimed deliveries, in one durable step. It does not
	// touch one that is gone, or that was claimed anew since, unless it has arrived.
	SettleDeliveries(ctx context.Context, settled []SettledDelivery) error

	// Deliveries lists the deliveries to a webhook, the newest first (queued_at, then id).
	Deliveries(ctx context.Context, app, webhook uuid.UUID, p Page) ([]Delivery, error)

	// ReplayDelivery makes a delivery wait again, from now on and untried. [ErrNotFound]: there is
	// no such delivery. One that waits already stays as it is.
	ReplayDelivery(ctx context.Context, app, webhook, id uuid.UUID, now time.Time) error
}

// Webhook is an address to which the events of an app are sent.
type Webhook struct {
	App, ID uuid.UUID
	URL     string
	Types   []string // of the events that are sent; empty: every type
	Enabled bool
	Live    bool // the URL has answered a challenge

	// Secret holds what signs the deliveries, and for a day the secret before the last rotation,
	// sealed. Empty: the webhook has no secret, and is sent nothing.
	Secret []byte

	Version   int64 // 0 before the first [WebhookStore.PutWebhook]; the guard of the next
	CreatedAt time.Time
}

// WebhookKey names a webhook.
type WebhookKey struct{ App, ID uuid.UUID }

// DeliveryState is the progress of a delivery.
type DeliveryState int

// The states of a delivery.
const (
	DeliveryWaits   DeliveryState = iota // it is due, or will be
	DeliveryArrived                      // the receiver has taken it
	DeliveryDead                         // it was tried for three days; it can be replayed
)

// Delivery is one event on its way to one webhook.
type Delivery struct {
	App, Webhook, ID uuid.UUID
	UserID           uuid.UUID // whom the event is about; the nil UUID: no user, so that it waits for no other
	Sequence         int64     // the order of the events of the app
	Type             string    // of the event
	Event            []byte    // the event, as JSON
	QueuedAt         time.Time
	DueAt            time.Time
	Attempts         int
	State            DeliveryState
	Expires          time.Time // removed then, whatever its state

	// Of the latest attempt: when it was, the status of the answer, and how long it took. The
	// status is 0 if there was no answer.
	TriedAt time.Time
	Status  int
	Took    time.Duration
}

// DeliveryClaim says which deliveries are taken, and until when.
type DeliveryClaim struct {
	WebhookKey

	Now, Until time.Time
	Held       time.Time // a delivery that was queued earlier holds back no other
	Max        int
}

// SettledDelivery says what became of a claimed delivery.
type SettledDelivery struct {
	App, Webhook, ID uuid.UUID
	Until            time.Time // of its claim
	State            DeliveryState
	DueAt            time.Time // where it waits on
	Attempts         int
	Expires          time.Time
	TriedAt          time.Time
	Status           int
	Took             time.Duration
}
