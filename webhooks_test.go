package authkit_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
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
		p := hookPost{id: q.Header.Get("webhook-id"), signatures: q.Header.Get("webhook-signature"), stamp: q.Header.Get("webhook-timestamp"), body: string(body)}
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
	h := &hookStage{stage: newStage(t, withoutLimits, func(c *authkit.Config) { c.InsecureAllowLoopbackProviders = true }), to: newHookServer(t)}
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
