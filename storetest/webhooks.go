package storetest

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func webhookSentences() []sentence {
	return []sentence{
		{"webhook: it is added, guarded by its Version, listed by age and removed", webhookLife},
		{"webhook: an app has no more than it may", webhookFull},
		{"webhook: when its app moves, it is disabled and has no secret", webhookMoved},
		{"delivery: it waits, is claimed by sequence once it is due, and is settled", deliveryLife},
		{"delivery: what is settled too late leaves a newer claim alone, unless it has arrived", deliveryLate},
		{"delivery: one about a user waits for the earlier ones about that user, for as long as they may hold it", deliveryHeld},
		{"delivery: the webhooks for which some are due are found in turns, if they are enabled", deliveryTurns},
		{"delivery: while the owner of the app is disabled, they wait", deliverySuspended},
		{"delivery: they are listed newest first, and replayed once they wait no more", deliveryReplay},
		{"delivery: Sweep removes what has expired, and they go with their app", deliverySwept},
		{"race: of concurrent claims each gets other deliveries, and of a user one at a time", raceDeliveries},
	}
}

// webhook is an enabled webhook of an app.
func webhook(app uuid.UUID, url string) authkit.Webhook {
	return authkit.Webhook{
		App: app, ID: uuid.New(), URL: url, Types: []string{"user.create"}, Enabled: true, Live: true, Secret: []byte("sealed " + url), CreatedAt: now(),
	}
}

// hook adds a webhook to an app and returns it as it is stored.
func hook(b *bed, app uuid.UUID, url string) authkit.Webhook {
	b.Helper()
	w := webhook(app, url)
	b.ok(b.s.PutWebhook(b.ctx, w, 0, authkit.Riders{}))
	w.Version = 1
	return w
}

// delivery waits for a webhook, as the event of a sequence about a user.
func delivery(w authkit.Webhook, seq int64, user uuid.UUID) authkit.Delivery {
	return authkit.Delivery{
		App: w.App, Webhook: w.ID, ID: uuid.New(), UserID: user, Sequence: seq, Type: "user.create", Event: []byte(`{"a":1}`),
		QueuedAt: after(time.Duration(seq) * time.Second), DueAt: after(time.Duration(seq) * time.Second), Expires: after(24 * time.Hour),
	}
}

func queue(b *bed, all ...authkit.Delivery) {
	b.Helper()
	for _, d := range all {
		b.ok(b.s.Put(b.ctx, authkit.Put{App: d.App, Riders: authkit.Riders{Deliveries: []authkit.Delivery{d}}}))
	}
}

// take claims deliveries at a time, for a minute. Those that were queued before held hold back no other.
func (b *bed) take(s authkit.Store, w authkit.Webhook, at, held time.Time, most int) []authkit.Delivery {
	b.Helper()
	got, err := s.ClaimDeliveries(b.ctx, authkit.DeliveryClaim{
		WebhookKey: authkit.WebhookKey{App: w.App, ID: w.ID}, Now: at, Until: at.Add(time.Minute), Held: held, Max: most,
	})
	b.ok(err)
	return got
}

// taken claims deliveries and fails unless they have these sequences.
func (b *bed) taken(w authkit.Webhook, at, held time.Time, want ...int64) []authkit.Delivery {
	b.Helper()
	all := b.take(b.s, w, at, held, 100)
	got := []int64{}
	for _, d := range all {
		got = append(got, d.Sequence)
	}
	if want == nil {
		want = []int64{}
	}
	b.same(got, want)
	return all
}

// outcome says of a claimed delivery what became of it.
func outcome(d authkit.Delivery, state authkit.DeliveryState, dueAt time.Time) authkit.SettledDelivery {
	return authkit.SettledDelivery{
		App: d.App, Webhook: d.Webhook, ID: d.ID, Until: d.DueAt, State: state, DueAt: dueAt, Attempts: d.Attempts + 1,
		Expires: after(48 * time.Hour), TriedAt: after(time.Second), Status: 503, Took: 1500 * time.Microsecond,
	}
}

func (b *bed) allDeliveries(w authkit.Webhook) []authkit.Delivery {
	b.Helper()
	all, err := b.s.Deliveries(b.ctx, w.App, w.ID, authkit.Page{Limit: 100})
	b.ok(err)
	return all
}

