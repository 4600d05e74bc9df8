package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/client"
)

// live serves a kit over HTTP, and returns a client for its app with the scopes.
func live(tb testing.TB, send http.RoundTripper, scopes ...string) (*authkittest.Kit, *client.Client) {
	tb.Helper()
	kit := authkittest.New(tb)
	server := httptest.NewServer(kit.Handler())
	tb.Cleanup(server.Close)
	owner := authkit.AppRef{Developer: strings.TrimPrefix(kit.App.Developer, "own:"), ID: kit.App.ID}
	_, key, err := kit.Engine.RotateAPIKey(tb.Context(), owner, authkit.APIKeyRequest{Scopes: scopes})
	if err != nil {
		tb.Fatal(err)
	}
	c, err := client.New(server.URL+"/auth", key, client.WithHTTPClient(&http.Client{Transport: send}))
	if err != nil {
		tb.Fatal(err)
	}
	return kit, c
}

// peopleCalls makes the calls about what an app says of a user, and about sessions.
func peopleCalls(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	once := client.NewUser{
		Email: "once@example.com", IdempotencyKey: "0123456789abcdef", ExternalID: "7", Roles: []string{"admin"},
		Metadata: map[string]any{"plan": "pro"}, PrivateMetadata: map[string]any{"risk": 1.0},
	}
	first, err := c.CreateUser(ctx, once)
	if second, again := c.CreateUser(ctx, once); err != nil || again != nil || !reflect.DeepEqual(first, second) {
		t.Errorf("created with a key: got %+v, %v, and then %+v, %v, want the same twice", first, err, second, again)
	}
	changed, err := c.ChangeUser(ctx, first.ID, client.Change{Metadata: map[string]any{"plan": nil, "seats": 3.0}, Roles: []string{}, ExternalID: new("8")})
	if err != nil || !reflect.DeepEqual(changed.Metadata, map[string]any{"seats": 3.0}) || len(changed.Roles) != 0 || changed.ExternalID != "8" ||
		!reflect.DeepEqual(changed.PrivateMetadata, once.PrivateMetadata) {
		t.Errorf("changed: got %+v, %v", changed, err)
	}
	for u, err := range c.Users(ctx, client.Filter{ExternalID: "8"}) {
		if err != nil || u.ID != first.ID {
			t.Errorf("by external id: got %+v, %v, want %s", u, err, first.ID)
		}
	}
	if sessions, err := c.Sessions(ctx, first.ID); err != nil || len(sessions) != 0 {
		t.Errorf("sessions: got %v, %v, want none", sessions, err)
	}
	if err := c.EndSessions(ctx, first.ID); err != nil {
		t.Error(err)
	}
	if err := c.DeleteUser(ctx, first.ID); err != nil {
		t.Error(err)
	}
}

