package authkit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/memory"
)

func TestNamesOfAppsThatReadAsAddresses(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, name := range []string{"evil.com", "Win at www.evil", "call 0800 123 4567", "a/b", "a@b"} {
		body := `{"name":"` + name + `"}`
		w.send("POST", "/apps/", body, bearer(w.token)).want(t, 400, "invalid_request")
		w.send("PATCH", w.in("/apps/{app_id}"), body, bearer(w.token)).want(t, 400, "invalid_request")
		if _, err := w.engine.EnsureApp(t.Context(), "me", name); !errors.Is(err, authkit.CodeInvalidRequest) {
			t.Errorf("EnsureApp(%q): got %v, want it refused", name, err)
		}
	}
	w.send("POST", "/apps/", `{"name":"Node.js"}`, bearer(w.token)).want(t, 201, "")
}

// An app keeps a name that earlier rules accepted, until it is renamed.
func TestANameThatStandsAlreadyStays(t *testing.T) {
	t.Parallel()
	store, name := memory.New(), "Evil.com"
	w := setup(t, func(c *authkit.Config) { c.Store = store })
	key := strings.ToLower(name)
	if _, err := store.ChangeApp(t.Context(), authkit.AppChange{App: w.app.ID, Version: w.app.Version, Name: &name, NameKey: &key}); err != nil {
		t.Fatal(err)
	}
	again, err := w.engine.EnsureApp(t.Context(), w.devID, name)
	if err != nil || again.ID != w.app.ID {
		t.Errorf("EnsureApp: got %s, %v, want the app that stands, %s", again.ID, err, w.app.ID)
	}
	w.send("PATCH", w.in("/apps/{app_id}"), `{"name":"Evil.com","signup":"closed"}`, bearer(w.token)).want(t, 200, "")
	w.send("PATCH", w.in("/apps/{app_id}"), `{"name":"evil.org"}`, bearer(w.token)).want(t, 400, "invalid_request")
	w.send("PATCH", w.in("/apps/{app_id}"), `{"name":"Good"}`, bearer(w.token)).want(t, 200, "")
	w.send("PATCH", w.in("/apps/{app_id}"), `{"name":"Evil.com"}`, bearer(w.token)).want(t, 400, "invalid_request")
}

func TestTheHostIsAskedBeforeAnAppIsMadeOrRenamed(t *testing.T) {
	t.Parallel()
	var asked []string
	var refusal error
	w := setup(t, func(c *authkit.Config) {
		c.Hooks.Before = func(_ context.Context, m authkit.HookEvent) error {
			if m.Kind != authkit.HookAppCreate && m.Kind != authkit.HookAppRename {
				return nil
			}
			asked = append(asked, fmt.Sprint(m.Kind, " ", m.Name, " ", m.Developer))
			return refusal
		}
	})
	asked = nil
	refusal = authkit.Refusal("this name is a brand")
	owner := "console:" + w.devID
	got := w.send("POST", "/apps/", `{"name":"Acme"}`, bearer(w.token))
	got.want(t, 403, "forbidden")
	if got.field("detail") != "this name is a brand" {
		t.Errorf("detail: got %q, want the host's reason", got.field("detail"))
	}
	w.send("PATCH", w.in("/apps/{app_id}"), `{"name":"Acme"}`, bearer(w.token)).want(t, 403, "forbidden")
	if _, err := w.engine.EnsureApp(t.Context(), w.devID, "Acme"); !errors.Is(err, authkit.CodeForbidden) {
		t.Errorf("EnsureApp: got %v, want it refused", err)
	}
	w.send("PATCH", w.in("/apps/{app_id}"), `{"name":"`+w.app.Name+`"}`, bearer(w.token)).want(t, 200, "") // the same name
	want := []string{"app_create Acme " + owner, "app_rename Acme " + owner, "app_create Acme " + owner}
	if !slices.Equal(asked, want) {
		t.Errorf("asked: got %q, want %q", asked, want)
	}
	refusal = nil
	w.send("POST", "/apps/", `{"name":"Acme"}`, bearer(w.token)).want(t, 201, "")
}

func TestMailsSayWhoseServiceSendsThem(t *testing.T) {
	t.Parallel()
	for product, want := range map[string]string{"": "Sent by localhost for ", "Example Accounts": "Sent by Example Accounts for "} {
		w := setup(t, func(c *authkit.Config) { c.ProductName = product })
		w.send("PATCH", w.in("/apps/{app_id}"), `{"redirect_urls":["https://example.com/in"]}`, bearer(w.token)).want(t, 200, "") // with a notice
		w.ask("ann@example.com")
		w.runOnce()
		for _, m := range w.outbox.Messages() {
			if !strings.Contains(m.Text, want) || !strings.Contains(m.HTML, want) {
				t.Errorf("mail %q: got %s, want %q in it", m.Subject, m.Text, want)
			}
			if strings.Contains(m.Subject, "was changed") && !strings.Contains(m.Text, "Its settings were changed (redirect_urls)") {
				t.Errorf("notice: got %s, want the change in it", m.Text)
			}
		}
		if n := len(w.outbox.Messages()); n != 2 {
			t.Errorf("mails: got %d, want the notice and the link", n)
		}
	}
	_, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: base, Mailer: nil, ProductName: "two\nlines"})
	if err == nil || !strings.Contains(err.Error(), "field Config.ProductName") {
		t.Errorf("New with a product of two lines: got %v, want it refused", err)
	}
}