func webhookLife(b *bed) {
	one := hook(b, b.app, "https://one.example")
	b.is(b.s.PutWebhook(b.ctx, webhookOf(one, 0), 0, b.riders("x")), authkit.ErrConflict)
	b.is(b.s.PutWebhook(b.ctx, webhookOf(one, 7), 0, b.riders("x")), authkit.ErrStale)
	b.written("x", false)
	two := webhook(b.app, "https://two.example")
	two.CreatedAt, two.Types, two.Secret = after(-time.Hour), nil, nil
	b.ok(b.s.PutWebhook(b.ctx, two, 0, b.riders("y")))
	b.written("y", true)
	one.URL, one.Live, one.Types = "https://é.example", false, []string{"a", "b"}
	b.ok(b.s.PutWebhook(b.ctx, one, 0, authkit.Riders{}))
	one.Version, two.Version = 2, 1
	got, err := b.s.Webhooks(b.ctx, b.app)
	b.ok(err)
	b.same(got, []authkit.Webhook{two, one})
	b.is(b.s.DeleteWebhook(b.ctx, b.app, uuid.New(), authkit.Riders{}), authkit.ErrNotFound)
	b.ok(b.s.DeleteWebhook(b.ctx, b.app, two.ID, b.riders("z")))
	b.written("z", true)
	b.is(b.s.PutWebhook(b.ctx, two, 0, authkit.Riders{}), authkit.ErrStale)
	got, err = b.s.Webhooks(b.ctx, b.app)
	b.ok(err)
	b.same(got, []authkit.Webhook{one})
}

// webhookOf is the webhook with another Version.
func webhookOf(w authkit.Webhook, version int64) authkit.Webhook {
	w.Version = version
	return w
}

func webhookFull(b *bed) {
	equal(b, b.race(16, func(s authkit.Store, _ int) error {
		return s.PutWebhook(b.ctx, webhook(b.app, "https://x.example"), 5, authkit.Riders{})
	}, authkit.ErrFull), 5)
	got, err := b.s.Webhooks(b.ctx, b.app)
	b.ok(err)
	equal(b, len(got), 5)
	b.is(b.s.PutWebhook(b.ctx, webhookOf(got[0], 0), 5, authkit.Riders{}), authkit.ErrConflict)
	b.ok(b.s.PutWebhook(b.ctx, got[0], 5, authkit.Riders{})) // a change is no addition
}

func webhookMoved(b *bed) {
	w := hook(b, b.app, "https://x.example")
	b.ok(b.s.MoveApp(b.ctx, authkit.AppMove{Now: now(), App: b.app, From: "host:me", To: "host:else"}))
	got, err := b.s.Webhooks(b.ctx, b.app)
	b.ok(err)
	w.Enabled, w.Secret, w.Version = false, nil, 2
	b.same(got, []authkit.Webhook{w})
}

func deliveryLife(b *bed) {
	w, other := hook(b, b.app, "https://one.example"), hook(b, b.app, "https://two.example")
	queue(b, delivery(w, 2, uuid.Nil), delivery(w, 1, uuid.Nil), delivery(other, 1, uuid.Nil), delivery(w, 9, uuid.Nil))
	b.taken(w, now(), time.Time{})
	got := b.taken(w, after(2*time.Second), time.Time{}, 1, 2)
	equal(b, got[0].DueAt.Equal(after(62*time.Second)), true)
	b.sameBytes(got[0].Event, []byte(`{"a":1}`))
	b.taken(w, after(61*time.Second), time.Time{}, 9)
	b.ok(b.s.SettleDeliveries(b.ctx, []authkit.SettledDelivery{
		outcome(got[0], authkit.DeliveryArrived, now()), outcome(got[1], authkit.DeliveryWaits, after(5*time.Minute)),
	}))
	b.taken(w, after(62*time.Second), time.Time{}) // sequence 9 is claimed, and 2 is due later
	again := b.taken(w, after(5*time.Minute), time.Time{}, 2, 9)
	equal(b, again[0].Attempts, 1)
	equal(b, again[0].Status, 503)
	equal(b, again[0].Took, 1500*time.Microsecond)
	equal(b, again[0].TriedAt.Equal(after(time.Second)), true)
	b.ok(b.s.SettleDeliveries(b.ctx, []authkit.SettledDelivery{outcome(again[0], authkit.DeliveryDead, now()), outcome(again[1], authkit.DeliveryArrived, now())}))
	b.taken(w, after(time.Hour), time.Time{})
	wants := []authkit.DeliveryState{1: authkit.DeliveryArrived, 2: authkit.DeliveryDead, 9: authkit.DeliveryArrived}
	for _, d := range b.allDeliveries(w) {
		equal(b, d.State, wants[d.Sequence])
		equal(b, d.Expires.Equal(after(48*time.Hour)), true)
	}
	b.taken(other, after(time.Hour), time.Time{}, 1)
}

