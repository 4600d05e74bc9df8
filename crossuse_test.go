package authkit_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// The kinds of credential.
const (
	userToken      = "an access token of the app"
	otherUserToken = "an access token of another app"
	ownerToken     = "an access token of the console app"
	otherDevToken  = "an access token of another developer"
	appKey         = "an API key of the app"
	otherAppKey    = "an API key of another app"
	linkJWT        = "the token of a link"
	linkCode       = "the six digits beside a link"
	linkBinding    = "the binding of a link"
	formToken      = "the token of a link's form"
	oneTimeCode    = "a one-time code"
	refreshToken   = "a refresh token of the app"
	otherRefresh   = "a refresh token of another app"
	stateByJSON    = "the state of a flow begun by JSON"
	stateBinding   = "the binding of a flow begun by JSON"
	stateByCookie  = "the state of a flow begun by redirect"
	linkingState   = "the state of a flow that links"
	linkingBinding = "the binding of a flow that links"
	resumeToken    = "what a bounce goes on with"
	browserSecret  = "the secret in a browser's cookie"
	cursor         = "a cursor"
	appID          = "the app's id"
	garbage        = "garbage"
	sixDigits      = "six other digits"
	nothing        = "nothing"
)

// wallet holds one credential of each kind, and what some need beside them.
type wallet struct {
	of     map[string]string
	other  uuid.UUID         // the other app
	email  string            // of the link
	form   url.Values        // the link's form
	cookie map[string]string // the cookie that belongs to a kind
	nonce  map[string]string // of a flow's ID token
	beside map[string]string // what goes with the credentials of second factors
}

// minted fills a wallet.
func (s *stage) minted() wallet {
	s.t.Helper()
	c := wallet{of: map[string]string{}, email: s.email(), cookie: map[string]string{}, nonce: map[string]string{}, beside: map[string]string{}}
	other, key, err := s.engine.CreateApp(s.t.Context(), s.devID, "Other")
	if err != nil {
		s.t.Fatal(err)
	}
	up := s.send("POST", "/auth/credentials/"+other.ID.String(), signInBody("ann@example.com", password, "sign_up"))
	s.developer("eve@example.com")
	mine := s.signUp("ann@example.com")
	c.other = other.ID
	c.of[userToken], c.of[otherUserToken] = mine.text(s.t, "token"), up.text(s.t, "token")
	c.of[refreshToken], c.of[otherRefresh] = mine.text(s.t, "refresh_token"), up.text(s.t, "refresh_token")
	c.of[ownerToken], c.of[otherDevToken] = s.token, s.signIn("console", "eve@example.com")
	c.of[appKey], c.of[otherAppKey] = s.key, key
	s.mintFactors(c)
	c.of[cursor] = s.send("GET", "/apps?limit=1", "", bearer(s.token)).text(s.t, "next_cursor")

	pending, m := s.mailed(c.email, `,"redirect_to":"`+goal+`"`)
	c.of[linkJWT], c.of[linkCode], c.of[linkBinding] = linkToken(m), mail.Code(m), pending.text(s.t, "binding")
	body, cookie := s.shown(m)
	if c.form, err = url.ParseQuery(body); err != nil {
		s.t.Fatal(err)
	}
	c.of[formToken], c.cookie[formToken] = c.form.Get("form_token"), cookie
	c.of[oneTimeCode], c.cookie[oneTimeCode] = s.handedOver()

	c.of[stateByJSON], c.of[stateBinding] = s.begin(s.t, s.provider(), map[string]any{"email": s.email()})
	c.nonce[stateByJSON] = s.idp.nonce
	c.nonce[stateBinding] = s.idp.nonce
	c.of[linkingState], c.of[linkingBinding] = s.linking(c.of[userToken], nil)
	c.nonce[linkingState], c.nonce[linkingBinding] = s.idp.nonce, s.idp.nonce
	c.of[stateByCookie], c.cookie[stateByCookie] = s.redirected("")
	c.nonce[stateByCookie] = s.idp.nonce
	_, c.of[browserSecret], _ = strings.Cut(c.cookie[stateByCookie], "=")
	c.nonce[browserSecret] = s.idp.nonce
	state, cookie := s.redirected("")
	_, c.of[resumeToken], _ = strings.Cut(s.bounced(state), "resume=")
	c.cookie[resumeToken], c.nonce[resumeToken] = cookie, s.idp.nonce

	c.of[appID], c.of[garbage], c.of[nothing] = s.app.ID.String(), strings.Repeat("A", 64), ""
	c.of[sixDigits] = fmt.Sprintf("%d%s", (int(c.of[linkCode][0]-'0')+1)%10, c.of[linkCode][1:])
	s.mintAccounts(c)
	for kind, text := range c.of {
		if text == "" && kind != nothing {
			s.t.Fatalf("%s: got none", kind)
		}
	}
	return c
}

