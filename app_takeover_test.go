package authkit_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

// takeovers lists the management writes by which a thief of the developer's session could take
// over an app or its users. {key} is the id of an API key.
var takeovers = []struct{ method, path, body, notice string }{
	{"PATCH", "", `{"redirect_urls":["https://evil.example/cb"]}`, "settings were changed (redirect_urls)"},
	{"PATCH", "", `{"origins":["https://evil.example"],"name":"Renamed"}`, "settings were changed (name, origins)"},
	{"PATCH", "", `{"signup":"closed"}`, "settings were changed (signup)"},
	{"PATCH", "", `{"mfa":"off"}`, "settings were changed (mfa)"},
	{"PATCH", "", `{"mfa_remember_days":90}`, "settings were changed (mfa_remember_days)"},
	{"PATCH", "", `{"passkey_rp_id":"localhost"}`, "settings were changed (passkey_rp_id)"},
	{"PATCH", "", `{"access_token_seconds":3600}`, "settings were changed (access_token_seconds)"},
	{"PATCH", "", `{"limits":null}`, "settings were changed (limits)"},
	{"PATCH", "", `{"limits":{"credentials":"6/m/ip, 5/m/email"}}`, "settings were changed (limits)"},
	{"PATCH", "", `{"branding":{"home_url":"https://evil.example"}}`, "settings were changed (branding)"},
	{"POST", "/api-keys", `{"overlap_seconds":60}`, "A new API key was made"},
	{"DELETE", "/api-keys/{key}", "", "An API key was revoked"},
	{"POST", "/oauth-configs", `{"provider":"github","client_id":"c","client_secret":"s","redirect_uri":"https://a.example/cb"}`, "provider GitHub was configured"},
	{"PATCH", "/oauth-configs/github", `{"client_id":"d"}`, "provider GitHub was configured"},
	{"DELETE", "/oauth-configs/github", "", "provider GitHub was removed"},
	{"PUT", "/logo", "{picture}", "Its logo was changed"},
	{"DELETE", "/logo", "", "Its logo was removed"},
	{"POST", "/signing-keys/rotate", `{}`, "A new signing key was made"},
}

// takenOver returns a world whose app has limits of its own.
func takenOver(t *testing.T, change ...func(*authkit.Config)) (w *world, path func(string) string) {
	t.Helper()
	w = setup(t, change...)
	w.settings(authkit.AppPatch{Limits: &authkit.AppLimits{Credentials: "5/m/ip, 5/m/email"}})
	w.runOnce()
	keys, err := w.engine.APIKeys(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID})
	if err != nil {
		t.Fatal(err)
	}
	return w, func(p string) string {
		return "/apps/" + w.app.ID.String() + strings.Replace(p, "{key}", keys[0].ID.String(), 1)
	}
}

// takeOver sends one of the takeovers. {picture} is an image.
func (w *world) takeOver(method, path, body string) answer {
	w.t.Helper()
	if body == "{picture}" {
		return w.send(method, path, string(picture(w.t, 1)), bearer(w.token), pngType)
	}
	return w.send(method, path, body, bearer(w.token))
}

func TestAnOldSessionTakesNoAppOver(t *testing.T) {
	t.Parallel()
	w, path := takenOver(t)
	w.clock.Advance(10*time.Minute + time.Second)
	before := len(w.outbox.Messages())
	for _, c := range takeovers {
		t.Run(c.method+" "+c.path+" "+c.body, func(t *testing.T) {
			w.takeOver(c.method, path(c.path), c.body).want(t, 403, "reauthentication_required")
		})
	}
	for _, body := range []string{
		`{"name":"Another"}`, `{"limits":{"credentials":"4/m/ip, 5/m/email"}}`, `{"name":"Demo","limits":{"credentials":"4/m/ip, 3/m/email","mail":"1/h/email"}}`,
		`{"signup":"open"}`, // without a change
	} {
		t.Run("but may send "+body, func(t *testing.T) {
			w.send("PATCH", path(""), body, bearer(w.token)).want(t, 200, "")
		})
	}
	w.runOnce()
	if n := len(w.outbox.Messages()) - before; n != 0 {
		t.Errorf("notices: got %d, want none", n)
	}
}

func TestADeveloperIsToldOfWhatCouldTakeAnAppOver(t *testing.T) {
	t.Parallel()
	w, path := takenOver(t, withoutLimits)
	for _, c := range takeovers {
		t.Run(c.method+" "+c.path+" "+c.body, func(t *testing.T) {
			if got := w.takeOver(c.method, path(c.path), c.body); got.Code >= 300 {
				t.Fatalf("got %d %s, want it done", got.Code, got.Body)
			}
			w.clock.Advance(time.Second)
			w.runOnce()
			if m, _ := w.outbox.Last("dev@example.com"); !strings.Contains(m.Text, c.notice) {
				t.Errorf("mail: got %q, want a notice of %q", m.Text, c.notice)
			}
		})
	}
}

func TestTheHostSaysHowFreshItsDevelopersAre(t *testing.T) {
	t.Parallel()
	w, path := takenOver(t, func(c *authkit.Config) { c.Developers = hostDevelopers })
	now := w.clock.Now()
	for _, c := range []struct {
		name     string
		signedIn string
		status   int
	}{
		{"the zero time", "", http.StatusForbidden},
		{"ten minutes ago", now.Add(-10 * time.Minute).Format(time.RFC3339), http.StatusOK},
		{"longer ago", now.Add(-10*time.Minute - time.Second).Format(time.RFC3339), http.StatusForbidden},
		{"a little ahead, as clocks differ", now.Add(30 * time.Second).Format(time.RFC3339), http.StatusOK},
		{"far ahead", now.Add(time.Hour).Format(time.RFC3339), http.StatusForbidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.settings(authkit.AppPatch{SignupClosed: new(false)})
			got := w.send("PATCH", path(""), `{"signup":"closed"}`, "X-Developer: me", "X-Signed-In: "+c.signedIn)
			if got.Code != c.status {
				t.Errorf("got %d %s, want %d", got.Code, got.Body, c.status)
			}
		})
	}
}
