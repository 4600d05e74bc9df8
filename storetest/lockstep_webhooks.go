package storetest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// webhookSteps are the steps on webhooks and what is on its way to them.
type webhookSteps struct{ *lockstep }

func (l *webhookSteps) steps() []step {
	return []step{
		{"PutWebhook", l.doPutWebhook},
		{"DeleteWebhook", l.doDeleteWebhook},
		{"ClaimDeliveries", l.doClaim},
		{"ClaimDeliveries", l.doClaim},
		{"SettleDeliveries", l.doSettle},
		{"ReplayDelivery", l.doReplay},
		{"look for webhooks", l.lookWebhooks},
		{"look for deliveries", l.lookDeliveries},
	}
}

// webhookID draws the id of one of the few webhooks of each app, which may or may not be there.
func (l *lockstep) webhookID() uuid.UUID { return key(-draw(l, "webhook", 11, 12, 13)) }

// deliveries draws what is to be sent: often nothing, and now and then what is queued already.
func (l *lockstep) deliveries(app uuid.UUID) (out []authkit.Delivery) {
	for range draw(l, "deliveries", 0, 0, 1, 2) {
		d := delivery(authkit.Webhook{App: app, ID: l.webhookID()}, 0, l.userOrNone())
		d.ID = l.fresh()
		d.Sequence, d.QueuedAt, d.DueAt = int64(l.made), l.at, l.soon()
		d.Expires, d.Event = l.at.Add(draw(l, "kept", time.Minute, time.Hour, 24*time.Hour)), []byte(strconv.Itoa(l.made))
		out = append(out, d)
	}
	return out
}

func (l *webhookSteps) doPutWebhook() {
	app := l.app()
	w := webhook(app, draw(l, "url", "https://one.example", "https://two.example"))
	w.ID, w.Enabled, w.Live, w.CreatedAt = l.webhookID(), l.often(8, "enabled"), l.often(5, "live"), l.at.Truncate(time.Minute)
	w.Version = l.model(app).webhooks[w.ID].Version + draw(l, "Version", int64(0), 0, 0, 0, 0, 0, 1, -1)
	w.Version = max(w.Version, 0)
	if l.often(3, "without a secret") {
		w.Secret, w.Types = nil, nil
	}
	most, riders := draw(l, "most", 0, 1, 2), l.riders(app)
	l.answered(l.s.PutWebhook(l.ctx, w, most, riders), l.m.putWebhook(w, most, riders))
}

func (l *webhookSteps) doDeleteWebhook() {
	app := l.app()
	id, riders := l.webhookID(), l.riders(app)
	g := l.m.step(app, riders, func(a *modelApp, g *against) {
		_, ok := a.webhooks[id]
		g.when(!ok, authkit.ErrNotFound)
		delete(a.webhooks, id)
	})
	l.answered(l.s.DeleteWebhook(l.ctx, app, id, riders), g)
}

func (l *webhookSteps) doClaim() {
	c := authkit.DeliveryClaim{
		WebhookKey: authkit.WebhookKey{App: l.app(), ID: l.webhookID()}, Now: l.at, Until: l.soon(),
		Held: l.at.Add(-draw(l, "held", time.Second, time.Minute, time.Hour)), Max: draw(l, "limit", 1, 2, 99),
	}
	a, live := l.m[c.App]
	got, err := l.s.ClaimDeliveries(l.ctx, c)
	if l.found(err, live) {
		l.same("ClaimDeliveries", got, a.claim(c))
	}
}

// doSettle settles deliveries that wait, or do not wait any more.
func (l *webhookSteps) doSettle() {
	var all []authkit.SettledDelivery
	for range draw(l, "deliveries", 1, 2) {
		app := l.app()
		d := l.model(app).delivery(drawID(l, "delivery", l.model(app).deliveries, key(0)))
		s := outcome(d, draw(l, "state", authkit.DeliveryWaits, authkit.DeliveryArrived, authkit.DeliveryDead), l.soon())
		s.App, s.Attempts, s.Expires = app, draw(l, "tries", 0, 1, 2), l.soon()
		if l.often(3, "late") {
			s.Until = l.soon()
		}
		l.m.settle(s)
		all = append(all, s)
	}
	l.answered(l.s.SettleDeliveries(l.ctx, all), nil)
}

func (l *webhookSteps) doReplay() {
	app := l.app()
	d := l.model(app).delivery(drawID(l, "delivery", l.model(app).deliveries, key(0)))
	if l.often(1, "to another webhook") {
		d.Webhook = key(-14)
	}
	_, live := l.m[app]
	known, ok := l.model(app).deliveries[d.ID]
	if l.found(l.s.ReplayDelivery(l.ctx, app, d.Webhook, d.ID, l.at), live && ok && known.Webhook == d.Webhook) && known.State != authkit.DeliveryWaits {
		known.State, known.Attempts, known.DueAt = authkit.DeliveryWaits, 0, l.at
		known.Expires, known.QueuedAt = l.at.Add(known.Expires.Sub(known.QueuedAt)), l.at
		l.m[app].deliveries[d.ID] = known
	}
}