// door is a place in a request to a route where a credential can go.
type door struct {
	route, place string
	put          func(s *stage, c wallet, x string) *http.Request
	takes        map[string]int // the kinds that are accepted, with the status; all others are refused
	refusals     []int          // default: 401
}

// all returns the status of a door that needs no credential.
func all(status int) map[string]int { return map[string]int{"": status} }

func header(scheme, method, path, body string) func(*stage, wallet, string) *http.Request {
	return func(s *stage, _ wallet, x string) *http.Request {
		path := strings.NewReplacer("{key_id}", uuid.Nil.String(), "{session_id}", uuid.Nil.String(), "{user_id}", uuid.Nil.String()).Replace(path)
		if x == "" {
			return s.request(method, s.in(path), body)
		}
		return s.request(method, s.in(path), body, "Authorization: "+scheme+" "+x)
	}
}

// cookie puts x into one of the app's session cookies.
func cookie(method, path, body, name string) func(*stage, wallet, string) *http.Request {
	return func(s *stage, _ wallet, x string) *http.Request {
		return s.request(method, s.in(path), body, "Cookie: authkit-"+name+s.app.ID.String()+"="+x)
	}
}

// member puts x in place of {x} in a JSON body. The other places are filled from the wallet.
func member(path, body string) func(*stage, wallet, string) *http.Request {
	return memberWith(path, body, func(wallet) []string { return nil })
}

// memberWith also sends headers from the wallet.
func memberWith(path, body string, headers func(wallet) []string) func(*stage, wallet, string) *http.Request {
	return func(s *stage, c wallet, x string) *http.Request {
		fill := strings.NewReplacer("{x}", x, "{email}", c.email, "{code}", c.of[linkCode], "{binding}", c.of[linkBinding],
			"{state}", c.of[stateByJSON], "{state_binding}", c.of[stateBinding], "{one-time}", c.of[oneTimeCode],
			"{linking}", c.of[linkingState], "{linking_binding}", c.of[linkingBinding])
		return s.request("POST", s.in(path), fill.Replace(body), headers(c)...)
	}
}

