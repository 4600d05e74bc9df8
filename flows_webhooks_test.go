package authkit_test

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// hooked adds a webhook and returns it. Its URL answers nothing.
func (s *stage) hooked() authkit.WebhookRef {
	s.t.Helper()
	app := authkit.AppRef{Developer: s.devID, ID: s.app.ID}
	all, err := s.engine.Webhooks(s.t.Context(), app)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, w := range all { // an app has few of them
		if err := s.engine.DeleteWebhook(s.t.Context(), authkit.WebhookRef{App: app, ID: w.ID}); err != nil {
			s.t.Fatal(err)
		}
	}
	w, _, err := s.engine.CreateWebhook(s.t.Context(), app, authkit.WebhookPatch{URL: new("https://hooks.example/authkit")})
	if err != nil {
		s.t.Fatal(err)
	}
	return authkit.WebhookRef{App: app, ID: w.ID}
}

// challenged returns the path of the delivery that waits for a new webhook: its challenge.
func (s *stage) challenged() string {
	s.t.Helper()
	ref := s.hooked()
	all, err := s.engine.WebhookDeliveries(s.t.Context(), ref, authkit.Page{})
	if err != nil || len(all) != 1 {
		s.t.Fatalf("deliveries: got %v, %v, want the challenge", all, err)
	}
	return hooksAt + "/" + ref.ID.String() + "/deliveries/" + all[0].ID.String()
}

const hooksAt = "/apps/{app_id}/webhooks"

func webhookFlows() []flow {
	asOwner := func(method, more, body string) func(*stage) func() *http.Request {
		return func(s *stage) func() *http.Request {
			return s.again(method, hooksAt+"/"+s.hooked().ID.String()+more, body, bearer(s.token))
		}
	}
	return []flow{
		{name: "list webhooks", route: "GET " + hooksAt, status: 200, ready: func(s *stage) func() *http.Request {
			s.hooked()
			return s.again("GET", hooksAt, "", bearer(s.token))
		}},
		{name: "add a webhook", route: "POST " + hooksAt, status: 201, ready: func(s *stage) func() *http.Request {
			s.hooked()
			return s.again("POST", hooksAt, `{"url":"https://app.example.com/hooks","types":["user.create","user.delete"],"enabled":true}`, bearer(s.token))
		}},
		{name: "add a webhook at a private address", route: "POST " + hooksAt, status: 400, code: "invalid_request", ready: func(s *stage) func() *http.Request {
			return s.again("POST", hooksAt, `{"url":"https://10.0.0.1/hooks"}`, bearer(s.token))
		}},
		{name: "read a webhook", route: "GET " + hooksAt + "/{id}", status: 200, ready: asOwner("GET", "", "")},
		{name: "read an unknown webhook", route: "GET " + hooksAt + "/{id}", status: 404, code: "not_found", ready: func(s *stage) func() *http.Request {
			return s.again("GET", hooksAt+"/"+uuid.NewString(), "", bearer(s.token))
		}},
		{name: "change a webhook", route: "PATCH " + hooksAt + "/{id}", status: 200, ready: asOwner("PATCH", "", `{"enabled":false}`)},
		{name: "rotate the secret of a webhook", route: "POST " + hooksAt + "/{id}/rotate", status: 200, ready: asOwner("POST", "/rotate", `{}`)},
		{name: "list deliveries", route: "GET " + hooksAt + "/{id}/deliveries", status: 200, ready: asOwner("GET", "/deliveries", "")},
		{name: "replay a delivery", route: "POST " + hooksAt + "/{id}/deliveries/{delivery_id}/replay", status: 202, ready: func(s *stage) func() *http.Request {
			return s.again("POST", s.challenged()+"/replay", `{}`, bearer(s.token))
		}},
		{name: "remove a webhook", route: "DELETE " + hooksAt + "/{id}", status: 204, ready: asOwner("DELETE", "", "")},
	}
}
