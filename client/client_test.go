package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// server answers with what a test says, and notes the requests.
type server struct {
	*httptest.Server

	mu      sync.Mutex
	asked   []string // method, path and query, body
	answers []http.HandlerFunc
	waits   []time.Duration
}

// newServer returns a server that gives the answers in order, and a client of it that does not
// sleep.
func newServer(t *testing.T, answers ...http.HandlerFunc) (*server, *Client) {
	t.Helper()
	s := &server{answers: answers}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	c, err := New(s.URL+"/id", token.NewAPIKey(uuid.MustParse(app)))
	if err != nil {
		t.Fatal(err)
	}
	c.jitter = func() float64 { return 1 }
	c.sleep = func(ctx context.Context, d time.Duration) error { s.waits = append(s.waits, d); return ctx.Err() }
	return s, c
}

const app = "00000000-0000-7000-8000-00000000000a"

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)))
	n := len(s.asked)
	s.mu.Unlock()
	if n > len(s.answers) {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	s.answers[n-1](w, r)
}

// requests returns what was asked for so far.
func (s *server) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if status >= 400 {
			w.Header().Set("Content-Type", "application/problem+json")
			w.Header().Set("X-Request-ID", "r1")
		}
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func problem(code Code) string { return fmt.Sprintf(`{"code":%q,"detail":"no"}`, code) }

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	key := token.NewAPIKey(uuid.MustParse(app))
	for name, c := range map[string]struct{ base, key, want string }{
		"a base URL without a scheme":   {"example.com/auth", key, `base URL "example.com/auth" is not scheme, host`},
		"a base URL with a query":       {"https://example.com/auth?x", key, "is not scheme, host"},
		"http beyond loopback":          {"http://example.com/auth", key, "use https, or InsecureAllowHTTP"},
		"a key that was cut":            {"https://example.com/auth", key[:40], "the API key is not a whole one"},
		"a token in the place of a key": {"https://example.com/auth", "rt_" + key[3:], "the API key is not a whole one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(c.base, c.key)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), c.key[3:]) {
				t.Errorf("got %v, want %q in it, without the key", err, c.want)
			}
		})
	}
	for _, base := range []string{"http://localhost:8080/id", "http://127.0.0.1/", "https://example.com"} {
		if c, err := New(base, key); err != nil || c.App() != app {
			t.Errorf("%s: got app %v, %v, want %s", base, c, err, app)
		}
	}
	if _, err := New("http://example.com", key, InsecureAllowHTTP()); err != nil {
		t.Errorf("InsecureAllowHTTP: got %v, want nil", err)
	}
}

func TestUsersAreReadPageByPage(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, says(200, `{"users":[{"user_id":"1","name":null,"last_login":null},{"user_id":"2","name":"Bob"}],"next_cursor":"a b"}`), says(200, `{"users":[{"user_id":"3"}]}`))
	var ids []string
	for u, err := range c.Users(t.Context(), Filter{Prefix: "x&y", PageSize: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, u.ID+u.Name)
	}
	if want := []string{"1", "2Bob", "3"}; !slices.Equal(ids, want) {
		t.Errorf("users: got %q, want %q", ids, want)
	}
	want := []string{"GET /id/users/" + app + "?limit=2&q=x%26y", "GET /id/users/" + app + "?cursor=a+b&limit=2&q=x%26y"}
	if !slices.Equal(s.requests(), want) {
		t.Errorf("requests: got %q, want %q", s.requests(), want)
	}
	t.Run("and no further than the loop goes", func(t *testing.T) {
		t.Parallel()
		s, c := newServer(t, says(200, `{"users":[{"user_id":"1"},{"user_id":"2"}],"next_cursor":"c"}`))
		for range c.Users(t.Context(), Filter{}) {
			break
		}
		if len(s.requests()) != 1 {
			t.Errorf("requests: got %q, want one", s.requests())
		}
	})
	t.Run("and not for ever", func(t *testing.T) {
		t.Parallel()
		same := says(200, `{"users":[],"next_cursor":"c"}`)
		_, c := newServer(t, same, same, same)
		var last error
		for _, err := range c.Users(t.Context(), Filter{}) {
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), "the same again") {
			t.Errorf("got %v, want the same page refused", last)
		}
	})
}

