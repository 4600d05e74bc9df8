package authkit

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// usersPage is what [usersJSON] appends.
type usersPage struct {
	Next  string            `json:"next_cursor,omitempty"`
	Users []managedUserJSON `json:"users"`
}

// FuzzAppendJSON checks that what an answer appends is what an encoder makes of it.
func FuzzAppendJSON(f *testing.F) {
	f.Add("ann@example.com", "Ann", "password", int64(0), true)
	f.Add("", "", "", int64(1_700_000_000_123_456), false)
	f.Add("a\"b\\c\n\u2028</script>", "\xff\x00é😀", "x\x7f", int64(-1), true)
	f.Fuzz(func(t *testing.T, email, name, text string, at int64, yes bool) {
		u := User{
			ID: uuid.NewSHA1(uuid.Nil, []byte(email)), Email: email, EmailTyped: email, Name: name, AuthMethod: text, Verified: yes, Disabled: !yes,
			DisabledReason: text, ExternalID: name, CreatedAt: time.UnixMicro(at % 200_000_000_000_000_000),
		}
		if yes {
			u.LastLogin = u.CreatedAt.Add(time.Second)
		}
		for i := range int(uint64(at) % 3) {
			u.Roles = append(u.Roles, text[:min(i, len(text))])
			u.Metadata = appendText(append(u.Metadata[:0], `{"a":`...), text)
			u.Metadata = append(u.Metadata, '}')
		}
		in := SignIn{Token: text, RefreshToken: name, ExpiresIn: time.Duration(at), User: u, Created: yes}
		for i := range int(uint64(at) % 3) {
			in.Removed = append(in.Removed, Removed{Type: text, Name: name + email[:min(i, len(email))]})
		}
		for what, c := range map[string]struct {
			got  httpio.Appender
			want any
		}{
			"a user":             {toUserJSON(u), toUserJSON(u)},
			"a managed user":     {toManagedUserJSON(u), toManagedUserJSON(u)},
			"a page":             {usersJSON{[]User{u, {}}, name}, usersPage{name, []managedUserJSON{toManagedUserJSON(u), toManagedUserJSON(User{})}}},
			"a page without any": {usersJSON{}, usersPage{"", []managedUserJSON{}}},
			"a sign-in":          {toSignInJSON(in), toSignInJSON(in)},
		} {
			got := c.got.AppendJSON([]byte("kept:"))
			want, err := json.Marshal(c.want, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
			if err != nil {
				t.Fatalf("%s: encode %+v: %v", what, c.want, err)
			}
			if string(got) != "kept:"+string(want) {
				t.Errorf("%s: got %s, want %s", what, got, want)
			}
		}
	})
}
