package authkit_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

// guarded lists the requests that require a credential in the Authorization header, each with
// the code that refuses a wrong one.
func guarded(s *stage) map[string]struct{ path, credential, code string } {
	user := s.signUp(s.email()).text(s.t, "token")
	return map[string]struct{ path, credential, code string }{
		"a user's":      {s.in("/auth/me/{app_id}"), user, "invalid_token"},
		"an API key's":  {s.in("/users/{app_id}"), s.key, "invalid_api_key"},
		"a developer's": {"/apps", s.token, "invalid_token"},
		"an owner's":    {s.in("/apps/{app_id}"), s.token, "invalid_token"},
	}
}

func TestAuthorizationHeader(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for name, c := range guarded(s) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			get := func(values ...string) answer {
				r := s.request("GET", c.path, "")
				r.Header["Authorization"] = values
				return s.do(r)
			}
			for _, scheme := range []string{"Bearer", "bearer", "BEARER", "bEaReR"} {
				get(scheme+" "+c.credential).want(t, 200, "")
			}
			for _, scheme := range []string{"ApiKey", "apikey", "APIKEY"} {
				if want := map[bool]int{true: 200, false: 401}[c.credential == s.key]; get(scheme+" "+c.credential).Code != want {
					t.Errorf("%s: got another status, want %d", scheme, want)
				}
			}
			for _, malformed := range [][]string{
				{"Bearer " + c.credential, "Bearer " + c.credential}, {"Bearer " + c.credential, ""}, {"Bearer " + c.credential, "Basic eDp5"},
				{"Bearer  " + c.credential}, {"Bearer\t" + c.credential}, {" Bearer " + c.credential}, {"Bearer " + c.credential + " "}, {"Bearer"}, {"Bearer "}, {""},
				{"Bearer " + c.credential + ", Bearer " + c.credential}, {c.credential}, {"Bearer " + c.credential + " x"},
			} {
				if got := get(malformed...); got.Code != 400 || got.body["code"] != "invalid_request" {
					t.Errorf("%q: got %d %v, want 400 invalid_request", malformed, got.Code, got.body["code"])
				}
			}
			for _, other := range []string{"Basic eDp5", "Token " + c.credential, "Digest x", "Bearer:x " + c.credential} {
				get(other).want(t, 401, "unauthenticated")
			}
			get().want(t, 401, "unauthenticated")
			for _, wrong := range []string{c.credential + "A", c.credential[:len(c.credential)-1], strings.ToUpper(c.credential), c.credential + "=", c.credential + "%0A", "x"} {
				if got := get("Bearer " + wrong); got.Code != 401 || got.body["code"] != c.code {
					t.Errorf("%q: got %d %v, want 401 %s", wrong, got.Code, got.body["code"], c.code)
				}
			}
		})
		t.Run(name+", in the query or elsewhere", func(t *testing.T) {
			t.Parallel()
			for _, parameter := range []string{"access_token", "token", "api_key", "key", "apikey", "Authorization", "bearer"} {
				s.send("GET", c.path+"?"+parameter+"="+c.credential, "").want(t, 401, "unauthenticated")
				s.send("GET", c.path, "", "Cookie: "+parameter+"="+c.credential).want(t, 401, "unauthenticated")
			}
			for _, header := range []string{"X-Api-Key: ", "X-Auth-Token: ", "Proxy-Authorization: Bearer ", "Cookie: authkit-" + s.app.ID.String() + "="} {
				s.send("GET", c.path, "", header+c.credential).want(t, 401, "unauthenticated")
			}
			s.send("GET", c.path+"?access_token=x&token=y&api_key=z", "", bearer(c.credential)).want(t, 200, "")
		})
	}
}

func TestTwoAuthorizationHeaders(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	hosted := setup(t, func(c *authkit.Config) { c.Developers = hostDevelopers })
	for _, c := range []struct {
		w            *world
		method, path string
	}{
		{s.world, "POST", s.in("/auth/credentials/{app_id}")},
		{s.world, "POST", s.in("/auth/refresh/{app_id}")},
		{s.world, "GET", s.in("/auth/verify/{app_id}?token=x")},
		{s.world, "GET", s.in("/apps/{app_id}/.well-known/jwks.json")},
		{s.world, "GET", "/healthz"},
		{hosted, "GET", "/apps"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			r := c.w.request(c.method, c.path, "")
			r.Header["Authorization"] = []string{"Bearer x", "Bearer y"}
			r.Header.Set("X-Developer", "dev") // set by the host
			c.w.do(r).want(t, 400, "invalid_request")
		})
	}
}

