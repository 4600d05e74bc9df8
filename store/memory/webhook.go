package memory

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// deliveryID names a delivery of an app.
type deliveryID struct{ webhook, id uuid.UUID }

// PutWebhook implements [authkit.WebhookStore].
func (s *Store) PutWebhook(ctx context.Context, w authkit.Webhook, most int, riders authkit.Riders) error {
	return s.in(ctx, w.App, func(t *tenant) error {
		old := t.webhooks[w.ID] // the zero webhook, if there is none
		if err := mayPut(w.Version, old.Version, most, len(t.webhooks)); err != nil {
			return err
		}
		riders = t.own(riders)
		if err := t.check(riders, nil); err != nil {
			return err
		}
		w = copyWebhook(w)
		if w.Version++; w.Version > 1 {
			w.CreatedAt = old.CreatedAt
		}
		t.webhooks[w.ID] = w
		t.write(riders)
		return nil
	})
}

// Webhooks implements [authkit.WebhookStore].
func (s *Store) Webhooks(ctx context.Context, app uuid.UUID) (out []authkit.Webhook, err error) {
	err = s.in(ctx, app, func(t *tenant) error {
		for _, w := range t.webhooks {
			out = append(out, copyWebhook(w))
		}
		return nil
	})
	slices.SortFunc(out, func(a, b authkit.Webhook) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return out, err
}

// DeleteWebhook implements [authkit.WebhookStore].
func (s *Store) DeleteWebhook(ctx context.Context, app, id uuid.UUID, riders authkit.Riders) error {
	return s.in(ctx, app, func(t *tenant) error {
		if _, ok := t.webhooks[id]; !ok {
			return authkit.ErrNotFound
		}
		riders = t.own(riders)
		if err := t.check(riders, nil); err != nil {
			return err
		}
		delete(t.webhooks, id)
		t.write(riders)
		return nil
	})
}

// DueWebhooks implements [authkit.DeliveryStore].
func (s *Store) DueWebhooks(ctx context.Context, after authkit.WebhookKey, now time.Time, most int) (out []authkit.WebhookKey, err error) {
	now = micro(now)
	err = s.step(ctx, func() error {
		for app, t := range s.apps {
			if t.suspended {
				continue
			}
			for id := range t.waiting {
				ref := authkit.WebhookKey{App: app, ID: id}
				if t.webhooks[id].Enabled && compareWebhooks(ref, after) > 0 && t.isDue(id, now) {
					out = append(out, ref)
				}
			}
		}
		return nil
	})
	slices.SortFunc(out, compareWebhooks)
	return out[:min(len(out), most)], err
}

// isDue reports whether a delivery to the webhook is due.
func (t *tenant) isDue(webhook uuid.UUID, now time.Time) bool {
	for id := range t.waiting[webhook] {
		if !t.deliveries[deliveryID{webhook, id}].DueAt.After(now) {
			return true
		}
	}
	return false
}

// putDelivery adds or replaces a delivery.
func (t *tenant) putDelivery(d authkit.Delivery) {
	t.deliveries[deliveryID{d.Webhook, d.ID}] = d
	if d.State == authkit.DeliveryWaits {
		t.waiting.add(d.Webhook, d.ID)
	} else {
		t.waiting.remove(d.Webhook, d.ID)
	}
}

func compareWebhooks(a, b authkit.WebhookKey) int {
	return cmp.Or(bytes.Compare(a.App[:], b.App[:]), bytes.Compare(a.ID[:], b.ID[:]))
}

// sorted lists the deliveries that wait for a webhook, by their order.
func (t *tenant) sorted(webhook uuid.UUID) []authkit.Delivery {
	out := make([]authkit.Delivery, 0, len(t.waiting[webhook]))
	for id := range t.waiting[webhook] {
		out = append(out, t.deliveries[deliveryID{webhook, id}])
	}
	slices.SortFunc(out, bySequence)
	return out
}

// ClaimDeliveries implements [authkit.DeliveryStore].
func (s *Store) ClaimDeliveries(ctx context.Context, c authkit.DeliveryClaim) (out []authkit.Delivery, err error) {
	now, held := micro(c.Now), micro(c.Held)
	err = s.in(ctx, c.App, func(t *tenant) error {
		if t.suspended || !t.webhooks[c.ID].Enabled {
			return nil
		}
		holds := map[uuid.UUID]bool{} // the users about whom an earlier one waits
		for _, d := range t.sorted(c.ID) {
			if !d.DueAt.After(now) && (d.UserID == uuid.Nil || !holds[d.UserID]) {
				out = append(out, d)
			}
			if d.QueuedAt.After(held) {
				holds[d.UserID] = true
			}
		}
		slices.SortStableFunc(out, func(a, b authkit.Delivery) int { return a.DueAt.Compare(b.DueAt) })
		out = out[:min(len(out), c.Max)]
		slices.SortFunc(out, bySequence)
		for i := range out {
			out[i].DueAt = micro(c.Until)
			t.putDelivery(out[i])
			out[i] = copyDelivery(out[i])
		}
		return nil
	})
	return out, err
}

func bySequence(a, b authkit.Delivery) int {
	return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), bytes.Compare(a.ID[:], b.ID[:]))
}