func doors() []door {
	const verify, callback, exchange = "/auth/verify/{app_id}", "/auth/callback/corp/{app_id}", "/auth/token/{app_id}"
	refused := []int{400, 401} // 400: a member is missing
	mine := func(c wallet) []string { return []string{bearer(c.of[userToken])} }
	out := []door{
		{"POST /auth/credentials/{app_id}", "the header", header("Bearer", "POST", "/auth/credentials/{app_id}", signInBody("ann@example.com", password, "")), all(200), nil},
		{"POST /auth/credentials/{app_id}", "the password", member("/auth/credentials/{app_id}", signInBody("ann@example.com", "{x}", "sign_in")), nil, refused},
		{"POST /auth/magic-link/{app_id}", "the header", header("Bearer", "POST", "/auth/magic-link/{app_id}", `{"email":"ann@example.com"}`), all(202), nil},
		{"POST /auth/magic-link/{app_id}", "the challenge", member("/auth/magic-link/{app_id}", `{"email":"ann@example.com","code_challenge":"{x}"}`), map[string]int{nothing: 202}, []int{400}},

		{"GET /auth/verify/{app_id}", "the query", func(s *stage, _ wallet, x string) *http.Request {
			return s.request("GET", s.in(verify)+"?token="+url.QueryEscape(x), "", "Accept: application/json")
		}, map[string]int{linkJWT: 200}, nil},
		{"GET /auth/verify/{app_id}", "the header", func(s *stage, c wallet, x string) *http.Request {
			r := header("Bearer", "GET", verify, "")(s, c, x)
			r.Header.Set("Accept", "application/json")
			return r
		}, nil, nil},
		{"POST /auth/verify/{app_id}", "the header", header("Bearer", "POST", verify, "{}"), nil, []int{400}},
		{"POST /auth/verify/{app_id}", "the token", member(verify, `{"token":"{x}"}`), map[string]int{linkJWT: 200}, refused},
		{"POST /auth/verify/{app_id}", "the code", member(verify, `{"email":"{email}","code":"{x}","binding":"{binding}"}`), map[string]int{linkCode: 200}, refused},
		{"POST /auth/verify/{app_id}", "the binding", member(verify, `{"email":"{email}","code":"{code}","binding":"{x}"}`), map[string]int{linkBinding: 200}, nil},
		{"POST /auth/verify/{app_id}", "the form's token", func(s *stage, c wallet, x string) *http.Request {
			return s.request("POST", s.in(verify), url.Values{"token": {c.of[linkJWT]}, "form_token": {x}}.Encode(), form, "Cookie: "+c.cookie[formToken])
		}, map[string]int{formToken: 303}, []int{403}},
		{"POST /auth/verify/{app_id}", "the form's cookie", func(s *stage, c wallet, x string) *http.Request {
			return s.request("POST", s.in(verify), c.form.Encode(), form, "Cookie: authkit-b="+x)
		}, nil, []int{403}},

		{"GET /auth/invitation/{app_id}", "the query", func(s *stage, _ wallet, x string) *http.Request {
			return s.request("GET", s.in("/auth/invitation/{app_id}")+"?token="+url.QueryEscape(x), "")
		}, nil, nil},
		{"POST /auth/invitation/{app_id}", "the form's token", func(s *stage, c wallet, x string) *http.Request {
			return s.request("POST", s.in("/auth/invitation/{app_id}"), url.Values{"token": {c.of[linkJWT]}, "password": {password}, "form_token": {x}}.Encode(), form, "Cookie: "+c.cookie[formToken])
		}, nil, []int{403}},

		{"GET /auth/{provider}/{app_id}", "the header", header("Bearer", "GET", "/auth/corp/{app_id}", ""), all(302), nil},
		{"GET /auth/callback/{provider}/{app_id}", "the state", func(s *stage, c wallet, x string) *http.Request {
			return s.request("GET", s.in(callback)+"?code=good&state="+url.QueryEscape(x), "", "Cookie: "+c.cookie[stateByCookie])
		}, map[string]int{stateByCookie: 200}, nil},
		{"GET /auth/callback/{provider}/{app_id}", "the cookie", func(s *stage, c wallet, x string) *http.Request {
			return s.request("GET", s.in(callback)+"?code=good&state="+c.of[stateByCookie], "", "Cookie: authkit-b="+x)
		}, map[string]int{browserSecret: 200}, nil},
		{"GET /auth/callback/{provider}/{app_id}", "what it goes on with", func(s *stage, c wallet, x string) *http.Request {
			return s.request("GET", s.in(callback)+"?resume="+url.QueryEscape(x), "", "Cookie: "+c.cookie[resumeToken])
		}, map[string]int{resumeToken: 200}, nil},
		{"POST /auth/callback/{provider}/{app_id}", "the state", member(callback, `{"code":"good","state":"{x}","binding":"{state_binding}"}`), map[string]int{stateByJSON: 200}, refused},
		{"POST /auth/callback/{provider}/{app_id}", "the binding", member(callback, `{"code":"good","state":"{state}","binding":"{x}"}`), map[string]int{stateBinding: 200}, refused},
		{"POST /auth/callback/{provider}/{app_id}", "the form's state", func(s *stage, _ wallet, x string) *http.Request {
			return s.request("POST", s.in(callback), url.Values{"code": {"good"}, "state": {x}}.Encode(), form)
		}, map[string]int{stateByJSON: 303, stateByCookie: 303, linkingState: 303}, nil},
		{"POST /auth/callback/{provider}/{app_id}", "the state, to link", memberWith(callback, `{"code":"good","state":"{x}","binding":"{linking_binding}"}`, mine), map[string]int{linkingState: 200}, refused},
		{"POST /auth/callback/{provider}/{app_id}", "the binding, to link", memberWith(callback, `{"code":"good","state":"{linking}","binding":"{x}"}`, mine), map[string]int{linkingBinding: 200}, refused},
		{"POST /auth/callback/{provider}/{app_id}", "the header, to link", func(s *stage, c wallet, x string) *http.Request {
			body := `{"code":"good","state":"` + c.of[linkingState] + `","binding":"` + c.of[linkingBinding] + `"}`
			s.idp.says(c.nonce[linkingState], map[string]any{"sub": s.fresh("sub")})
			return header("Bearer", "POST", callback, body)(s, c, x)
		}, map[string]int{userToken: 200}, nil},

		{"POST /auth/token/{app_id}", "the code", func(s *stage, c wallet, x string) *http.Request {
			return s.request("POST", s.in(exchange), `{"code":"`+x+`"}`, "Cookie: "+c.cookie[oneTimeCode])
		}, map[string]int{oneTimeCode: 200}, refused},
		{"POST /auth/token/{app_id}", "the cookie", func(s *stage, c wallet, x string) *http.Request {
			return s.request("POST", s.in(exchange), `{"code":"`+c.of[oneTimeCode]+`"}`, "Cookie: authkit-b="+x)
		}, nil, nil},
		{"POST /auth/token/{app_id}", "the verifier", member(exchange, `{"code":"{one-time}","code_verifier":"{x}"}`), nil, nil},
		{"POST /auth/token/{app_id}", "the header", header("Bearer", "POST", exchange, `{"code":"x"}`), nil, nil},

		{"POST /auth/refresh/{app_id}", "the token", member("/auth/refresh/{app_id}", `{"refresh_token":"{x}"}`), map[string]int{refreshToken: 200}, refused},
		{"POST /auth/refresh/{app_id}", "the header", header("Bearer", "POST", "/auth/refresh/{app_id}", "{}"), nil, []int{400}},
		{"POST /auth/refresh/{app_id}", "the cookie", cookie("POST", "/auth/refresh/{app_id}", "{}", ""), nil, []int{400}},
		{"POST /auth/access-token/{app_id}", "the header", header("Bearer", "POST", "/auth/access-token/{app_id}", "{}"), nil, nil},
		{"POST /auth/access-token/{app_id}", "the cookie", cookie("POST", "/auth/access-token/{app_id}", "{}", ""), nil, nil}, // of an app that is not in cookie mode
		{"POST /auth/sign-out/{app_id}", "the token", member("/auth/sign-out/{app_id}", `{"refresh_token":"{x}"}`), map[string]int{refreshToken: 204}, refused},
		{"POST /auth/sign-out/{app_id}", "the token, for all", member("/auth/sign-out/{app_id}", `{"refresh_token":"{x}","all":true}`), map[string]int{refreshToken: 204}, refused},
		{"POST /auth/sign-out/{app_id}", "the header", header("Bearer", "POST", "/auth/sign-out/{app_id}", "{}"), map[string]int{userToken: 204}, nil},
		{"POST /auth/sign-out/{app_id}", "the cookie", cookie("POST", "/auth/sign-out/{app_id}", "{}", ""), nil, nil},

		{"GET /auth/me/{app_id}", "the header", header("Bearer", "GET", "/auth/me/{app_id}", ""), map[string]int{userToken: 200}, nil},
		{"GET /auth/me/{app_id}", "the cookie", cookie("GET", "/auth/me/{app_id}", "", ""), nil, nil},
		{"GET /auth/me/{app_id}", "the header as a key", header("ApiKey", "GET", "/auth/me/{app_id}", ""), nil, nil},
		{"GET /users/{app_id}", "the header", header("Bearer", "GET", "/users/{app_id}", ""), map[string]int{appKey: 200, otherAppKey: 404}, nil},
		{"GET /users/{app_id}", "the header as a key", header("ApiKey", "GET", "/users/{app_id}", ""), map[string]int{appKey: 200, otherAppKey: 404}, nil},
		{"GET /apps", "the header", header("Bearer", "GET", "/apps", ""), map[string]int{ownerToken: 200, otherDevToken: 200}, nil},
		{"GET /apps", "the header as a key", header("ApiKey", "GET", "/apps", ""), nil, nil},
		{"POST /apps", "the header", header("Bearer", "POST", "/apps", `{"name":"New"}`), map[string]int{ownerToken: 201, otherDevToken: 201}, nil},

		{"GET /apps/{app_id}/.well-known/openid-configuration", "the header", header("Bearer", "GET", "/apps/{app_id}/.well-known/openid-configuration", ""), all(200), nil},
		{"GET /apps/{app_id}/.well-known/jwks.json", "the header", header("Bearer", "GET", "/apps/{app_id}/.well-known/jwks.json", ""), all(200), nil},
		{"GET /branding/{hash}", "the header", func(s *stage, c wallet, x string) *http.Request {
			return header("Bearer", "GET", s.logo(1), "")(s, c, x)
		}, all(200), nil},
		{"PUT /apps/{app_id}/logo", "the header", func(s *stage, c wallet, x string) *http.Request {
			r := header("Bearer", "PUT", "/apps/{app_id}/logo", string(picture(s.t, 1)))(s, c, x)
			r.Header.Set("Content-Type", "image/png")
			return r
		}, map[string]int{ownerToken: 204, otherDevToken: 404}, nil},
		{"POST /users/{app_id}/import", "the header", func(s *stage, c wallet, x string) *http.Request {
			r := header("Bearer", "POST", "/users/{app_id}/import", `{"email":"moved@example.com"}`)(s, c, x)
			r.Header.Set("Content-Type", "application/x-ndjson")
			return r
		}, map[string]int{appKey: 200, otherAppKey: 404}, nil},
		{"GET /errors/{code}", "the header", header("Bearer", "GET", "/errors/forbidden", ""), all(200), nil},
		{"GET /docs", "the header", header("Bearer", "GET", "/docs", ""), all(200), nil},
		{"GET /authkit.js", "the header", header("Bearer", "GET", "/authkit.js", ""), all(200), nil},
		{"GET /healthz", "the header", header("Bearer", "GET", "/healthz", ""), all(200), nil},
		{"GET /openapi.json", "the header", header("Bearer", "GET", "/openapi.json", ""), all(200), nil},
		{"GET /readyz", "the header", header("Bearer", "GET", "/readyz", ""), all(200), nil},
	}
	for route, c := range map[string]struct {
		body   string
		status int
	}{
		"PATCH /auth/me/{app_id}":                     {"{}", 200},
		"DELETE /auth/me/{app_id}":                    {"", 204},
		"GET /auth/sessions/{app_id}":                 {"", 200},
		"DELETE /auth/sessions/{app_id}/{session_id}": {"", 404},
		"GET /auth/identities/{app_id}":               {"", 200},
		"POST /auth/identities/{app_id}":              {`{"provider":"corp"}`, 200},
		"DELETE /auth/identities/{app_id}/{provider}": {"", 404},
	} {
		method, path, _ := strings.Cut(route, " ")
		out = append(out, door{route, "the header", header("Bearer", method, path, c.body), map[string]int{userToken: c.status}, nil})
	}
	for route, body := range map[string]string{
		"GET /users/{app_id}/{user_id}": "", "PATCH /users/{app_id}/{user_id}": "{}", "DELETE /users/{app_id}/{user_id}": "",
		"GET /users/{app_id}/{user_id}/sessions": "", "DELETE /users/{app_id}/{user_id}/sessions": "", "POST /users/{app_id}/{user_id}/invite": "{}",
	} {
		method, path, _ := strings.Cut(route, " ")
		out = append(out, door{route, "the header", header("Bearer", method, path, body), map[string]int{appKey: 404, otherAppKey: 404}, nil})
	}
	out = append(out, door{
		"POST /users/{app_id}", "the header", header("Bearer", "POST", "/users/{app_id}", `{"email":"new@example.com"}`), map[string]int{appKey: 201, otherAppKey: 404}, nil,
	})
	for route, c := range map[string]struct {
		body   string
		status int
	}{
		"GET /apps/{app_id}":                          {"", 200},
		"DELETE /apps/{app_id}":                       {"", 204},
		"POST /apps/{app_id}/signing-keys/rotate":     {"{}", 201},
		"DELETE /apps/{app_id}/logo":                  {"", 204},
		"PATCH /apps/{app_id}":                        {"{}", 200},
		"GET /apps/{app_id}/explain/{request_id}":     {"", 404},
		"GET /apps/{app_id}/stats":                    {"", 200},
		"GET /apps/{app_id}/api-keys":                 {"", 200},
		"POST /apps/{app_id}/api-keys":                {"{}", 201},
		"DELETE /apps/{app_id}/api-keys/{id}":         {"", 404},
		"GET /apps/{app_id}/audit":                    {"", 200},
		"GET /apps/{app_id}/webhooks":                 {"", 200},
		"POST /apps/{app_id}/webhooks":                {"{}", 400},
		"GET /apps/{app_id}/webhooks/{id}":            {"", 404},
		"PATCH /apps/{app_id}/webhooks/{id}":          {"{}", 404},
		"DELETE /apps/{app_id}/webhooks/{id}":         {"", 404},
		"POST /apps/{app_id}/webhooks/{id}/rotate":    {"{}", 404},
		"GET /apps/{app_id}/webhooks/{id}/deliveries": {"", 404},
		"GET /apps/{app_id}/oauth-configs":            {"", 200},

		"POST /apps/{app_id}/webhooks/{id}/deliveries/{delivery_id}/replay": {"{}", 404},
		"POST /apps/{app_id}/oauth-configs":                                 {"{}", 400},
		"PATCH /apps/{app_id}/oauth-configs/{provider}":                     {"{}", 200},
		"DELETE /apps/{app_id}/oauth-configs/{provider}":                    {"", 204},
	} {
		method, path, _ := strings.Cut(route, " ")
		path = strings.NewReplacer("{id}", "{key_id}", "{delivery_id}", "{key_id}", "{provider}", "corp").Replace(path)
		out = append(out, door{route, "the header", header("Bearer", method, path, c.body), map[string]int{ownerToken: c.status, otherDevToken: 404}, nil})
	}
	out = append(out, pageDoors()...)
	for i, d := range out { // the user who asks for a change is like any other
		if status, takes := d.takes[userToken]; takes && !strings.Contains(d.route, "/callback/") { // requires the session that began the flow
			out[i].takes[moverToken] = status
		}
	}
	return slices.Concat(out, accountDoors(), factorDoors())
}

