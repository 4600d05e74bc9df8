package authkit_test

import (
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

// A body of a user is judged whole: one answer names every member that is wrong.
func TestAllThatIsWrongWithAUserIsToldAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	full := w.created("full@example.com", `,"metadata":{"a":"`+strings.Repeat("a", 4000)+`"},"private_metadata":{"a":"`+strings.Repeat("a", 4000)+`"}`)
	full.want(t, 201, "")
	long, deep, more := strings.Repeat("a", 201), `{"a":{"a":{"a":{"a":{"a":{}}}}}}`, `{"b":"`+strings.Repeat("b", 200)+`"}`
	values := `"name":"` + long + `","external_id":"","metadata":[],"private_metadata":` + deep + `,"roles":["Admin"]`
	for name, c := range map[string]struct{ method, body, want string }{
		"a new user, values":              {"POST", `{"email":"ann",` + values + `,"password_hash":"md5"}`, "external_id email name password_hash metadata private_metadata roles"},
		"a new user, with an id too long": {"POST", `{"email":"ann@example.com","external_id":"` + long + `","roles":["a","B"]}`, "external_id roles"},
		"a new user, without an address":  {"POST", `{"emial":"ann@example.com","name":"` + long + `"}`, "emial email name"},
		"a new user, types and values":    {"POST", `{"email":7,"name":"` + long + `","roles":["a",1],"metadata":[],"plan":"x"}`, "plan email roles[1] name metadata"},
		"a new user, nulls":               {"POST", `{"email":null,"name":null,"external_id":null,"roles":null,"metadata":null,"password_hash":"x"}`, "email name roles password_hash"},
		"a new user, control characters":  {"POST", `{"email":"ann@example.com","name":"a\u0000","metadata":{"a":"\u0007"},"external_id":"\u0001"}`, "name external_id metadata"},
		"a patch, values":                 {"PATCH", `{` + values + `,"disabled_reason":"` + long + `","keep":true}`, "external_id name keep disabled_reason metadata private_metadata roles"},
		"a patch, types and values":       {"PATCH", `{"disabled":"yes","namee":"x","name":"` + long + `","roles":["A"],"email_verified":null}`, "namee email_verified disabled name roles"},
		"a patch, metadata that would be": {"PATCH", `{"metadata":` + more + `,"private_metadata":` + more + `}`, "metadata private_metadata"},
		"a patch of what is not set so":   {"PATCH", `{"email":"x","auth_method":"y"}`, "email auth_method"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := w.in("/users/{app_id}")
			if c.method == "PATCH" {
				path += "/" + full.field("user_id")
			}
			got := w.send(c.method, path, c.body, bearer(w.key))
			got.want(t, 400, "invalid_request")
			if fields := got.fields(); fields != c.want {
				t.Errorf("got the members %q, want %q\n%s", fields, c.want, got.Body)
			}
			for member := range strings.FieldsSeq(c.want) {
				if detail := got.field("detail"); !strings.Contains(detail, member) {
					t.Errorf("got the detail %q, want %s in it", detail, member)
				}
			}
		})
	}
	t.Run("with the header", func(t *testing.T) {
		t.Parallel()
		got := w.send("POST", w.in("/users/{app_id}"), `{"email":"ann","roles":["A"]}`, bearer(w.key), "Idempotency-Key: short")
		got.want(t, 400, "invalid_request")
		if fields := got.fields(); fields != "Idempotency-Key email roles" {
			t.Errorf("got the members %q, want the header, email and roles", fields)
		}
	})
	t.Run("to a Go caller", func(t *testing.T) {
		t.Parallel()
		name := long
		for what, refuse := range map[string]func() error{
			"CreateUser": func() error {
				_, err := w.engine.CreateUser(t.Context(), w.app.ID, authkit.UserRequest{Email: "ann", Name: long})
				return err
			},
			"ChangeUser": func() error {
				_, err := w.engine.ChangeUser(t.Context(), authkit.UserRef{App: w.app.ID}, authkit.UserPatch{Name: &name, Metadata: []byte("1")})
				return err
			},
		} {
			if err := refuse(); err == nil || !strings.Contains(err.Error(), "name is longer") || !strings.Contains(err.Error(), "; ") && what == "CreateUser" {
				t.Errorf("%s: got %v, want all that is wrong", what, err)
			}
		}
	})
}
