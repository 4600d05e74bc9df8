package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const readerKey = "the key of the reader"

// read returns what a reader with the key sends about a badge.
func read(t *testing.T, key, badge string, at time.Time) string {
	t.Helper()
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%s.%d", badge, at.Unix())
	text, err := json.Marshal(proof{badge, at.Unix(), base64.StdEncoding.EncodeToString(mac.Sum(nil))})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestABadgeSignsIn(t *testing.T) {
	t.Parallel()
	handler, err := newHandler(t.Context(), []byte(readerKey))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, c := range []struct {
		name, body string
		status     int
		part       string
	}{
		{"the reader's word signs in", read(t, readerKey, "4711", now), 200, `"refresh_token":"rt_`},
		{"the same word does not", read(t, readerKey, "4711", now), 401, "the badge was not read"},
		{"an older one does not", read(t, readerKey, "4711", now.Add(-time.Second)), 401, "the badge was not read"},
		{"a word of the past does not", read(t, readerKey, "4712", now.Add(-time.Hour)), 401, "the badge was not read"},
		{"another key does not", read(t, "another key of a reader", "4711", now.Add(time.Second)), 401, "the badge was not read"},
		{"a badge without a user does not", read(t, readerKey, "4712", now), 404, "no such user"},
		{"no word does not", "{}", 401, "the badge was not read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/badge", strings.NewReader(c.body))
			got := httptest.NewRecorder()
			if handler.ServeHTTP(got, r); got.Code != c.status || !strings.Contains(got.Body.String(), c.part) {
				t.Errorf("got %d %s, want %d with %q", got.Code, got.Body, c.status, c.part)
			}
		})
	}
}

func TestAKeyIsRequired(t *testing.T) {
	t.Parallel()
	if _, err := newHandler(t.Context(), []byte("short")); err == nil {
		t.Error("a key of five bytes: got no error, want one")
	}
}
