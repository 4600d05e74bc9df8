package authkit_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/memory"
)

// hookServer is a server that gets webhooks.
type hookServer struct {
	*httptest.Server

	t      *testing.T
	mu     sync.Mutex
	status int // of its answers
	mute   bool
	got    []hookPost
}

// hookPost is a delivery as the receiver got it.
type hookPost struct {
	id, signatures string
	stamp          string
	body           string

	Type string `json:"type"`
	Data struct {
		Challenge string `json:"challenge"`
		Sequence  int64  `json:"sequence"`
		Event     struct {
			Type   string `json:"type"`
			UserID string `json:"user_id"`
		} `json:"event"`
		User map[string]any `json:"user"`
	} `json:"data"`
}

func newHookServer(t *testing.T) *hookServer {
	t.Helper()
	r := &hookServer{t: t, status: http.StatusOK}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		p := hookPost{id: q.Header.Get("Webhook-Id"), signatures: q.Header.Get("Webhook-Signature"), stamp: q.Header.Get("Webhook-Timestamp"), body: string(body)}
		if err != nil || json.Unmarshal(body, &p) != nil {
			t.Errorf("got %q, %v, want JSON", body, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, p)
		if p.Type == "webhook.challenge" && !r.mute {
			_ = json.NewEncoder(w).Encode(map[string]string{"challenge": p.Data.Challenge})
			return
		}
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

// says sets the status of the answers from now on.
func (r *hookServer) says(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// took returns what came since the last call.
func (r *hookServer) took() []hookPost {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.got
	r.got = nil
	return got
}

// signedBy reports whether one of the signatures is that of a secret.
func (p hookPost) signedBy(t *testing.T, secret string) bool {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(p.id + "." + p.stamp + "." + p.body))
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for one := range strings.SplitSeq(p.signatures, " ") {
		if one == want {
			return true
		}
	}
	return false
}

// hookStage is a stage with a webhook.
type hookStage struct {
	*stage

	to     *hookServer
	ref    authkit.WebhookRef
	secret string
}

func newHookStage(t *testing.T, patch authkit.WebhookPatch) *hookStage {
	t.Helper()
	return newHookStageOn(t, memory.New(), patch)
}

func newHookStageOn(t *testing.T, store authkit.Store, patch authkit.WebhookPatch) *hookStage {
	t.Helper()
	h := &hookStage{stage: newStageOn(t, store, withoutLimits), to: newHookServer(t)}
	h.ref.App = authkit.AppRef{Developer: h.devID, ID: h.app.ID}
	if patch.URL == nil {
		patch.URL = &h.to.URL
	}
	w, secret, err := h.engine.CreateWebhook(t.Context(), h.ref.App, patch)
	if err != nil {
		t.Fatal(err)
	}
	h.ref.ID, h.secret = w.ID, secret
	return h
}

// events returns the types that the receiver took, in order, after the background work was done.
func (h *hookStage) events() []string {
	h.t.Helper()
	h.runOnce()
	var types []string
	for _, p := range h.to.took() {
		types = append(types, p.Type)
	}
	return types
}

func (h *hookStage) webhook() authkit.Webhook {
	h.t.Helper()
	w, err := h.engine.Webhook(h.t.Context(), h.ref)
	if err != nil {
		h.t.Fatal(err)
	}
	return w
}

// A URL is sent a challenge, and nothing else before it has answered.
func TestAWebhookIsLiveOnceItHasAnswered(t *testing.T) {
	t.Parallel()
	h := newHookStage(t, authkit.WebhookPatch{})
	h.to.mute = true
	h.signUp(h.email())
	h.runOnce()
	for _, p := range h.to.took() {
		if p.Type != "webhook.challenge" || len(p.Data.Challenge) < 40 || !p.signedBy(t, h.secret) {
			t.Errorf("got %+v, want a signed challenge", p)
		}
		if n, err := strconv.ParseInt(p.stamp, 10, 64); err != nil || n != h.clock.Now().Unix() {
			t.Errorf("webhook-timestamp: got %q, %v, want now", p.stamp, err)
		}
	}
	h.equal("live", h.webhook().Live, false)
	h.to.mu.Lock()
	h.to.mute = false
	h.to.mu.Unlock()
	h.equal("before the next try", len(h.events()), 0)
	h.clock.Advance(6 * time.Second)
	h.equal("the next try", strings.Join(h.events(), " "), "webhook.challenge")
	h.equal("live", h.webhook().Live, true)
	other := newHookServer(t)
	if _, err := h.engine.ChangeWebhook(t.Context(), h.ref, authkit.WebhookPatch{URL: &other.URL}); err != nil {
		t.Fatal(err)
	}
	h.equal("live, with another URL", h.webhook().Live, false)
	h.equal("what the former URL gets", len(h.events()), 0)
	h.equal("live, once the other has answered", h.webhook().Live, true)
}

func TestWhatAWebhookRefuses(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(c *authkit.Config) { c.InsecureAllowLoopbackProviders = false })
	app := authkit.AppRef{Developer: s.devID, ID: s.app.ID}
	for name, p := range map[string]authkit.WebhookPatch{
		"no URL":            {},
		"http":              {URL: new("http://hooks.example/x")},
		"another port":      {URL: new("https://hooks.example:8443/x")},
		"a private address": {URL: new("https://192.168.0.1/x")},
		"this machine":      {URL: new("https://localhost/x")},
		"user information":  {URL: new("https://a:b@hooks.example/x")},
		"a long URL":        {URL: new("https://hooks.example/" + strings.Repeat("x", 2100))},
		"an unknown type":   {URL: new("https://hooks.example/x"), Types: &[]string{"user.created"}},
	} {
		if _, _, err := s.engine.CreateWebhook(t.Context(), app, p); codeOf(err) != authkit.CodeInvalidRequest {
			t.Errorf("%s: got %v, want %s", name, err, authkit.CodeInvalidRequest)
		}
	}
	for range 10 {
		if _, _, err := s.engine.CreateWebhook(t.Context(), app, authkit.WebhookPatch{URL: new("https://hooks.example/x")}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.engine.CreateWebhook(t.Context(), app, authkit.WebhookPatch{URL: new("https://hooks.example/x")}); codeOf(err) != authkit.CodeLimitReached {
		t.Errorf("the 11th: got %v, want %s", err, authkit.CodeLimitReached)
	}
}

// The secret before a rotation signs beside the next for a day.
func TestASecretOfAWebhookIsRotated(t *testing.T) {
	t.Parallel()
	h := newHookStage(t, authkit.WebhookPatch{})
	next, err := h.engine.RotateWebhook(t.Context(), h.ref)
	if err != nil || next == h.secret {
		t.Fatalf("got %q, %v, want another secret", next, err)
	}
	h.runOnce()
	for _, p := range h.to.took() {
		h.equal("signed by the former", p.signedBy(t, h.secret), true)
		h.equal("signed by the next", p.signedBy(t, next), true)
	}
	h.clock.Advance(25 * time.Hour)
	if err := h.engine.ReplayDelivery(t.Context(), h.ref, h.deliveries()[0].ID); err != nil {
		t.Fatal(err)
	}
	h.runOnce()
	got := h.to.took()
	h.equal("deliveries", len(got), 1)
	h.equal("signed by the former after a day", got[0].signedBy(t, h.secret), false)
	h.equal("signed by the next", got[0].signedBy(t, next), true)
}

func (h *hookStage) deliveries() []authkit.Delivery {
	h.t.Helper()
	all, err := h.engine.WebhookDeliveries(h.t.Context(), h.ref, authkit.Page{})
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// The webhooks of an app that moves are off, and without a secret that the former owner knows.
func TestTheWebhooksOfAnAppThatMoves(t *testing.T) {
	t.Parallel()
	h := newHookStage(t, authkit.WebhookPatch{})
	to := h.fresh("dev") + "@example.com"
	dev, err := h.engine.CreateDeveloper(t.Context(), to, password)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.engine.MoveApp(t.Context(), h.ref.App, dev.ID.String()); err != nil {
		t.Fatal(err)
	}
	h.ref.App.Developer = dev.ID.String()
	h.equal("enabled", h.webhook().Enabled, false)
	if _, err := h.engine.ChangeWebhook(t.Context(), h.ref, authkit.WebhookPatch{Enabled: new(true)}); codeOf(err) != authkit.CodeInvalidRequest {
		t.Errorf("enabled without a secret: got %v, want %s", err, authkit.CodeInvalidRequest)
	}
	next, err := h.engine.RotateWebhook(t.Context(), h.ref)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.engine.ChangeWebhook(t.Context(), h.ref, authkit.WebhookPatch{Enabled: new(true)}); err != nil {
		t.Fatal(err)
	}
	h.runOnce()
	for _, p := range h.to.took() {
		h.equal("signed by the former secret", p.signedBy(t, h.secret), false)
		h.equal("signed by the next", p.signedBy(t, next), true)
	}
}

// Each event that a webhook wants arrives once, signed, with the user as the user is shown.
func TestAWebhookGetsTheEventsOfItsTypes(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		h := newHookStageOn(t, store, authkit.WebhookPatch{Types: &[]string{authkit.EventUserCreate, authkit.EventUserDelete}})
		h.equal("first", strings.Join(h.events(), " "), "webhook.challenge")
		email := h.email()
		in := h.signUp(email)
		h.runOnce()
		got := h.to.took()
		h.equal("deliveries", len(got), 1)
		h.equal("the type", got[0].Type, authkit.EventUserCreate)
		h.equal("the event", got[0].Data.Event.Type+" "+got[0].Data.Event.UserID, authkit.EventUserCreate+" "+in.user("user_id").(string))
		h.equal("the user", got[0].Data.User["email"], any(email))
		h.equal("signed", got[0].signedBy(t, h.secret), true)
		h.equal("a secret or a link in it", strings.Contains(got[0].body, "token"), false)
		h.equal("once more", len(h.events()), 0)
		h.equal("what is told of it", h.deliveries()[0].State, authkit.DeliveryArrived)
	})
}

// A receiver that was down gets every event, those of a user in order, and each at least once.
func TestAWebhookThatWasDownLosesNothing(t *testing.T) {
	t.Parallel()
	h := newHookStage(t, authkit.WebhookPatch{Types: &[]string{authkit.EventSessionStart, authkit.EventUserCreate}})
	h.runOnce()
	h.to.took()
	h.to.says(503)
	people := map[string]string{}
	for range 3 {
		email := h.email()
		people[h.signUp(email).user("user_id").(string)] = email
		h.clock.Advance(time.Second)
	}
	h.runOnce()
	for _, email := range people {
		for range 3 {
			h.signIn(h.app.ID.String(), email)
			h.clock.Advance(time.Second)
		}
	}
	h.runOnce()
	tried := map[string]int{}
	for _, p := range h.to.took() {
		tried[p.Data.Event.UserID]++
	}
	for id := range people {
		if tried[id] == 0 {
			t.Errorf("%s: got no try", id)
		}
	}
	h.clock.Advance(50 * time.Minute)
	h.to.says(200)
	order := map[string][]int64{}
	for range 12 {
		h.runOnce()
		for _, p := range h.to.took() {
			order[p.Data.Event.UserID] = append(order[p.Data.Event.UserID], p.Data.Sequence)
		}
		h.clock.Advance(time.Minute)
	}
	for id := range people {
		if got := order[id]; len(got) != 4 || !slices.IsSorted(got) {
			t.Errorf("%s: got the sequences %v, want four in their order", id, got)
		}
	}
}

// A receiver that was down for almost an hour gets the events of a user in their order, although those
// that wait longest are tried less and less often.
func TestAWebhookThatWasDownForAlmostAnHourKeepsTheOrder(t *testing.T) {
	t.Parallel()
	h := newHookStage(t, authkit.WebhookPatch{Types: &[]string{authkit.EventSessionStart, authkit.EventUserCreate}})
	h.runOnce()
	h.to.says(503)
	email := h.email()
	h.signUp(email)
	for range 56 {
		h.runOnce()
		h.signIn(h.app.ID.String(), email)
		h.clock.Advance(time.Minute)
	}
	h.to.says(200)
	h.to.took()
	var order []int64
	for range 240 {
		h.runOnce()
		for _, p := range h.to.took() {
			order = append(order, p.Data.Sequence)
		}
		h.clock.Advance(time.Minute)
	}
	if len(order) != 57 || !slices.IsSorted(order) {
		t.Errorf("got the sequences %v, want 57 in their order", order)
	}
}

// A receiver that never answers well is tried for three days. What is dead can be replayed.
func TestADeadDeliveryCanBeReplayed(t *testing.T) {
	t.Parallel()
	h := newHookStage(t, authkit.WebhookPatch{Types: &[]string{authkit.EventUserCreate}})
	h.runOnce()
	h.to.took()
	h.clock.Advance(time.Second)
	h.to.says(500)
	began := h.clock.Now()
	h.signUp(h.email())
	tries := 0
	for h.clock.Now().Sub(began) < 100*time.Hour {
		h.runOnce()
		tries += len(h.to.took())
		h.clock.Advance(30 * time.Minute)
	}
	last := h.deliveries()[0]
	h.equal("tries", tries, 11)
	h.equal("the outcome", last.State, authkit.DeliveryDead)
	h.equal("the status", last.Status, 500)
	if lasted := last.TriedAt.Sub(began); lasted < 72*time.Hour || lasted > 80*time.Hour {
		t.Errorf("tries: got them over %s, want three days", lasted)
	}
	h.to.says(204)
	if err := h.engine.ReplayDelivery(t.Context(), h.ref, last.ID); err != nil {
		t.Fatal(err)
	}
	h.equal("replayed", strings.Join(h.events(), " "), authkit.EventUserCreate)
	h.equal("the outcome", h.deliveries()[0].State, authkit.DeliveryArrived)
}

// A redirect is not followed, and an answer of any size is not read.
func TestWhatAReceiverAnswersDoesNotMatter(t *testing.T) {
	t.Parallel()
	h := newHookStage(t, authkit.WebhookPatch{Types: &[]string{authkit.EventUserCreate}})
	h.runOnce()
	h.clock.Advance(time.Second)
	elsewhere := newHookServer(t)
	h.to.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	h.signUp(h.email())
	h.runOnce()
	h.equal("what came to where it redirects", len(elsewhere.took()), 0)
	h.equal("the outcome", h.deliveries()[0].State, authkit.DeliveryWaits)
	h.to.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 4096 {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	h.clock.Advance(6 * time.Second)
	h.runOnce()
	h.equal("the outcome of an endless answer", h.deliveries()[0].State, authkit.DeliveryArrived)
}

// A webhook can be disabled where its URL is not taken any more, since the host has changed its rules.
func TestAWebhookOfAFormerRuleIsDisabled(t *testing.T) {
	t.Parallel()
	h := newHookStage(t, authkit.WebhookPatch{})
	strict, err := authkit.New(authkit.Config{
		Store: h.inner, BaseURL: base, Mailer: h.outbox, Now: h.clock.Now, Secrets: [][]byte{make([]byte, 32)}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := strict.ChangeWebhook(t.Context(), h.ref, authkit.WebhookPatch{Enabled: new(false)})
	if err != nil || got.Enabled {
		t.Errorf("got %+v, %v, want it disabled", got, err)
	}
	if _, err := strict.ChangeWebhook(t.Context(), h.ref, authkit.WebhookPatch{URL: &h.to.URL}); codeOf(err) != authkit.CodeInvalidRequest {
		t.Errorf("its URL again: got %v, want %s", err, authkit.CodeInvalidRequest)
	}
}
