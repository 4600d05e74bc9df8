package authkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/outbound"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/internal/webhook"
)

const (
	maxWebhooks   = 10 // of an app
	maxWebhookURL = 2048
	formerFor     = 24 * time.Hour // how long the secret before the last rotation signs, too
)

// typeChallenge is the type of the delivery that asks a new URL whether it wants any.
const typeChallenge = "webhook.challenge"

// WebhookRef names a webhook of a developer's app.
type WebhookRef struct {
	App AppRef
	ID  uuid.UUID
}

// WebhookPatch changes the members of a webhook that are set.
type WebhookPatch struct {
	URL     *string   // https, at a public address
	Types   *[]string // of the events that are sent, such as [EventUserCreate]; empty: every type
	Enabled *bool     // a webhook that is not enabled is sent nothing
}

// webhookSecret is what [Webhook.Secret] seals.
type webhookSecret struct {
	Key    []byte    `json:"key"`
	Former []byte    `json:"former,omitempty"`
	Until  time.Time `json:"until,omitzero"` // Former signs until then
}

// keys are the keys that sign at a time, the newest first.
func (s webhookSecret) keys(now time.Time) [][]byte {
	if len(s.Former) > 0 && now.Before(s.Until) {
		return [][]byte{s.Key, s.Former}
	}
	return [][]byte{s.Key}
}

func webhookAAD(app, id uuid.UUID) []byte {
	return seal.AAD("webhook secret", app.String(), id.String())
}

// webhooks keeps the webhooks of apps and sends what waits for them. It is safe for concurrent use.
type webhooks struct {
	WebhookStore

	secrets *secrets
	rules   outbound.Rules
	now     func() time.Time
	event   func(Event) []byte // an event as the audit log shows it, as JSON
}

// find returns a webhook of an app. [CodeNotFound]; [CodeUnavailable].
func (h *webhooks) find(ctx context.Context, app, id uuid.UUID) (Webhook, error) {
	all, err := h.Webhooks(ctx, app)
	if err != nil {
		return Webhook{}, storeError(err, app)
	}
	i := slices.IndexFunc(all, func(w Webhook) bool { return w.ID == id })
	if i < 0 {
		return Webhook{}, noWebhook()
	}
	return all[i], nil
}

func noWebhook() *Error { return refuse(CodeNotFound, "the app has no such webhook") }

// open opens the secret of a webhook.
func (h *webhooks) open(w Webhook) (s webhookSecret, err error) {
	plain, err := h.secrets.ring.Open(w.Secret, webhookAAD(w.App, w.ID))
	if err == nil {
		err = json.Unmarshal(plain, &s)
	}
	if err != nil {
		return s, &Error{Code: CodeInternal, Detail: "the secret of the webhook cannot be opened", Err: err}
	}
	return s, nil
}

func (h *webhooks) seal(w *Webhook, s webhookSecret) {
	w.Secret = h.secrets.ring.Seal(plainJSON(s), webhookAAD(w.App, w.ID))
}

// renew gives a webhook another secret, and returns its text. The one before signs for another day.
func (h *webhooks) renew(w *Webhook) (string, error) {
	next := webhookSecret{Key: webhook.NewKey()}
	if len(w.Secret) > 0 {
		was, err := h.open(*w)
		if err != nil {
			return "", err
		}
		next.Former, next.Until = was.Key, h.now().Add(formerFor)
	}
	h.seal(w, next)
	return webhook.Secret(next.Key), nil
}

// patched returns a webhook as a patch makes it. A new URL is not live before it has answered a
// challenge.
func (h *webhooks) patched(w Webhook, p WebhookPatch) (Webhook, error) {
	var bad []FieldError
	if p.URL != nil {
		w.Live = w.Live && *p.URL == w.URL
		w.URL = *p.URL
		if err := h.checkURL(w.URL); err != nil {
			bad = append(bad, FieldError{"url", "invalid_url", "url cannot be sent to: " + err.Error()})
		}
	}
	if p.Types != nil {
		w.Types = slices.Compact(slices.Sorted(slices.Values(*p.Types)))
		for _, one := range w.Types {
			if !slices.Contains(eventTypes, one) {
				bad = append(bad, FieldError{"types", "unknown_value", "types names " + quote(one) + ", which is no type of an event"})
			}
		}
	}
	if p.Enabled != nil {
		w.Enabled = *p.Enabled
	}
	if w.Enabled && w.Version > 0 && len(w.Secret) == 0 {
		bad = append(bad, FieldError{"enabled", "no_secret", "enabled needs a secret, which the webhook has lost when its app moved: rotate it first"})
	}
	return w, invalidFields(bad)
}

