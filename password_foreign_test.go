package authkit_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/memory"
)

// Hashes of the password "correct horse battery staple" that other programs made, with low costs.
var movedHashes = map[string]string{
	"htpasswd": "$2y$04$NDpZL2KuyrXHkmIMfApWIukttyL6Zyq57YVxwMdgfAXPDNmEp0PTG",
	"django":   "pbkdf2_sha256$1000$seasalt12345$lc9upgiPQ2muevvuisr7qA/SNSmKyk+QjwXhw/n1uhw=",
	"argon2":   "argon2$argon2id$v=19$m=64,t=2,p=2$c2Vhc2FsdDEyMzQ1$jR2njhK+H8OrsuVspjdXrg",
	"passlib":  "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$0Pz6RuN9WCY6OfE3FYH5Myx0JqvNjul84VbFyWLBf4g",
}

const movedPassword = "correct horse battery staple"

func TestAUserIsBroughtWithAPasswordHash(t *testing.T) {
	t.Parallel()
	store := memory.New()
	w := setup(t, withoutLimits, func(c *authkit.Config) { c.Store = store })
	stored := func(email string) string {
		t.Helper()
		account, err := store.Account(t.Context(), w.app.ID, authkit.AccountKey{Email: email})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range account.Credentials {
			if c.Kind == "password" {
				return string(c.Data)
			}
		}
		return ""
	}
	signIn := func(email, pw string) answer {
		return w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"`+email+`","password":"`+pw+`","intent":"sign_in"}`)
	}
	for from, hash := range movedHashes {
		t.Run(from, func(t *testing.T) {
			email := from + "@example.com"
			w.send("POST", w.in("/users/{app_id}"), `{"email":"`+email+`","password_hash":"`+hash+`"}`, bearer(w.key)).want(t, 201, "")
			if got, want := stored(email), strings.Replace(hash, "argon2$", "$", 1); got != want {
				t.Errorf("stored: got %q, want %q", got, want)
			}
			signIn(email, movedPassword+" ").want(t, 401, "invalid_credentials")
			if got := stored(email); strings.HasPrefix(got, "$argon2id$v=19$m=8,") {
				t.Errorf("stored after a wrong password: got %q, want it to stay", got)
			}
			signIn(email, movedPassword).want(t, 200, "")
			renewed := stored(email)
			if renewed == hash || !strings.HasPrefix(renewed, "$argon2id$v=19$") || strings.HasPrefix(renewed, "$argon2id$v=19$m=64,t=2,p=2") {
				t.Errorf("stored after the right password: got %q, want argon2id of the configuration", renewed)
			}
			signIn(email, movedPassword).want(t, 200, "")
			if got := stored(email); got != renewed {
				t.Errorf("stored after another sign-in: got %q, want it to stay", got)
			}
		})
	}
	app, err := w.engine.App(t.Context(), w.app.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(app.ForeignHashes) != 4 {
		t.Errorf("kinds of hashes: got %q, want four", app.ForeignHashes)
	}
}

func TestAPasswordHashThatIsNotTakenIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	for hash, want := range map[string]string{
		"$P$5xCKBYdxLN4p.4nKWPmYPH6ClN/9hX.":                           "phpass is not taken",
		"{SSHA}5F+DtmBKkdjal0kyt/FHa/RIkBtFCMF4":                       "salted SHA of LDAP is not taken",
		movedPassword:                                                  "unknown form",
		"$2y$31$NDpZL2KuyrXHkmIMfApWIukttyL6Zyq57YVxwMdgfAXPDNmEp0PTG": "at most 2s are taken",
		"$scrypt$ln=20,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$0Pz6RuN9WCY6OfE3FYH5Myx0JqvNjul84VbFyWLBf4g": "at most 128 are taken",
	} {
		got := w.send("POST", w.in("/users/{app_id}"), `{"email":"ann@example.com","password_hash":"`+hash+`"}`, bearer(w.key))
		got.want(t, 400, "invalid_request")
		if body := got.Body.String(); !strings.Contains(body, want) || !strings.Contains(body, `"field":"password_hash"`) || strings.Contains(body, hash) {
			t.Errorf("%q: got %s, want %q of the member password_hash, and not the hash", hash, body, want)
		}
	}
	app, err := w.engine.App(t.Context(), w.app.ID)
	if err != nil || len(app.ForeignHashes) > 0 {
		t.Errorf("kinds of hashes: got %q, %v, want none", app.ForeignHashes, err)
	}
	if users, err := w.engine.Users(t.Context(), w.app.ID, authkit.UserFilter{}); err != nil || len(users) > 0 {
		t.Errorf("users: got %v, %v, want none", users, err)
	}
	if _, err := w.engine.CreateUser(t.Context(), uuid.New(), authkit.UserRequest{Email: "ann@example.com", PasswordHash: movedHashes["django"]}); err == nil {
		t.Error("a user of an unknown app: got it made")
	}
}