// SettleDeliveries implements [authkit.DeliveryStore].
func (s *Store) SettleDeliveries(ctx context.Context, settled []authkit.SettledDelivery) error {
	return s.step(ctx, func() error {
		for _, x := range settled {
			t := s.apps[x.App]
			if t == nil {
				continue
			}
			key := deliveryID{x.Webhook, x.ID}
			d, ok := t.deliveries[key]
			if !ok || d.State != authkit.DeliveryWaits || x.State != authkit.DeliveryArrived && !d.DueAt.Equal(micro(x.Until)) {
				continue
			}
			d.State, d.DueAt, d.Attempts, d.Expires = x.State, micro(x.DueAt), x.Attempts, micro(x.Expires)
			d.TriedAt, d.Status, d.Took = micro(x.TriedAt), x.Status, x.Took.Truncate(time.Microsecond)
			t.putDelivery(d)
		}
		return nil
	})
}

// Deliveries implements [authkit.DeliveryStore].
func (s *Store) Deliveries(ctx context.Context, app, webhook uuid.UUID, p authkit.Page) (out []authkit.Delivery, err error) {
	err = s.in(ctx, app, func(t *tenant) error {
		for _, d := range t.deliveries {
			at := age{d.QueuedAt, d.ID}
			if d.Webhook == webhook && (p.Time.IsZero() || at.compare(age{micro(p.Time), p.ID}) < 0) {
				out = append(out, copyDelivery(d))
			}
		}
		return nil
	})
	slices.SortFunc(out, func(a, b authkit.Delivery) int { return age{b.QueuedAt, b.ID}.compare(age{a.QueuedAt, a.ID}) })
	return out[:min(len(out), p.Limit)], err
}

// ReplayDelivery implements [authkit.DeliveryStore].
func (s *Store) ReplayDelivery(ctx context.Context, app, webhook, id uuid.UUID, now time.Time) error {
	return s.in(ctx, app, func(t *tenant) error {
		key := deliveryID{webhook, id}
		d, ok := t.deliveries[key]
		switch {
		case !ok:
			return authkit.ErrNotFound
		case d.State == authkit.DeliveryWaits:
			return nil
		}
		kept := d.Expires.Sub(d.QueuedAt)
		d.State, d.Attempts = authkit.DeliveryWaits, 0
		d.DueAt, d.QueuedAt, d.Expires = micro(now), micro(now), micro(now).Add(kept)
		t.putDelivery(d)
		return nil
	})
}

func (t *tenant) sweepDeliveries(now time.Time, b *batch) {
	for key, d := range t.deliveries {
		if !d.Expires.After(now) && b.takes() {
			delete(t.deliveries, key)
			t.waiting.remove(key.webhook, key.id)
		}
	}
}

func copyWebhook(w authkit.Webhook) authkit.Webhook {
	w.Types, w.Secret, w.CreatedAt = slices.Clone(w.Types), slices.Clone(w.Secret), micro(w.CreatedAt)
	return w
}

func copyDelivery(d authkit.Delivery) authkit.Delivery {
	d.Event = slices.Clone(d.Event)
	d.QueuedAt, d.DueAt, d.Expires, d.TriedAt = micro(d.QueuedAt), micro(d.DueAt), micro(d.Expires), micro(d.TriedAt)
	d.Took = d.Took.Truncate(time.Microsecond)
	return d
}
