package authkit

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/cursor"
	"github.com/authkit-dev/authkit/internal/httpio"
)

// webhookJSON is an address to which the events of an app are sent.
type webhookJSON struct {
	ID        uuid.UUID `json:"id"`         // the id of the webhook
	URL       string    `json:"url"`        // where deliveries are posted to
	Types     []string  `json:"types"`      // of the events that are sent; empty: every type
	Enabled   bool      `json:"enabled"`    // whether it is sent anything
	Live      bool      `json:"live"`       // whether the URL has answered a challenge; until then it is sent nothing else
	CreatedAt time.Time `json:"created_at"` // when it was added

	Secret string `json:"secret,omitempty"` // signs the deliveries: whsec_…; in the answer that makes it, and nowhere else
}

// webhooksJSON lists the webhooks of an app.
type webhooksJSON struct {
	Webhooks []webhookJSON `json:"webhooks"` // oldest first
}

// webhookSecretJSON is the answer to a rotation.
type webhookSecretJSON struct {
	Secret string `json:"secret"` // signs the deliveries from now on: whsec_…; the one before does so beside it for 24 hours
}

// deliveryJSON is an event that was sent to a webhook, or waits for it.
type deliveryJSON struct {
	ID       uuid.UUID  `json:"id"`                                      // as in the header webhook-id
	Type     string     `json:"type"`                                    // of the event, or webhook.challenge
	Sequence int64      `json:"sequence"`                                // the place of the event among those of the app
	Outcome  string     `json:"outcome" api:"enum=waiting|arrived|dead"` // dead: it was tried for three days
	QueuedAt time.Time  `json:"queued_at"`                               // when it was queued
	DueAt    *time.Time `json:"due_at"`                                  // when it is tried next; null: it is not
	Attempts int        `json:"attempts"`                                // how often it was tried
	TriedAt  *time.Time `json:"tried_at"`                                // the latest attempt; null: it was not tried yet
	Status   int        `json:"status"`                                  // of the answer to that; 0: no answer came
	Took     int64      `json:"duration_ms"`                             // of that attempt
}

// deliveriesJSON is a page of deliveries.
type deliveriesJSON struct {
	Deliveries []deliveryJSON `json:"deliveries"` // newest first
	Next       string         `json:"next_cursor,omitempty"`
}

// newWebhookBody adds a webhook.
type newWebhookBody struct {
	URL     string    `json:"url" api:"required"` // https, at a public address
	Types   *[]string `json:"types"`              // of the events that are sent; left out or empty: every type
	Enabled *bool     `json:"enabled"`            // left out: true
}

// webhookPatchBody changes the members that it has.
type webhookPatchBody struct {
	URL     *string   `json:"url"`     // it is asked by a challenge, and is sent nothing else before it has answered
	Types   *[]string `json:"types"`   // of the events that are sent; empty: every type
	Enabled *bool     `json:"enabled"` // whether it is sent anything
}

// replayJSON says that a delivery waits again.
type replayJSON struct {
	Success bool `json:"success"` // always true
}

func toWebhookJSON(w Webhook) webhookJSON {
	return webhookJSON{ID: w.ID, URL: w.URL, Types: orEmpty(w.Types), Enabled: w.Enabled, Live: w.Live, CreatedAt: w.CreatedAt.UTC()}
}

// deliveryStates are the names of the states in answers, where a state is one of an OAuth flow.
var deliveryStates = map[DeliveryState]string{DeliveryWaits: "waiting", DeliveryArrived: "arrived", DeliveryDead: "dead"}

func toDeliveryJSON(d Delivery) deliveryJSON {
	out := deliveryJSON{
		ID: d.ID, Type: d.Type, Sequence: d.Sequence, Outcome: deliveryStates[d.State], QueuedAt: d.QueuedAt.UTC(),
		Attempts: d.Attempts, Status: d.Status, Took: d.Took.Milliseconds(),
	}
	if d.State == DeliveryWaits {
		out.DueAt = new(d.DueAt.UTC())
	}
	if !d.TriedAt.IsZero() {
		out.TriedAt = new(d.TriedAt.UTC())
	}
	return out
}

// webhookRef names the webhook of the path. A text that is no id becomes the nil UUID, which no webhook
// has.
func (c *call) webhookRef() WebhookRef {
	id, _ := httpio.CanonicalUUID(c.r.PathValue("id"))
	return WebhookRef{App: c.appRef(), ID: id}
}

func listWebhooks(c *call) (any, error) {
	all, err := c.e.Webhooks(c.ctx(), c.appRef())
	if err != nil {
		return nil, err
	}
	out := make([]webhookJSON, len(all))
	for i, w := range all {
		out[i] = toWebhookJSON(w)
	}
	return webhooksJSON{out}, nil
}

func readWebhook(c *call) (any, error) {
	w, err := c.e.Webhook(c.ctx(), c.webhookRef())
	return toWebhookJSON(w), err
}

func createWebhook(c *call, in newWebhookBody) (jsonResponse, error) {
	w, secret, err := c.e.CreateWebhook(c.ctx(), c.appRef(), WebhookPatch{URL: &in.URL, Types: in.Types, Enabled: in.Enabled})
	if err != nil {
		return jsonResponse{}, err
	}
	out := toWebhookJSON(w)
	out.Secret = secret
	return jsonResponse{http.StatusCreated, out}, nil
}

func changeWebhook(c *call, in webhookPatchBody) (jsonResponse, error) {
	w, err := c.e.ChangeWebhook(c.ctx(), c.webhookRef(), WebhookPatch(in))
	return jsonResponse{http.StatusOK, toWebhookJSON(w)}, err
}

func deleteWebhook(c *call) error {
	if err := c.e.DeleteWebhook(c.ctx(), c.webhookRef()); err != nil {
		return err
	}
	return c.noContent()
}

func rotateWebhook(c *call, _ emptyBody) (jsonResponse, error) {
	secret, err := c.e.RotateWebhook(c.ctx(), c.webhookRef())
	return jsonResponse{http.StatusOK, webhookSecretJSON{secret}}, err
}

func listDeliveries(c *call) (any, error) {
	all, next, err := listPage(c,
		func(p Page) ([]Delivery, error) { return c.e.WebhookDeliveries(c.ctx(), c.webhookRef(), p) },
		func(d Delivery) cursor.Position { return cursor.Position{Time: d.QueuedAt, ID: d.ID} }, toDeliveryJSON)
	return deliveriesJSON{all, next}, err
}

func replayDelivery(c *call, _ emptyBody) (jsonResponse, error) {
	id, _ := httpio.CanonicalUUID(c.r.PathValue("delivery_id"))
	return jsonResponse{http.StatusAccepted, replayJSON{true}}, c.e.ReplayDelivery(c.ctx(), c.webhookRef(), id)
}