func TestAUserIsAskedForEachTime(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	me := s.in("/auth/me/{app_id}")
	in := s.signUp("ann@example.com")
	token, id := in.text(t, "token"), uuid.MustParse(in.body["user"].(map[string]any)["user_id"].(string))
	s.send("GET", me, "", bearer(token)).want(t, 200, "")
	t.Run("an ended session is refused at once", func(t *testing.T) {
		sessions, err := s.inner.Sessions(t.Context(), s.app.ID, id, s.clock.Now())
		if err != nil || len(sessions) != 1 {
			t.Fatalf("sessions: got %v, %v, want 1", sessions, err)
		}
		if err := s.inner.EndSession(t.Context(), authkit.SessionEnd{App: s.app.ID, User: id, ID: sessions[0].ID, Now: s.clock.Now()}); err != nil {
			t.Fatal(err)
		}
		s.send("GET", me, "", bearer(token)).want(t, 401, "invalid_token")
	})
	t.Run("a disabled user is refused at once", func(t *testing.T) {
		token := s.signIn(s.app.ID.String(), "ann@example.com")
		if _, err := s.inner.ChangeUser(t.Context(), authkit.UserChange{Now: s.clock.Now(), App: s.app.ID, ID: id, Disabled: new(true), End: true}); err != nil {
			t.Fatal(err)
		}
		s.send("GET", me, "", bearer(token)).want(t, 401, "invalid_token")
		path := s.in("/auth/credentials/{app_id}")
		s.send("POST", path, signInBody("ann@example.com", password, "sign_in")).want(t, 403, "user_disabled")
		s.send("POST", path, signInBody("ann@example.com", "another passphrase", "sign_in")).want(t, 401, "invalid_credentials")
		_, m := s.mailed("ann@example.com", "")
		s.verify(`{"token":"`+linkToken(m)+`"}`).want(t, 403, "user_disabled")
	})
	t.Run("a token lives for 15 minutes, and one more for clocks that differ", func(t *testing.T) {
		token := s.signUp("bob@example.com").text(t, "token")
		s.clock.Advance(15*time.Minute + 59*time.Second)
		s.send("GET", me, "", bearer(token)).want(t, 200, "")
		s.clock.Advance(2 * time.Second)
		s.send("GET", me, "", bearer(token)).want(t, 401, "invalid_token")
	})
}

func TestAnUnknownAppAndAForeignOneAreTheSame(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	eve := s.developer("eve@example.com")
	foreign, _, err := s.engine.CreateApp(t.Context(), eve, "Eve's")
	if err != nil {
		t.Fatal(err)
	}
	for _, rt := range authkit.Routes() {
		if !strings.HasPrefix(rt.Pattern, "/apps/{app_id}") || strings.Contains(rt.Pattern, ".well-known") {
			continue
		}
		answers := map[string]string{}
		for name, id := range map[string]string{
			"unknown": uuid.NewString(), "foreign": foreign.ID.String(), "the console": authkit.Console.String(), "its alias": "console", "no id": "x",
		} {
			body := ""
			if rt.Method == http.MethodPost || rt.Method == http.MethodPatch {
				body = "{}"
			}
			got := s.send(rt.Method, strings.Replace(s.pathTo(strings.Replace(rt.Pattern, "{app_id}", "X", 1)), "X", id, 1), body, bearer(s.token))
			got.want(t, 404, "app_not_found")
			answers[strings.ReplaceAll(got.Body.String(), got.text(t, "request_id"), "")] = name
		}
		if len(answers) != 1 {
			t.Errorf("%s %s: got different answers %v, want one", rt.Method, rt.Pattern, answers)
		}
	}
	s.send("GET", "/users/"+foreign.ID.String(), "", bearer(s.key)).want(t, 404, "app_not_found")
	s.send("GET", "/users/"+uuid.NewString(), "", bearer(s.key)).want(t, 404, "app_not_found")
	s.send("GET", "/users/"+authkit.Console.String(), "", bearer(s.key)).want(t, 404, "app_not_found")
}

