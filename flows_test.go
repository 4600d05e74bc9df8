package authkit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/passkey"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/storetest"
)

const (
	friend = "https://friend.example"      // an origin of the app
	goal   = origin + "/done"              // a redirect URL of the app, of the origin of the base URL
	abroad = "https://client.example/done" // another one, which needs a code challenge
	form   = "Content-Type: application/x-www-form-urlencoded"
)

// stage is a world with everything that a flow may need: an origin, a redirect URL and a
// provider, over a store that can be made to fail.
type stage struct {
	*world

	faulty *storetest.Faulty
	inner  authkit.Store
	idp    *issuer // nil until it is first used
	n      int
}

func newStage(t *testing.T, change ...func(*authkit.Config)) *stage {
	t.Helper()
	return newStageOn(t, memory.New(), change...)
}

// newStageOn returns a stage over an empty store.
func newStageOn(t *testing.T, store authkit.Store, change ...func(*authkit.Config)) *stage {
	t.Helper()
	s := &stage{inner: store}
	s.faulty = storetest.NewFaulty(s.inner)
	s.world = setup(t, append([]func(*authkit.Config){func(c *authkit.Config) {
		c.Store, c.Secrets = s.faulty, [][]byte{make([]byte, 32)}
		c.InsecureAllowLoopbackProviders, c.Passkeys = true, passkey.New()
	}}, change...)...)
	s.settings(authkit.AppPatch{Origins: &[]string{friend}, RedirectURLs: &[]string{goal, abroad}})
	mounted, mine := s.server, s.engine.Require(authkit.ForApp(s.app.ID))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, map[string]string{"secret": "mine"})
	}))
	s.server = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // without a mux, which would clean paths
		if r.URL.Path == "/mine" {
			mine.ServeHTTP(w, r)
			return
		}
		mounted.ServeHTTP(w, r)
	})
	return s
}

// fresh returns a text that was not used before.
func (s *stage) fresh(prefix string) string {
	s.n++
	return fmt.Sprintf("%s%d", prefix, s.n)
}

func (s *stage) email() string { return s.fresh("ann") + "@example.com" }

// provider returns the issuer, configured as "corp".
func (s *stage) provider() *issuer {
	s.t.Helper()
	if s.idp == nil {
		s.idp = newIssuer(s.t, s.world)
		body := fmt.Sprintf(`{"provider":"corp","client_id":"client","client_secret":"x","redirect_uri":"https://spa.example/cb","issuer":%q}`, s.idp.URL)
		s.send("POST", s.in("/apps/{app_id}/oauth-configs"), body, bearer(s.token)).want(s.t, 201, "")
	}
	return s.idp
}

// redirected begins a sign-in at the provider with a redirect.
func (s *stage) redirected(query string) (state, cookie string) {
	s.t.Helper()
	p := s.provider()
	got := s.send("GET", s.in("/auth/corp/{app_id}")+query, "")
	got.want(s.t, 302, "")
	u, err := url.Parse(got.Header().Get("Location"))
	if err != nil {
		s.t.Fatal(err)
	}
	p.says(u.Query().Get("nonce"), map[string]any{"sub": s.fresh("sub"), "email": s.email()})
	return u.Query().Get("state"), cookieOf(got)
}

// bounced posts the provider's form and returns the path to which the browser goes.
func (s *stage) bounced(state string) string {
	s.t.Helper()
	got := s.send("POST", s.in("/auth/callback/corp/{app_id}"), "code=good&state="+state, form)
	got.want(s.t, 303, "")
	return strings.TrimPrefix(got.Header().Get("Location"), base)
}

// formOf returns the form on a page, as a browser posts it.
func formOf(page answer) string {
	values := url.Values{}
	for _, f := range hidden.FindAllStringSubmatch(page.Body.String(), -1) {
		values.Set(f[1], f[2])
	}
	return values.Encode()
}