func deliveryLate(b *bed) {
	w := hook(b, b.app, "https://x.example")
	queue(b, delivery(w, 1, uuid.Nil), delivery(w, 2, uuid.Nil))
	late := b.taken(w, after(2*time.Second), time.Time{}, 1, 2)
	b.taken(w, after(2*time.Minute), time.Time{}, 1, 2)
	b.ok(b.s.SettleDeliveries(b.ctx, []authkit.SettledDelivery{
		outcome(late[0], authkit.DeliveryDead, now()), outcome(late[1], authkit.DeliveryArrived, now()),
		outcome(delivery(w, 3, uuid.Nil), authkit.DeliveryArrived, now()), // it is gone
	}))
	b.taken(w, after(4*time.Minute), time.Time{}, 1)
}

func deliveryHeld(b *bed) {
	w := hook(b, b.app, "https://x.example")
	ann, bob := uuid.New(), uuid.New()
	queue(b, delivery(w, 1, ann), delivery(w, 2, ann), delivery(w, 3, bob), delivery(w, 4, uuid.Nil), delivery(w, 5, uuid.Nil))
	hour := func(at time.Time) time.Time { return at.Add(-time.Hour) }
	at := after(5 * time.Second)
	got := b.taken(w, at, hour(at), 1, 3, 4, 5)
	b.taken(w, at, hour(at))
	b.ok(b.s.SettleDeliveries(b.ctx, []authkit.SettledDelivery{outcome(got[0], authkit.DeliveryWaits, after(2*time.Hour))}))
	b.taken(w, after(time.Hour), hour(after(time.Hour)), 3, 4, 5) // the first one waits for its next try
	at = after(time.Hour + 2*time.Second)
	got = b.taken(w, at, hour(at), 2) // the first one has waited for an hour
	b.ok(b.s.SettleDeliveries(b.ctx, []authkit.SettledDelivery{outcome(got[0], authkit.DeliveryArrived, now())}))
}

func deliveryTurns(b *bed) {
	var hooks []authkit.WebhookKey
	for _, app := range b.sortedApps(3) {
		w := hook(b, app, "https://x.example")
		queue(b, delivery(w, 1, uuid.Nil))
		hooks = append(hooks, authkit.WebhookKey{App: app, ID: w.ID})
		off := hook(b, app, "https://off.example")
		queue(b, delivery(off, 1, uuid.Nil))
		off.Enabled = false
		b.ok(b.s.PutWebhook(b.ctx, off, 0, authkit.Riders{}))
		b.taken(off, after(time.Minute), time.Time{})
		hook(b, app, "https://idle.example")
	}
	due := func(from authkit.WebhookKey, at time.Time, most int) []authkit.WebhookKey {
		got, err := b.s.DueWebhooks(b.ctx, from, at, most)
		b.ok(err)
		return got
	}
	equal(b, len(due(authkit.WebhookKey{}, now(), 10)), 0)
	b.same(due(authkit.WebhookKey{}, after(time.Minute), 10), hooks)
	b.same(due(authkit.WebhookKey{}, after(time.Minute), 2), hooks[:2])
	b.same(due(hooks[0], after(time.Minute), 10), hooks[1:])
	b.ok(b.s.DeleteApp(b.ctx, hooks[1].App, now(), authkit.Riders{}))
	b.ok(b.s.DeleteWebhook(b.ctx, hooks[2].App, hooks[2].ID, authkit.Riders{}))
	b.same(due(authkit.WebhookKey{}, after(time.Minute), 10), hooks[:1])
	b.taken(authkit.Webhook{App: hooks[2].App, ID: hooks[2].ID}, after(time.Minute), time.Time{})
}

func deliverySuspended(b *bed) {
	u := b.newUser("a@example.com")
	n := b.owned(u, "one")
	b.ok(b.s.CreateApp(b.ctx, n))
	w := hook(b, n.App.ID, "https://x.example")
	queue(b, delivery(w, 1, uuid.Nil))
	due := func() int {
		got, err := b.s.DueWebhooks(b.ctx, authkit.WebhookKey{}, after(time.Minute), 10)
		b.ok(err)
		return len(got)
	}
	b.ok(b.disable(b.s, u, true))
	equal(b, due(), 0)
	b.taken(w, after(time.Minute), time.Time{})
	b.ok(b.disable(b.s, u, false))
	equal(b, due(), 1)
	b.taken(w, after(time.Minute), time.Time{}, 1)
}

