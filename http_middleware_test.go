package authkit_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/storetest"
)

func TestRequire(t *testing.T) {
	t.Parallel()
	w := setup(t)
	in := w.signUp("ann@example.com").body["token"].(string)
	host := func(wrap func(http.Handler) http.Handler, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/mine", nil)
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			r.Header.Set(name, value)
		}
		rec := httptest.NewRecorder()
		wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, ok := authkit.IdentityFrom(r.Context())
			if ok {
				_, _ = io.WriteString(w, id.User.String()+" "+id.Email)
			}
		})).ServeHTTP(rec, r)
		return rec
	}
	must, may := w.engine.Require(authkit.ForApp(w.app.ID)), w.engine.Optional(authkit.ForApp(w.app.ID))
	for name, c := range map[string]struct {
		got  *httptest.ResponseRecorder
		want int
	}{
		"a user":                     {host(must, bearer(in)), 200},
		"no credential":              {host(must), 401},
		"a developer":                {host(must, bearer(w.token)), 401},
		"no credential, if optional": {host(may), 200},
		"a wrong token, if optional": {host(may, bearer("nonsense")), 401},
	} {
		if c.got.Code != c.want {
			t.Errorf("%s: got %d, want %d", name, c.got.Code, c.want)
		}
	}
}

func TestARequestThatRequireCannotJudgeIsFoundInTheLog(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	faulty := storetest.NewFaulty(memory.New())
	w := setup(t, func(c *authkit.Config) {
		c.Store, c.Logger = faulty, slog.New(slog.NewTextHandler(&log, nil))
	})
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+w.signUp("ann@example.com").field("token"))
	faulty.FailAlways(true)
	got := &answer{ResponseRecorder: httptest.NewRecorder()}
	w.engine.RequireLive(authkit.ForApp(w.app.ID))(http.NotFoundHandler()).ServeHTTP(got, r)
	var body struct {
		ID string `json:"request_id"`
	}
	if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil || got.Code != http.StatusServiceUnavailable {
		t.Fatalf("got %d %s, want 503", got.Code, got.Body)
	}
	if body.ID == "" || body.ID != got.Header().Get("X-Request-ID") || !strings.Contains(log.String(), "request_id="+body.ID) {
		t.Errorf("request id: got %q in %v, and the log %s", body.ID, got.Header(), log.String())
	}
}