// shown opens a link's page and returns the form on it and the cookie that belongs to it.
func (w *world) shown(m mail.Message, headers ...string) (body, cookie string) {
	w.t.Helper()
	got := w.send("GET", linkPath(m), "", headers...)
	got.want(w.t, 200, "")
	return formOf(got), cookieOf(got)
}

// handedOver signs in from a link's page and returns the one-time code.
func (s *stage) handedOver() (code, cookie string) {
	s.t.Helper()
	_, m := s.mailed(s.email(), `,"redirect_to":"`+goal+`"`)
	body, cookie := s.shown(m)
	return codeIn(s.t, s.send("POST", s.in("/auth/verify/{app_id}"), body, form, "Cookie: "+cookie)), cookie
}

// cookieOf returns the first cookie of an answer, as a browser sends it back.
func cookieOf(a answer) string {
	cookie, _, _ := strings.Cut(a.Header().Get("Set-Cookie"), ";")
	return cookie
}

// made makes one API key and returns its id.
func (s *stage) made() string {
	s.t.Helper()
	key, _, err := s.engine.RotateAPIKey(s.t.Context(), authkit.AppRef{Developer: s.devID, ID: s.app.ID}, authkit.APIKeyRequest{Overlap: 3600e9})
	if err != nil {
		s.t.Fatal(err)
	}
	return key.ID.String()
}

// again returns the same request as often as it is called.
func (s *stage) again(method, path, body string, headers ...string) func() *http.Request {
	return func() *http.Request { return s.request(method, s.in(path), body, headers...) }
}

// flow is one action of a client.
type flow struct {
	name  string
	route string // the row of the route table; empty for the host's own route

	// ready prepares the flow and returns its last request. Each call makes that request for a
	// new user.
	ready func(*stage) func() *http.Request

	status int    // of the answer
	code   string // if the answer is a refusal

	// spends reports whether something is spent before the last call of the store. After a
	// fault beyond that, the request cannot be repeated.
	spends bool

	// goes reports whether the browser goes on with a code. A redirect goes on with errors, too.
	goes bool

	// forgives is the number of the last calls of the store whose failure is logged, and does not
	// fail the request.
	forgives int
}

func flows() []flow {
	var all []flow
	for _, some := range [][]flow{
		passwordFlows(), linkFlows(), codeFlows(), oauthFlows(), identityFlows(), sessionFlows(), managedFlows(),
		pageFlows(), accountFlows(), addressFlows(), developerFlows(), keyFlows(), webhookFlows(), configFlows(), brandFlows(), factorFlows(), otherFlows(),
	} {
		all = append(all, some...)
	}
	return all
}

func signInBody(email, pw, intent string) string {
	return fmt.Sprintf(`{"email":%q,"password":%q,"intent":%q}`, email, pw, intent)
}

func passwordFlows() []flow {
	const route = "POST /auth/credentials/{app_id}"
	return []flow{
		{name: "sign up", route: route, status: 201, ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/auth/credentials/{app_id}", signInBody(s.email(), password, "sign_up"))
		}},
		{name: "sign up without intent", route: route, status: 201, ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/auth/credentials/{app_id}", signInBody(s.email(), password, ""))
		}},
		{name: "sign up with a taken address", route: route, status: 409, code: "email_taken", ready: func(s *stage) func() *http.Request {
			email := s.email()
			s.signUp(email)
			return s.again("POST", "/auth/credentials/{app_id}", signInBody(email, password, "sign_up"))
		}},
		{name: "sign in", route: route, status: 200, ready: func(s *stage) func() *http.Request {
			email := s.email()
			s.signUp(email)
			return s.again("POST", "/auth/credentials/{app_id}", signInBody(email, password, "sign_in"))
		}},
		{name: "sign in from an app's origin", route: route, status: 200, ready: func(s *stage) func() *http.Request {
			email := s.email()
			s.signUp(email)
			return s.again("POST", "/auth/credentials/{app_id}", signInBody(email, password, "sign_in"), "Origin: "+friend, "Sec-Fetch-Site: cross-site")
		}},
		{name: "sign in with a wrong password", route: route, status: 401, code: "invalid_credentials", ready: func(s *stage) func() *http.Request {
			email := s.email()
			s.signUp(email)
			return s.again("POST", "/auth/credentials/{app_id}", signInBody(email, "another passphrase", "sign_in"))
		}},
		{name: "sign in with an unknown address", route: route, status: 401, code: "invalid_credentials", ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/auth/credentials/{app_id}", signInBody(s.email(), password, "sign_in"))
		}},
		{name: "a developer's sign-in", route: route, status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/auth/credentials/console", signInBody("dev@example.com", password, "sign_in"))
		}},
		{name: "preflight", route: route, status: 204, ready: func(s *stage) func() *http.Request {
			return s.again("OPTIONS", "/auth/credentials/{app_id}", "", "Origin: "+friend, "Access-Control-Request-Method: POST")
		}},
	}
}

