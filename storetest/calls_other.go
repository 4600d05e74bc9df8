package storetest

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func tokenCalls() []call {
	gone := func(method string, do func(c caller) error) call {
		return call{method: method, foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound, do: do}
	}
	return []call{
		{method: "Put", riders: true, dead: authkit.ErrNotFound, do: func(c caller) error {
			return c.s.Put(c.ctx, authkit.Put{App: c.app, Riders: c.riders})
		}},
		gone("Token", func(c caller) error {
			_, _, err := c.s.Token(c.ctx, c.app, take("t"), now())
			return err
		}),
		gone("TryToken", func(c caller) error {
			_, err := c.s.TryToken(c.ctx, c.app, authkit.Try{Take: take("t"), Proof: c.x.token.Proof, Max: 1}, now())
			return err
		}),
		{method: "BindTokens", foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound, do: func(c caller) error {
			t := c.x.token
			t.App, t.UserID, t.Epoch = c.app, c.x.user.ID, 1
			return bindOne(c.ctx, c.s, t, now())
		}},
		gone("TakeToken", func(c caller) error {
			_, err := c.s.TakeToken(c.ctx, c.app, take("t"), now())
			return err
		}),
	}
}

func sessionCalls() []call {
	return []call{
		{method: "Session", foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound, do: func(c caller) error {
			_, _, err := c.s.Session(c.ctx, c.app, authkit.SessionKey{ID: c.x.session.ID}, now())
			return err
		}},
		{method: "Session", how: "by its cookie", foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound, do: func(c caller) error {
			_, _, err := c.s.Session(c.ctx, c.app, authkit.SessionKey{Cookie: c.x.session.Cookie}, now())
			return err
		}},
		{method: "UseSession", foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound, do: func(c caller) error {
			return c.s.UseSession(c.ctx, c.app, c.x.session.ID, now(), after(time.Hour))
		}},
		{method: "Sessions", own: errShown, dead: authkit.ErrNotFound, do: func(c caller) error {
			return shown(c.s.Sessions(c.ctx, c.app, c.x.user.ID, now()))
		}},
		{method: "RotateSession", foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound, do: func(c caller) error {
			_, err := c.s.RotateSession(c.ctx, rotation(c.app, c.x.session.Current, "t1", now()))
			return err
		}},
		{
			method: "RotateSession", how: "with an unknown secret",
			own: authkit.ErrTokenReused, foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound,
			do: func(c caller) error {
				_, err := c.s.RotateSession(c.ctx, rotation(c.app, hash("guess"), "t1", now()))
				return err
			},
		},
		{method: "EndSession", riders: true, foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound, do: func(c caller) error {
			return c.s.EndSession(c.ctx, authkit.SessionEnd{App: c.app, User: c.x.user.ID, ID: c.x.session.ID, Now: now(), Riders: c.riders})
		}},
	}
}

