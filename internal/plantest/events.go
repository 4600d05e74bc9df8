package plantest

import (
	"context"
	"time"

	"github.com/authkit-dev/authkit"
)

// eventVerbs are the calls on chains of events, counts, explanations and imports.
func eventVerbs() []Verb {
	return []Verb{
		{"ChangeChain that appends", appendLink},
		{"ChangeChain that cuts", func(ctx context.Context, s authkit.Store) error {
			return s.ChangeChain(ctx, authkit.ChainChange{App: app, Was: hash(2), Next: chain(3), Cut: linkFrom(1), Secret: secret})
		}},
		of("Chain", func(ctx context.Context, s authkit.Store) (authkit.Chain, error) { return s.Chain(ctx, app) }),
		of("Links", func(ctx context.Context, s authkit.Store) ([]authkit.Link, error) { return s.Links(ctx, app, 5000, 2) }),
		of("EventsByID", func(ctx context.Context, s authkit.Store) ([]authkit.Event, error) {
			return s.EventsByID(ctx, app, linkFrom(5000).IDs())
		}),
		{"AddStats", func(ctx context.Context, s authkit.Store) error {
			return s.AddStats(ctx, app, authkit.StatBatch{
				Counts: []authkit.Stat{{Day: today, Kind: authkit.StatSignIn, Key: "100", N: 1}, {Day: today, Kind: authkit.StatRefused, N: 1}},
				Active: []authkit.ActiveUser{{Day: today, User: row(5000)}, {Day: today, User: row(20_000)}},
			})
		}},
		{"AddExplanations", func(ctx context.Context, s authkit.Store) error {
			return s.AddExplanations(ctx, app, []authkit.Explanation{{RequestID: row(20_000), Expires: now}}, 50)
		}},
		{"Explanation", func(ctx context.Context, s authkit.Store) error {
			_, err := s.Explanation(ctx, app, row(20_000), now)
			return ignore(err, authkit.ErrNotFound)
		}},
	}
}

// createUsers imports a batch.
func createUsers() Verb {
	return of("CreateUsers", func(ctx context.Context, s authkit.Store) ([]authkit.Taken, error) {
		b := authkit.UserBatch{App: app, Riders: riders(30_000)}
		for n := range 60 {
			u := authkit.User{App: app, ID: row(30_000 + n), Email: row(n).String(), ExternalID: row(n).String(), Roles: []string{"member"}, CreatedAt: now}
			c := authkit.Credential{App: app, UserID: u.ID, Kind: "password", Subject: u.ID.String(), CreatedAt: now}
			b.Users = append(b.Users, authkit.Account{User: u, Credentials: []authkit.Credential{c}})
		}
		return s.CreateUsers(ctx, b)
	})
}

// secret is the id of a noted secret.
const secret = "0000000000000001"

func chain(n int) authkit.Chain { return authkit.Chain{Hash: hash(n), Before: hash(n), Seal: hash(n)} }

// linkFrom is a link of the 90 events from the nth row on.
func linkFrom(n int) *authkit.Link {
	l := &authkit.Link{Seq: int64(20_000 + n), Last: now, Hash: hash(n)}
	for i := range 90 {
		e := row(n + i)
		l.Entries = append(append(l.Entries, e[:]...), make([]byte, authkit.LinkEntry-len(e))...)
	}
	return l
}

func appendLink(ctx context.Context, s authkit.Store) error {
	if _, err := s.NoteSecret(ctx, secret, []string{secret}); err != nil {
		return err
	}
	return s.ChangeChain(ctx, authkit.ChainChange{App: app, Was: hash(1), Next: chain(2), Append: linkFrom(1), Secret: secret, Deliveries: []authkit.Delivery{
		{App: app, Webhook: app, ID: row(20_000), QueuedAt: now, DueAt: now, Expires: now},
	}})
}

// webhookVerbs are the calls on webhooks and what is on its way to them.
func webhookVerbs() []Verb {
	return []Verb{
		of("Webhooks", func(ctx context.Context, s authkit.Store) ([]authkit.Webhook, error) { return s.Webhooks(ctx, app) }),
		{"PutWebhook that adds", func(ctx context.Context, s authkit.Store) error {
			return s.PutWebhook(ctx, authkit.Webhook{App: app, ID: row(20_000), Enabled: true}, 10, riders(40_000))
		}},
		{"PutWebhook that changes", func(ctx context.Context, s authkit.Store) error {
			return s.PutWebhook(ctx, authkit.Webhook{App: app, ID: app, Enabled: true, Version: 1}, 10, riders(40_001))
		}},
		of("DueWebhooks", func(ctx context.Context, s authkit.Store) ([]authkit.WebhookKey, error) {
			return s.DueWebhooks(ctx, authkit.WebhookKey{}, now, 50)
		}),
		of("DueWebhooks while none is due", func(ctx context.Context, s authkit.Store) ([]authkit.WebhookKey, error) {
			return s.DueWebhooks(ctx, authkit.WebhookKey{}, now.Add(-24*time.Hour), 50)
		}),
		{"SettleDeliveries", func(ctx context.Context, s authkit.Store) error {
			return s.SettleDeliveries(ctx, []authkit.SettledDelivery{{App: app, Webhook: app, ID: row(1), Until: now.Add(time.Minute), State: authkit.DeliveryArrived}})
		}},
		{"ReplayDelivery", func(ctx context.Context, s authkit.Store) error {
			return s.ReplayDelivery(ctx, app, app, row(5000), now)
		}},
	}
}

// claimVerbs take a part of what waits for a webhook, and then remove the webhook.
func claimVerbs() []Verb {
	key := authkit.WebhookKey{App: app, ID: app}
	return []Verb{
		of("ClaimDeliveries", func(ctx context.Context, s authkit.Store) ([]authkit.Delivery, error) {
			return s.ClaimDeliveries(ctx, authkit.DeliveryClaim{WebhookKey: key, Now: now, Until: now.Add(time.Minute), Held: now.Add(-2 * time.Hour), Max: 8})
		}),
		{"DeleteWebhook", func(ctx context.Context, s authkit.Store) error {
			return s.DeleteWebhook(ctx, app, app, riders(40_002))
		}},
	}
}