func linkFlows() []flow {
	const post, get = "POST /auth/verify/{app_id}", "GET /auth/verify/{app_id}"
	byToken := func(m mail.Message) string { return `{"token":"` + linkToken(m) + `"}` }
	return []flow{
		{name: "ask for a link", route: "POST /auth/magic-link/{app_id}", status: 202, ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/auth/magic-link/{app_id}", `{"email":"`+s.email()+`"}`)
		}},
		{name: "redeem a link of a new address", route: post, status: 200, ready: func(s *stage) func() *http.Request {
			_, m := s.mailed(s.email(), "")
			return s.again("POST", "/auth/verify/{app_id}", byToken(m))
		}},
		{name: "redeem a link of an unproven account", route: post, status: 200, ready: func(s *stage) func() *http.Request {
			email := s.email()
			s.signUp(email)
			_, m := s.mailed(email, "")
			return s.again("POST", "/auth/verify/{app_id}", byToken(m))
		}},
		{name: "redeem a link of a proven account", route: post, status: 200, ready: func(s *stage) func() *http.Request {
			email := s.email()
			_, m := s.mailed(email, "")
			s.verify(byToken(m)).want(s.t, 200, "")
			_, m = s.mailed(email, "")
			return s.again("POST", "/auth/verify/{app_id}", byToken(m))
		}},
		{name: "redeem a link twice", route: post, status: 401, code: "invalid_token", ready: func(s *stage) func() *http.Request {
			_, m := s.mailed(s.email(), "")
			s.verify(byToken(m)).want(s.t, 200, "")
			return s.again("POST", "/auth/verify/{app_id}", byToken(m))
		}},
		{name: "redeem a code", route: post, status: 200, ready: func(s *stage) func() *http.Request {
			email := s.email()
			pending, m := s.mailed(email, "")
			return s.again("POST", "/auth/verify/{app_id}", fmt.Sprintf(`{"email":%q,"code":%q,"binding":%q}`, email, mail.Code(m), pending.body["binding"]))
		}},
		{name: "redeem a wrong code", route: post, status: 401, code: "invalid_token", ready: func(s *stage) func() *http.Request {
			email := s.email()
			pending, m := s.mailed(email, "")
			wrong := "0" + mail.Code(m)[:5]
			if wrong == mail.Code(m) {
				wrong = "100000"
			}
			return s.again("POST", "/auth/verify/{app_id}", fmt.Sprintf(`{"email":%q,"code":%q,"binding":%q}`, email, wrong, pending.body["binding"]))
		}},
		{name: "redeem a link by GET", route: get, status: 200, ready: func(s *stage) func() *http.Request {
			_, m := s.mailed(s.email(), "")
			return s.again("GET", linkPath(m), "", "Accept: application/json")
		}},
		{name: "look at a link's page", route: get, status: 200, ready: func(s *stage) func() *http.Request {
			_, m := s.mailed(s.email(), `,"redirect_to":"`+goal+`"`)
			return s.again("GET", linkPath(m), "")
		}},
		{name: "press the button on a link's page", route: post, status: 303, goes: true, ready: func(s *stage) func() *http.Request {
			_, m := s.mailed(s.email(), `,"redirect_to":"`+goal+`"`)
			body, cookie := s.shown(m)
			return s.again("POST", "/auth/verify/{app_id}", body, form, "Cookie: "+cookie)
		}},
		{name: "press the button on a link's page twice", route: post, status: 303, goes: true, ready: func(s *stage) func() *http.Request {
			_, m := s.mailed(s.email(), `,"redirect_to":"`+goal+`"`)
			body, cookie := s.shown(m)
			press := s.again("POST", "/auth/verify/{app_id}", body, form, "Cookie: "+cookie)
			s.do(press()).want(s.t, 303, "")
			return press
		}},
		{name: "press the button where there is nowhere to go on", route: post, status: 200, ready: func(s *stage) func() *http.Request {
			_, m := s.mailed(s.email(), "")
			body, cookie := s.shown(m)
			return s.again("POST", "/auth/verify/{app_id}", body, form, "Cookie: "+cookie)
		}},
	}
}

