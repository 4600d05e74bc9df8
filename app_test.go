package authkit_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/memory"
)

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
		w.send("DELETE", app+"/api-keys/"+got.body["id"].(string), "", dev).want(t, 204, "")
		w.send("GET", users, "", bearer(got.body["key"].(string))).want(t, 401, "invalid_api_key")
		w.send("POST", app+"/api-keys", `{"overlap_seconds":604801}`, dev).want(t, 400, "invalid_request")
	})
	t.Run("the console has no management routes", func(t *testing.T) {
		w.send("GET", "/apps/"+authkit.Console.String(), "", dev).want(t, 404, "app_not_found")
		w.send("GET", "/apps/console", "", dev).want(t, 404, "app_not_found")
	})
}

func TestChangeAppTellsAllThatIsWrong(t *testing.T) {
	t.Parallel()
	w := setup(t)
	got := w.send("PATCH", w.in("/apps/{app_id}"), `{"name":"a@b","signup":"","link_policy":"","redirect_urls":["http://a.example","https://a.example","https://a;b.example"],`+
		`"origins":["https://a.example:99999"],"session_mode":"x","signing_alg":"none","access_token_seconds":1}`, bearer(w.token))
	got.want(t, 400, "invalid_request")
	want := "signup name redirect_urls[0] redirect_urls[2] origins[0] link_policy session_mode signing_alg access_token_seconds"
	if fields := got.fields(); fields != want {
		t.Errorf("fields: got %s, want %s", fields, want)
	}
}

func TestStartSessionWantsAMethod(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u, err := w.engine.CreateUser(t.Context(), w.app.ID, authkit.UserRequest{Email: "ann@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"", "a\nb", strings.Repeat("a", 65)} {
		if _, err := w.engine.StartSession(t.Context(), authkit.HostSignIn{App: w.app.ID, User: u.ID, Method: method, Client: authkit.Client{}}); !errors.Is(err, authkit.CodeInvalidRequest) {
			t.Errorf("method %q: got %v, want CodeInvalidRequest", method, err)
		}
	}
	in, err := w.engine.StartSession(t.Context(), authkit.HostSignIn{App: w.app.ID, User: u.ID, Method: "hwk", Client: authkit.Client{}})
	if err != nil {
		t.Fatalf("method hwk: got %v, want no error", err)
	}
	if in.User.AuthMethod != "hwk" {
		t.Errorf("got auth_method %q, want the host's own, hwk", in.User.AuthMethod)
	}
	listed := w.send("GET", w.in("/users/{app_id}?auth_method=hwk"), "", bearer(w.key))
	listed.want(t, 200, "")
	if n := len(listed.body["users"].([]any)); n != 1 {
		t.Errorf("got %d users by the host's own method, want 1", n)
	}
}

// overtaken is a store in which something happens just before the first change of an app.
type overtaken struct {
	authkit.Store

	then func()
}

func (b *overtaken) ChangeApp(ctx context.Context, c authkit.AppChange) (authkit.App, error) {
	if then := b.then; then != nil {
		b.then = nil
		then()
	}
	return b.Store.ChangeApp(ctx, c)
}

func TestChangesOfAnAppBesideEachOther(t *testing.T) {
	t.Parallel()
	store := &overtaken{Store: memory.New()}
	w := setup(t, func(c *authkit.Config) { c.Store = store })
	patch := func(body string) { w.send("PATCH", w.in("/apps/{app_id}"), body, bearer(w.token)).want(t, 200, "") }
	store.then = func() { patch(`{"magic_link":"bound-only"}`) }
	patch(`{"link_policy":"never"}`)
	settings := w.send("GET", w.in("/apps/{app_id}"), "", bearer(w.token)).body["settings"].(map[string]any)
	if settings["link_policy"] != "never" || settings["magic_link"] != "bound-only" {
		t.Errorf("settings: got %v, want both changes", settings)
	}
}

func TestAnAppNamesItself(t *testing.T) {
	t.Parallel()
	w := setup(t)
	own, err := w.engine.EnsureApp(t.Context(), "acme: west", "Own")
	if err != nil {
		t.Fatal(err)
	}
	for name, app := range map[string]authkit.App{"of the host's own": own, "of a developer of the console app": w.app} {
		got, err := w.engine.OwnApp(t.Context(), app.Ref())
		if err != nil || got.ID != app.ID {
			t.Errorf("an app %s: got %v and %v, want the app", name, got.ID, err)
		}
	}
}