func deliveryReplay(b *bed) {
	w := hook(b, b.app, "https://x.example")
	var all []authkit.Delivery
	for i := range 5 {
		all = append(all, delivery(w, int64(i+1), uuid.Nil))
	}
	queue(b, all...)
	first, err := b.s.Deliveries(b.ctx, b.app, w.ID, authkit.Page{Limit: 2})
	b.ok(err)
	b.same(first, []authkit.Delivery{all[4], all[3]})
	rest, err := b.s.Deliveries(b.ctx, b.app, w.ID, authkit.Page{Time: first[1].QueuedAt, ID: first[1].ID, Limit: 10})
	b.ok(err)
	b.same(rest, []authkit.Delivery{all[2], all[1], all[0]})
	b.is(b.s.ReplayDelivery(b.ctx, b.app, w.ID, uuid.New(), now()), authkit.ErrNotFound)
	b.ok(b.s.ReplayDelivery(b.ctx, b.app, w.ID, all[0].ID, after(time.Hour))) // it waits
	got := b.taken(w, after(time.Minute), time.Time{}, 1, 2, 3, 4, 5)
	var dead []authkit.SettledDelivery
	for _, d := range got {
		dead = append(dead, outcome(d, authkit.DeliveryDead, now()))
	}
	b.ok(b.s.SettleDeliveries(b.ctx, dead))
	b.ok(b.s.ReplayDelivery(b.ctx, b.app, w.ID, all[2].ID, after(time.Hour)))
	b.taken(w, after(time.Minute), time.Time{})
	again := b.taken(w, after(time.Hour), time.Time{}, 3)
	equal(b, again[0].Attempts, 0)
	equal(b, again[0].QueuedAt.Equal(after(time.Hour)), true)
	equal(b, again[0].Expires.After(after(48*time.Hour)), true)
}

func deliverySwept(b *bed) {
	w := hook(b, b.app, "https://x.example")
	queue(b, delivery(w, 1, uuid.Nil), delivery(w, 2, uuid.Nil))
	got := b.taken(w, after(time.Minute), time.Time{}, 1, 2)
	b.ok(b.s.SettleDeliveries(b.ctx, []authkit.SettledDelivery{outcome(got[0], authkit.DeliveryArrived, now())}))
	b.ok(sweep(b.ctx, b.s, after(25*time.Hour)))
	left := b.allDeliveries(w)
	equal(b, len(left), 1)
	equal(b, left[0].Sequence, 1)
	b.ok(b.s.DeleteApp(b.ctx, b.app, now(), authkit.Riders{}))
	_, err := b.s.Deliveries(b.ctx, w.App, w.ID, authkit.Page{Limit: 1})
	b.is(err, authkit.ErrNotFound)
	b.ok(sweep(b.ctx, b.s, after(25*time.Hour)))
	again := anApp("again")
	again.ID = b.app
	b.ok(b.s.CreateApp(b.ctx, authkit.NewApp{App: again, First: signingKey(1)}))
	equal(b, len(b.allDeliveries(w)), 0)
	hooks, err := b.s.Webhooks(b.ctx, b.app)
	b.ok(err)
	equal(b, len(hooks), 0)
}

func raceDeliveries(b *bed) {
	w := hook(b, b.app, "https://x.example")
	users := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
	const each = 12
	var all []authkit.Delivery
	for i := range each * len(users) {
		d := delivery(w, int64(i+1), users[i%len(users)])
		d.QueuedAt, d.DueAt = now(), now()
		all = append(all, d)
	}
	queue(b, all...)
	var mu sync.Mutex
	order := map[uuid.UUID][]int64{}
	b.race(8, func(s authkit.Store, _ int) error {
		for range each * 4 {
			got, err := s.ClaimDeliveries(b.ctx, authkit.DeliveryClaim{
				WebhookKey: authkit.WebhookKey{App: w.App, ID: w.ID}, Now: now(), Until: after(time.Minute), Held: after(-time.Hour), Max: 4,
			})
			if err != nil {
				return err
			}
			mu.Lock()
			for _, d := range got {
				order[d.UserID] = append(order[d.UserID], d.Sequence)
			}
			mu.Unlock()
			for _, d := range got {
				if err := s.SettleDeliveries(b.ctx, []authkit.SettledDelivery{outcome(d, authkit.DeliveryArrived, now())}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	equal(b, len(b.take(b.s, w, now(), after(-time.Hour), 1)), 0)
	for i, user := range users {
		want := []int64{}
		for n := range each {
			want = append(want, int64(n*len(users)+i+1))
		}
		b.same(order[user], want)
	}
}