func codeFlows() []flow {
	const route = "POST /auth/token/{app_id}"
	return []flow{
		{name: "exchange a one-time code", route: route, status: 200, spends: true, ready: func(s *stage) func() *http.Request {
			code, cookie := s.handedOver()
			return s.again("POST", "/auth/token/{app_id}", `{"code":"`+code+`"}`, "Cookie: "+cookie)
		}},
		{name: "exchange a one-time code without the cookie", route: route, status: 401, code: "invalid_token", ready: func(s *stage) func() *http.Request {
			code, _ := s.handedOver()
			return s.again("POST", "/auth/token/{app_id}", `{"code":"`+code+`"}`)
		}},
		{name: "exchange a one-time code twice", route: route, status: 200, ready: func(s *stage) func() *http.Request {
			code, cookie := s.handedOver()
			exchange := s.again("POST", "/auth/token/{app_id}", `{"code":"`+code+`"}`, "Cookie: "+cookie)
			s.do(exchange()).want(s.t, 200, "")
			return exchange
		}},
		{name: "exchange a one-time code again much later", route: route, status: 401, code: "invalid_token", ready: func(s *stage) func() *http.Request {
			code, cookie := s.handedOver()
			exchange := s.again("POST", "/auth/token/{app_id}", `{"code":"`+code+`"}`, "Cookie: "+cookie)
			s.do(exchange()).want(s.t, 200, "")
			s.clock.Advance(10 * time.Second)
			return exchange
		}},
	}
}