func TestChangeSendsWhatIsSet(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, says(200, `{"user_id":"1","disabled":true,"disabled_reason":"asked"}`), says(200, `{}`))
	u, err := c.ChangeUser(t.Context(), "1", Change{Disabled: new(true), DisabledReason: new("asked"), Name: new("")})
	if err != nil || !u.Disabled || u.DisabledReason != "asked" || u.ID != "1" {
		t.Errorf("got %+v, %v, want the account", u, err)
	}
	if _, err := c.ChangeUser(t.Context(), "a/b?", Change{EmailVerified: new(true), Keep: true}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"PATCH /id/users/" + app + `/1 {"disabled":true,"disabled_reason":"asked","name":null}`,
		"PATCH /id/users/" + app + `/a%2Fb%3F {"email_verified":true,"keep":true}`,
	}
	if !slices.Equal(s.requests(), want) {
		t.Errorf("requests: got %q, want %q", s.requests(), want)
	}
	for _, id := range []string{"", ".", ".."} {
		if err := c.DeleteUser(t.Context(), id); !errors.Is(err, CodeUserNotFound) {
			t.Errorf("user %q: got %v, want %v", id, err, CodeUserNotFound)
		}
	}
}

// TestRetries tells for each method which failures lead to another try.
func TestRetries(t *testing.T) {
	t.Parallel()
	calls := map[string]func(context.Context, *Client) error{
		"GET": func(ctx context.Context, c *Client) error { _, err := c.User(ctx, "1"); return err },
		"POST": func(ctx context.Context, c *Client) error {
			_, err := c.CreateUser(ctx, NewUser{Email: "a@example.com"})
			return err
		},
		"PATCH": func(ctx context.Context, c *Client) error {
			_, err := c.ChangeUser(ctx, "1", Change{Name: new("A")})
			return err
		},
		"DELETE": func(ctx context.Context, c *Client) error { return c.DeleteUser(ctx, "1") },
	}
	for name, c := range map[string]struct {
		fails http.HandlerFunc
		again []string
	}{
		"429":                     {says(429, problem(CodeRateLimited)), []string{"DELETE", "GET", "PATCH", "POST"}},
		"503":                     {says(503, problem(CodeUnavailable)), []string{"DELETE", "GET", "PATCH"}},
		"502":                     {says(502, ""), []string{"DELETE", "GET"}},
		"504":                     {says(504, ""), []string{"DELETE", "GET"}},
		"a connection that broke": {hangUp, []string{"DELETE", "GET"}},
		"500":                     {says(500, problem(CodeInternal)), nil},
		"400":                     {says(400, problem(CodeInvalidRequest)), nil},
		"401":                     {says(401, problem(CodeInvalidAPIKey)), nil},
		"404":                     {says(404, problem(CodeUserNotFound)), nil},
	} {
		for method, call := range calls {
			t.Run(name+" to "+method, func(t *testing.T) {
				t.Parallel()
				s, cl := newServer(t, c.fails, says(200, `{}`))
				err := call(t.Context(), cl)
				if again := slices.Contains(c.again, method); again != (len(s.requests()) == 2) || again != (err == nil) {
					t.Errorf("got %d requests and %v, want a second one: %v", len(s.requests()), err, again)
				}
			})
		}
	}
	t.Run("wait twice as long each time, and end", func(t *testing.T) {
		t.Parallel()
		down := says(503, problem(CodeUnavailable))
		s, c := newServer(t, down, down, down, down)
		_, err := c.User(t.Context(), "1")
		if want := []time.Duration{200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond}; !slices.Equal(s.waits, want) || !errors.Is(err, CodeUnavailable) {
			t.Errorf("got waits %v and %v, want %v and %v", s.waits, err, want, CodeUnavailable)
		}
	})
	t.Run("wait as long as the server asks for", func(t *testing.T) {
		t.Parallel()
		s, c := newServer(t, says(429, problem(CodeRateLimited), "Retry-After: 7"), says(200, `{}`))
		if _, err := c.CreateUser(t.Context(), NewUser{}); err != nil || !slices.Equal(s.waits, []time.Duration{7 * time.Second}) {
			t.Errorf("got waits %v and %v, want 7s", s.waits, err)
		}
	})
	t.Run("do not wait for minutes", func(t *testing.T) {
		t.Parallel()
		s, c := newServer(t, says(429, problem(CodeRateLimited), "Retry-After: 3600"))
		_, err := c.User(t.Context(), "1")
		if e, ok := errors.AsType[*Error](err); !ok || e.RetryAfter != time.Hour || len(s.waits) != 0 {
			t.Errorf("got %v after waits %v, want the refusal at once, with its time", err, s.waits)
		}
	})
	t.Run("end with the context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		s, c := newServer(t, says(503, problem(CodeUnavailable)))
		c.sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return sleep(ctx, time.Hour) }
		_, err := c.User(ctx, "1")
		if !errors.Is(err, context.Canceled) || !errors.Is(err, CodeUnavailable) || len(s.requests()) != 1 {
			t.Errorf("got %v after %d requests, want both errors after one", err, len(s.requests()))
		}
	})
	t.Run("of a deletion whose answer was lost", func(t *testing.T) {
		t.Parallel()
		_, c := newServer(t, hangUp, says(404, problem(CodeUserNotFound)))
		if err := c.DeleteUser(t.Context(), "1"); err != nil {
			t.Errorf("got %v, want nil: the first try deleted the user", err)
		}
		_, c = newServer(t, says(429, problem(CodeRateLimited)), says(404, problem(CodeUserNotFound)))
		if err := c.DeleteUser(t.Context(), "1"); !errors.Is(err, CodeUserNotFound) {
			t.Errorf("after 429: got %v, want %v", err, CodeUserNotFound)
		}
	})
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   Error
		text   string
	}{
		"of authkit": {
			says(400, `{"code":"invalid_request","detail":"bad","request_id":"r1","errors":[{"field":"email","code":"invalid_email","detail":"email is none"}]}`),
			Error{Status: 400, Code: CodeInvalidRequest, Detail: "bad", RequestID: "r1", Fields: []FieldError{{"email", "invalid_email", "email is none"}}},
			"authkit: 400 invalid_request: bad; email is none (request r1)",
		},
		"with a code that is not known yet": {says(409, problem("external_id_taken")), Error{Status: 409, Code: "external_id_taken", Detail: "no", RequestID: "r1"}, "authkit: 409 external_id_taken: no (request r1)"},
		"of a proxy": {
			says(403, "<h1>Forbidden</h1>", "Content-Type: text/html"), Error{Status: 403, Detail: `the answer is not authkit's: its content type is "text/html"`, RequestID: "r1"},
			`authkit: 403: the answer is not authkit's: its content type is "text/html" (request r1)`,
		},
		"of a redirect": {
			says(301, "", "Location: https://elsewhere.example/"), Error{Status: 301, Detail: `the answer is a redirect to "https://elsewhere.example/", which is not followed`},
			`authkit: 301: the answer is a redirect to "https://elsewhere.example/", which is not followed`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, cl := newServer(t, c.answer)
			_, err := cl.CreateUser(t.Context(), NewUser{Email: "a"})
			got, ok := errors.AsType[*Error](err)
			if !ok || fmt.Sprint(*got) != fmt.Sprint(c.want) || err.Error() != c.text {
				t.Errorf("got %+v, want %+v with the text %q", err, c.want, c.text)
			}
			if c.want.Code != "" && !errors.Is(err, c.want.Code) {
				t.Errorf("errors.Is: got false for %s, want true", c.want.Code)
			}
		})
	}
	t.Run("an answer that is no JSON", func(t *testing.T) {
		t.Parallel()
		_, c := newServer(t, says(200, "<html>"))
		if _, err := c.User(t.Context(), "1"); err == nil || !strings.Contains(err.Error(), "not the expected JSON") {
			t.Errorf("got %v, want the answer refused", err)
		}
	})
}

func TestForward(t *testing.T) {
	t.Parallel()
	var got http.Header
	s, c := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		w.Header().Set("Location", "https://provider.example.com/authorize") // as the begin of a provider's flow
		w.WriteHeader(http.StatusFound)
	})
	send := func(url string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.Forward(r, netip.MustParseAddr("2001:db8::1"), "Phone/1")
	}
	res, err := send(s.URL + "/id/auth/github/" + app)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusFound {
		t.Errorf("got %d, want the redirect as the answer", res.StatusCode)
	}
	if got.Get("X-Authkit-Key") != c.key || got.Get("X-Authkit-Client-IP") != "2001:db8::1" || got.Get("X-Authkit-User-Agent") != "Phone/1" { //nolint:canonicalheader // as the contract writes it
		t.Errorf("headers: got %v, want the key, the address and the user agent", got)
	}
	for _, url := range []string{"https://example.com/id/auth/github/" + app, s.URL + "/idle", s.URL + "/"} {
		if res, err := send(url); err == nil || len(s.requests()) != 1 {
			if err == nil {
				_ = res.Body.Close()
			}
			t.Errorf("%s: got %v after %d requests, want it refused and not sent", url, err, len(s.requests()))
		}
	}
}
