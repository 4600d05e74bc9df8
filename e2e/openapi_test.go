package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheAPIDocumentIsOpenAPI(t *testing.T) {
	t.Parallel()
	w, validator := setup(t, subpath), run(t, "openapi.mjs")
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"openapi":"3.1.0","info":{"title":"x","version":"1"},"paths":{"/x":{"get":{"responses":{"twohundred":{}}}}}}`))
	}))
	t.Cleanup(broken.Close)
	type verdict struct {
		Version string `json:"version"`
		Error   string `json:"error"`
	}
	ask := func(url string) (got verdict) {
		line := validator.ask(mustJSON(t, map[string]string{"url": url}))
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("openapi.mjs: got %q: %v", line, err)
		}
		return got
	}
	if got := ask(w.base + "/openapi.json"); got.Version != "3.1" || got.Error != "" {
		t.Errorf("got version %q, %q, want a valid document of 3.1", got.Version, got.Error)
	}
	if got := ask(broken.URL); !strings.Contains(got.Error, "responses") {
		t.Errorf("a broken document: got %q, want it refused for its responses", got.Error)
	}
}