// This test tries every kind of credential at every door. The kinds that are refused come
// first: they must not spend the one that is accepted.
func TestCrossUse(t *testing.T) {
	t.Parallel()
	missing := map[string]bool{}
	for _, rt := range authkit.Routes() {
		missing[rt.Method+" "+rt.Pattern] = true
	}
	for _, d := range doors() {
		delete(missing, d.route)
		t.Run(d.route+", "+d.place, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits)
			c := s.minted()
			var opening []string
			for kind, x := range c.of {
				if _, takes := d.takes[kind]; takes {
					opening = append(opening, kind)
					continue
				}
				d.try(t, s, c, kind, x)
			}
			slices.Sort(opening)
			for _, kind := range opening {
				d.try(t, s, c, kind, c.of[kind])
			}
		})
	}
	for route := range missing {
		t.Errorf("%s: got no door, want one", route)
	}
}

func (d door) try(t *testing.T, s *stage, c wallet, kind, x string) {
	t.Helper()
	if nonce, ok := c.nonce[kind]; ok {
		s.idp.says(nonce, map[string]any{"email": s.email(), "sub": s.fresh("sub")})
	}
	got := s.do(d.put(s, c, x))
	want, takes := d.takes[kind]
	if every, ok := d.takes[""]; ok && !takes {
		want, takes = every, true
	}
	switch {
	case takes && got.Code != want:
		t.Errorf("%s: got %d %s, want %d", kind, got.Code, got.Body, want)
	case !takes && d.refusals == nil && got.Code != 401, !takes && d.refusals != nil && !slices.Contains(d.refusals, got.Code):
		t.Errorf("%s: got %d %s, want it refused", kind, got.Code, got.Body)
	case !takes && got.body["token"] != nil:
		t.Errorf("%s: got a token with the refusal: %s", kind, got.Body)
	}
}

