package authkit_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// A new field of a change is one by which the Version rises, or stands among the others here.
func TestWhichChangesRaiseTheVersion(t *testing.T) {
	t.Parallel()
	quiet := map[string]bool{ // beside a session, which raises nothing by itself
		"Now": true, "App": true, "ID": true, "Version": true, "Take": true, "Owns": true, "Keep": true,
		"Session": true, "AuthMethod": true, "MaxSessions": true, "Prove": true, "Riders": true,
	}
	signIn := authkit.UserChange{Session: &authkit.Session{}}
	for f := range reflect.TypeFor[authkit.UserChange]().Fields() {
		c := signIn
		field := reflect.ValueOf(&c).Elem().FieldByIndex(f.Index)
		switch f.Type.Kind() {
		case reflect.Pointer:
			field.Set(reflect.New(f.Type.Elem()))
		case reflect.Slice:
			field.Set(reflect.MakeSlice(f.Type, 1, 1))
		case reflect.Bool:
			field.SetBool(true)
		}
		if got, want := c.Raises(), !quiet[f.Name]; got != want {
			t.Errorf("a sign-in with %s: got %v, want %v", f.Name, got, want)
		}
	}
	for name, c := range map[string]struct {
		change authkit.UserChange
		want   bool
	}{
		"a sign-in":                     {signIn, false},
		"a token that is spent":         {authkit.UserChange{Take: &authkit.Take{}}, false},
		"a sign-in by a token":          {authkit.UserChange{Take: &authkit.Take{}, Session: &authkit.Session{}}, false},
		"a proof":                       {authkit.UserChange{Prove: &authkit.SessionProof{}}, false},
		"a proof by a token":            {authkit.UserChange{Take: &authkit.Take{}, Prove: &authkit.SessionProof{}}, false},
		"a proof and a removed factor":  {authkit.UserChange{Prove: &authkit.SessionProof{}, DropMFA: true}, true},
		"a change of nothing":           {authkit.UserChange{Now: time.Unix(1, 0), ID: uuid.New()}, true},
		"an empty list of credentials":  {authkit.UserChange{Put: []authkit.Credential{}, Session: &authkit.Session{}}, false},
		"the end of the other sessions": {authkit.UserChange{End: true, Session: &authkit.Session{}}, true},
	} {
		if got := c.change.Raises(); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
