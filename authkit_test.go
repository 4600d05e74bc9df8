package authkit_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

const (
	base     = "http://localhost:8080/id"
	password = "a long enough passphrase"
)

// clock is a time that only tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is an engine with an app, mounted under a subpath.
type world struct {
	t      *testing.T
	engine *authkit.Engine
	server http.Handler
	clock  *clock
	outbox *mail.Outbox
	app    authkit.App
	key    string // an API key of app
	token  string // of the developer who owns app
	devID  string
}

func setup(t *testing.T, change ...func(*authkit.Config)) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{at: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}, outbox: mail.NewOutbox()}
	cfg := authkit.Config{
		Store: memory.New(), BaseURL: base, Mailer: w.outbox, Now: w.clock.now,
		Logger:   slog.New(slog.DiscardHandler),
		Password: authkit.PasswordConfig{MemoryKiB: 8, Time: 1},
	}
	for _, f := range change {
		f(&cfg)
	}
	engine, err := authkit.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.engine = engine
	w.server = http.StripPrefix("/id", engine.Handler())
	dev, err := engine.CreateDeveloper(t.Context(), "dev@example.com", password)
	if err != nil {
		t.Fatal(err)
	}
	w.devID = dev.ID.String()
	w.app, w.key, err = engine.CreateApp(t.Context(), w.devID, "Demo")
	if err != nil {
		t.Fatal(err)
	}
	w.token = w.signIn("console", "dev@example.com")
	return w
}

// answer is what came back, decoded if it was JSON.
type answer struct {
	*httptest.ResponseRecorder
	body map[string]any
}

// send makes a request; headers come as "Name: value".
func (w *world) send(method, path, body string, headers ...string) answer {
	w.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(w.t.Context(), method, "/id"+path, reader)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	got := answer{ResponseRecorder: httptest.NewRecorder()}
	w.server.ServeHTTP(got, r)
	if strings.Contains(got.Header().Get("Content-Type"), "json") {
		_ = json.Unmarshal(got.Body.Bytes(), &got.body)
	}
	return got
}

// want checks status and, when given, code.
func (a answer) want(t *testing.T, status int, code string) {
	t.Helper()
	if got, _ := a.body["code"].(string); a.Code != status || (code != "" && got != code) {
		t.Fatalf("got %d %s, want %d %s\n%s", a.Code, got, status, code, a.Body)
	}
}

func (w *world) signIn(app, email string) string {
	w.t.Helper()
	got := w.send("POST", "/auth/credentials/"+app, `{"email":"`+email+`","password":"`+password+`","intent":"sign_in"}`)
	got.want(w.t, 200, "")
	return got.body["token"].(string)
}

func (w *world) signUp(email string) answer {
	w.t.Helper()
	got := w.send("POST", "/auth/credentials/"+w.app.ID.String(), `{"email":"`+email+`","password":"`+password+`"}`)
	got.want(w.t, 201, "")
	return got
}

func bearer(token string) string { return "Authorization: Bearer " + token }

