package authkit_test

import (
	"net/http"
	"net/url"

	"github.com/google/uuid"
)

func sessionFlows() []flow {
	const sessions = "/auth/sessions/{app_id}"
	in := func(s *stage, member string) string { return s.signUp(s.email()).text(s.t, member) }
	return []flow{
		{name: "turn a refresh token", route: "POST /auth/refresh/{app_id}", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/auth/refresh/{app_id}", `{"refresh_token":"`+in(s, "refresh_token")+`"}`)
		}},
		{name: "turn a malformed refresh token", route: "POST /auth/refresh/{app_id}", status: 401, code: "invalid_token", ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/auth/refresh/{app_id}", `{"refresh_token":"rt_nothing"}`)
		}},
		{name: "make an access token", route: "POST /auth/access-token/{app_id}", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/auth/access-token/{app_id}", `{}`, s.byCookie())
		}},
		{name: "make an access token by one", route: "POST /auth/access-token/{app_id}", status: 401, code: "unauthenticated", ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/auth/access-token/{app_id}", `{}`, bearer(in(s, "token")))
		}},
		{name: "sign out", route: "POST /auth/sign-out/{app_id}", status: 204, ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/auth/sign-out/{app_id}", `{}`, bearer(in(s, "token")))
		}},
		{name: "sign out everywhere", route: "POST /auth/sign-out/{app_id}", status: 204, ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/auth/sign-out/{app_id}", `{"all":true}`, bearer(in(s, "token")))
		}},
		{name: "rename oneself", route: "PATCH /auth/me/{app_id}", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("PATCH", "/auth/me/{app_id}", `{"name":"Ann"}`, bearer(in(s, "token")))
		}},
		{name: "delete oneself", route: "DELETE /auth/me/{app_id}", status: 204, ready: func(s *stage) func() *http.Request {
			return s.again("DELETE", "/auth/me/{app_id}", "", bearer(in(s, "token")))
		}},
		{name: "list one's sessions", route: "GET " + sessions, status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", sessions, "", bearer(in(s, "token")))
		}},
		{name: "end a session", route: "DELETE " + sessions + "/{session_id}", status: 204, ready: func(s *stage) func() *http.Request {
			email := s.email()
			s.signUp(email)
			s.clock.Advance(1) // so that the newest has a later time
			token := s.signIn(s.app.ID.String(), email)
			list := s.send("GET", s.in(sessions), "", bearer(token)).body["sessions"].([]any)
			for _, one := range list {
				if one.(map[string]any)["current"] == false {
					return s.again("DELETE", sessions+"/"+one.(map[string]any)["id"].(string), "", bearer(token))
				}
			}
			s.t.Fatalf("sessions: got %v, want one that is not current", list)
			return nil
		}},
		{name: "end an unknown session", route: "DELETE " + sessions + "/{session_id}", status: 404, code: "session_not_found", ready: func(s *stage) func() *http.Request {
			return s.again("DELETE", sessions+"/"+uuid.NewString(), "", bearer(in(s, "token")))
		}},
	}
}

func managedFlows() []flow {
	const one, invitation = "/users/{app_id}/{user_id}", "/auth/invitation/{app_id}"
	user := func(s *stage) string {
		s.t.Helper()
		return "/users/{app_id}/" + s.signUp(s.email()).body["user"].(map[string]any)["user_id"].(string)
	}
	return []flow{
		{name: "import users", route: "POST /users/{app_id}/import", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/users/{app_id}/import", `{"email":"moved@example.com"}`, bearer(s.key), importHeader)
		}},
		{name: "import users as JSON", route: "POST /users/{app_id}/import", status: 415, code: "unsupported_media_type", ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/users/{app_id}/import", `{"email":"moved@example.com"}`, bearer(s.key))
		}},
		{name: "create a user", route: "POST /users/{app_id}", status: 201, ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/users/{app_id}", `{"email":"`+s.email()+`"}`, bearer(s.key))
		}},
		{name: "read a user", route: "GET " + one, status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", user(s), "", bearer(s.key))
		}},
		{name: "read an unknown user", route: "GET " + one, status: 404, code: "user_not_found", ready: func(s *stage) func() *http.Request {
			return s.again("GET", "/users/{app_id}/"+uuid.NewString(), "", bearer(s.key))
		}},
		{name: "disable a user", route: "PATCH " + one, status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("PATCH", user(s), `{"disabled":true}`, bearer(s.key))
		}},
		{name: "delete a user", route: "DELETE " + one, status: 204, ready: func(s *stage) func() *http.Request {
			return s.again("DELETE", user(s), "", bearer(s.key))
		}},
		{name: "invite a user", route: "POST " + one + "/invite", status: 202, ready: func(s *stage) func() *http.Request {
			return s.again("POST", user(s)+"/invite", `{}`, bearer(s.key))
		}},
		{name: "look at the page of an invitation", route: "GET " + invitation, status: 200, ready: func(s *stage) func() *http.Request {
			_, m := s.invited(s.email(), "")
			return s.again("GET", linkPath(m), "")
		}},
		{name: "accept an invitation", route: "POST " + invitation, status: 200, ready: func(s *stage) func() *http.Request {
			_, m := s.invited(s.email(), "")
			return s.pressing(m, invitation, url.Values{"password": {newPassword}}, "Accept: text/html", "Sec-Fetch-Mode: navigate")
		}},
		{name: "accept an invitation that goes on", route: "POST " + invitation, status: 303, ready: func(s *stage) func() *http.Request {
			id := s.created(s.email(), "").field("user_id")
			return s.pressing(s.invite(id, `{"redirect_to":"`+goal+`"}`), invitation, url.Values{"password": {newPassword}}, "Accept: text/html", "Sec-Fetch-Mode: navigate")
		}},
		{name: "list the sessions of a user", route: "GET " + one + "/sessions", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", user(s)+"/sessions", "", bearer(s.key))
		}},
		{name: "end the sessions of a user", route: "DELETE " + one + "/sessions", status: 204, ready: func(s *stage) func() *http.Request {
			return s.again("DELETE", user(s)+"/sessions", "", bearer(s.key))
		}},
		{name: "delete an app", route: "DELETE /apps/{app_id}", status: 204, ready: func(s *stage) func() *http.Request {
			app, _, err := s.engine.CreateApp(s.t.Context(), s.devID, s.fresh("Other "))
			if err != nil {
				s.t.Fatal(err)
			}
			return s.again("DELETE", "/apps/"+app.ID.String(), "", bearer(s.token))
		}},
		{name: "make the next signing key", route: "POST /apps/{app_id}/signing-keys/rotate", status: 201, ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/apps/{app_id}/signing-keys/rotate", `{}`, bearer(s.token))
		}},
	}
}