// opensPage matches the routes of a link's page. Their effect comes with the POST, which has
// been sent here by then.
var opensPage = regexp.MustCompile(`^GET /auth/(verify|password|email)/`)

// A refused credential still works in its own place.
func TestNothingIsUsedUpElsewhere(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	c := s.minted()
	for _, d := range doors() {
		for kind, x := range c.of {
			if _, opens := d.takes[kind]; !opens && d.takes[""] == 0 {
				d.try(t, s, c, kind, x)
			}
		}
	}
	for _, d := range doors() {
		for _, kind := range []string{linkJWT, oneTimeCode, stateByJSON, stateByCookie, linkingState, resumeToken, refreshToken, resetJWT, verifyJWT, changeJWT, undoJWT, mfaToken, passkeyState} {
			if _, opens := d.takes[kind]; opens && d.place != "the form's state" && !opensPage.MatchString(d.route) && !strings.HasPrefix(d.route, "POST /auth/sign-out") {
				d.try(t, s, c, kind, c.of[kind])
			}
		}
	}
	s.send("POST", "/auth/refresh/"+c.other.String(), `{"refresh_token":"`+c.of[otherRefresh]+`"}`).want(t, 200, "")
	for kind, path := range map[string]string{userToken: s.in("/auth/me/{app_id}"), appKey: s.in("/users/{app_id}"), ownerToken: s.in("/apps/{app_id}"), otherDevToken: "/apps"} {
		if got := s.send("GET", path, "", bearer(c.of[kind])); got.Code != 200 {
			t.Errorf("%s in its own place: got %d %s, want 200", kind, got.Code, got.Body)
		}
	}
}