// everyCall makes each call of the client once, with every field, and a refused one.
func everyCall(t *testing.T, kit *authkittest.Kit, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	ann, err := c.CreateUser(ctx, client.NewUser{Email: "Ann@example.com", Name: "Ann", EmailVerified: true})
	if err != nil || ann.Email != "Ann@example.com" || ann.Name != "Ann" || !ann.EmailVerified || !ann.LastLogin.IsZero() || ann.CreatedAt.IsZero() {
		t.Errorf("created: got %+v, %v, want Ann", ann, err)
	}
	if _, err := c.CreateUser(ctx, client.NewUser{Email: "ann@example.com"}); !errors.Is(err, client.CodeEmailTaken) {
		t.Errorf("created twice: got %v, want %v", err, client.CodeEmailTaken)
	}
	for _, email := range []string{"bob@example.com", "carol@example.com"} {
		kit.Clock.Advance(time.Second)
		if _, err := c.CreateUser(ctx, client.NewUser{Email: email}); err != nil {
			t.Fatal(err)
		}
	}
	list := func(f client.Filter) (emails []string) {
		for u, err := range c.Users(ctx, f) {
			if err != nil {
				t.Fatal(err)
			}
			emails = append(emails, u.Email)
		}
		return emails
	}
	for want, f := range map[string]client.Filter{
		"carol@example.com bob@example.com Ann@example.com": {PageSize: 1},
		"Ann@example.com": {Email: "ann@example.com"},
		"bob@example.com": {Prefix: "bo"},
		"":                {AuthMethod: "oauth"},
	} {
		if got := strings.Join(list(f), " "); got != want {
			t.Errorf("users of %+v: got %q, want %q", f, got, want)
		}
	}
	peopleCalls(t, c)
	got, err := c.ChangeUser(ctx, ann.ID, client.Change{Name: new("Anna"), Disabled: new(true), DisabledReason: new("asked to be"), EmailVerified: new(true), Keep: true})
	if err != nil || got.Name != "Anna" || !got.Disabled || got.DisabledReason != "asked to be" {
		t.Errorf("changed: got %+v, %v, want Anna, disabled", got, err)
	}
	if again, err := c.User(ctx, ann.ID); err != nil || !reflect.DeepEqual(again, got) {
		t.Errorf("read: got %+v, %v, want %+v", again, err, got)
	}
	if got, err := c.ChangeUser(ctx, ann.ID, client.Change{Name: new(""), DisabledReason: new("")}); err != nil || got.Name != "" || got.DisabledReason != "" || !got.Disabled {
		t.Errorf("cleared: got %+v, %v, want no name and no reason", got, err)
	}
	if err := c.DeleteUser(ctx, ann.ID); err != nil {
		t.Error(err)
	}
	if _, err := c.User(ctx, ann.ID); !errors.Is(err, client.CodeUserNotFound) {
		t.Errorf("deleted: got %v, want %v", err, client.CodeUserNotFound)
	}
	if _, err := c.CreateUser(ctx, client.NewUser{Email: "no address"}); !errors.Is(err, client.CodeInvalidRequest) {
		t.Errorf("no address: got %v, want %v", err, client.CodeInvalidRequest)
	}
}

func TestCallsOfAHandler(t *testing.T) {
	t.Parallel()
	kit, c := live(t, http.DefaultTransport)
	everyCall(t, kit, c)
	t.Run("need the scope", func(t *testing.T) {
		t.Parallel()
		_, reader := live(t, http.DefaultTransport, authkit.ScopeUsersRead)
		if _, err := reader.CreateUser(t.Context(), client.NewUser{Email: "ann@example.com"}); !errors.Is(err, client.CodeForbidden) {
			t.Errorf("write: got %v, want %v", err, client.CodeForbidden)
		}
		for _, err := range reader.Users(t.Context(), client.Filter{}) {
			t.Errorf("read: got %v, want an empty list", err)
		}
	})
	t.Run("end with the context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range c.Users(ctx, client.Filter{}) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v", err, context.Canceled)
			}
		}
	})
}

// TestTheAPIDocumentHasWhatIsUsed makes every call of the client, and looks for its path, its
// parameters, the members of its body, its status, and every member of its answer in openapi.json.
func TestTheAPIDocumentHasWhatIsUsed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	d := document{t: t}
	if err := json.Unmarshal(text, &d.all); err != nil {
		t.Fatal(err)
	}
	kit, c := live(t, &d)
	d.kit, d.seen = kit, map[string]bool{}
	everyCall(t, kit, c)
	d.has("User", reflect.TypeFor[client.User]())
	d.has("ManagedUser", reflect.TypeFor[client.Account]())
	d.has("NewUserBody", reflect.TypeFor[client.NewUser]())
	d.has("FieldError", reflect.TypeFor[client.FieldError]())
	want := []string{"DELETE /users/{app_id}/{user_id}", "DELETE /users/{app_id}/{user_id}/sessions", "GET /users/{app_id}", "GET /users/{app_id}/{user_id}", "GET /users/{app_id}/{user_id}/sessions", "PATCH /users/{app_id}/{user_id}", "POST /users/{app_id}"}
	if got := slices.Sorted(maps.Keys(d.seen)); !slices.Equal(got, want) {
		t.Errorf("operations: got %q, want %q", got, want)
	}
}

