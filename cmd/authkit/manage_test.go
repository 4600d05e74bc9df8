package main

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// command runs this binary as authkit and returns what it writes to stdout.
func command(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("authkit", args...)
	cmd.Env = []string{"GORACE=atexit_sleep_ms=0"}
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("authkit %s: got %v, %s%s", strings.Join(args, " "), err, out, &said)
	}
	return string(out)
}

// TestCommandsTakeEffectOnARunningServer manages an app beside a server over the same store. The
// events of what the commands did have their actor.
func TestCommandsTakeEffectOnARunningServer(t *testing.T) {
	t.Parallel()
	for name, open := range durable() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags := []string{"--store", open(t), "--secret-file", filepath.Join(t.TempDir(), "secret")}
			p := start(t, newLines(), append(flags, "--developer", "@"+write(t, developerEmail+":"+password))...)
			run := func(args ...string) string { return command(t, append(args, flags...)...) }
			app, old := p.createApp(p.developer())
			ann := p.credentials(app, "ann@example.com", "sign_up").want(t, 201, "").string("token")

			if got := run("user", "show", "--app", app, "ann@example.com"); !strings.Contains(got, "session ") {
				t.Errorf("user show: got %s, want a session", got)
			}
			run("user", "disable", "--app", app, "ann@example.com")
			p.me(app, ann).want(t, 401, "")
			p.credentials(app, "ann@example.com", "sign_in").want(t, 403, "user_disabled")
			run("user", "enable", "--app", app, "ann@example.com")
			p.credentials(app, "ann@example.com", "sign_in").want(t, 200, "")

			fresh := strings.TrimSpace(run("key", "rotate", "--app", app))
			p.send("GET", "/users/"+app, "", bearer(old)).want(t, 401, "invalid_api_key")
			p.send("GET", "/users/"+app, "", bearer(fresh)).want(t, 200, "")
			hint := fresh[:len("ak_")+8]
			if got := run("key", "revoke", "--app", app, hint); !strings.HasPrefix(got, "inactive: ") || !strings.Contains(got, hint) {
				t.Errorf("key revoke: got %s", got)
			}
			p.send("GET", "/users/"+app, "", bearer(fresh)).want(t, 401, "invalid_api_key")

			run("app", "import", write(t, `{"app_id":"`+app+`","settings":{"signup":"closed"}}`))
			p.credentials(app, "bob@example.com", "sign_up").want(t, 403, "signup_disabled")
			run("user", "delete", "--app", app, "ann@example.com")
			p.credentials(app, "ann@example.com", "sign_in").want(t, 401, "invalid_credentials")
			if name == "sqlite" {
				checkActors(t, strings.TrimPrefix(flags[1], "sqlite:"), uuid.MustParse(app))
			}
		})
	}
}

// TestCommandsThatReadChangeNothing runs them with a secret that is not in use yet, and on tables
// of an earlier version. They neither note the secret nor migrate.
func TestCommandsThatReadChangeNothing(t *testing.T) {
	t.Parallel()
	everyDurable(t, func(t *testing.T, open func(*testing.T) string) {
		store, old, fresh := open(t), filepath.Join(t.TempDir(), "old"), filepath.Join(t.TempDir(), "new")
		p := start(t, newLines(), "--store", store, "--secret-file", old, "--developer", "@"+write(t, developerEmail+":"+password))
		app, _ := p.createApp(p.developer())
		p.stop()
		command(t, "keygen", "--secret-file", fresh)
		document := write(t, command(t, "app", "export", app, "--store", store, "--secret-file", old))
		all := [][]string{
			{"app", "list"}, {"app", "export", app}, {"app", "diff", document}, {"user", "list", "--app", app},
			{"user", "show", "--app", "console", developerEmail}, {"key", "list", "--app", app},
		}
		for _, args := range all {
			command(t, append(args, "--store", store, "--secret-file", fresh+","+old)...)
			command(t, append(args, "--store", store, "--secret-file", old)...) // refused if the other were noted
		}

		statement(t, store, "delete from authkit_migrations where version = (select max(version) from authkit_migrations)")
		for _, args := range all {
			refused(t, "lacks migrations (0011_factors.sql), and this command only reads: run `authkit migrate`", append(args, "--store", store, "--secret-file", old)...)
		}
		refused(t, "read --secret-file: ", "app", "create", "other", "--store", store, "--secret-file", "missing")
		if got, want := command(t, "migrate", "--dry-run", "--store", store), "pending 0011_factors.sql\n"; got != want {
			t.Errorf("migrate --dry-run: got %q, want %q", got, want)
		}
	})
}

// refused runs this binary as authkit, which has to fail with want in its error.
func refused(t *testing.T, want string, args ...string) {
	t.Helper()
	cmd := exec.Command("authkit", args...)
	cmd.Env = []string{"GORACE=atexit_sleep_ms=0"}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
		t.Errorf("authkit %s: got %v, %s, want an error with %q", strings.Join(args, " "), err, out, want)
	}
}

