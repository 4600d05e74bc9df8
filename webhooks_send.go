package authkit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/outbound"
	"github.com/authkit-dev/authkit/internal/panics"
	"github.com/authkit-dev/authkit/internal/thinlog"
	"github.com/authkit-dev/authkit/internal/webhook"
)

const (
	webhookTimeout = 10 * time.Second // of one attempt
	webhookBatch   = 8                // deliveries that one webhook gets at a time
	webhookSenders = 4                // how many of them at once
	webhookTurn    = 64               // webhooks that one look finds

	// slowTry is how long an attempt takes at a receiver that is not slow.
	slowTry = 2 * time.Second

	// webhookClaim outlasts all tries of a batch.
	webhookClaim = (webhookBatch/webhookSenders + 2) * webhookTimeout

	// heldFor is how long a delivery holds back later ones about the same user.
	heldFor = time.Hour

	// notLiveWait is how long a delivery waits for a webhook that has not answered its challenge.
	notLiveWait = 10 * time.Minute

	maxChallengeAnswer = 4 << 10
)

// webhookWaits are how long a delivery waits after each attempt that failed: three days in all. The
// sixth attempt comes right before the later ones about the same user are let go, so that a receiver
// that was down for 59 minutes has them in their order.
var webhookWaits = []time.Duration{
	5 * time.Second, 5 * time.Minute, 20 * time.Minute, 30 * time.Minute, 4 * time.Minute, 3 * time.Hour, 8 * time.Hour, 14 * time.Hour, 20 * time.Hour, 27 * time.Hour,
}

// courier sends what waits for webhooks. A receiver that is slow holds up its own deliveries alone.
// It is safe for concurrent use.
type courier struct {
	store  DeliveryStore
	hooks  *webhooks
	client *http.Client
	log    *thinlog.Logger
	turns  *hookTurns

	// user returns a user as the user is shown to be, as JSON; nil: there is no such user.
	user func(ctx context.Context, ref UserRef) ([]byte, error)
}

func newCourier(store DeliveryStore, hooks *webhooks, log *thinlog.Logger, user func(context.Context, UserRef) ([]byte, error)) *courier {
	return &courier{store: store, hooks: hooks, client: outbound.NewClient(hooks.rules, webhookTimeout), log: log, turns: newHookTurns(), user: user}
}

// look begins to send what is due, to each webhook that this process is not sending to already, as far
// as there is room. It does not wait for the sending.
func (c *courier) look(ctx context.Context) error {
	var all []WebhookKey
	for after := (WebhookKey{}); ; {
		due, err := c.store.DueWebhooks(ctx, after, c.hooks.now(), webhookTurn)
		if err != nil {
			return fmt.Errorf("look for due webhooks: %w", err)
		}
		all = append(all, due...)
		if len(due) < webhookTurn {
			break
		}
		after = due[len(due)-1]
	}
	c.turns.order(all)
	for _, key := range all {
		c.start(ctx, key)
	}
	return nil
}

// deliver sends what is due, and returns once that was tried.
func (c *courier) deliver(ctx context.Context) error {
	err := c.look(ctx)
	c.turns.wait()
	return err
}

// start begins the turn of a webhook, if it may have one.
func (c *courier) start(ctx context.Context, key WebhookKey) {
	if !c.turns.begin(key) {
		return
	}
	go func() {
		slow := true
		defer func() { c.turns.end(key, slow) }()
		err := panics.Catch(func() (err error) { slow, err = c.sendTo(ctx, key); return err })
		if err != nil && ctx.Err() == nil {
			c.log.Line(ctx, slog.LevelError, "webhook", "webhook", slog.String("app", key.App.String()), slog.String("webhook", key.ID.String()), slog.Any("error", err))
		}
	}()
}

// sendTo sends a webhook what is due, batch by batch, until a batch is not full, the receiver is slow
// or the turn is over. It reports whether the receiver was slow.
func (c *courier) sendTo(ctx context.Context, key WebhookKey) (slow bool, err error) {
	for turn := 0; turn < turnBatches && ctx.Err() == nil; turn++ {
		w, err := c.hooks.find(ctx, key.App, key.ID)
		switch {
		case errors.Is(err, CodeNotFound), errors.Is(err, CodeAppNotFound): // it was removed since the look
			return false, nil
		case err != nil:
			return false, err
		}
		now := c.hooks.now()
		batch, err := c.store.ClaimDeliveries(ctx, DeliveryClaim{
			WebhookKey: key, Now: now, Until: now.Add(webhookClaim), Held: now.Add(-heldFor), Max: webhookBatch,
		})
		if err != nil {
			return false, fmt.Errorf("claim deliveries: %w", err)
		}
		settled := c.tryAll(ctx, w, batch)
		// What has arrived is noted although Run ends.
		own, cancel := outliving(ctx, settleWait)
		err = c.store.SettleDeliveries(own, settled)
		cancel()
		if err != nil {
			return false, fmt.Errorf("settle deliveries: %w", err)
		}
		if slow = wasSlow(settled); slow || len(batch) < webhookBatch {
			return slow, nil
		}
	}
	return false, nil
}

// wasSlow reports whether the receiver of a batch took long, or took nothing of it well.
func wasSlow(settled []SettledDelivery) bool {
	arrived := len(settled) == 0
	for _, d := range settled {
		if d.Took > slowTry {
			return true
		}
		arrived = arrived || d.State == DeliveryArrived
	}
	return !arrived
}