func TestConsole(t *testing.T) {
	t.Parallel()
	t.Run("is closed to new developers, by every method", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		for intent, refusal := range map[string]struct {
			status int
			code   string
		}{"": {401, "invalid_credentials"}, "sign_in": {401, "invalid_credentials"}, "sign_up": {403, "signup_disabled"}} {
			w.send("POST", "/auth/credentials/console", signInBody("eve@example.com", password, intent)).want(t, refusal.status, refusal.code)
		}
		w.send("POST", "/auth/magic-link/console", `{"email":"eve@example.com"}`).want(t, 202, "")
		w.runOnce()
		if n := len(w.outbox.Messages()); n != 0 {
			t.Errorf("mail: got %d, want none", n)
		}
		w.send("GET", "/auth/github/console", "").want(t, 404, "provider_not_configured")
	})
	t.Run("lets developers in by link, and goes by its id too", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		w.send("POST", "/auth/magic-link/"+authkit.Console.String(), `{"email":"dev@example.com"}`).want(t, 202, "")
		w.runOnce()
		m, ok := w.outbox.Last("dev@example.com")
		if !ok || !strings.HasPrefix(mail.Link(m), base+"/auth/verify/"+authkit.Console.String()+"?token=") {
			t.Fatalf("mail: got %q, want a link to the console by its id", mail.Link(m))
		}
		got := w.send("POST", "/auth/verify/console", `{"token":"`+linkToken(m)+`"}`)
		got.want(t, 200, "")
		w.send("GET", "/apps", "", bearer(got.text(t, "token"))).want(t, 200, "")
		w.send("GET", "/auth/me/console", "", bearer(got.text(t, "token"))).want(t, 200, "")
	})
	t.Run("is an alias on /auth alone", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		for _, path := range []string{"/apps/console", "/apps/console/.well-known/jwks.json", "/apps/console/api-keys"} {
			w.send("GET", path, "", bearer(w.token)).want(t, 404, "app_not_found")
		}
		w.send("GET", "/apps/"+authkit.Console.String()+"/.well-known/jwks.json", "").want(t, 200, "")
		w.send("POST", "/auth/credentials/Console", "{}").want(t, 404, "app_not_found")
	})
	t.Run("lets an unproven developer create nothing", func(t *testing.T) {
		t.Parallel()
		w := setup(t, func(c *authkit.Config) { c.ConsoleSignup = true })
		eve := w.send("POST", "/auth/credentials/console", signInBody("eve@example.com", password, ""))
		eve.want(t, 201, "")
		dev := bearer(eve.text(t, "token"))
		w.send("GET", "/apps", "", dev).want(t, 200, "")
		w.send("POST", "/apps", `{"name":"Eve's"}`, dev).want(t, 403, "email_not_verified")
		app, err := w.engine.EnsureApp(t.Context(), eve.body["user"].(map[string]any)["user_id"].(string), "Eve's")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/api-keys", "/oauth-configs"} {
			w.send("POST", "/apps/"+app.ID.String()+path, `{}`, dev).want(t, 403, "email_not_verified")
		}
		w.send("PUT", "/apps/"+app.ID.String()+"/logo", string(picture(t, 1)), dev, pngType).want(t, 403, "email_not_verified")
		w.send("POST", "/auth/magic-link/console", `{"email":"eve@example.com"}`).want(t, 202, "")
		w.runOnce()
		m, _ := w.outbox.Last("eve@example.com")
		in := w.send("POST", "/auth/verify/console", `{"token":"`+linkToken(m)+`"}`)
		in.want(t, 200, "")
		w.send("POST", "/apps", `{"name":"Eve's second"}`, bearer(in.text(t, "token"))).want(t, 201, "")
	})
}

// hostDevelopers reads the developer's id and the time of the sign-in from headers.
func hostDevelopers(r *http.Request) (string, time.Time, error) {
	if r.Header.Get("X-Developer") == "broken" {
		return "me", time.Time{}, errors.New("sql: secret text")
	}
	signedIn, _ := time.Parse(time.RFC3339, r.Header.Get("X-Signed-In"))
	return r.Header.Get("X-Developer"), signedIn, nil
}

