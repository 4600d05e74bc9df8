package authkit_test

import (
	"net/http"

	"github.com/golang-jwt/jwt/v5"
)

func identityFlows() []flow {
	const list, one, post = "/auth/identities/{app_id}", "/auth/identities/{app_id}/corp", "POST /auth/callback/{provider}/{app_id}"
	const route = "DELETE /auth/identities/{app_id}/{provider}"
	up := func(s *stage) string { return s.signUp(s.email()).text(s.t, "token") }
	return []flow{
		{name: "list one's identities", route: "GET " + list, status: 200, ready: func(s *stage) func() *http.Request {
			token := up(s)
			s.link(token, nil)
			return s.again("GET", list, "", bearer(token))
		}},
		{name: "begin to link", route: "POST " + list, status: 200, ready: func(s *stage) func() *http.Request {
			s.provider()
			return s.again("POST", list, `{"provider":"corp"}`, bearer(up(s)))
		}},
		{name: "begin to link at an unknown provider", route: "POST " + list, status: 404, code: "provider_not_configured", ready: func(s *stage) func() *http.Request {
			return s.again("POST", list, `{"provider":"github"}`, bearer(up(s)))
		}},
		{name: "finish linking", route: post, status: 200, spends: true, ready: func(s *stage) func() *http.Request {
			token := s.proven(s.email())
			state, binding := s.linking(token, nil)
			return s.again("POST", "/auth/callback/corp/{app_id}", callbackBody(state, binding), bearer(token))
		}},
		{name: "finish linking without a session", route: post, status: 401, code: "unauthenticated", ready: func(s *stage) func() *http.Request {
			state, binding := s.linking(up(s), nil)
			return s.again("POST", "/auth/callback/corp/{app_id}", callbackBody(state, binding))
		}},
		{name: "finish linking with another's session", route: post, status: 401, code: "invalid_token", ready: func(s *stage) func() *http.Request {
			state, binding := s.linking(up(s), nil)
			return s.again("POST", "/auth/callback/corp/{app_id}", callbackBody(state, binding), bearer(up(s)))
		}},
		{name: "bounce the form of a flow that links", route: post, status: 303, ready: func(s *stage) func() *http.Request {
			state, _ := s.linking(up(s), nil)
			return s.again("POST", "/auth/callback/corp/{app_id}", "code=good&state="+state, form)
		}},
		{name: "unlink", route: route, status: 204, ready: func(s *stage) func() *http.Request {
			token := up(s)
			s.link(token, nil)
			return s.again("DELETE", one, "", bearer(token))
		}},
		{name: "unlink what is not linked", route: route, status: 404, code: "identity_not_found", ready: func(s *stage) func() *http.Request {
			return s.again("DELETE", one, "", bearer(up(s)))
		}},
		{name: "unlink the last way in", route: route, status: 409, code: "last_credential", ready: func(s *stage) func() *http.Request {
			token := s.by(jwt.MapClaims{"sub": s.fresh("sub"), "email": s.email()}).text(s.t, "token")
			return s.again("DELETE", one, "", bearer(token))
		}},
	}
}
