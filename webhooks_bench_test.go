package authkit_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// BenchmarkDueWebhooks measures what Run asks each second, at 10,000 enabled webhooks of a thousand
// apps: while nothing waits, while a delivery to one in a hundred waits for its next try, and while
// one of these is due.
func BenchmarkDueWebhooks(b *testing.B) {
	onStores(b, stubHash, func(b *bench) {
		now := time.Now()
		hooks := b.webhooks(now)
		look := func(name string, want int) {
			b.Run(name, func(t *testing.B) {
				for t.Loop() {
					due, err := b.store.DueWebhooks(t.Context(), authkit.WebhookKey{}, now, 64)
					if err != nil || len(due) != want {
						t.Fatalf("got %d due, %v, want %d", len(due), err, want)
					}
				}
			})
		}
		look("idle", 0)
		for i := 0; i < len(hooks); i += 100 {
			b.deliver(hooks[i], now.Add(time.Hour))
		}
		look("waiting", 0)
		b.deliver(hooks[0], now)
		look("due", 1)
	})
}

// webhooks adds ten webhooks to each of a thousand apps.
func (b *bench) webhooks(now time.Time) (out []authkit.Webhook) {
	for range 1000 {
		app := b.newApp(now)
		for range 10 {
			w := authkit.Webhook{App: app, ID: uuid.New(), URL: "https://x.example", Enabled: true, Live: true, CreatedAt: now}
			b.ok(b.store.PutWebhook(b.Context(), w, 10, authkit.Riders{}))
			out = append(out, w)
		}
	}
	return out
}

// newApp adds an app to the store alone.
func (b *bench) newApp(now time.Time) uuid.UUID {
	b.Helper()
	app := authkit.App{ID: uuid.New(), Developer: "host:bench", Name: uuid.NewString(), CreatedAt: now}
	app.NameKey = app.Name
	b.ok(b.store.CreateApp(b.Context(), authkit.NewApp{App: app, First: authkit.SigningKey{Seq: 1, KID: app.Name, Alg: "EdDSA", Public: []byte("p"), Sealed: []byte("s")}}))
	return app.ID
}

func (b *bench) deliver(w authkit.Webhook, due time.Time) {
	b.Helper()
	b.ok(b.store.Put(b.Context(), authkit.Put{App: w.App, Riders: authkit.Riders{Deliveries: []authkit.Delivery{
		{App: w.App, Webhook: w.ID, ID: uuid.New(), QueuedAt: due, DueAt: due, Expires: due.Add(time.Hour)},
	}}}))
}