func TestCredentials(t *testing.T) {
	t.Parallel()
	w := setup(t)
	path := "/auth/credentials/" + w.app.ID.String()
	first := w.signUp("Ann@Example.com")
	if first.body["created"] != true || first.body["token_type"] != "Bearer" || first.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("sign-up: got %s", first.Body)
	}
	user := first.body["user"].(map[string]any)
	if user["email"] != "Ann@Example.com" || user["email_verified"] != false || user["last_login"] == nil || user["name"] != nil {
		t.Errorf("user: got %v", user)
	}
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"the right password signs in":            {`{"email":"ann@example.com","password":"` + password + `"}`, 200, ""},
		"a wrong password is refused":            {`{"email":"ann@example.com","password":"another passphrase"}`, 401, "invalid_credentials"},
		"an unknown address is the same refusal": {`{"email":"bob@example.com","password":"` + password + `","intent":"sign_in"}`, 401, "invalid_credentials"},
		"a weak password creates nobody":         {`{"email":"bob@example.com","password":"short"}`, 401, "invalid_credentials"},
		"sign_up says that a password is weak":   {`{"email":"ann@example.com","password":"short","intent":"sign_up"}`, 422, "weak_password"},
		"sign_up says that an address is taken":  {`{"email":"ann@example.com","password":"` + password + `","intent":"sign_up"}`, 409, "email_taken"},
		"an address that is none is refused":     {`{"email":"ann","password":"` + password + `"}`, 400, "invalid_request"},
		"an unknown intent is refused":           {`{"email":"ann@example.com","password":"x","intent":"x"}`, 400, "invalid_request"},
		"an unknown member is refused":           {`{"mail":"ann@example.com"}`, 400, "invalid_request"},
		"the user's own address is no password":  {`{"email":"carol.smith@example.com","password":"carol.smith1","intent":"sign_up"}`, 422, "weak_password"},
	} {
		t.Run(name, func(t *testing.T) {
			w.clock.advance(time.Minute)
			w.send("POST", path, c.body).want(t, c.status, c.code)
		})
	}
	t.Run("the console takes no sign-up", func(t *testing.T) {
		w.send("POST", "/auth/credentials/console", `{"email":"eve@example.com","password":"`+password+`"}`).want(t, 401, "invalid_credentials")
		w.send("POST", "/auth/credentials/console", `{"email":"eve@example.com","password":"`+password+`","intent":"sign_up"}`).want(t, 403, "signup_disabled")
	})
	t.Run("sixteen sign-ups of one address have one winner", func(t *testing.T) {
		w.clock.advance(time.Hour)
		var wg sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		for range 10 {
			wg.Go(func() {
				got := w.send("POST", path, `{"email":"race@example.com","password":"`+password+`","intent":"sign_up"}`)
				mu.Lock()
				defer mu.Unlock()
				statuses[got.Code]++
			})
		}
		wg.Wait()
		if statuses[201] != 1 || statuses[409] != 9 {
			t.Errorf("statuses: got %v, want one 201 and nine 409", statuses)
		}
	})
	t.Run("the eleventh attempt of a minute on an address is refused", func(t *testing.T) {
		w.clock.advance(time.Hour)
		for range 10 {
			w.send("POST", path, `{"email":"dave@example.com","password":"nonsense","intent":"sign_in"}`).want(t, 401, "")
		}
		got := w.send("POST", path, `{"email":"dave@example.com","password":"nonsense","intent":"sign_in"}`)
		got.want(t, 429, "rate_limited")
		if got.Header().Get("Retry-After") == "" {
			t.Error("Retry-After: got none")
		}
	})
}

func TestMe(t *testing.T) {
	t.Parallel()
	w := setup(t)
	in := w.signUp("ann@example.com").body["token"].(string)
	path := "/auth/me/" + w.app.ID.String()
	w.send("GET", path, "", bearer(in)).want(t, 200, "")
	w.send("GET", path, "").want(t, 401, "unauthenticated")
	w.send("GET", path, "", bearer(w.token)).want(t, 401, "invalid_token")
	w.send("GET", path, "", bearer(w.key)).want(t, 401, "invalid_token")
	w.send("GET", path, "", "Authorization: Basic eDp5").want(t, 401, "unauthenticated")
	w.send("GET", path, "", "Authorization: Bearer  x").want(t, 400, "invalid_request")
	w.send("GET", "/auth/me/console", "", bearer(in)).want(t, 401, "invalid_token")
	w.clock.advance(17 * time.Minute)
	w.send("GET", path, "", bearer(in)).want(t, 401, "invalid_token")
}

