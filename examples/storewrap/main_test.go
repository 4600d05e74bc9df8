package main

import (
	"encoding/json"
	"expvar"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) storetest.Opened {
		return storetest.Opened{Store: measured{memory.New(), new(expvar.Map)}}
	})
}

func TestCallsAreCounted(t *testing.T) {
	t.Parallel()
	handler, app, err := newHandler(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	send := func(method, path, body string) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		got := httptest.NewRecorder()
		handler.ServeHTTP(got, r)
		return got
	}
	ann := `{"email":"ann@example.com","password":"correct horse battery"}`
	for _, status := range []int{201, 200} {
		if got := send("POST", "/id/auth/credentials/"+app.String(), ann); got.Code != status {
			t.Fatalf("sign-in: got %d %s, want %d", got.Code, got.Body, status)
		}
	}
	var sums map[string]int64
	if err := json.Unmarshal(send("GET", "/debug/vars", "").Body.Bytes(), &sums); err != nil {
		t.Fatal(err)
	}
	for sum, want := range map[string]int64{"CreateUser calls": 1, "ChangeUser calls": 1, "Account calls": 2} {
		if sums[sum] != want {
			t.Errorf("%s: got %d, want %d", sum, sums[sum], want)
		}
	}
	if sums["Hit calls"] == 0 || sums["CreateUser ns"] == 0 {
		t.Errorf("got %v, want limits counted and time measured", sums)
	}
}
