package authkit_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

// faults returns the fields that a refusal finds wrong, each with its code.
func (a answer) faults() string {
	var all []string
	list, _ := a.body["errors"].([]any)
	for _, f := range list {
		of := f.(map[string]any)
		all = append(all, fmt.Sprint(of["field"], " ", of["code"]))
	}
	return strings.Join(all, ", ")
}

func TestAWeakPasswordIsToldAllItsFaults(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	w.settings(authkit.AppPatch{Name: new("Wonderland")})
	token := w.provenUser("ann.liddell@example.com").text(t, "token") // without a password
	_, m := w.forgot("ann.liddell@example.com")
	signedIn := w.signUp("bob.liddell@example.com").text(t, "token")
	routes := map[string]func(pw string) answer{
		"password in a sign-up": func(pw string) answer {
			return w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody("carol.liddell@example.com", pw, "sign_up"))
		},
		"password in a reset": func(pw string) answer {
			return w.send("POST", w.in("/auth/password/reset/{app_id}"), byLink(m, `,"password":"`+pw+`"`))
		},
		"new_password in a change": func(pw string) answer {
			return w.send("POST", w.in("/auth/password/change/{app_id}"), `{"current_password":"`+password+`","new_password":"`+pw+`"}`, bearer(signedIn))
		},
		"new_password in a first one": func(pw string) answer {
			return w.send("POST", w.in("/auth/password/set/{app_id}"), `{"new_password":"`+pw+`"}`, bearer(token))
		},
	}
	for name, send := range routes {
		field, _, _ := strings.Cut(name, " ")
		for pw, want := range map[string]string{
			"xk4!qz":                    "too_short",
			strings.Repeat("xk4!", 257): "too_long",
			"passwordpassword":          "common",
			"Wonderland12":              "personal",
			"liddell1":                  "too_short personal",
			"password":                  "too_short common",
		} {
			got := send(pw)
			got.want(t, 422, "weak_password")
			var faults []string
			for code := range strings.FieldsSeq(want) {
				faults = append(faults, field+" "+code)
			}
			if want := strings.Join(faults, ", "); got.faults() != want {
				t.Errorf("%s, %q: got errors %q, want %q", name, pw, got.faults(), want)
			}
		}
	}
	_, err := w.engine.CreateDeveloper(t.Context(), "new@example.com", "short")
	refusal, ok := errors.AsType[*authkit.Error](err)
	if !ok || len(refusal.Fields) != 1 || refusal.Fields[0].Code != "too_short" || refusal.Detail != "the password is too weak: "+refusal.Fields[0].Detail {
		t.Errorf("in Go: got %+v, want the field password too_short, and its detail", err)
	}
}