// checkURL refuses a URL to which nothing is sent, whatever a name in it resolves to.
func (h *webhooks) checkURL(raw string) error {
	if len(raw) > maxWebhookURL {
		return fmt.Errorf("it is longer than %d bytes", maxWebhookURL)
	}
	return h.rules.CheckURL(raw)
}

// challenge queues what asks the URL of a webhook whether it wants deliveries.
func (h *webhooks) challenge(w Webhook, riders *Riders) {
	asked := challengeEvent{URL: w.URL, Challenge: token.Encode(token.Random(webhook.KeySize))}
	riders.Deliveries = append(riders.Deliveries, newDelivery(w, h.now(), Delivery{Type: typeChallenge, Event: plainJSON(asked)}))
}

// challengeEvent is the event of a challenge.
type challengeEvent struct {
	URL       string `json:"url"` // that is asked
	Challenge string `json:"challenge"`
}

// deliveryKept is how long a delivery is kept: one that has arrived, and any other.
const (
	arrivedKept  = 7 * day
	deliveryKept = 30 * day
)

// newDelivery completes a delivery to a webhook, which is due at once.
func newDelivery(w Webhook, now time.Time, d Delivery) Delivery {
	d.App, d.Webhook, d.ID = w.App, w.ID, newID(now)
	d.QueuedAt, d.DueAt, d.Expires = now, now, now.Add(deliveryKept)
	return d
}

// deliveriesOf returns the deliveries of events to the webhooks that want them. The events have the
// positions from first on.
func (h *webhooks) deliveriesOf(ctx context.Context, app uuid.UUID, events []Event, first int64) ([]Delivery, error) {
	all, err := h.Webhooks(ctx, app)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	var out []Delivery
	now := h.now()
	for i, e := range events {
		for _, w := range all {
			if w.Enabled && w.Live && (len(w.Types) == 0 || slices.Contains(w.Types, e.Type)) {
				out = append(out, newDelivery(w, now, Delivery{
					UserID: e.UserID, Sequence: first + int64(i), Type: e.Type, Event: h.event(e),
				}))
			}
		}
	}
	return out, nil
}

// CreateWebhook adds an address to which the events of an app are sent, and returns the secret
// (whsec_…) that signs them, which is shown this once. It is enabled unless the patch says otherwise,
// and sent nothing but a challenge until it has answered that. [CodeInvalidRequest], with each
// error; [CodeLimitReached]: the app has 10 webhooks.
func (e *Engine) CreateWebhook(ctx context.Context, app AppRef, p WebhookPatch) (Webhook, string, error) {
	own, err := e.OwnApp(ctx, app)
	if err != nil {
		return Webhook{}, "", err
	}
	now := e.now()
	w := Webhook{App: app.ID, ID: newID(now), Enabled: true, CreatedAt: now}
	if p.URL == nil {
		return Webhook{}, "", invalid("url", "required", "url is missing")
	}
	if w, err = e.webhooks.patched(w, p); err != nil {
		return Webhook{}, "", err
	}
	secret, err := e.webhooks.renew(&w)
	if err != nil {
		return Webhook{}, "", err
	}
	w, err = putWebhook(ctx, e, ownWebhook{own, w}, true)
	switch {
	case errors.Is(err, ErrStale): // a new one has no Version that could be stale, so that its secret is retired
		return Webhook{}, "", unavailable(fmt.Errorf("create a webhook of app %s: %w", app.ID, err))
	case err != nil:
		return Webhook{}, "", err
	}
	return w, secret, nil
}

// ChangeWebhook changes a webhook. A new URL is asked by a challenge, and is sent nothing else before
// it has answered. [CodeInvalidRequest], with each error; [CodeNotFound].
func (e *Engine) ChangeWebhook(ctx context.Context, ref WebhookRef, p WebhookPatch) (Webhook, error) {
	return editWebhook(ctx, e, ref, func(w *Webhook) (bool, error) {
		was := *w
		next, err := e.webhooks.patched(was, p)
		*w = next
		return next.URL != was.URL || next.Enabled && !was.Enabled && !next.Live, err
	})
}