func TestManagement(t *testing.T) {
	t.Parallel()
	w := setup(t)
	app := "/apps/" + w.app.ID.String()
	dev := bearer(w.token)

	t.Run("apps belong to their developer", func(t *testing.T) {
		if _, err := w.engine.CreateDeveloper(t.Context(), "eve@example.com", password); err != nil {
			t.Fatal(err)
		}
		eve := bearer(w.signIn("console", "eve@example.com"))
		for _, path := range []string{app, app + "/api-keys"} {
			w.send("GET", path, "", eve).want(t, 404, "app_not_found")
			w.send("GET", path, "", dev).want(t, 200, "")
			w.send("GET", path, "").want(t, 401, "unauthenticated")
		}
		w.send("PATCH", app, `{"name":"Mine"}`, eve).want(t, 404, "app_not_found")
		w.send("POST", app+"/api-keys", `{}`, eve).want(t, 404, "app_not_found")
		if got := w.send("GET", "/apps/", "", eve); len(got.body["apps"].([]any)) != 0 {
			t.Errorf("apps: got %s, want none", got.Body)
		}
	})
	t.Run("names are unique for a developer", func(t *testing.T) {
		w.send("POST", "/apps/", `{"name":"DEMO"}`, dev).want(t, 409, "app_name_taken")
		w.send("POST", "/apps", `{"name":"a@b"}`, dev).want(t, 400, "invalid_request")
		got := w.send("POST", "/apps", `{"name":"Second"}`, dev)
		got.want(t, 201, "")
		if key, _ := got.body["api_key"].(string); !strings.HasPrefix(key, "ak_") {
			t.Errorf("api_key: got %q", key)
		}
	})
	t.Run("settings change at once", func(t *testing.T) {
		w.send("PATCH", app, `{"signup":"closed","redirect_urls":["https://example.com/cb"],"origins":["https://example.com"]}`, dev).want(t, 200, "")
		w.send("POST", "/auth/credentials/"+w.app.ID.String(), `{"email":"x@example.com","password":"`+password+`","intent":"sign_up"}`).want(t, 403, "signup_disabled")
		w.send("PATCH", app, `{"signup":"perhaps"}`, dev).want(t, 400, "invalid_request")
		w.send("PATCH", app, `{"origins":["https://example.com/"]}`, dev).want(t, 400, "invalid_request")
		w.send("PATCH", app, `{"redirect_urls":["https://example.com/?code=1"]}`, dev).want(t, 400, "invalid_request")
		w.send("PATCH", app, `{"signup":"open"}`, dev).want(t, 200, "")
	})
	t.Run("a new API key retires the old one", func(t *testing.T) {
		users := "/users/" + w.app.ID.String()
		w.send("GET", users, "", bearer(w.key)).want(t, 200, "")
		got := w.send("POST", app+"/api-keys", `{"name":"ci","scopes":["users:write"]}`, dev)
		got.want(t, 201, "")
		w.send("GET", users, "", bearer(w.key)).want(t, 401, "invalid_api_key")
		w.send("GET", users, "", "Authorization: ApiKey "+got.body["key"].(string)).want(t, 403, "forbidden")
		w.send("DELETE", app+"/api-keys/"+got.body["id"].(string), "", dev).want(t, 204, "")
		w.send("DELETE", app+"/api-keys/"+got.body["id"].(string), "", dev).want(t, 404, "not_found")
		w.send("GET", users, "", bearer(got.body["key"].(string))).want(t, 401, "invalid_api_key")
		w.send("POST", app+"/api-keys", `{"overlap_seconds":604801}`, dev).want(t, 400, "invalid_request")
	})
	t.Run("the console has no management routes", func(t *testing.T) {
		w.send("GET", "/apps/"+authkit.Console.String(), "", dev).want(t, 404, "app_not_found")
		w.send("GET", "/apps/console", "", dev).want(t, 404, "app_not_found")
	})
}

func TestUsersList(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.Limits.InsecureOff = true })
	for _, name := range []string{"ann", "bob", "carol", "dave", "eve"} {
		w.clock.advance(time.Second)
		w.signUp(name + "@example.com")
	}
	path := "/users/" + w.app.ID.String()
	var seen []string
	next := "?limit=2"
	for range 5 {
		got := w.send("GET", path+next, "", bearer(w.key))
		got.want(t, 200, "")
		for _, u := range got.body["users"].([]any) {
			seen = append(seen, strings.TrimSuffix(u.(map[string]any)["email"].(string), "@example.com"))
		}
		cursor, more := got.body["next_cursor"].(string)
		if !more {
			break
		}
		if want := `<` + base + path + `?cursor=` + cursor + `&limit=2>; rel="next"`; got.Header().Get("Link") != want {
			t.Errorf("Link: got %q, want %q", got.Header().Get("Link"), want)
		}
		w.send("GET", path+"?q=a&cursor="+cursor, "", bearer(w.key)).want(t, 400, "invalid_request")
		next = "?limit=2&cursor=" + cursor
	}
	if got, want := strings.Join(seen, " "), "eve dave carol bob ann"; got != want {
		t.Errorf("users: got %q, want %q", got, want)
	}
	for query, want := range map[string]int{"?email=ANN@example.com": 1, "?q=Ca": 1, "?auth_method=oauth": 0, "?auth_method=credentials": 5, "?q=%25": 0} {
		got := w.send("GET", path+query, "", bearer(w.key))
		got.want(t, 200, "")
		if n := len(got.body["users"].([]any)); n != want {
			t.Errorf("%s: got %d users, want %d", query, n, want)
		}
	}
	for _, query := range []string{"?limit=0", "?limit=501", "?limit=x", "?cursor=x", "?limit=1&limit=2", "?email=x", "?auth_method=x"} {
		w.send("GET", path+query, "", bearer(w.key)).want(t, 400, "invalid_request")
	}
	lines := w.send("GET", path, "", bearer(w.key), "Accept: application/x-ndjson")
	if n := strings.Count(lines.Body.String(), "\n"); n != 5 || lines.Header().Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("ndjson: got %d lines of %q, want 5", n, lines.Header().Get("Content-Type"))
	}
}