// document sends requests, and checks each against an API document.
type document struct {
	t    *testing.T
	all  map[string]any
	kit  *authkittest.Kit
	seen map[string]bool
}

func (d *document) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(answer))
	d.check(r, body, res, answer)
	return res, nil
}

func (d *document) check(r *http.Request, body []byte, res *http.Response, answer []byte) {
	d.t.Helper()
	path := "/users/{app_id}"
	if rest := strings.TrimPrefix(r.URL.Path, "/auth/users/"+d.kit.App.ID.String()); rest != "" {
		path += "/{user_id}"
		if strings.HasSuffix(rest, "/sessions") {
			path += "/sessions"
		}
	}
	name := r.Method + " " + path
	d.seen[name] = true
	op := d.in(d.all, "paths", path, strings.ToLower(r.Method))
	if op == nil {
		d.t.Errorf("%s: got no such operation in the document", name)
		return
	}
	known := map[string]bool{}
	parameters, _ := op["parameters"].([]any)
	for _, p := range parameters {
		p := d.in(p.(map[string]any))
		known[p["in"].(string)+" "+p["name"].(string)] = true
	}
	for parameter := range r.URL.Query() {
		if !known["query "+parameter] {
			d.t.Errorf("%s: got no query parameter %q in the document", name, parameter)
		}
	}
	if len(body) > 0 {
		d.members(name+" request", body, d.in(op, "requestBody", "content", "application/json", "schema"))
	}
	status := d.in(op, "responses", res.Status[:3])
	if status == nil {
		d.t.Errorf("%s: got no answer %s in the document", name, res.Status)
	} else if len(answer) > 0 {
		d.members(name+" "+res.Status, answer, d.in(status, "content", strings.Split(res.Header.Get("Content-Type"), ";")[0], "schema"))
	}
}

// in follows members, and references wherever it comes; nil: there is no such member.
func (d *document) in(at map[string]any, path ...string) map[string]any {
	for {
		ref, ok := at["$ref"].(string)
		if ok {
			at = d.in(d.all, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
			continue
		}
		if len(path) == 0 || at == nil {
			return at
		}
		at, _ = at[path[0]].(map[string]any)
		path = path[1:]
	}
}

// members checks that the schema has every member of a text, also of objects in a list.
func (d *document) members(of string, text []byte, schema map[string]any) {
	d.t.Helper()
	var value map[string]any
	if err := json.Unmarshal(text, &value); err != nil {
		d.t.Errorf("%s: got %s, %v", of, text, err)
		return
	}
	for member, v := range value {
		s := d.member(schema, member)
		if s == nil {
			d.t.Errorf("%s: got no member %q in the document", of, member)
			continue
		}
		list, _ := v.([]any)
		for _, entry := range list {
			if _, text := entry.(string); text {
				continue
			}
			inner, err := json.Marshal(entry)
			if err != nil {
				d.t.Fatal(err)
			}
			d.members(of+" "+member, inner, d.in(s, "items"))
		}
	}
}

// member returns the schema of a member of an object, which may have parts.
func (d *document) member(schema map[string]any, name string) map[string]any {
	if found := d.in(schema, "properties", name); found != nil {
		return found
	}
	parts, _ := d.in(schema)["allOf"].([]any)
	for _, part := range parts {
		if found := d.member(d.in(part.(map[string]any)), name); found != nil {
			return found
		}
	}
	return nil
}

// has checks that a schema has every member that a struct of the client reads.
func (d *document) has(schema string, of reflect.Type) {
	d.t.Helper()
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" { // a header
			continue
		}
		if field.Anonymous {
			d.has(schema, field.Type)
		} else if d.member(d.in(d.all, "components", "schemas", schema), name) == nil {
			d.t.Errorf("%s: got no member %q in the schema %s", of, name, schema)
		}
	}
}
