package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/internal/webhook"
)

// receive serves the URL of a webhook. took deals with an event, and may be called more than once for an id.
func receive(secret string, took func(id, event string, data []byte) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil || !verify(r.Header, body, secret) {
			http.Error(w, "the delivery is not signed by the secret, or is old", http.StatusUnauthorized)
			return
		}
		var in struct {
			Type string          `json:"type"`
			Data json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(body, &in); err != nil {
			http.Error(w, "the body is not JSON", http.StatusBadRequest)
			return
		}
		if in.Type == "webhook.challenge" {
			_, _ = w.Write(in.Data) // {"challenge":"…"}
			return
		}
		if err := took(r.Header.Get("Webhook-Id"), in.Type, in.Data); err != nil {
			http.Error(w, "try again", http.StatusInternalServerError)
		}
	})
}

// verify reports whether a delivery was signed by a secret less than five minutes ago.
func verify(header http.Header, body []byte, secret string) bool {
	at, err := strconv.ParseInt(header.Get("Webhook-Timestamp"), 10, 64)
	if err != nil || time.Since(time.Unix(at, 0)).Abs() > 5*time.Minute {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(header.Get("Webhook-Id") + "." + header.Get("Webhook-Timestamp") + "."))
	mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for one := range strings.SplitSeq(header.Get("Webhook-Signature"), " ") {
		if hmac.Equal([]byte(one), []byte(want)) {
			return true
		}
	}
	return false
}

// The receiver of docs/webhooks.md is the one above.
func TestTheReceiverOfTheDocs(t *testing.T) {
	t.Parallel()
	text := func(file string) string {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	_, code, _ := strings.Cut(text("receiver_test.go"), "// receive serves")
	code, _, _ = strings.Cut(code, "\n// The receiver of docs")
	if !strings.Contains(text("../../docs/webhooks.md"), "// receive serves"+code) {
		t.Error("docs/webhooks.md: got another receiver than that of receiver_test.go")
	}

	key := webhook.NewKey()
	fails := errors.New("down")
	var got []string
	server := receive(webhook.Secret(key), func(id, event string, data []byte) error {
		got = append(got, id+" "+event+" "+string(data))
		return map[string]error{"user.delete": fails}[event]
	})
	for name, c := range map[string]struct {
		body   string
		at     time.Time
		keys   [][]byte
		status int
		says   string
	}{
		"a challenge":                     {`{"type":"webhook.challenge","timestamp":"x","data":{"challenge":"abc"}}`, time.Now(), [][]byte{key}, 200, `{"challenge":"abc"}`},
		"a challenge of another":          {`{"type":"webhook.challenge","timestamp":"x","data":{"challenge":"abc"}}`, time.Now(), [][]byte{webhook.NewKey()}, 401, ""},
		"an event":                        {`{"type":"user.create","data":{"sequence":1}}`, time.Now(), [][]byte{webhook.NewKey(), key}, 200, ""},
		"an event that cannot be handled": {`{"type":"user.delete","data":{}}`, time.Now(), [][]byte{key}, 500, ""},
		"an old one":                      {`{"type":"user.create","data":{}}`, time.Now().Add(-time.Hour), [][]byte{key}, 401, ""},
		"no JSON":                         {`{`, time.Now(), [][]byte{key}, 400, ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/hooks", bytes.NewReader([]byte(c.body)))
		webhook.Sign(r.Header, "id", c.at, []byte(c.body), c.keys...)
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != c.status || c.says != "" && w.Body.String() != c.says {
			t.Errorf("%s: got %d %s, want %d %s", name, w.Code, w.Body, c.status, c.says)
		}
	}
	if len(got) != 2 {
		t.Errorf("events: got %q, want the two that were signed in time", got)
	}
}
