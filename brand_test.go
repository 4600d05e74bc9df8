package authkit_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/authkit-dev/authkit"
)

// shownBranding is the branding of the world's app as its developer reads it.
func (w *world) shownBranding() string {
	w.t.Helper()
	settings, _ := w.send("GET", w.in("/apps/{app_id}"), "", bearer(w.token)).body["settings"].(map[string]any)
	return fmt.Sprint(settings["branding"])
}

func TestBrandingIsChangedMemberByMember(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, step := range []struct{ name, body, want string }{
		{"none at first", `{}`, "map[color:<nil> home_url:<nil> privacy_url:<nil> support_url:<nil> terms_url:<nil>]"},
		{"a colour", `{"branding":{"color":"#1a7f37"}}`, "map[color:#1a7f37 home_url:<nil> privacy_url:<nil> support_url:<nil> terms_url:<nil>]"},
		{
			"the links, and the colour stays", `{"branding":{"home_url":"https://a.example/","support_url":"https://a.example/help#x","terms_url":"http://localhost/terms","privacy_url":"https://b.example/?p=%22"}}`,
			"map[color:#1a7f37 home_url:https://a.example/ privacy_url:https://b.example/?p=%22 support_url:https://a.example/help#x terms_url:http://localhost/terms]",
		},
		{
			"null clears one, and so does an empty text", `{"branding":{"color":null,"home_url":""}}`,
			"map[color:<nil> home_url:<nil> privacy_url:https://b.example/?p=%22 support_url:https://a.example/help#x terms_url:http://localhost/terms]",
		},
		{
			"an empty object changes nothing", `{"branding":{}}`,
			"map[color:<nil> home_url:<nil> privacy_url:https://b.example/?p=%22 support_url:https://a.example/help#x terms_url:http://localhost/terms]",
		},
		{"null clears all", `{"branding":null}`, "map[color:<nil> home_url:<nil> privacy_url:<nil> support_url:<nil> terms_url:<nil>]"},
	} {
		w.send("PATCH", w.in("/apps/{app_id}"), step.body, bearer(w.token)).want(t, 200, "")
		if got := w.shownBranding(); got != step.want {
			t.Errorf("%s: got %s, want %s", step.name, got, step.want)
		}
	}
}

func TestEveryWrongMemberOfABrandingIsNamed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for body, want := range map[string]string{
		`{"branding":{"color":"green","home_url":"javascript:alert(1)","support_url":"https://u:p@a.example","terms_url":"https://a.example/\u202e","privacy_url":"http://a.example"}}`: "[branding.color branding.home_url branding.support_url branding.terms_url branding.privacy_url]",
		`{"branding":{"color":"#12345"},"origins":["x"]}`:              "[origins[0] branding.color]",
		`{"branding":{"color":"#fff;background:url(//evil.example)"}}`: "[branding.color]",
		`{"branding":{"home_url":"data:text/html,x"}}`:                 "[branding.home_url]",
		`{"branding":{"home_url":"/relative"}}`:                        "[branding.home_url]",
		`{"branding":{"home_url":"https://a.example/\"><script>"}}`:    "[branding.home_url]",
		`{"branding":{"home_url":"https://a.example/\u0000"}}`:         "[branding.home_url]",
		`{"branding":{"home_url":"https://a.example/\u0009x"}}`:        "[branding.home_url]",
		`{"branding":{"css":"*{display:none}"}}`:                       "[branding.css]",
		`{"branding":{"logo":"data:image/svg+xml,x"}}`:                 "[branding.logo]",
		`{"branding":{"Color":"#ffffff"}}`:                             "[branding.Color]",
		`{"branding":{"color":["#ffffff"]}}`:                           "[branding.color]",
		`{"branding":"#ffffff"}`:                                       "[branding]",
		`{"branding":["#ffffff"]}`:                                     "[branding]",
	} {
		got := w.send("PATCH", w.in("/apps/{app_id}"), body, bearer(w.token))
		got.want(t, 400, "invalid_request")
		if fields := fmt.Sprint(fieldNames(got)); fields != want {
			t.Errorf("%s: got the fields %s, want %s", body, fields, want)
		}
	}
	if got := w.shownBranding(); got != "map[color:<nil> home_url:<nil> privacy_url:<nil> support_url:<nil> terms_url:<nil>]" {
		t.Errorf("after the refusals: got %s, want nothing set", got)
	}
	ref := authkit.AppRef{Developer: w.devID, ID: w.app.ID}
	if _, err := w.engine.ChangeApp(t.Context(), ref, authkit.AppPatch{Branding: &authkit.BrandingPatch{Color: new("red")}}); !errors.Is(err, authkit.CodeInvalidRequest) {
		t.Errorf("by Go: got %v, want it refused", err)
	}
}

func fieldNames(a answer) (names []string) {
	list, _ := a.body["errors"].([]any)
	for _, f := range list {
		f, _ := f.(map[string]any)
		name, _ := f["field"].(string)
		names = append(names, name)
	}
	return names
}

// Two developers' tools change a member each, at once: neither is lost.
func TestConcurrentChangesOfABrandingAreAllKept(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		ref := authkit.AppRef{Developer: s.devID, ID: s.app.ID}
		text := "https://a.example/"
		patches := []authkit.BrandingPatch{{Color: new("#1a7f37")}, {HomeURL: &text}, {SupportURL: &text}, {TermsURL: &text}, {PrivacyURL: &text}}
		errs := make([]error, len(patches))
		var all sync.WaitGroup
		for i, p := range patches {
			all.Go(func() { _, errs[i] = s.engine.ChangeApp(s.t.Context(), ref, authkit.AppPatch{Branding: &p}) })
		}
		all.Wait()
		app, err := s.engine.OwnApp(s.t.Context(), ref)
		if err := errors.Join(errors.Join(errs...), err); err != nil {
			s.t.Fatal(err)
		}
		if want := (authkit.Branding{"#1a7f37", text, text, text, text}); app.Settings.Branding != want {
			s.t.Errorf("got %+v, want %+v", app.Settings.Branding, want)
		}
	})
}