func checkActors(t *testing.T, file string, app uuid.UUID) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	events, err := st.Events(context.WithoutCancel(t.Context()), app, authkit.EventQuery{Page: authkit.Page{Limit: 100}})
	if err != nil {
		t.Fatal(err)
	}
	done := map[string]int{}
	for _, ev := range events {
		if ev.Actor == cliActor {
			done[ev.Type]++
		}
	}
	want := map[string]int{authkit.EventUserChange: 2, authkit.EventAPIKeyCreate: 1, authkit.EventAPIKeyRevoke: 1, authkit.EventAppChange: 1, authkit.EventUserDelete: 1}
	if !maps.Equal(done, want) {
		t.Errorf("events of the actor %s: got %v, want %v", cliActor, done, want)
	}
}

// TestADocumentHasEverySetting compares the members of settings with those of the API.
func TestADocumentHasEverySetting(t *testing.T) {
	t.Parallel()
	p := start(t, newLines(), "--store", "memory", "--developer", "@"+write(t, developerEmail+":"+password))
	token := p.developer()
	app, _ := p.createApp(token)
	shown := p.send("GET", "/apps/"+app, "", bearer(token)).want(t, 200, "").body["settings"].(map[string]any)
	for what, c := range map[string]struct {
		document reflect.Type
		shown    map[string]any
	}{
		"settings":          {reflect.TypeFor[settingsDocument](), shown},
		"settings.limits":   {reflect.TypeFor[limitsDocument](), shown["limits"].(map[string]any)},
		"settings.branding": {reflect.TypeFor[brandingDocument](), shown["branding"].(map[string]any)},
	} {
		var has []string
		for field := range c.document.Fields() {
			has = append(has, jsonName(field))
		}
		slices.Sort(has)
		if want := slices.Sorted(maps.Keys(c.shown)); !slices.Equal(has, want) {
			t.Errorf("%s: got %s, want %s", what, has, want)
		}
	}
}

// TestADocumentCarriesEverySetting sets each field of Settings alone, and takes it through a
// document and a patch.
func TestADocumentCarriesEverySetting(t *testing.T) {
	t.Parallel()
	fields := reflect.TypeFor[authkit.Settings]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want authkit.Settings
			field := reflect.ValueOf(&want).Elem().Field(i)
			switch v := field.Addr().Interface().(type) {
			case *bool:
				*v = true
			case *[]string:
				*v = []string{"https://one.example"}
			case *authkit.AppLimits:
				*v = authkit.AppLimits{Credentials: "1/m/ip", SignUp: "2/h/ip", Mail: "3/h/email", OAuth: "4/m/ip"}
			case *authkit.Branding:
				*v = authkit.Branding{Color: "#1", HomeURL: "2", SupportURL: "3", TermsURL: "4", PrivacyURL: "5"}
			default:
				if field.CanInt() {
					field.SetInt(7e9)
				} else {
					field.SetString("text")
				}
			}
			text, err := json.Marshal(settingsOf(want))
			if err != nil {
				t.Fatal(err)
			}
			var read settingsDocument
			if err := json.Unmarshal(text, &read, json.RejectUnknownMembers(true)); err != nil {
				t.Fatal(err)
			}
			patch := read.normal().patch(settingsOf(authkit.Settings{}))
			if got := patched(patch, name); !reflect.DeepEqual(got, field.Interface()) {
				t.Errorf("%s: got %v through %s, want %v", name, got, text, field)
			}
			back := settingsOf(authkit.Settings{}).patch(&read)
			if got := patched(back, name); got == nil || !reflect.ValueOf(got).IsZero() {
				t.Errorf("%s back to its default: got %v, want the zero value", name, got)
			}
			if same := read.normal().patch(settingsOf(want)); same != (authkit.AppPatch{}) {
				t.Errorf("%s as it is: got %+v, want an empty patch", name, same)
			}
		})
	}
}

// patched is the value to which a patch sets a field; nil: it leaves the field alone.
func patched(p authkit.AppPatch, name string) any {
	field := reflect.ValueOf(p).FieldByName(name)
	if field.IsNil() {
		return nil
	}
	if b, ok := reflect.TypeAssert[authkit.BrandingPatch](field.Elem()); ok && b.Color != nil && b.HomeURL != nil && b.SupportURL != nil && b.TermsURL != nil && b.PrivacyURL != nil {
		return authkit.Branding{Color: *b.Color, HomeURL: *b.HomeURL, SupportURL: *b.SupportURL, TermsURL: *b.TermsURL, PrivacyURL: *b.PrivacyURL}
	}
	return field.Elem().Interface()
}

// TestDocsShowValidFiles reads the examples of docs/serve.md.
func TestDocsShowValidFiles(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/serve.md")
	if err != nil {
		t.Fatal(err)
	}
	example := func(language string) string {
		_, text, found := strings.Cut(string(page), "\n```"+language+"\n")
		text, _, ended := strings.Cut(text, "\n```\n")
		if !found || !ended {
			t.Fatalf("docs/serve.md: got no example of %s, want one", language)
		}
		return text + "\n"
	}
	parser, err := newParser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if flags, err := readConfig("authkit.toml", []byte(example("toml")), serveFlags(parser.Model)); err != nil || len(flags) < 3 {
		t.Errorf("a file of flags: got %v, %v, want its flags", flags, err)
	}
	if d, err := readDocument(write(t, example("json"))); err != nil || d.Settings == nil || d.Providers == nil {
		t.Errorf("the document of an app: got %+v, %v, want settings and providers", d, err)
	}
}
