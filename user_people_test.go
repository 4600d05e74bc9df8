package authkit_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// created makes a user by an API key, with more members than an address, and returns the answer.
func (w *world) created(email, more string) answer {
	return w.send("POST", w.in("/users/{app_id}"), `{"email":"`+email+`"`+more+`}`, bearer(w.key))
}

// patched changes a user by an API key.
func (w *world) patched(id, body string) answer {
	return w.send("PATCH", w.in("/users/{app_id}/")+id, body, bearer(w.key))
}

// has fails unless the members of an answer are those of a JSON object.
func (a answer) has(t *testing.T, members string) {
	t.Helper()
	var want map[string]any
	if err := json.Unmarshal([]byte(members), &want); err != nil {
		t.Fatal(err)
	}
	for name := range want {
		if !reflect.DeepEqual(a.body[name], want[name]) {
			t.Errorf("%s: got %v, want %v", name, a.body[name], want[name])
		}
	}
}

func TestWhatTheAppSaysOfAUser(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	const words = `"external_id":"crm/7","metadata":{"plan":"pro"},"private_metadata":{"risk":1},"roles":["admin","billing:read"]`
	ann := w.created("ann@example.com", `,"email_verified":true,`+words)
	ann.want(t, 201, "")
	ann.has(t, `{`+words+`}`)
	id := ann.field("user_id")
	w.created("bob@example.com", "").has(t, `{"external_id":null,"metadata":{},"private_metadata":{},"roles":[]}`)

	t.Run("comes back when it is read and listed", func(t *testing.T) {
		w.send("GET", w.in("/users/{app_id}/")+id, "", bearer(w.key)).has(t, `{`+words+`}`)
		for query, want := range map[string]int{
			"?external_id=crm/7": 1, "?external_id=crm/": 0, "?role=admin": 1, "?role=billing:read": 1, "?role=a": 0,
			"?role=admin&q=bob": 0, "?role=admin&email=ann@example.com": 1, "?external_id=crm/7&role=billing:read": 1,
		} {
			got := w.send("GET", w.in("/users/{app_id}")+query, "", bearer(w.key))
			got.want(t, 200, "")
			if n := len(got.body["users"].([]any)); n != want {
				t.Errorf("%s: got %d users, want %d", query, n, want)
			}
		}
	})
	t.Run("is shown to the user but for what is private", func(t *testing.T) {
		_, m := w.mailed("ann@example.com", "")
		in := w.verify(`{"token":"` + linkToken(m) + `"}`)
		in.want(t, 200, "")
		me := w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(in.field("token")))
		me.has(t, `{"metadata":{"plan":"pro"},"roles":["admin","billing:read"]}`)
		for _, name := range []string{"external_id", "private_metadata"} {
			for what, got := range map[string]map[string]any{"me": me.body, "the sign-in": in.body["user"].(map[string]any)} {
				if _, there := got[name]; there {
					t.Errorf("%s: got %s, want it kept from the user", what, name)
				}
			}
		}
		for _, member := range []string{`"metadata":{"plan":"gold"}`, `"private_metadata":{}`, `"roles":["owner"]`, `"external_id":"8"`} {
			w.send("PATCH", w.in("/auth/me/{app_id}"), `{`+member+`}`, bearer(in.field("token"))).want(t, 400, "invalid_request")
		}
	})
	t.Run("is changed by merge patches, roles and external id as a whole", func(t *testing.T) {
		for _, step := range [][2]string{
			{`{"metadata":{"seats":3,"at":{"x":1,"y":2}}}`, `{"metadata":{"plan":"pro","seats":3,"at":{"x":1,"y":2}}}`},
			{`{"metadata":{"plan":null,"at":{"x":null,"z":[1,null]}}}`, `{"metadata":{"seats":3,"at":{"y":2,"z":[1,null]}}}`},
			{`{"metadata":{"at":[],"none":null}}`, `{"metadata":{"seats":3,"at":[]}}`},
			{`{"metadata":{"at":{"b":{"c":null}}}}`, `{"metadata":{"seats":3,"at":{"b":{}}}}`},
			{`{"metadata":{}}`, `{"metadata":{"seats":3,"at":{"b":{}}}}`},
			{`{"metadata":{"at": [ 1, {"c" : "x  y"} , 2 ],"seats":{ "n" : [ 3 ] }}}`, `{"metadata":{"seats":{"n":[3]},"at":[1,{"c":"x  y"},2]}}`},
			{`{"metadata":{"at":{"b":{}},"seats":3}}`, `{"metadata":{"seats":3,"at":{"b":{}}}}`},
			{`{"metadata":null}`, `{"metadata":{},"private_metadata":{"risk":1}}`},
			{`{"private_metadata":{"risk":null}}`, `{"private_metadata":{}}`},
			{`{"roles":["z","a","z"]}`, `{"roles":["a","z"]}`},
			{`{"roles":[]}`, `{"roles":[]}`},
			{`{"external_id":"crm/8"}`, `{"external_id":"crm/8"}`},
			{`{"external_id":null}`, `{"external_id":null}`},
		} {
			got := w.patched(id, step[0])
			got.want(t, 200, "")
			got.has(t, step[1])
			w.send("GET", w.in("/users/{app_id}/")+id, "", bearer(w.key)).has(t, step[1])
		}
	})
	t.Run("keeps numbers as they were written", func(t *testing.T) {
		got := w.patched(id, `{"metadata":{"n":12345678901234567890.10,"e":1e-7}}`)
		if want := `"metadata":{"e":1e-7,"n":12345678901234567890.10}`; !strings.Contains(got.Body.String(), want) {
			t.Errorf("got %s, want %s in it", got.Body, want)
		}
	})
}

