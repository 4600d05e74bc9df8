package authkit

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

func defaultsForTest() appDefaults {
	tokens, limits := TokenConfig{}, LimitConfig{}
	tokens.fill(&problems{})
	limits.fill(&problems{})
	return appDefaults{tokens, limits.parsed()}
}

func TestEachSettingIsARow(t *testing.T) {
	t.Parallel()
	var rows, settings, patch []string
	for _, a := range appSettings {
		rows = append(rows, a.field)
	}
	for f := range reflect.TypeFor[Settings]().Fields() {
		settings = append(settings, f.Name)
		want := f.Type
		if f.Type == reflect.TypeFor[Branding]() {
			want = reflect.TypeFor[BrandingPatch]() // which leaves the members alone that it lacks
		}
		if p, ok := reflect.TypeFor[AppPatch]().FieldByName(f.Name); !ok || p.Type != reflect.PointerTo(want) {
			t.Errorf("AppPatch.%s: got %v, want a pointer to %v", f.Name, p.Type, want)
		}
	}
	for f := range reflect.TypeFor[AppPatch]().Fields() {
		if f.Name != "Name" && f.Name != "StrandPasskeys" { // which are no settings
			patch = append(patch, f.Name)
		}
	}
	for name, fields := range map[string][]string{"Settings": settings, "AppPatch": patch} {
		if got, want := slices.Sorted(slices.Values(rows)), slices.Sorted(slices.Values(fields)); !slices.Equal(got, want) {
			t.Errorf("rows: got %v, want one for each field of %s, %v", got, name, want)
		}
	}
	seen := map[string]bool{"name": true}
	for _, a := range appSettings {
		if seen[a.name] || !strings.HasSuffix(a.doc, ".") {
			t.Errorf("%s: got doc %q, want a name of its own and a sentence", a.name, a.doc)
		}
		seen[a.name] = true
	}
}

// What an app is told of its settings it can send back: nothing changes but that defaults are
// written out.
func TestSettingsInEffectAreAPatch(t *testing.T) {
	t.Parallel()
	d := defaultsForTest()
	for name, s := range map[string]Settings{
		"the defaults": {},
		"others": {
			SignupClosed: true, VerifyEmail: VerifyEmailOff, IdentityPolicy: IdentitiesJoinNever, MagicLink: MagicLinkBoundOnly,
			RedirectURLs: []string{"https://a.example/x"}, Origins: []string{"https://a.example"},
			AccessTTL: time.Minute, SessionIdle: 5 * time.Minute, SessionAbsolute: time.Second,
			SessionMode: SessionEither, SigningAlg: "EdDSA", Limits: AppLimits{Mail: "1/h/ip"},
			Branding: Branding{"#1a7f37", "https://a.example", "https://a.example/help", "https://a.example/#terms", "http://localhost/privacy"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shown, err := json.Marshal(&settingsJSON{s, d})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPatch, "/", strings.NewReader(string(shown)))
			r.Header.Set("Content-Type", "application/json")
			p, bad, err := readAppPatch(r)
			if err != nil || len(bad) > 0 {
				t.Fatalf("%s: got %v, %v, want a patch", shown, bad, err)
			}
			after, bad := p.settings(s, d)
			if again, err := json.Marshal(&settingsJSON{after, d}); err != nil || len(bad) > 0 || string(again) != string(shown) {
				t.Errorf("got %s, %v, %v, want %s", again, bad, err, shown)
			}
			for _, a := range appSettings {
				if a.patchValue(&p).IsNil() || !strings.Contains(p.memberNames(), a.name) {
					t.Errorf("%s: got it left out of %s", a.name, p.memberNames())
				}
			}
		})
	}
}

