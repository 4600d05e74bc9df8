// Package webhook signs what is sent to a webhook, in the form of Standard Webhooks 1.0
// (www.standardwebhooks.com).
//
//	key := webhook.NewKey()
//	shown := webhook.Secret(key) // whsec_…, for the receiver
//	webhook.Sign(request.Header, id, now, body, key)
package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// KeySize is the size of a key, in bytes.
const KeySize = 32

// prefix begins the text of each secret.
const prefix = "whsec_"

// The headers of a delivery.
const (
	idHeader        = "Webhook-Id"
	timestampHeader = "Webhook-Timestamp"
	signatureHeader = "Webhook-Signature"
)

// NewKey returns a random key.
func NewKey() []byte {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // it does not fail
	return key
}

// Secret is the text by which a receiver is told a key.
func Secret(key []byte) string { return prefix + base64.StdEncoding.EncodeToString(key) }

// Sign sets the headers of a delivery. The id stays the same through all tries of one delivery, so
// that a receiver knows what it has had. There is a signature for each key, the newest first.
func Sign(header http.Header, id string, at time.Time, body []byte, keys ...[]byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	signatures := make([]string, len(keys))
	for i, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + stamp + "."))
		mac.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	header.Set(idHeader, id)
	header.Set(timestampHeader, stamp)
	header.Set(signatureHeader, strings.Join(signatures, " "))
}
