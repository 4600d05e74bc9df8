package authkit_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

// A one-time code goes to another origin than that of the base URL only if its use needs the
// verifier of the program that began.
func TestAGoalOfAnotherOriginNeedsACodeChallenge(t *testing.T) {
	t.Parallel()
	const spa, port = "https://spa.example/done", "http://localhost:8081/done"
	challenge := strings.Repeat("A", 43)
	for name, c := range map[string]struct {
		mode     authkit.SessionMode
		session  string // the parameter session
		to       string
		required bool
	}{
		"another host":                                {authkit.SessionBearer, "", spa, true},
		"another port":                                {authkit.SessionBearer, "", port, true},
		"another host, and a cookie asked for":        {authkit.SessionBearer, "cookie", spa, true},
		"another host, where no choice is made":       {authkit.SessionEither, "", spa, true},
		"another host, where a bearer is chosen":      {authkit.SessionEither, "bearer", spa, true},
		"another host, where a cookie is chosen":      {authkit.SessionEither, "cookie", spa, false},
		"another host, where the session is a cookie": {authkit.SessionCookie, "", spa, false},
		"the origin of the base URL":                  {authkit.SessionBearer, "", goal, false},
		"no goal":                                     {authkit.SessionBearer, "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.provider()
			s.settings(authkit.AppPatch{RedirectURLs: &[]string{goal, spa, port}, SessionMode: &c.mode})
			post := func(path string) func(challenge string) answer {
				return func(challenge string) answer {
					body := `{"email":"ann@example.com"`
					if c.to != "" {
						body += `,"redirect_to":"` + c.to + `"`
					}
					if challenge != "" {
						body += `,"code_challenge":"` + challenge + `"`
					}
					at := s.in(path)
					if c.session != "" {
						at += "?session=" + c.session
					}
					return s.send("POST", at, body+"}")
				}
			}
			for route, ask := range map[string]func(challenge string) answer{
				"magic-link":      post("/auth/magic-link/{app_id}"),
				"password/forgot": post("/auth/password/forgot/{app_id}"),
				"provider": func(challenge string) answer {
					query := url.Values{}
					for name, value := range map[string]string{"redirect_to": c.to, "code_challenge": challenge, "session": c.session} {
						if value != "" {
							query.Set(name, value)
						}
					}
					return s.send("GET", s.in("/auth/corp/{app_id}?")+query.Encode(), "", "Accept: application/json")
				},
			} {
				got := ask("")
				if !c.required {
					if got.Code >= 400 {
						t.Errorf("%s: got %d %s, want no challenge asked for", route, got.Code, got.Body)
					}
					continue
				}
				got.want(t, 400, "invalid_request")
				if got.faults() != "code_challenge required" || got.Header().Get("Location") != "" {
					t.Errorf("%s: got %s, want code_challenge required", route, got.Body)
				}
				if got := ask(challenge); got.Code >= 400 {
					t.Errorf("%s with a challenge: got %d %s", route, got.Code, got.Body)
				}
			}
		})
	}
	t.Run("in Go", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		s.settings(authkit.AppPatch{RedirectURLs: &[]string{spa}})
		in := authkit.MagicLinkRequest{App: s.app.ID, Email: "ann@example.com", RedirectTo: spa}
		if _, err := s.engine.RequestMagicLink(t.Context(), in); err == nil {
			t.Error("got no error, want code_challenge required")
		}
	})
}

// An app may list a route of the handler, such as the start of another app's flow: no flow goes on
// to it.
func TestNoFlowGoesOnToARouteOfTheHandler(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.provider()
	other, _, err := s.engine.CreateApp(t.Context(), s.devID, "Other")
	if err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{
		"the start of another app's flow": base + "/auth/github/" + other.ID.String(),
		"the same with a query":           base + "/auth/github/" + other.ID.String() + "?session=cookie",
		"a page of the app":               base + "/auth/sign-out/" + s.app.ID.String(),
	} {
		s.settings(authkit.AppPatch{RedirectURLs: &[]string{goal, to}})
		body := `{"email":"ann@example.com","redirect_to":"` + to + `"}`
		s.send("POST", s.in("/auth/magic-link/{app_id}"), body).want(t, 400, "invalid_request")
		query := url.Values{"redirect_to": {to}}
		if got := s.send("GET", s.in("/auth/corp/{app_id}?")+query.Encode(), "", "Accept: application/json"); got.Code != 400 {
			t.Errorf("%s: got %d %s, want 400", name, got.Code, got.Body)
		}
	}
}