func TestWhatNoAppMaySayOfAUser(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	id := w.created("ann@example.com", "").field("user_id")
	long := strings.Repeat("a", 65)
	many, list := make([]string, 33), make([]string, 17)
	for i := range many {
		many[i] = fmt.Sprintf(`"r%d"`, i)
	}
	for i := range list {
		list[i] = fmt.Sprintf(`"%060d"`, i)
	}
	for name, c := range map[string]struct{ member, field string }{
		"metadata that is a list":                  {`"metadata":[]`, "metadata"},
		"metadata that is a text":                  {`"metadata":"{}"`, "metadata"},
		"metadata of more than 4 KiB":              {`"metadata":{"a":"` + strings.Repeat("x", 4096-7) + `"}`, "metadata"},
		"metadata of six levels":                   {`"metadata":{"a":{"b":{"c":[{"d":{}}]}}}`, "metadata"},
		"metadata of six levels that remove":       {`"metadata":{"a":{"b":{"c":{"d":{"e":{"f":null}}}}}}`, "metadata"},
		"private metadata that is a list":          {`"private_metadata":[]`, "private_metadata"},
		"private metadata of more than 4 KiB":      {`"private_metadata":{"a":"` + strings.Repeat("x", 4096) + `"}`, "private_metadata"},
		"metadata with a name twice":               {`"metadata":{"a":{"b":1,"b":2}}`, "metadata.a.b"},
		"metadata with a control character":        {`"metadata":{"a":["\u0000"]}`, "metadata"},
		"metadata with a control character's name": {`"metadata":{"\u0085":1}`, "metadata"},
		"metadata with a number beyond a double":   {`"metadata":{"a":1e400}`, "metadata"},
		"a role in capitals":                       {`"roles":["Admin"]`, "roles"},
		"an empty role":                            {`"roles":[""]`, "roles"},
		"a role with a space":                      {`"roles":["a b"]`, "roles"},
		"a role that begins with a dash":           {`"roles":["-a"]`, "roles"},
		"a role that ends with a line":             {`"roles":["a\n"]`, "roles"},
		"a role of 65 characters":                  {`"roles":["` + long + `"]`, "roles"},
		"33 roles":                                 {`"roles":[` + strings.Join(many, ",") + `]`, "roles"},
		"roles of 1020 bytes and some":             {`"roles":[` + strings.Join(list, ",") + `,"` + strings.Repeat("b", 5) + `"]`, "roles"},
		"roles that are null":                      {`"roles":null`, "roles"},
		"roles that are a text":                    {`"roles":"admin"`, "roles"},
		"an empty external id":                     {`"external_id":""`, "external_id"},
		"an external id of 129 characters":         {`"external_id":"` + long + long[1:] + `"`, "external_id"},
		"an external id beyond ASCII":              {`"external_id":"é"`, "external_id"},
		"an external id that is a number":          {`"external_id":7`, "external_id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for what, got := range map[string]answer{"POST": w.created("bob@example.com", ","+c.member), "PATCH": w.patched(id, `{`+c.member+`}`)} {
				got.want(t, 400, "invalid_request")
				errs, _ := got.body["errors"].([]any)
				if len(errs) != 1 || errs[0].(map[string]any)["field"] != c.field {
					t.Errorf("%s: got %v, want the one field %s", what, errs, c.field)
				}
			}
		})
	}
	t.Run("the greatest are allowed", func(t *testing.T) {
		t.Parallel()
		full := `"metadata":{"a":"` + strings.Repeat("x", 4096-8) + `"},"private_metadata":{"a":{"b":{"c":[{}]}}},"roles":[` + strings.Join(many[:32], ",") +
			`],"external_id":"` + long[1:] + long[1:] + `"`
		got := w.created("full@example.com", ","+full)
		got.want(t, 201, "")
		w.patched(got.field("user_id"), `{`+full+`}`).want(t, 200, "")
		w.patched(got.field("user_id"), `{"metadata":{"b":1}}`).want(t, 400, "invalid_request")
	})
	for _, query := range []string{"?external_id=", "?external_id=%C3%A9", "?role=", "?role=Admin", "?roles=admin"} {
		w.send("GET", w.in("/users/{app_id}")+query, "", bearer(w.key)).want(t, 400, "invalid_request")
	}
}