func otherCalls() []call {
	return []call{
		{method: "Hit", dead: authkit.ErrNotFound, do: func(c caller) error {
			_, err := c.s.Hit(c.ctx, authkit.Hits{App: c.app, Each: []authkit.Hit{theHit()}}, now())
			return err
		}},
		{method: "SettleMail", how: "as done", do: func(c caller) error { // it skips mail that is unknown
			return c.s.SettleMail(c.ctx, []authkit.Settled{{App: c.app, ID: c.x.mail.ID, Done: true}})
		}},
		{method: "SettleMail", how: "for later", do: func(c caller) error {
			return c.s.SettleMail(c.ctx, []authkit.Settled{{App: c.app, ID: c.x.mail.ID, Until: c.x.mail.DueAt, DueAt: after(time.Minute)}})
		}},
		{method: "AddExplanations", dead: authkit.ErrNotFound, do: func(c caller) error {
			return c.s.AddExplanations(c.ctx, c.app, []authkit.Explanation{explained(2)}, 9)
		}},
		{method: "Explanation", foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound, do: func(c caller) error {
			_, err := c.s.Explanation(c.ctx, c.app, numbered(1), now())
			return err
		}},
		{method: "AddStats", dead: authkit.ErrNotFound, do: func(c caller) error {
			return c.s.AddStats(c.ctx, c.app, authkit.StatBatch{
				Counts: []authkit.Stat{signIns(today(), "oauth", 1)}, Active: []authkit.ActiveUser{{Day: today(), User: c.x.other.ID}},
			})
		}},
		{method: "Stats", own: errShown, dead: authkit.ErrNotFound, do: func(c caller) error {
			return shown(c.s.Stats(c.ctx, c.app, today(), today()))
		}},
		{method: "EventsByID", own: errShown, dead: authkit.ErrNotFound, do: func(c caller) error {
			return shown(c.s.EventsByID(c.ctx, c.app, []uuid.UUID{c.x.event.ID}))
		}},
		{method: "Chain", foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound, do: func(c caller) error {
			_, err := c.s.Chain(c.ctx, c.app)
			return err
		}},
		{method: "ChangeChain", foreign: authkit.ErrStale, dead: authkit.ErrNotFound, do: func(c caller) error {
			return c.s.ChangeChain(c.ctx, authkit.ChainChange{App: c.app, Was: c.x.chain.Seal, Next: chainOf(1, "other"), Secret: secretID(1)})
		}},
		{method: "Links", own: errShown, dead: authkit.ErrNotFound, do: func(c caller) error {
			return shown(c.s.Links(c.ctx, c.app, 0, 10))
		}},
		{method: "CountAudit", own: errShown, dead: authkit.ErrNotFound, do: func(c caller) error {
			n, err := c.s.CountAudit(c.ctx, c.app)
			return shown(make([]int, n.Events), err)
		}},
		{method: "Events", how: "without a filter", own: errShown, dead: authkit.ErrNotFound, do: func(c caller) error {
			return shown(c.s.Events(c.ctx, c.app, authkit.EventQuery{Page: authkit.Page{Limit: 10}}))
		}},
		{method: "Events", how: "of its user", own: errShown, dead: authkit.ErrNotFound, do: func(c caller) error {
			q := authkit.EventQuery{Page: authkit.Page{Limit: 10}, UserID: c.x.user.ID, Type: c.x.event.Type}
			return shown(c.s.Events(c.ctx, c.app, q))
		}},
	}
}

func webhookCalls() []call {
	return []call{
		{method: "PutWebhook", how: "of another", riders: true, dead: authkit.ErrNotFound, do: func(c caller) error {
			return c.s.PutWebhook(c.ctx, webhook(c.app, "https://y.example"), 0, c.riders)
		}},
		{
			method: "PutWebhook", how: "in place of one", riders: true, foreign: authkit.ErrStale, dead: authkit.ErrNotFound,
			do: func(c caller) error {
				w := webhookOf(c.x.webhook, 1)
				w.App, w.URL = c.app, "https://changed.example"
				return c.s.PutWebhook(c.ctx, w, 0, c.riders)
			},
		},
		{method: "Webhooks", own: errShown, dead: authkit.ErrNotFound, do: func(c caller) error {
			return shown(c.s.Webhooks(c.ctx, c.app))
		}},
		{
			method: "DeleteWebhook", riders: true, foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound,
			do: func(c caller) error { return c.s.DeleteWebhook(c.ctx, c.app, c.x.webhook.ID, c.riders) },
		},
		{method: "ClaimDeliveries", own: errShown, do: func(c caller) error {
			ref := authkit.WebhookKey{App: c.app, ID: c.x.webhook.ID}
			got, err := c.s.ClaimDeliveries(c.ctx, authkit.DeliveryClaim{WebhookKey: ref, Now: after(time.Minute), Until: after(time.Hour), Max: 10})
			if errors.Is(err, authkit.ErrNotFound) { // an adapter may find that the app is gone
				err = nil
			}
			return shown(got, err)
		}},
		{method: "SettleDeliveries", do: func(c caller) error { // it skips what is unknown
			return c.s.SettleDeliveries(c.ctx, []authkit.SettledDelivery{{
				App: c.app, Webhook: c.x.webhook.ID, ID: c.x.delivery.ID, State: authkit.DeliveryArrived, Expires: after(time.Hour),
			}})
		}},
		{method: "Deliveries", own: errShown, dead: authkit.ErrNotFound, do: func(c caller) error {
			return shown(c.s.Deliveries(c.ctx, c.app, c.x.webhook.ID, authkit.Page{Limit: 10}))
		}},
		{
			method: "ReplayDelivery", foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound,
			do: func(c caller) error {
				return c.s.ReplayDelivery(c.ctx, c.app, c.x.webhook.ID, c.x.delivery.ID, now())
			},
		},
	}
}