func oauthFlows() []flow {
	const start, get, post = "GET /auth/{provider}/{app_id}", "GET /auth/callback/{provider}/{app_id}", "POST /auth/callback/{provider}/{app_id}"
	return []flow{
		{name: "go to a provider", route: start, status: 302, ready: func(s *stage) func() *http.Request {
			s.provider()
			return s.again("GET", "/auth/corp/{app_id}", "")
		}},
		{name: "ask where the provider is", route: start, status: 200, ready: func(s *stage) func() *http.Request {
			s.provider()
			return s.again("GET", "/auth/corp/{app_id}", "", "Accept: application/json")
		}},
		{name: "go to an unknown provider", route: start, status: 404, code: "provider_not_configured", ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/auth/github/{app_id}", "")
		}},
		{name: "finish by binding", route: post, status: 200, spends: true, ready: func(s *stage) func() *http.Request {
			state, binding := s.begin(s.t, s.provider(), map[string]any{"sub": s.fresh("sub"), "email": s.email()})
			return s.again("POST", "/auth/callback/corp/{app_id}", fmt.Sprintf(`{"code":"good","state":%q,"binding":%q}`, state, binding))
		}},
		{name: "finish by binding, again", route: post, status: 200, spends: true, ready: func(s *stage) func() *http.Request {
			who := map[string]any{"sub": s.fresh("sub"), "email": s.email()}
			state, binding := s.begin(s.t, s.provider(), who)
			s.callback("good", state, binding).want(s.t, 200, "")
			state, binding = s.begin(s.t, s.provider(), who)
			return s.again("POST", "/auth/callback/corp/{app_id}", fmt.Sprintf(`{"code":"good","state":%q,"binding":%q}`, state, binding))
		}},
		{name: "finish with another binding", route: post, status: 401, code: "invalid_token", ready: func(s *stage) func() *http.Request {
			state, _ := s.begin(s.t, s.provider(), nil)
			return s.again("POST", "/auth/callback/corp/{app_id}", fmt.Sprintf(`{"code":"good","state":%q,"binding":%q}`, state, strings.Repeat("A", 64)))
		}},
		{name: "come back to a goal", route: get, status: 303, spends: true, goes: true, ready: func(s *stage) func() *http.Request {
			state, cookie := s.redirected("?redirect_to=" + url.QueryEscape(goal))
			return s.again("GET", "/auth/callback/corp/{app_id}?code=good&state="+state, "", "Cookie: "+cookie)
		}},
		{name: "come back to a page", route: get, status: 200, spends: true, ready: func(s *stage) func() *http.Request {
			state, cookie := s.redirected("")
			return s.again("GET", "/auth/callback/corp/{app_id}?code=good&state="+state, "", "Cookie: "+cookie)
		}},
		{name: "bounce a provider's form", route: post, status: 303, ready: func(s *stage) func() *http.Request {
			state, _ := s.redirected("")
			return s.again("POST", "/auth/callback/corp/{app_id}", "code=good&state="+state, form, "Origin: https://corp.example", "Sec-Fetch-Site: cross-site")
		}},
		{name: "come back after a bounce", route: get, status: 303, spends: true, goes: true, ready: func(s *stage) func() *http.Request {
			state, cookie := s.redirected("?redirect_to=" + url.QueryEscape(goal))
			return s.again("GET", s.bounced(state), "", "Cookie: "+cookie)
		}},
	}
}

func developerFlows() []flow {
	return []flow{
		{name: "list apps", route: "GET /apps", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/apps/", "", bearer(s.token))
		}},
		{name: "create an app", route: "POST /apps", status: 201, ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/apps", `{"name":"`+s.fresh("App ")+`"}`, bearer(s.token))
		}},
		{name: "create an app of a taken name", route: "POST /apps", status: 409, code: "app_name_taken", ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/apps", `{"name":"Demo"}`, bearer(s.token))
		}},
		{name: "read an app", route: "GET /apps/{app_id}", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/apps/{app_id}", "", bearer(s.token))
		}},
		{name: "read an unknown app", route: "GET /apps/{app_id}", status: 404, code: "app_not_found", ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/apps/"+uuid.NewString(), "", bearer(s.token))
		}},
		{name: "change an app", route: "PATCH /apps/{app_id}", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("PATCH", "/apps/{app_id}", `{"name":"`+s.fresh("Demo ")+`"}`, bearer(s.token))
		}},
	}
}