// tryAll tries deliveries, a few at a time.
func (c *courier) tryAll(ctx context.Context, w Webhook, batch []Delivery) []SettledDelivery {
	settled := make([]SettledDelivery, len(batch))
	slots := make(chan struct{}, webhookSenders)
	var all sync.WaitGroup
	for i, d := range batch {
		slots <- struct{}{}
		all.Go(func() {
			settled[i] = c.try(ctx, w, d)
			<-slots
		})
	}
	all.Wait()
	return settled
}

// errNotLive postpones a delivery to a webhook that has not answered its challenge.
var errNotLive = errors.New("the webhook has not answered its challenge")

// errGivenUp gives a delivery up at once.
var errGivenUp = errors.New("the webhook has another URL by now")

// try sends one delivery, and says what became of it.
func (c *courier) try(ctx context.Context, w Webhook, d Delivery) SettledDelivery {
	began := time.Now()
	at := c.hooks.now()
	var status int
	err := panics.Catch(func() (err error) { status, err = c.send(ctx, w, d, at); return err })
	now := c.hooks.now()
	out := SettledDelivery{
		App: d.App, Webhook: d.Webhook, ID: d.ID, Until: d.DueAt, DueAt: now, Attempts: d.Attempts + 1,
		Expires: d.Expires, TriedAt: at, Status: status, Took: time.Since(began),
	}
	switch {
	case err == nil:
		out.State, out.Expires = DeliveryArrived, now.Add(arrivedKept)
	case errors.Is(err, errNotLive):
		out.DueAt, out.Attempts, out.TriedAt, out.Took = now.Add(notLiveWait), d.Attempts, d.TriedAt, d.Took
	case errors.Is(err, errGivenUp) || d.Attempts >= len(webhookWaits):
		out.State = DeliveryDead
	default:
		out.DueAt = now.Add(webhookWaits[d.Attempts])
	}
	return out
}

// send posts one delivery, and returns the status of the answer, which is 0 without an answer.
func (c *courier) send(ctx context.Context, w Webhook, d Delivery, now time.Time) (status int, err error) {
	if d.Type == typeChallenge {
		return c.sendChallenge(ctx, w, d, now)
	}
	if !w.Live {
		return 0, errNotLive
	}
	body, err := c.body(ctx, d)
	if err != nil {
		return 0, err
	}
	res, err := c.post(ctx, w, d, body, now)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close() //nolint:errcheck // what the receiver says is not read
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return res.StatusCode, fmt.Errorf("the receiver answered %d", res.StatusCode)
	}
	return res.StatusCode, nil
}

// post signs and posts a body.
func (c *courier) post(ctx context.Context, w Webhook, d Delivery, body []byte, now time.Time) (*http.Response, error) {
	secret, err := c.hooks.open(w)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "authkit")
	webhook.Sign(r.Header, d.ID.String(), now, body, secret.keys(now)...)
	res, err := c.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("post: %w", err)
	}
	return res, nil
}

// webhookBody is what a receiver gets.
type webhookBody struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

// webhookData tells of an event.
type webhookData struct {
	Sequence int64          `json:"sequence"`
	Event    jsontext.Value `json:"event"`
	User     jsontext.Value `json:"user,omitempty"`
}

// body tells of an event, and of the user as the user is by now.
func (c *courier) body(ctx context.Context, d Delivery) ([]byte, error) {
	data := webhookData{Sequence: d.Sequence, Event: d.Event}
	if d.UserID != uuid.Nil {
		user, err := c.user(ctx, UserRef{App: d.App, ID: d.UserID})
		if err != nil {
			return nil, err
		}
		data.User = user
	}
	var happened struct {
		At time.Time `json:"time"`
	}
	if err := json.Unmarshal(d.Event, &happened); err != nil {
		return nil, fmt.Errorf("read the event: %w", err)
	}
	return plainJSON(webhookBody{d.Type, happened.At.UTC(), data}), nil
}

// sendChallenge asks a URL whether it wants deliveries. Its answer has to repeat the challenge.
func (c *courier) sendChallenge(ctx context.Context, w Webhook, d Delivery, now time.Time) (int, error) {
	var asked challengeEvent
	if err := json.Unmarshal(d.Event, &asked); err != nil || asked.URL != w.URL {
		return 0, errGivenUp
	}
	said := map[string]string{"challenge": asked.Challenge}
	res, err := c.post(ctx, w, d, plainJSON(webhookBody{d.Type, now.UTC(), said}), now)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(io.LimitReader(res.Body, maxChallengeAnswer))
	if err != nil {
		return res.StatusCode, fmt.Errorf("read the answer: %w", err)
	}
	var got struct {
		Challenge string `json:"challenge"`
	}
	if err := json.Unmarshal(text, &got); res.StatusCode != http.StatusOK || err != nil || got.Challenge != asked.Challenge {
		return res.StatusCode, fmt.Errorf("the answer %d does not repeat the challenge", res.StatusCode)
	}
	return res.StatusCode, c.goesLive(ctx, w)
}

// goesLive notes that a URL has answered its challenge.
func (c *courier) goesLive(ctx context.Context, asked Webhook) error {
	_, err := again(func() (Webhook, error) {
		w, err := c.hooks.find(ctx, asked.App, asked.ID)
		if err != nil || w.URL != asked.URL {
			return w, errors.Join(err, errGivenUp)
		}
		w.Live = true
		err = c.hooks.PutWebhook(ctx, w, maxWebhooks, Riders{Secret: c.hooks.secrets.newest()})
		if errors.Is(err, ErrStale) {
			return w, errAgain
		}
		return w, err
	})
	return err
}
