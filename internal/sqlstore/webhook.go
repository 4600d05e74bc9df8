package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const webhookCols = `app_id, webhook_id, url, types, enabled, live, secret, version, created_at`

func scanWebhook(r Row) (w authkit.Webhook, err error) {
	err = r.Scan(&w.App, &w.ID, &w.URL, (*strs)(&w.Types), (*flag)(&w.Enabled), (*flag)(&w.Live), &w.Secret, &w.Version, (*micros)(&w.CreatedAt))
	return w, err
}

// PutWebhook implements [authkit.WebhookStore].
func (s *Store) PutWebhook(ctx context.Context, w authkit.Webhook, most int, riders authkit.Riders) error {
	return s.step(ctx, func(q Tx) error {
		args := []any{id(w.App), id(w.ID), w.URL, text(w.Types), bit(w.Enabled), bit(w.Live), blob(w.Secret)}
		if w.Version == 0 {
			// The update serialises additions: the count after it sees every earlier one.
			q.Queue(ctx, authkit.ErrNotFound, `update authkit_apps set gen = gen + 1 where app_id = $1 and deleted_at = 0 returning 1`, id(w.App))
			if most > 0 {
				q.Queue(ctx, authkit.ErrFull, `select 1 where exists (select 1 from authkit_webhooks where app_id = $1 and webhook_id = $2)
or (select count(*) from authkit_webhooks where app_id = $1) < $3`, id(w.App), id(w.ID), int64(most))
			}
			q.Queue(ctx, nil, `insert into authkit_webhooks (`+webhookCols+`) values ($1,$2,$3,$4,$5,$6,$7,1,$8)`, append(args, us(w.CreatedAt))...)
		} else {
			s.live(ctx, q, w.App, 0)
			q.Queue(ctx, authkit.ErrStale, `update authkit_webhooks set url = $3, types = $4, enabled = $5, live = $6, secret = $7, version = version + 1
where app_id = $1 and webhook_id = $2 and version = $8 returning 1`, append(args, w.Version)...)
		}
		s.riders(ctx, q, ride{app: w.App, of: riders})
		return nil
	})
}

// Webhooks implements [authkit.WebhookStore].
func (s *Store) Webhooks(ctx context.Context, app uuid.UUID) ([]authkit.Webhook, error) {
	return list(ctx, s, `select `+webhookCols+` from authkit_webhooks where app_id = $1`+liveApp+` order by created_at, webhook_id`, scanWebhook, id(app))
}

// DeleteWebhook implements [authkit.WebhookStore]. Its deliveries are removed once they expire.
func (s *Store) DeleteWebhook(ctx context.Context, app, webhook uuid.UUID, riders authkit.Riders) error {
	return s.write(ctx, app, func(q Tx) error {
		q.Queue(ctx, authkit.ErrNotFound, `delete from authkit_webhooks where app_id = $1 and webhook_id = $2 returning 1`, id(app), id(webhook))
		s.riders(ctx, q, ride{app: app, of: riders})
		return nil
	})
}

const (
	deliveryCols = `webhook_id, delivery_id, user_id, seq, type, event, queued_at, due_at, attempts, state, expires_at, tried_at, status, took`

	putDelivery = `insert into authkit_deliveries (app_id, ` + deliveryCols + `) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)`
)

func deliveryArgs(d authkit.Delivery) []any {
	return []any{
		id(d.Webhook), id(d.ID), id(d.UserID), d.Sequence, d.Type, blob(d.Event), us(d.QueuedAt), us(d.DueAt), int64(d.Attempts),
		int64(d.State), us(d.Expires), us(d.TriedAt), int64(d.Status), d.Took.Microseconds(),
	}
}

func scanDelivery(r Row) (d authkit.Delivery, err error) {
	var took int64
	err = r.Scan(&d.App, &d.Webhook, &d.ID, &d.UserID, &d.Sequence, &d.Type, &d.Event, (*micros)(&d.QueuedAt), (*micros)(&d.DueAt), &d.Attempts,
		&d.State, (*micros)(&d.Expires), (*micros)(&d.TriedAt), &d.Status, &took)
	d.Took = time.Duration(took) * time.Microsecond
	return d, err
}

// The look for due webhooks goes from webhook to webhook by the index of the deliveries that wait: one
// read tells that nothing waits, however many webhooks there are.
var (
	dueWebhooks = `with recursive turn(app_id, webhook_id, found) as (
select ` + nextWaiting("$1", "$2") + `, 0
union all
select ` + nextWaiting("turn.app_id", "turn.webhook_id") + `, turn.found + case when ` + isDueWebhook + ` then 1 else 0 end
from turn where turn.app_id is not null and turn.found < $4)
select turn.app_id, turn.webhook_id from turn where turn.app_id is not null and turn.found < $4 and ` + isDueWebhook

	// isDueWebhook is a condition on the webhook of a turn; $3 is the time.
	isDueWebhook = `(select d.due_at from authkit_deliveries d where d.app_id = turn.app_id and d.webhook_id = turn.webhook_id and d.state = 0 and d.due_at <= $3 order by d.due_at limit 1) is not null
and (select w.enabled from authkit_webhooks w where w.app_id = turn.app_id and w.webhook_id = turn.webhook_id) = 1
and (select case when a.deleted_at = 0 and a.suspended = 0 then 1 else 0 end from authkit_apps a where a.app_id = turn.app_id) = 1`
)

// nextWaiting are the app and the id of the next webhook after one for which deliveries wait, or nulls.
func nextWaiting(app, webhook string) string {
	next := func(col string) string {
		return `(select d.` + col + ` from authkit_deliveries d where d.state = 0 and (d.app_id, d.webhook_id) > (` + app + `, ` + webhook + `) order by d.app_id, d.webhook_id limit 1)`
	}
	return next("app_id") + `, ` + next("webhook_id")
}