func keyFlows() []flow {
	return []flow{
		{name: "list API keys", route: "GET /apps/{app_id}/api-keys", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/apps/{app_id}/api-keys", "", bearer(s.token))
		}},
		{name: "read the audit log", route: "GET /apps/{app_id}/audit", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/apps/{app_id}/audit?type=app.create", "", bearer(s.token))
		}},
		{name: "read the audit log of a malformed user id", route: "GET /apps/{app_id}/audit", status: 400, code: "invalid_request", ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/apps/{app_id}/audit?user_id=ann", "", bearer(s.token))
		}},
		{name: "replace the API key", route: "POST /apps/{app_id}/api-keys", status: 201, ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/apps/{app_id}/api-keys", `{"overlap_seconds":3600}`, bearer(s.token))
		}},
		{name: "revoke an API key", route: "DELETE /apps/{app_id}/api-keys/{id}", status: 204, ready: func(s *stage) func() *http.Request {
			return s.again("DELETE", "/apps/{app_id}/api-keys/"+s.made(), "", bearer(s.token))
		}},
		{name: "revoke an unknown API key", route: "DELETE /apps/{app_id}/api-keys/{id}", status: 404, code: "not_found", ready: func(s *stage) func() *http.Request {
			return s.again("DELETE", "/apps/{app_id}/api-keys/"+uuid.NewString(), "", bearer(s.token))
		}},
		{name: "list users", route: "GET /users/{app_id}", status: 200, ready: func(s *stage) func() *http.Request {
			s.signUp(s.email())
			return s.again("GET", "/users/{app_id}", "", bearer(s.key))
		}},
		{name: "stream users", route: "GET /users/{app_id}", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/users/{app_id}", "", "Authorization: ApiKey "+s.key, "Accept: application/x-ndjson")
		}},
		{name: "list users with another app's key", route: "GET /users/{app_id}", status: 401, code: "invalid_api_key", ready: func(s *stage) func() *http.Request {
			_, other, err := s.engine.CreateApp(s.t.Context(), s.devID, s.fresh("Other "))
			if err != nil {
				s.t.Fatal(err)
			}
			app, _, err := s.engine.CreateApp(s.t.Context(), s.devID, s.fresh("Other "))
			if err != nil {
				s.t.Fatal(err)
			}
			_, old, err := s.engine.RotateAPIKey(s.t.Context(), authkit.AppRef{Developer: s.devID, ID: app.ID}, authkit.APIKeyRequest{})
			if err != nil || old == other {
				s.t.Fatal(err)
			}
			if _, _, err := s.engine.RotateAPIKey(s.t.Context(), authkit.AppRef{Developer: s.devID, ID: app.ID}, authkit.APIKeyRequest{}); err != nil {
				s.t.Fatal(err)
			}
			return s.again("GET", "/users/"+app.ID.String(), "", bearer(old))
		}},
	}
}

func configFlows() []flow {
	const one = "/apps/{app_id}/oauth-configs/{provider}"
	configured := func(s *stage) string {
		name := s.fresh("idp-")
		enabled := true
		_, err := s.engine.CreateOAuthConfig(s.t.Context(), authkit.ProviderRef{App: authkit.AppRef{Developer: s.devID, ID: s.app.ID}, Provider: name}, authkit.OAuthPatch{
			ClientID: new("c"), ClientSecret: new("s"), RedirectURI: new("https://spa.example/" + name), Issuer: new("https://127.0.0.1:1"), Enabled: &enabled,
		})
		if err != nil {
			s.t.Fatal(err)
		}
		return "/apps/{app_id}/oauth-configs/" + name
	}
	return []flow{
		{name: "ask why a request was refused", route: "GET /apps/{app_id}/explain/{request_id}", status: 200, ready: func(s *stage) func() *http.Request {
			refused := s.send("GET", s.in("/auth/me/{app_id}"), "")
			return s.again("GET", "/apps/{app_id}/explain/"+refused.Header().Get("X-Request-ID"), "", bearer(s.token))
		}},
		{name: "read the counts of an app", route: "GET /apps/{app_id}/stats", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/apps/{app_id}/stats?from=2026-01-02&to=2026-01-03", "", bearer(s.token))
		}},
		{name: "list OAuth configurations", route: "GET /apps/{app_id}/oauth-configs", status: 200, ready: func(s *stage) func() *http.Request {
			s.provider()
			return s.again("GET", "/apps/{app_id}/oauth-configs", "", bearer(s.token))
		}},
		{name: "configure a provider", route: "POST /apps/{app_id}/oauth-configs", status: 201, ready: func(s *stage) func() *http.Request {
			name := s.fresh("idp-")
			return s.again("POST", "/apps/{app_id}/oauth-configs",
				`{"provider":"`+name+`","client_id":"c","client_secret":"s","redirect_uri":"https://spa.example/`+name+`","issuer":"https://127.0.0.1:1"}`, bearer(s.token))
		}},
		{name: "change a configuration", route: "PATCH " + one, status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("PATCH", configured(s), `{"client_id":"d"}`, bearer(s.token))
		}},
		{name: "remove a configuration", route: "DELETE " + one, status: 204, ready: func(s *stage) func() *http.Request {
			return s.again("DELETE", configured(s), "", bearer(s.token))
		}},
		{name: "remove an unknown configuration", route: "DELETE " + one, status: 404, code: "provider_not_configured", ready: func(s *stage) func() *http.Request {
			return s.again("DELETE", "/apps/{app_id}/oauth-configs/nothing", "", bearer(s.token))
		}},
	}
}

