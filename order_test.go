package authkit_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

// This test breaks two rules at once, each together with the next one. The answer must be that
// of the first: 404 path, 405, 403 cross-origin, 401 credential, 404 app, 429 by peer address,
// 415, 413, 400, 429 by email.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	const evil, text = "Origin: https://evil.example", "Content-Type: text/plain"
	credentials, none, huge := s.in("/auth/credentials/{app_id}"), uuid.NewString(), strings.Repeat("x", 64<<10+1)
	wrong := signInBody("bob@example.com", "another passphrase", "sign_in")

	full := s.from("198.51.100.1:1") // whose limit is exhausted
	for range 20 {
		full.send("POST", credentials, "{}").want(t, 400, "invalid_request")
	}
	full.send("POST", credentials, "{}").want(t, 429, "rate_limited")
	for range 10 { // exhausts the limit of the address, from elsewhere
		s.from("198.51.100.2:1").send("POST", credentials, wrong).want(t, 401, "invalid_credentials")
	}

	for name, c := range map[string]struct {
		w                  *world
		method, path, body string
		headers            []string
		status             int
		code               string
	}{
		"an unknown path before the method":     {s.world, "PUT", "/nothing", "", nil, 404, "not_found"},
		"an unclean path before the method":     {s.world, "PUT", "//apps", "", nil, 404, "not_found"},
		"the method before the origin":          {s.world, "PUT", credentials, "", []string{evil}, 405, "method_not_allowed"},
		"the method before the credential":      {s.world, "PUT", "/apps", "", nil, 405, "method_not_allowed"},
		"the origin before the credential":      {s.world, "POST", "/apps", "", []string{evil}, 403, "forbidden"},
		"the origin before the app":             {s.world, "POST", "/auth/verify/" + none, "", []string{evil}, 403, "forbidden"},
		"the origin before the limit":           {full, "POST", credentials, "{}", []string{evil}, 403, "forbidden"},
		"the origin before the type":            {s.world, "POST", credentials, "{}", []string{evil, text}, 403, "forbidden"},
		"the credential before the app":         {s.world, "POST", "/apps/" + none + "/api-keys", "", nil, 401, "unauthenticated"},
		"a wrong credential before the app":     {s.world, "GET", "/users/" + none, "", []string{bearer("ak_x")}, 401, "invalid_api_key"},
		"two headers before the app":            {s.world, "GET", "/auth/me/" + none, "", []string{"Authorization: a b c"}, 400, "invalid_request"},
		"the credential before the type":        {s.world, "POST", "/apps", "{}", []string{text}, 401, "unauthenticated"},
		"the app before the limit":              {full, "POST", "/auth/credentials/" + none, "{}", nil, 404, "app_not_found"},
		"the app before the type":               {s.world, "POST", "/auth/credentials/" + none, "{}", []string{text}, 404, "app_not_found"},
		"an owner's app before the type":        {s.world, "PATCH", "/apps/" + none, "{}", []string{bearer(s.token), text}, 404, "app_not_found"},
		"the limit before the type":             {full, "POST", credentials, "{}", []string{text}, 429, "rate_limited"},
		"the limit before the size":             {full, "POST", credentials, huge, nil, 429, "rate_limited"},
		"the type before the size":              {s.world, "POST", credentials, huge, []string{text}, 415, "unsupported_media_type"},
		"the type before what is in it":         {s.world, "POST", credentials, "nonsense", []string{text}, 415, "unsupported_media_type"},
		"the size before what is in it":         {s.world, "POST", credentials, huge, nil, 413, "body_too_large"},
		"what is in it before the address":      {s.world, "POST", credentials, strings.Replace(wrong, "sign_in", "sign_off", 1), nil, 400, "invalid_request"},
		"the limit of the address, in the end":  {s.world, "POST", credentials, wrong, nil, 429, "rate_limited"},
		"a taken name after what is in it":      {s.world, "POST", "/apps", `{"name":"Demo","x":1}`, []string{bearer(s.token)}, 400, "invalid_request"},
		"the provider before where to go on":    {s.world, "GET", s.in("/auth/nope/{app_id}?redirect_to=x"), "", nil, 404, "provider_not_configured"},
		"the body of a GET after the limit":     {full, "GET", s.in("/auth/corp/{app_id}"), "{}", nil, 400, "invalid_request"},
		"the body of a GET after the app":       {s.world, "GET", "/auth/corp/" + none, "{}", nil, 404, "app_not_found"},
		"a weak password before a taken one":    {s.world, "POST", credentials, signInBody("dev@example.com", "short", "sign_up"), nil, 422, "weak_password"},
		"a preflight of an unknown path is 404": {s.world, "OPTIONS", "/nothing", "", []string{evil, "Access-Control-Request-Method: POST"}, 404, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			c.w.send(c.method, c.path, c.body, c.headers...).want(t, c.status, c.code)
		})
	}
}