func TestAnExternalIDBelongsToOneUser(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	w.created("ann@example.com", `,"external_id":"7"`).want(t, 201, "")
	bob := w.created("bob@example.com", "").field("user_id")
	w.created("cid@example.com", `,"external_id":"7"`).want(t, 409, "external_id_taken")
	w.created("ann@example.com", `,"external_id":"8"`).want(t, 409, "email_taken")
	w.created("ann@example.com", `,"external_id":"7"`).want(t, 409, "email_taken")
	w.patched(bob, `{"external_id":"7","name":"Bob"}`).want(t, 409, "external_id_taken")
	w.send("GET", w.in("/users/{app_id}/")+bob, "", bearer(w.key)).has(t, `{"external_id":null,"name":null}`)

	other, _, err := w.engine.CreateApp(t.Context(), w.devID, "Other")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.engine.CreateUser(t.Context(), other.ID, authkit.UserRequest{Email: "ann@example.com", ExternalID: "7"}); err != nil {
		t.Errorf("in another app: got %v, want the id to be free there", err)
	}
}

// TestAResetKeepsTheWordOfTheApp says what the proof rule means for members that only the app sets:
// the person who made the account could not set them, so they stay.
func TestAResetKeepsTheWordOfTheApp(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	const words = `"external_id":"7","metadata":{"a":1},"private_metadata":{"b":2},"roles":["admin"]`
	id := w.signUp("ann@example.com").body["user"].(map[string]any)["user_id"].(string)
	w.patched(id, `{`+words+`}`).want(t, 200, "")
	_, m := w.mailed("ann@example.com", "")
	w.verify(`{"token":"`+linkToken(m)+`"}`).want(t, 200, "")
	got := w.send("GET", w.in("/users/{app_id}/")+id, "", bearer(w.key))
	got.has(t, `{"name":null,"email_verified":true,`+words+`}`)
}

func TestAnAppSeesAndEndsTheSessionsOfItsUsers(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	up := w.signUp("ann@example.com")
	id := up.body["user"].(map[string]any)["user_id"].(string)
	w.clock.Advance(time.Second)
	in := w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", password, "sign_in"), "User-Agent: Firefox")
	bob := w.signUp("bob@example.com")
	path := w.in("/users/{app_id}/") + id + "/sessions"

	list := func() []any {
		t.Helper()
		got := w.send("GET", path, "", bearer(w.key))
		got.want(t, 200, "")
		return got.body["sessions"].([]any)
	}
	got := list()
	if len(got) != 2 {
		t.Fatalf("got %d sessions, want 2", len(got))
	}
	newest := shape{
		"id": isNewID, "created_at": isTime, "last_used_at": isTime, "expires_at": isTime, "user_agent": is("Firefox"), "ip": is("192.0.2.1"),
	}
	if wrong := newest.wrong(got[0]); wrong != "" {
		t.Errorf("the newest session: %s", wrong)
	}
	_, reader, err := w.engine.RotateAPIKey(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID},
		authkit.APIKeyRequest{Scopes: []string{authkit.ScopeUsersRead}, Overlap: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		method, path, key string
		status            int
		code              string
	}{
		"a key that only reads ends no session":      {"DELETE", path, reader, 403, "forbidden"},
		"an access token is no key":                  {"GET", path, in.text(t, "token"), 401, "invalid_api_key"},
		"an unknown user has no sessions":            {"GET", w.in("/users/{app_id}/") + uuid.NewString() + "/sessions", w.key, 404, "user_not_found"},
		"an unknown user's sessions cannot be ended": {"DELETE", w.in("/users/{app_id}/") + uuid.NewString() + "/sessions", w.key, 404, "user_not_found"},
		"a malformed id":                             {"DELETE", w.in("/users/{app_id}/me/sessions"), w.key, 404, "user_not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			w.send(c.method, c.path, "", bearer(c.key)).want(t, c.status, c.code)
		})
	}
	if got := list(); len(got) != 2 {
		t.Fatalf("after the refusals: got %d sessions, want 2", len(got))
	}
	w.send("GET", path, "", bearer(reader)).want(t, 200, "")
	w.send("DELETE", path, "", bearer(w.key)).want(t, 204, "")
	w.send("DELETE", path, "", bearer(w.key)).want(t, 204, "")
	if got := list(); len(got) != 0 {
		t.Errorf("after the end: got %v, want no sessions", got)
	}
	for _, ended := range []answer{up, in} {
		w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(ended.text(t, "token"))).want(t, 401, "invalid_token")
		w.send("POST", w.in("/auth/refresh/{app_id}"), `{"refresh_token":"`+ended.text(t, "refresh_token")+`"}`).want(t, 401, "invalid_token")
	}
	w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(bob.text(t, "token"))).want(t, 200, "")
}