// RotateWebhook gives a webhook another secret and returns it. Deliveries are signed by the one before,
// too, for 24 hours. [CodeNotFound].
func (e *Engine) RotateWebhook(ctx context.Context, ref WebhookRef) (string, error) {
	secret := ""
	_, err := editWebhook(ctx, e, ref, func(w *Webhook) (_ bool, err error) {
		secret, err = e.webhooks.renew(w)
		return false, err
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// editWebhook changes a webhook by a func, which reports whether its URL is to be challenged.
func editWebhook(ctx context.Context, e *Engine, ref WebhookRef, edit func(*Webhook) (bool, error)) (Webhook, error) {
	return again(func() (Webhook, error) {
		own, err := e.OwnApp(ctx, ref.App)
		if err != nil {
			return Webhook{}, err
		}
		w, err := e.webhooks.find(ctx, ref.App.ID, ref.ID)
		if err != nil {
			return Webhook{}, err
		}
		challenge, err := edit(&w)
		if err != nil {
			return Webhook{}, err
		}
		got, err := putWebhook(ctx, e, ownWebhook{own, w}, challenge)
		if errors.Is(err, ErrStale) {
			return Webhook{}, errAgain
		}
		return got, err
	})
}

// ownWebhook is a webhook with its app.
type ownWebhook struct {
	app App
	Webhook
}

// putWebhook writes a webhook, and tells the owner of the app.
func putWebhook(ctx context.Context, e *Engine, w ownWebhook, challenge bool) (Webhook, error) {
	riders := Riders{Secret: e.secrets.newest()}
	riders.note(e.now(), Event{App: w.App, Type: EventWebhookPut, Actor: w.app.Developer})
	if challenge && w.Enabled {
		e.webhooks.challenge(w.Webhook, &riders)
	}
	if err := e.notifyOwner(ctx, &riders, w.app, ownerNotice{change: "webhook"}); err != nil {
		return Webhook{}, err
	}
	switch err := e.webhooks.PutWebhook(ctx, w.Webhook, maxWebhooks, riders); {
	case errors.Is(err, ErrFull):
		return Webhook{}, limitReached("webhooks", maxWebhooks)
	case errors.Is(err, ErrStale):
		return Webhook{}, ErrStale
	case err != nil:
		return Webhook{}, storeError(err, w.App)
	}
	w.Version++
	return w.Webhook, nil
}

// DeleteWebhook removes a webhook. What waits for it is not sent. [CodeNotFound].
func (e *Engine) DeleteWebhook(ctx context.Context, ref WebhookRef) error {
	own, err := e.OwnApp(ctx, ref.App)
	if err != nil {
		return err
	}
	var riders Riders
	riders.note(e.now(), Event{App: ref.App.ID, Type: EventWebhookDelete, Actor: own.Developer})
	if err := e.notifyOwner(ctx, &riders, own, ownerNotice{change: "webhook_removed"}); err != nil {
		return err
	}
	err = e.webhooks.DeleteWebhook(ctx, ref.App.ID, ref.ID, riders)
	if errors.Is(err, ErrNotFound) {
		return noWebhook()
	}
	return storeError(err, ref.App.ID)
}

// Webhooks lists the webhooks of an app, oldest first.
func (e *Engine) Webhooks(ctx context.Context, app AppRef) ([]Webhook, error) {
	if _, err := e.OwnApp(ctx, app); err != nil {
		return nil, err
	}
	all, err := e.webhooks.Webhooks(ctx, app.ID)
	return all, storeError(err, app.ID)
}

// Webhook returns a webhook. [CodeNotFound].
func (e *Engine) Webhook(ctx context.Context, ref WebhookRef) (Webhook, error) {
	if _, err := e.OwnApp(ctx, ref.App); err != nil {
		return Webhook{}, err
	}
	return e.webhooks.find(ctx, ref.App.ID, ref.ID)
}

// WebhookDeliveries lists what was sent to a webhook or waits for it, newest first. A Limit of 0 is
// 50. [CodeNotFound]; [CodeInvalidRequest]: Limit is negative.
func (e *Engine) WebhookDeliveries(ctx context.Context, ref WebhookRef, p Page) ([]Delivery, error) {
	if err := p.fill(); err != nil {
		return nil, err
	}
	if _, err := e.Webhook(ctx, ref); err != nil {
		return nil, err
	}
	all, err := e.store.Deliveries(ctx, ref.App.ID, ref.ID, p)
	return all, storeError(err, ref.App.ID)
}

// ReplayDelivery sends a delivery once more, whether it has arrived or was given up. One that waits
// stays as it is. [CodeNotFound].
func (e *Engine) ReplayDelivery(ctx context.Context, ref WebhookRef, delivery uuid.UUID) error {
	if _, err := e.Webhook(ctx, ref); err != nil {
		return err
	}
	err := e.store.ReplayDelivery(ctx, ref.App.ID, ref.ID, delivery, e.now())
	if errors.Is(err, ErrNotFound) {
		return refuse(CodeNotFound, "the webhook has no such delivery")
	}
	return storeError(err, ref.App.ID)
}
