package authkit_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// shape has a check for each member of an object.
type shape map[string]func(any) bool

func isText(v any) bool    { s, ok := v.(string); return ok && s != "" }
func isAnyText(v any) bool { _, ok := v.(string); return ok }
func isTruth(v any) bool   { _, ok := v.(bool); return ok }
func isCount(v any) bool   { n, ok := v.(float64); return ok && n >= 1 && n == float64(int64(n)) }
func isNull(v any) bool    { return v == nil }
func isObject(v any) bool  { _, ok := v.(map[string]any); return ok }

var times = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$`)

func isTime(v any) bool { s, ok := v.(string); return ok && times.MatchString(s) }

// isNewID reports whether a value is a UUID of version 7 in its canonical form, as all ids made
// here are.
func isNewID(v any) bool {
	s, _ := v.(string)
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s && id.Version() == 7 && id.Variant() == uuid.RFC4122
}

func is(want any) func(any) bool {
	return func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(want) }
}

func beginsWith(prefix string) func(any) bool {
	return func(v any) bool {
		s, ok := v.(string)
		return ok && strings.HasPrefix(s, prefix) && len(s) > len(prefix)
	}
}

func either(one, other func(any) bool) func(any) bool {
	return func(v any) bool { return one(v) || other(v) }
}

func texts(v any) bool {
	list, ok := v.([]any)
	return ok && !slices.ContainsFunc(list, func(v any) bool { return !isText(v) })
}

// each checks a list, not empty, of objects of one shape.
func each(s shape) func(any) bool {
	return func(v any) bool {
		list, ok := v.([]any)
		return ok && len(list) > 0 && !slices.ContainsFunc(list, func(v any) bool { return s.wrong(v) != "" })
	}
}

func (s shape) is(v any) bool { return s.wrong(v) == "" }

// wrong returns where a value differs from the shape.
func (s shape) wrong(v any) string {
	object, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprintf("got %v, want an object", v)
	}
	if got, want := slices.Sorted(maps.Keys(object)), slices.Sorted(maps.Keys(s)); !slices.Equal(got, want) {
		return fmt.Sprintf("got members %v, want %v", got, want)
	}
	for name, fits := range s {
		if !fits(object[name]) {
			return fmt.Sprintf("got %s %v", name, object[name])
		}
	}
	return ""
}

func aUser(email, method string) shape {
	return shape{
		"user_id": isNewID, "email": is(email), "email_verified": isTruth, "name": either(isNull, isText),
		"auth_method": is(method), "last_login": isTime, "created_at": isTime, "metadata": isObject, "roles": texts,
	}
}

func aSignIn(email, method string, created bool) shape {
	return shape{
		"token": isText, "token_type": is("Bearer"), "expires_in": is(900), "refresh_token": beginsWith("rt_"), "user": aUser(email, method).is, "created": is(created),
	}
}

// aManagedUser is a user as the app's own server sees it.
func aManagedUser(email string) shape {
	return aUser(email, "credentials").with(shape{
		"disabled": isTruth, "disabled_reason": either(isNull, isText), "external_id": either(isNull, isText), "private_metadata": isObject,
	})
}

func anApp() shape { return shape{"app_id": isNewID, "name": isText, "created_at": isTime} }

// with returns the shape with more members.
func (s shape) with(more shape) shape {
	out := maps.Clone(s)
	maps.Copy(out, more)
	return out
}

func aKey() shape {
	return shape{
		"id": isNewID, "name": isAnyText, "hint": beginsWith("ak_"), "scopes": texts, "created_at": isTime,
		"last_used_at": either(isNull, isTime), "expires_at": either(isNull, isTime), "is_active": isTruth,
	}
}

func aConfig() shape {
	return shape{
		"provider": isText, "client_id": isText, "redirect_uri": isText, "scopes": texts, "issuer": isAnyText,
		"trust_email": isTruth, "enabled": isTruth, "created_at": isTime,
	}
}

func TestObjects(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	get := func(path string, headers ...string) answer { return s.send("GET", s.in(path), "", headers...) }
	post := func(path, body string, headers ...string) answer { return s.send("POST", s.in(path), body, headers...) }
	dev, key := bearer(s.token), bearer(s.key)
	pending, m := s.mailed("link@example.com", "")
	s.provider()
	settings := shape{
		"signup": is("open"), "verify_email": is("ask"), "link_policy": is("verified"), "magic_link": is("confirm"), "redirect_urls": texts, "origins": texts, "access_token_seconds": is(900),
		"mfa": is("optional"), "mfa_remember_days": is(0.0), "passkey_rp_id": is(""),
		"session_idle_seconds": isCount, "session_absolute_seconds": isCount, "session_mode": is("bearer"), "signing_alg": is("ES256"),
		"limits":     is("map[credentials:20/m/ip, 10/m/email mail:5/h/email, 30/h/ip oauth:60/m/ip sign_up:20/h/ip]"),
		"audit_days": is("400"), "branding": is("map[color:<nil> home_url:<nil> privacy_url:<nil> support_url:<nil> terms_url:<nil>]"),
	}
	up := post("/auth/credentials/{app_id}", signInBody("Ann@Example.com", password, ""))

	none := get("/auth/identities/{app_id}", bearer(up.text(t, "token")))
	s.link(up.text(t, "token"), map[string]any{"email": "other@example.com"})
	identities := get("/auth/identities/{app_id}", bearer(up.text(t, "token")))

	for _, c := range []struct {
		name string
		got  answer
		code int
		want shape
	}{
		{"a sign-up", up, 201, aSignIn("Ann@Example.com", "credentials", true)},
		{"a sign-in", post("/auth/credentials/{app_id}", signInBody("ann@example.com", password, "")), 200, aSignIn("Ann@Example.com", "credentials", false)},
		{"a sign-in by link", post("/auth/verify/{app_id}", `{"token":"`+linkToken(m)+`"}`), 200, aSignIn("link@example.com", "magic_link", true)},
		{"a pending proof", pending, 202, shape{"success": is(true), "binding": isText, "expires_in": is(600)}},
		{"oneself", get("/auth/me/{app_id}", bearer(up.text(t, "token"))), 200, aUser("Ann@Example.com", "credentials")},
		{"sessions", get("/auth/sessions/{app_id}", bearer(up.text(t, "token"))), 200, shape{"sessions": each(shape{
			"id": isNewID, "created_at": isTime, "last_used_at": isTime, "expires_at": isTime, "user_agent": isAnyText, "ip": is("192.0.2.1"), "current": isTruth,
		})}},
		{"a refresh", post("/auth/refresh/{app_id}", `{"refresh_token":"`+up.text(t, "refresh_token")+`"}`), 200, aSignIn("Ann@Example.com", "credentials", false)},
		{"a user of another name", s.send("PATCH", s.in("/auth/me/{app_id}"), `{"name":"Ann"}`, bearer(up.text(t, "token"))), 200,
			aUser("Ann@Example.com", "credentials").with(shape{"name": is("Ann")})},
		{"a user in the app's eyes", get("/users/{app_id}/"+up.body["user"].(map[string]any)["user_id"].(string), key), 200, aManagedUser("Ann@Example.com")},
		{"a user whom the app makes", post("/users/{app_id}", `{"email":"Bob@Example.com"}`, key), 201,
			aManagedUser("Bob@Example.com").with(shape{"auth_method": isText, "last_login": isNull, "name": isNull})},
		{"a signing key", post("/apps/{app_id}/signing-keys/rotate", `{}`, dev), 201, shape{"kid": isText}},
		{"a new app", post("/apps", `{"name":"Second"}`, dev), 201, anApp().with(shape{"api_key": beginsWith("ak_")})},
		{"an app", get("/apps/{app_id}", dev), 200, anApp().with(shape{"settings": settings.is})},
		{"a changed app", s.send("PATCH", s.in("/apps/{app_id}"), `{"name":"Demo 2"}`, dev), 200, anApp().with(shape{"settings": settings.is})},
		{"apps", get("/apps", dev), 200, shape{"apps": each(anApp())}},
		{"users", get("/users/{app_id}", key), 200, shape{"users": func(v any) bool { return len(v.([]any)) == 3 }}},
		{"a new API key", post("/apps/{app_id}/api-keys", `{"name":"ci","expires_at":"2030-01-02T03:04:05.1234567+02:00"}`, dev), 201,
			aKey().with(shape{"key": beginsWith("ak_"), "expires_at": is("2030-01-02T01:04:05.123456Z"), "is_active": is(true), "name": is("ci")})},
		{"API keys", get("/apps/{app_id}/api-keys", dev), 200, shape{"api_keys": each(aKey())}},
		{"a new configuration", post("/apps/{app_id}/oauth-configs", `{"provider":"github","client_id":"c","client_secret":"s","redirect_uri":"https://a.example/gh"}`, dev), 201, aConfig()},
		{"a changed configuration", s.send("PATCH", s.in("/apps/{app_id}/oauth-configs/github"), `{"scopes":["user"]}`, dev), 200, aConfig()},
		{"why a request was refused", get("/apps/{app_id}/explain/"+s.send("GET", s.in("/auth/me/{app_id}"), "").Header().Get("X-Request-ID"), dev), 200,
			shape{"rule": beginsWith("unauthenticated: "), "received": is("no Authorization header"), "allowed": isText, "setting": is("session_mode"), "fix": isText}},
		{"counts", get("/apps/{app_id}/stats?to=2026-01-02&from=2026-01-02", dev), 200, shape{"days": is("[map[active_users:0 day:2026-01-02 refused:map[] sign_ins:map[] sign_ups:0]]")}},
		{"configurations", get("/apps/{app_id}/oauth-configs", dev), 200, shape{"oauth_configs": each(aConfig())}},
		{"a way to a provider", get("/auth/corp/{app_id}", "Accept: application/json"), 200, shape{"redirect_url": isText, "state": isText, "binding": isText}},
		{"no identities", none, 200, shape{"identities": is("[]")}},
		{"a way to an identity", post("/auth/identities/{app_id}", `{"provider":"corp"}`, bearer(up.text(t, "token"))), 200, shape{"redirect_url": isText, "state": isText, "binding": isText}},
		{"identities", identities, 200, shape{"identities": each(shape{"provider": is("corp"), "email": is("other@example.com"), "created_at": isTime})}},
		{"health", get("/healthz"), 200, shape{"status": is("ok")}},
		{"readiness", get("/readyz"), 200, shape{"status": is("ok")}},
		{"keys", get("/apps/{app_id}/.well-known/jwks.json"), 200, shape{"keys": each(shape{
			"kty": is("EC"), "crv": is("P-256"), "x": isText, "y": isText, "use": is("sig"), "alg": is("ES256"), "kid": isText,
		})}},
		{"metadata", get("/apps/{app_id}/.well-known/openid-configuration"), 200, shape{
			"issuer": is(s.in(base + "/apps/{app_id}")), "jwks_uri": is(s.in(base + "/apps/{app_id}/.well-known/jwks.json")),
			"id_token_signing_alg_values_supported": is("[ES256]"), "subject_types_supported": texts, "response_types_supported": texts,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.got.want(t, c.code, "")
			if kind := c.got.Header().Get("Content-Type"); kind != "application/json" {
				t.Errorf("Content-Type: got %q, want application/json", kind)
			}
			if wrong := c.want.wrong(c.got.body); wrong != "" {
				t.Errorf("%s\n%s", wrong, c.got.Body)
			}
		})
	}
	t.Run("a key is shown once, and a client secret never", func(t *testing.T) {
		for _, path := range []string{"/apps/{app_id}/api-keys", "/apps/{app_id}/oauth-configs", "/apps", "/apps/{app_id}"} {
			text := get(path, dev).Body.String()
			for _, secret := range []string{s.key, `"key"`, `"api_key"`, "client_secret", `"hash"`} {
				if strings.Contains(text, secret) {
					t.Errorf("%s: got %s in it, want none", path, secret)
				}
			}
		}
	})
	t.Run("an API key's hint is its beginning, and its use is told", func(t *testing.T) {
		s.clock.Advance(time.Second)
		got := post("/apps/{app_id}/api-keys", `{}`, dev)
		get("/users/{app_id}", bearer(got.text(t, "key"))).want(t, 200, "")
		s.runOnce()
		list := get("/apps/{app_id}/api-keys", dev).body["api_keys"].([]any)
		newest, oldest := list[0].(map[string]any), list[len(list)-1].(map[string]any)
		if newest["last_used_at"] == nil || !strings.HasPrefix(got.text(t, "key"), newest["hint"].(string)) || len(newest["hint"].(string)) > 11 {
			t.Errorf("newest: got %v", newest)
		}
		if oldest["is_active"] != false || newest["is_active"] != true {
			t.Errorf("is_active: got %v and %v, want the newest alone", newest["is_active"], oldest["is_active"])
		}
	})
}

func TestLastLogin(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.fill(s.app.ID, 1)
	users := s.send("GET", s.in("/users/{app_id}"), "", bearer(s.key)).body["users"].([]any)
	if at := users[0].(map[string]any)["last_login"]; at != nil {
		t.Errorf("before the first sign-in: got %v, want null", at)
	}
	s.clock.Advance(time.Hour)
	want := s.clock.Now().Format(time.RFC3339Nano)
	if at := s.signUp("ann@example.com").body["user"].(map[string]any)["last_login"]; at != want {
		t.Errorf("in a sign-up's answer: got %v, want %s", at, want)
	}
	s.clock.Advance(time.Hour)
	got := s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", password, ""))
	if at, want := got.body["user"].(map[string]any)["last_login"], s.clock.Now().Format(time.RFC3339Nano); at != want {
		t.Errorf("in a sign-in's answer: got %v, want %s", at, want)
	}
}

// This test gives the engine a clock of another zone, with nanoseconds.
func TestTimes(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 123456789, time.FixedZone("x", 2*3600+1800))
	w := setup(t, func(c *authkit.Config) { c.Now = func() time.Time { return at } })
	const want = "2026-03-04T02:36:07.123456Z"
	user := w.signUp("ann@example.com").body["user"].(map[string]any)
	app := w.send("GET", w.in("/apps/{app_id}"), "", bearer(w.token)).body
	key := w.send("POST", w.in("/apps/{app_id}/api-keys"), `{}`, bearer(w.token)).body
	for name, got := range map[string]any{
		"a user's created_at": user["created_at"], "a user's last_login": user["last_login"], "an app's": app["created_at"], "a key's": key["created_at"],
	} {
		if got != want {
			t.Errorf("%s: got %v, want %s", name, got, want)
		}
	}
}

// This test reads the token as any party may.
func TestAccessTokenClaims(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	claims := func(raw string) (header, body map[string]any) {
		t.Helper()
		parsed, _, err := jwt.NewParser().ParseUnverified(raw, jwt.MapClaims{})
		if err != nil {
			t.Fatal(err)
		}
		return parsed.Header, parsed.Claims.(jwt.MapClaims)
	}
	now := w.clock.Now().Unix()
	unproven := shape{
		"iss": is(base + "/apps/" + w.app.ID.String()), "aud": is(w.app.ID), "client_id": is(w.app.ID), "sub": isNewID, "sid": isNewID, "jti": isNewID,
		"iat": is(float64(now)), "exp": is(float64(now + 900)), "auth_time": is(float64(now)), "amr": is("[pwd]"), "acr": is("aal1"), "name": is(""),
	}
	header, body := claims(w.signUp("Ann@example.com").text(t, "token"))
	if wrong := unproven.wrong(body); wrong != "" {
		t.Errorf("claims of an unproven user: %s", wrong)
	}
	if wrong := (shape{"typ": is("at+jwt"), "alg": is("ES256"), "kid": isText}).wrong(header); wrong != "" {
		t.Errorf("header: %s", wrong)
	}
	asked, m := w.mailed("Ann@example.com", "")
	_, body = claims(w.verify(`{"token":"`+linkToken(m)+`","binding":"`+asked.text(t, "binding")+`"}`).text(t, "token"))
	if wrong := unproven.with(shape{"email": is("Ann@example.com"), "email_verified": is(true), "amr": is("[otp]")}).wrong(body); wrong != "" {
		t.Errorf("claims of a proven user: %s", wrong)
	}
	got := w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"bob@example.com","password":"`+password+`","name":"Bob"}`)
	_, body = claims(got.text(t, "token"))
	if wrong := unproven.with(shape{"name": is("Bob")}).wrong(body); wrong != "" {
		t.Errorf("claims of a named user: %s", wrong)
	}
}