// DueWebhooks implements [authkit.DeliveryStore].
func (s *Store) DueWebhooks(ctx context.Context, after authkit.WebhookKey, now time.Time, most int) (out []authkit.WebhookKey, err error) {
	look := func(q Reader) (err error) {
		out, err = collect(ctx, q, dueWebhooks, func(r Row) (w authkit.WebhookKey, err error) {
			err = r.Scan(&w.App, &w.ID)
			return w, err
		}, id(after.App), id(after.ID), us(now), int64(most))
		return err
	}
	if s.c.Dialect().ByIndex == "" {
		err = look(s.c)
	} else {
		err = s.c.Tx(ctx, false, func(q Tx) error { // as in ClaimMail, what waits is nothing most of the time
			s.byIndex(ctx, q)
			return look(q)
		})
	}
	slices.SortFunc(out, func(a, b authkit.WebhookKey) int {
		return cmp.Or(bytes.Compare(a.App[:], b.App[:]), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return out, err
}

// ClaimDeliveries implements [authkit.DeliveryStore]. It follows the index of what waits, so that it does not
// read all that a receiver has missed. Where transactions run concurrently, it locks
// the deliveries that it takes and leaves those that another has locked.
func (s *Store) ClaimDeliveries(ctx context.Context, c authkit.DeliveryClaim) (out []authkit.Delivery, err error) {
	lock := ""
	if s.c.Dialect().Share != "" {
		lock = " for update of d skip locked"
	}
	err = s.c.Tx(ctx, false, func(q Tx) (err error) {
		out, err = collect(ctx, q, `select app_id, `+deliveryCols+` from authkit_deliveries d
where d.app_id = $1 and d.webhook_id = $2 and d.state = 0 and d.due_at <= $3
and exists (select 1 from authkit_webhooks w where w.app_id = $1 and w.webhook_id = $2 and w.enabled = 1)
and not exists (select 1 from authkit_deliveries e where e.app_id = $1 and e.webhook_id = $2 and e.user_id = d.user_id and e.state = 0
	and e.seq < d.seq and e.queued_at > $4 and d.user_id <> $5)`+servingApp+`
order by d.due_at, d.seq limit $6`+lock, scanDelivery, id(c.App), id(c.ID), us(c.Now), us(c.Held), id(uuid.Nil), int64(c.Max))
		if err == nil && len(out) == 0 {
			return first(ctx, q, isLiveApp, func(Row) error { return nil }, id(c.App))
		}
		for i := range out {
			out[i].DueAt = micro(c.Until)
			q.Queue(ctx, nil, `update authkit_deliveries set due_at = $4 where app_id = $1 and webhook_id = $2 and delivery_id = $3`,
				id(c.App), id(c.ID), id(out[i].ID), us(c.Until))
		}
		slices.SortFunc(out, func(a, b authkit.Delivery) int { return cmp.Compare(a.Sequence, b.Sequence) })
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// SettleDeliveries implements [authkit.DeliveryStore].
func (s *Store) SettleDeliveries(ctx context.Context, settled []authkit.SettledDelivery) error {
	return s.c.Tx(ctx, true, func(q Tx) error {
		for _, d := range slices.SortedStableFunc(slices.Values(settled), byDelivery) {
			q.Queue(ctx, nil, `update authkit_deliveries set state = $5, due_at = $6, attempts = $7, expires_at = $8, tried_at = $9, status = $10, took = $11
where app_id = $1 and webhook_id = $2 and delivery_id = $3 and state = 0 and (due_at = $4 or $5 = 1)`,
				id(d.App), id(d.Webhook), id(d.ID), us(d.Until), int64(d.State), us(d.DueAt), int64(d.Attempts), us(d.Expires), us(d.TriedAt), int64(d.Status), d.Took.Microseconds())
		}
		return nil
	})
}

// byDelivery is the order in which steps lock deliveries.
func byDelivery(a, b authkit.SettledDelivery) int {
	return cmp.Or(bytes.Compare(a.App[:], b.App[:]), bytes.Compare(a.Webhook[:], b.Webhook[:]), bytes.Compare(a.ID[:], b.ID[:]))
}

// Deliveries implements [authkit.DeliveryStore].
func (s *Store) Deliveries(ctx context.Context, app, webhook uuid.UUID, p authkit.Page) ([]authkit.Delivery, error) {
	w := where{args: []any{id(app), id(webhook)}}
	w.page(p, "queued_at", "delivery_id")
	return list(ctx, s, `select app_id, `+deliveryCols+` from authkit_deliveries where app_id = $1 and webhook_id = $2`+liveApp+w.sql, scanDelivery, w.args...)
}

// ReplayDelivery implements [authkit.DeliveryStore].
func (s *Store) ReplayDelivery(ctx context.Context, app, webhook, delivery uuid.UUID, now time.Time) error {
	return s.write(ctx, app, func(q Tx) error {
		args := []any{id(app), id(webhook), id(delivery)}
		q.Queue(ctx, authkit.ErrNotFound, `select 1 from authkit_deliveries where app_id = $1 and webhook_id = $2 and delivery_id = $3`+s.c.Dialect().Update, args...)
		q.Queue(ctx, nil, `update authkit_deliveries set state = 0, due_at = $4, attempts = 0, queued_at = $4, expires_at = $4 + expires_at - queued_at
where app_id = $1 and webhook_id = $2 and delivery_id = $3 and state <> 0`, append(args, us(now))...)
		return nil
	})
}