func TestConventions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.app.ID.String()
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		code               string
	}{
		"an unknown path":                      {"GET", "/nothing", "", nil, 404, "not_found"},
		"the bare mount":                       {"GET", "/", "", nil, 404, "not_found"},
		"an unclean path":                      {"GET", "//apps", "", nil, 404, "not_found"},
		"a path with dots":                     {"GET", "/apps/../apps", "", nil, 404, "not_found"},
		"another method":                       {"DELETE", "/apps", "", nil, 405, "method_not_allowed"},
		"GET on a POST-only word":              {"GET", "/auth/credentials/" + id, "", nil, 405, "method_not_allowed"},
		"a plain OPTIONS":                      {"OPTIONS", "/apps", "", nil, 405, "method_not_allowed"},
		"a method before a credential":         {"PUT", "/users/" + id, "", nil, 405, "method_not_allowed"},
		"an id in upper case":                  {"POST", "/auth/credentials/" + strings.ToUpper(id), "{}", nil, 404, "app_not_found"},
		"an unknown app before a bad body":     {"POST", "/auth/credentials/00000000-0000-7000-8000-000000000001", "nonsense", nil, 404, "app_not_found"},
		"a credential before the app":          {"GET", "/apps/nonsense", "", nil, 401, "unauthenticated"},
		"a body on GET":                        {"GET", "/healthz", "{}", nil, 400, "invalid_request"},
		"another content type":                 {"POST", "/auth/credentials/" + id, "{}", []string{"Content-Type: text/plain"}, 415, "unsupported_media_type"},
		"too much":                             {"POST", "/auth/credentials/" + id, `{"email":"` + strings.Repeat("a", 65536) + `"}`, nil, 413, "body_too_large"},
		"a cross-origin POST":                  {"POST", "/auth/credentials/" + id, "{}", []string{"Origin: https://evil.example"}, 403, "forbidden"},
		"a cross-site POST":                    {"POST", "/auth/credentials/" + id, "{}", []string{"Sec-Fetch-Site: cross-site"}, 403, "forbidden"},
		"a cross-origin POST before the token": {"POST", "/apps", "{}", []string{"Origin: null"}, 403, "forbidden"},
		"health":                               {"GET", "/healthz", "", nil, 200, ""},
		"readiness":                            {"GET", "/readyz", "", nil, 200, ""},
		"an error's page":                      {"GET", "/errors/rate_limited", "", nil, 200, ""},
		"the page of no error":                 {"GET", "/errors/nonsense", "", nil, 404, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.send(c.method, c.path, c.body, c.headers...)
			got.want(t, c.status, c.code)
			header := got.Header()
			if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("X-Request-ID") == "" ||
				header.Get("Referrer-Policy") != "no-referrer" || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("headers: got %v", header)
			}
			if c.status >= 400 {
				if got.body["type"] != base+"/errors/"+c.code || got.body["request_id"] != header.Get("X-Request-ID") ||
					header.Get("Content-Type") != "application/problem+json" {
					t.Errorf("problem: got %s", got.Body)
				}
			}
			if c.status == 405 && header.Get("Allow") == "" {
				t.Error("Allow: got none")
			}
			if c.status == 401 && header.Get("WWW-Authenticate") == "" {
				t.Error("WWW-Authenticate: got none")
			}
		})
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	w := setup(t)
	friend := "https://friend.example"
	if _, err := w.engine.ChangeApp(t.Context(), w.devID, w.app.ID, authkit.AppPatch{Origins: &[]string{friend}}); err != nil {
		t.Fatal(err)
	}
	path := "/auth/credentials/" + w.app.ID.String()
	pre := w.send("OPTIONS", path, "", "Origin: "+friend, "Access-Control-Request-Method: POST")
	if pre.Code != 204 || pre.Header().Get("Access-Control-Allow-Origin") != friend || pre.Header().Get("Vary") != "Origin" {
		t.Errorf("preflight: got %d %v", pre.Code, pre.Header())
	}
	pre = w.send("OPTIONS", path, "", "Origin: https://evil.example", "Access-Control-Request-Method: POST")
	if pre.Code != 204 || pre.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("foreign preflight: got %d %v", pre.Code, pre.Header())
	}
	got := w.send("POST", path, `{"email":"ann@example.com","password":"`+password+`"}`, "Origin: "+friend, "Sec-Fetch-Site: cross-site")
	got.want(t, 201, "")
	if got.Header().Get("Access-Control-Allow-Origin") != friend {
		t.Errorf("Access-Control-Allow-Origin: got %q, want %q", got.Header().Get("Access-Control-Allow-Origin"), friend)
	}
	w.send("POST", "/apps", `{}`, "Origin: "+friend).want(t, 403, "forbidden")
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	w := setup(t)
	issuer := base + "/apps/" + w.app.ID.String()
	got := w.send("GET", "/apps/"+w.app.ID.String()+"/.well-known/openid-configuration", "")
	got.want(t, 200, "")
	if got.body["issuer"] != issuer || got.body["jwks_uri"] != issuer+"/.well-known/jwks.json" {
		t.Errorf("metadata: got %s", got.Body)
	}
	keys := w.send("GET", "/apps/"+w.app.ID.String()+"/.well-known/jwks.json", "")
	keys.want(t, 200, "")
	if strings.Contains(keys.Body.String(), `"d"`) || !strings.Contains(keys.Body.String(), `"use":"sig"`) || !strings.Contains(keys.Header().Get("Cache-Control"), "max-age") {
		t.Errorf("keys: got %s", keys.Body)
	}
}

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
		"a user":                       {host(must, bearer(in)), 200},
		"nobody":                       {host(must), 401},
		"a developer":                  {host(must, bearer(w.token)), 401},
		"nobody where that is allowed": {host(may), 200},
		"a wrong token even there":     {host(may, bearer("nonsense")), 401},
	} {
		if c.got.Code != c.want {
			t.Errorf("%s: got %d, want %d", name, c.got.Code, c.want)
		}
	}
}

func TestNewReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := authkit.New(authkit.Config{BaseURL: "http://example.com/", Tokens: authkit.TokenConfig{AccessTTL: -1}})
	if err == nil {
		t.Fatal("New: got nil")
	}
	for _, field := range []string{"BaseURL", "Mailer", "Store", "Secrets", "Tokens.AccessTTL"} {
		if !strings.Contains(err.Error(), "Config."+field+" ") {
			t.Errorf("New: got %q, want it to name %s", err, field)
		}
	}
}

func TestNewRefusesOtherSecrets(t *testing.T) {
	t.Parallel()
	store := memory.New()
	open := func(secrets ...string) error {
		cfg := authkit.Config{Store: store, BaseURL: base, Mailer: mail.NewOutbox()}
		for _, s := range secrets {
			cfg.Secrets = append(cfg.Secrets, []byte(strings.Repeat(s, 32)))
		}
		_, err := authkit.New(cfg)
		return err
	}
	for _, c := range []struct {
		secrets []string
		ok      bool
	}{{[]string{"a"}, true}, {[]string{"a"}, true}, {[]string{"b"}, false}, {[]string{"b", "a"}, true}, {nil, false}} {
		if err := open(c.secrets...); (err == nil) != c.ok {
			t.Errorf("New with %v: got %v, want ok %v", c.secrets, err, c.ok)
		}
	}
}