func (l *webhookSteps) lookWebhooks() {
	app := l.app()
	a, live := l.m[app]
	got, err := l.s.Webhooks(l.ctx, app)
	if l.found(err, live) {
		l.same("Webhooks", got, a.listWebhooks())
	}
	after := draw(l, "after", authkit.WebhookKey{}, authkit.WebhookKey{App: app, ID: l.webhookID()})
	most := draw(l, "limit", 1, 2, 99)
	due, err := l.s.DueWebhooks(l.ctx, after, l.at, most)
	l.answered(err, nil)
	l.same("DueWebhooks", due, l.m.dueWebhooks(after, l.at, most))
}

func (l *webhookSteps) lookDeliveries() {
	app := l.app()
	l.compareDeliveries(app, l.webhookID(), authkit.Page{Limit: draw(l, "limit", 1, 2, 99)})
}

func (l *webhookSteps) compareDeliveries(app, id uuid.UUID, p authkit.Page) {
	l.Helper()
	a, live := l.m[app]
	got, err := l.s.Deliveries(l.ctx, app, id, p)
	if l.found(err, live) {
		all := slices.DeleteFunc(slices.Collect(maps.Values(a.deliveries)), func(d authkit.Delivery) bool { return d.Webhook != id })
		l.same("Deliveries", got, page(all, p, func(d authkit.Delivery) (time.Time, uuid.UUID) { return d.QueuedAt, d.ID }))
	}
}

func (m model) putWebhook(w authkit.Webhook, most int, riders authkit.Riders) against {
	return m.step(w.App, riders, func(a *modelApp, g *against) {
		old, there := a.webhooks[w.ID]
		g.when(w.Version == 0 && there, authkit.ErrConflict)
		g.when(w.Version == 0 && !there && most > 0 && len(a.webhooks) >= most, authkit.ErrFull)
		g.when(w.Version != 0 && old.Version != w.Version, authkit.ErrStale)
		if w.Version++; there {
			w.CreatedAt = old.CreatedAt
		}
		a.webhooks[w.ID] = w
	})
}

func (a *modelApp) listWebhooks() []authkit.Webhook {
	all := page(slices.Collect(maps.Values(a.webhooks)), authkit.Page{Limit: 99}, func(w authkit.Webhook) (time.Time, uuid.UUID) { return w.CreatedAt, w.ID })
	slices.Reverse(all)
	return all
}

// delivery returns one of the app's, or one that is not there.
func (a *modelApp) delivery(id uuid.UUID) authkit.Delivery {
	if d, ok := a.deliveries[id]; ok {
		return d
	}
	return authkit.Delivery{Webhook: key(-11), ID: id}
}

// claim takes deliveries. One about a user waits for the earlier ones, those of this claim too.
func (a *modelApp) claim(c authkit.DeliveryClaim) (out []authkit.Delivery) {
	all := slices.SortedFunc(maps.Values(a.deliveries), func(x, y authkit.Delivery) int { return cmp.Compare(x.Sequence, y.Sequence) })
	all = slices.DeleteFunc(all, func(d authkit.Delivery) bool { return d.Webhook != c.ID || d.State != authkit.DeliveryWaits })
	for i, d := range all {
		held := slices.ContainsFunc(all[:i], func(e authkit.Delivery) bool {
			return e.UserID == d.UserID && d.UserID != uuid.Nil && e.QueuedAt.After(c.Held)
		})
		if a.webhooks[c.ID].Enabled && !held && !d.DueAt.After(c.Now) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(x, y authkit.Delivery) int {
		return cmp.Or(x.DueAt.Compare(y.DueAt), cmp.Compare(x.Sequence, y.Sequence))
	})
	out = out[:min(len(out), c.Max)]
	slices.SortFunc(out, func(x, y authkit.Delivery) int { return cmp.Compare(x.Sequence, y.Sequence) })
	for i := range out {
		out[i].DueAt = c.Until
		a.deliveries[out[i].ID] = out[i]
	}
	return out
}

func (m model) settle(s authkit.SettledDelivery) {
	d, ok := m[s.App].deliveries[s.ID]
	if !ok || d.Webhook != s.Webhook || d.State != authkit.DeliveryWaits || s.State != authkit.DeliveryArrived && !d.DueAt.Equal(s.Until) {
		return
	}
	d.State, d.DueAt, d.Attempts, d.Expires, d.TriedAt, d.Status, d.Took = s.State, s.DueAt, s.Attempts, s.Expires, s.TriedAt, s.Status, s.Took
	m[s.App].deliveries[s.ID] = d
}

func (m model) dueWebhooks(after authkit.WebhookKey, now time.Time, most int) (out []authkit.WebhookKey) {
	for _, app := range m.sorted(uuid.Nil) {
		a := m[app]
		ids := slices.Collect(maps.Keys(a.webhooks))
		slices.SortFunc(ids, func(x, y uuid.UUID) int { return cmp.Compare(x.String(), y.String()) })
		for _, id := range ids {
			due := false
			for _, d := range a.deliveries {
				due = due || d.Webhook == id && d.State == authkit.DeliveryWaits && !d.DueAt.After(now)
			}
			beyond := cmp.Or(cmp.Compare(app.String(), after.App.String()), cmp.Compare(id.String(), after.ID.String())) > 0
			if due && beyond && a.webhooks[id].Enabled && len(out) < most {
				out = append(out, authkit.WebhookKey{App: app, ID: id})
			}
		}
	}
	return out
}