func TestDevelopersOfTheHost(t *testing.T) {
	t.Parallel()
	store, secrets := memory.New(), [][]byte{make([]byte, 32)}
	console := setup(t, func(c *authkit.Config) { c.Store, c.Secrets = store, secrets })
	w := setup(t, func(c *authkit.Config) { c.Store, c.Secrets, c.Developers = store, secrets, hostDevelopers })

	got := w.send("GET", "/apps", "", "X-Developer: me")
	got.want(t, 200, "")
	if apps := got.body["apps"].([]any); len(apps) != 1 {
		t.Errorf("apps: got %s, want the one of the host's developer", got.Body)
	}
	w.send("GET", "/apps", "").want(t, 401, "unauthenticated")
	if got := w.send("GET", "/apps", "", "X-Developer: broken"); got.Code != 401 || strings.Contains(got.Body.String(), "sql") {
		t.Errorf("an error: got %d %s, want 401 and nothing internal", got.Code, got.Body)
	}
	w.send("POST", "/apps", `{"name":"Second"}`, "X-Developer: me").want(t, 201, "")
	w.send("GET", w.in("/apps/{app_id}"), "", "X-Developer: you").want(t, 404, "app_not_found")
	for _, path := range []string{"/auth/credentials/console", "/auth/magic-link/console", "/auth/credentials/" + authkit.Console.String()} {
		w.send("POST", path, `{}`).want(t, 404, "app_not_found")
	}
	w.send("GET", "/apps", "", bearer(console.token)).want(t, 401, "unauthenticated")

	t.Run("and those of the console never meet", func(t *testing.T) {
		w.send("GET", console.in("/apps/{app_id}"), "", "X-Developer: "+console.devID).want(t, 404, "app_not_found")
		if apps := w.send("GET", "/apps", "", "X-Developer: "+console.devID).body["apps"].([]any); len(apps) != 0 {
			t.Errorf("apps: got %v, want none", apps)
		}
		console.send("GET", w.in("/apps/{app_id}"), "", bearer(console.token)).want(t, 404, "app_not_found")
		for _, id := range []string{"console:" + console.devID, "host:me"} {
			w.send("GET", console.in("/apps/{app_id}"), "", "X-Developer: "+id).want(t, 404, "app_not_found")
			w.send("GET", w.in("/apps/{app_id}"), "", "X-Developer: "+id).want(t, 404, "app_not_found")
		}
	})
}

func TestAKeyThatIsNotLive(t *testing.T) {
	t.Parallel()
	w := setup(t)
	users := w.in("/users/{app_id}")
	rotate := func(in authkit.APIKeyRequest) string {
		t.Helper()
		_, key, err := w.engine.RotateAPIKey(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, in)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	second := rotate(authkit.APIKeyRequest{Overlap: time.Hour})
	w.send("GET", users, "", bearer(w.key)).want(t, 200, "")
	w.clock.Advance(time.Hour)
	w.send("GET", users, "", bearer(w.key)).want(t, 401, "invalid_api_key")
	w.send("GET", users, "", bearer(second)).want(t, 200, "")
	third := rotate(authkit.APIKeyRequest{ExpiresAt: w.clock.Now().Add(time.Minute)})
	w.send("GET", users, "", bearer(second)).want(t, 401, "invalid_api_key")
	w.send("GET", users, "", bearer(third)).want(t, 200, "")
	w.clock.Advance(time.Minute)
	w.send("GET", users, "", bearer(third)).want(t, 401, "invalid_api_key")
	t.Run("of six the oldest gives way", func(t *testing.T) {
		var keys []string
		for range 6 {
			w.clock.Advance(time.Second)
			keys = append(keys, rotate(authkit.APIKeyRequest{Overlap: time.Hour}))
		}
		w.send("GET", users, "", bearer(keys[0])).want(t, 401, "invalid_api_key")
		for _, key := range keys[1:] {
			w.send("GET", users, "", bearer(key)).want(t, 200, "")
		}
	})
	t.Run("an overlap lengthens no life", func(t *testing.T) {
		short := rotate(authkit.APIKeyRequest{ExpiresAt: w.clock.Now().Add(time.Minute)})
		rotate(authkit.APIKeyRequest{Overlap: time.Hour})
		w.send("GET", users, "", bearer(short)).want(t, 200, "")
		w.clock.Advance(time.Minute)
		w.send("GET", users, "", bearer(short)).want(t, 401, "invalid_api_key")
	})
}
