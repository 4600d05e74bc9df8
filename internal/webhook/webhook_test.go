package webhook_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/internal/webhook"
)

// The example of the specification of Standard Webhooks.
func TestSign(t *testing.T) {
	t.Parallel()
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	webhook.Sign(header, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), key, []byte("another"))
	if got := header.Get("Webhook-Id"); got != "msg_p5jXN8AQM9LWM0D4loKWxJek" {
		t.Errorf("webhook-id: got %q", got)
	}
	if got := header.Get("Webhook-Timestamp"); got != "1614265330" {
		t.Errorf("webhook-timestamp: got %q", got)
	}
	all := strings.Split(header.Get("Webhook-Signature"), " ")
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; len(all) != 2 || all[0] != want || all[1] == want || !strings.HasPrefix(all[1], "v1,") {
		t.Errorf("webhook-signature: got %q, want %q, and that of the other key", all, want)
	}
}

func TestAKeyIsRandomAndItsSecretHoldsIt(t *testing.T) {
	t.Parallel()
	one, two := webhook.NewKey(), webhook.NewKey()
	if len(one) != webhook.KeySize || bytes.Equal(one, two) {
		t.Errorf("keys: got %x and %x, want two of %d bytes", one, two, webhook.KeySize)
	}
	text, ok := strings.CutPrefix(webhook.Secret(one), "whsec_")
	if got, err := base64.StdEncoding.DecodeString(text); !ok || err != nil || !bytes.Equal(got, one) {
		t.Errorf("Secret: got %s, %v, want the key", webhook.Secret(one), err)
	}
}