func TestAPatchIsReadByTheTable(t *testing.T) {
	t.Parallel()
	d := defaultsForTest()
	for body, want := range map[string]string{
		`{}`:                                        "",
		`{"name":"x"}`:                              "name",
		`{"signup":"closed"}`:                       "signup",
		`{"signup":"x"}`:                            "signup: signup unknown_value",
		`{"signup":""}`:                             "signup: signup unknown_value",
		`{"verify_email":"required"}`:               "verify_email",
		`{"verify_email":"must"}`:                   "verify_email: verify_email unknown_value",
		`{"link_policy":""}`:                        "link_policy: link_policy unknown_value",
		`{"session_idle_seconds":299}`:              "session_idle_seconds: session_idle_seconds out_of_range",
		`{"session_absolute_seconds":1}`:            "session_absolute_seconds",
		`{"session_absolute_seconds":0}`:            "session_absolute_seconds: session_absolute_seconds out_of_range",
		`{"limits":null}`:                           "limits",
		`{"branding":null}`:                         "branding",
		`{"branding":{}}`:                           "branding",
		`{"branding":{"color":null,"home_url":""}}`: "branding",
		`{"branding":{"color":"red"}}`:              "branding: branding.color invalid_color",
		`{"branding":{"color":"#FFF","home_url":"/","terms_url":"https://a.example","privacy_url":"javascript:alert(1)","support_url":"https://a@b.example"}}`: "branding: " +
			"branding.color invalid_color branding.home_url invalid_url branding.support_url invalid_url branding.privacy_url invalid_url",
		`{"limits":{"mail":""}}`:            "limits: limits.mail invalid_limit",
		`{"limits":{"mail":"9/s/ip"}}`:      "limits: limits.mail too_wide",
		`{"origins":[],"redirect_urls":[]}`: "redirect_urls, origins",
		`{"access_token_seconds":1,"signing_alg":"x","origins":["x"],"limits":{"oauth":"x"},"link_policy":"x","signup":"x"}`: "signup, link_policy, origins, access_token_seconds, signing_alg, limits: " +
			"signup unknown_value origins[0] invalid_url link_policy unknown_value signing_alg unknown_value limits.oauth invalid_limit access_token_seconds out_of_range",
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPatch, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		p, bad, err := readAppPatch(r)
		if err != nil {
			t.Errorf("%s: got %v", body, err)
			continue
		}
		_, wrong := p.settings(Settings{}, d)
		var faults []string
		for _, f := range append(bad, wrong...) {
			faults = append(faults, f.Field+" "+f.Code)
		}
		got := strings.TrimSuffix(p.memberNames()+": "+strings.Join(faults, " "), ": ")
		if got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

func TestTakeoverBySettings(t *testing.T) {
	t.Parallel()
	d := defaultsForTest()
	for name, c := range map[string]struct {
		was, is Settings
		want    bool
	}{
		"nothing":                   {Settings{}, Settings{Origins: []string{}}, false},
		"another origin":            {Settings{}, Settings{Origins: []string{"https://a.example"}}, true},
		"another link":              {Settings{}, Settings{Branding: Branding{HomeURL: "https://a.example"}}, true},
		"a longer session":          {Settings{}, Settings{SessionIdle: time.Hour}, true},
		"a default that is written": {Settings{}, Settings{IdentityPolicy: IdentitiesJoinVerified}, true},
		"tighter limits":            {Settings{}, Settings{Limits: AppLimits{Mail: "1/h/ip"}}, false},
		"wider limits":              {Settings{Limits: AppLimits{Mail: "1/h/ip"}}, Settings{}, true},
		"tighter limits and more":   {Settings{}, Settings{Limits: AppLimits{Mail: "1/h/ip"}, SignupClosed: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := enablesTakeover(c.was, c.is, d); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// The bounds of lifetimes are one for the engine and for an app.
func TestBoundsOfLifetimes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		within span
		set    func(*TokenConfig, time.Duration)
		patch  func(time.Duration) AppPatch
	}{
		"access tokens": {accessTTLs, func(c *TokenConfig, d time.Duration) { c.AccessTTL = d }, func(d time.Duration) AppPatch { return AppPatch{AccessTTL: &d} }},
		"idle sessions": {idleTimes, func(c *TokenConfig, d time.Duration) { c.SessionIdle = d }, func(d time.Duration) AppPatch { return AppPatch{SessionIdle: &d} }},
		"sessions":      {absoluteTimes, func(c *TokenConfig, d time.Duration) { c.SessionAbsolute = d }, func(d time.Duration) AppPatch { return AppPatch{SessionAbsolute: &d} }},
	} {
		for d, want := range map[time.Duration]bool{c.within.least - 1: false, c.within.least: true, c.within.most: true, c.within.most + 1: false} {
			var config TokenConfig
			var bad problems
			c.set(&config, d)
			config.fill(&bad)
			p := c.patch(d)
			_, wrong := p.settings(Settings{}, defaultsForTest())
			if len(bad) == 0 != want || len(wrong) == 0 != want {
				t.Errorf("%s of %v: got %v from Config and %v from a patch, want them taken: %v", name, d, bad, wrong, want)
			}
		}
	}
}