func otherFlows() []flow {
	const me = "GET /auth/me/{app_id}"
	return []flow{
		{name: "read oneself", route: me, status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/auth/me/{app_id}", "", bearer(s.signUp(s.email()).text(s.t, "token")))
		}},
		{name: "read oneself from an app's origin", route: me, status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/auth/me/{app_id}", "", bearer(s.signUp(s.email()).text(s.t, "token")), "Origin: "+friend, "Sec-Fetch-Site: cross-site")
		}},
		{name: "read oneself with another's token", route: me, status: 401, code: "invalid_token", ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/auth/me/{app_id}", "", bearer(s.token))
		}},
		{name: "read the issuer's metadata", route: "GET /apps/{app_id}/.well-known/openid-configuration", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/apps/{app_id}/.well-known/openid-configuration", "")
		}},
		{name: "read the keys", route: "GET /apps/{app_id}/.well-known/jwks.json", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/apps/{app_id}/.well-known/jwks.json", "")
		}},
		{name: "ask whether the store answers", route: "GET /readyz", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/readyz", "")
		}},
		{name: "ask whether the process is alive", route: "GET /healthz", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/healthz", "")
		}},
		{name: "read what an error means", route: "GET /errors/{code}", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/errors/unavailable", "")
		}},
		{name: "load the browser client", route: "GET /authkit.js", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/authkit.js", "")
		}},
		{name: "read the API document", route: "GET /openapi.json", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/openapi.json", "")
		}},
		{name: "read the reference page", route: "GET /docs", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/docs", "")
		}},
		{name: "a route of the host's own", status: 200, ready: func(s *stage) func() *http.Request {
			token := s.signUp(s.email()).text(s.t, "token")
			return func() *http.Request {
				r := httptest.NewRequestWithContext(s.t.Context(), http.MethodGet, "/mine", nil)
				r.Header.Set("Authorization", "Bearer "+token)
				return r
			}
		}},
	}
}

// storeless reports whether the flow needs no store.
func (f flow) storeless() bool {
	return slices.Contains([]string{"GET /healthz", "GET /errors/{code}", "GET /authkit.js", "GET /openapi.json", "GET /docs"}, f.route)
}

func TestEveryRouteHasAFlow(t *testing.T) {
	t.Parallel()
	walked := map[string]bool{}
	for _, f := range flows() {
		walked[f.route] = walked[f.route] || f.code == ""
	}
	for _, rt := range authkit.Routes() {
		if !walked[rt.Method+" "+rt.Pattern] {
			t.Errorf("%s %s: got no flow that ends well, want one", rt.Method, rt.Pattern)
		}
		delete(walked, rt.Method+" "+rt.Pattern)
	}
	delete(walked, "")
	for route := range walked {
		t.Errorf("%s: got a flow, want a row of the route table", route)
	}
}
