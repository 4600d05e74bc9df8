package authkit_test

import (
	"net/url"
	"testing"

	"github.com/authkit-dev/authkit/mail"
)

const (
	sendProof  = "/auth/email/send/{app_id}"
	proveEmail = "/auth/email/verify/{app_id}"
)

// press shows a link's page in this browser and presses its button there.
func (b *seat) press(m mail.Message, path string) answer {
	b.s.t.Helper()
	page := b.send("GET", linkPath(m), "")
	page.want(b.s.t, 200, "")
	fields := url.Values{}
	for _, f := range hidden.FindAllStringSubmatch(page.Body.String(), -1) {
		fields.Set(f[1], f[2])
	}
	return b.send("POST", path, fields.Encode(), form)
}

// A page is pressed with whatever the browser holds: the account's session counts there as
// it does beside JSON.
func TestAnAddressIsProvenOnThePage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		phone  string // whose session the second browser has
		passes int    // how the password fares that was chosen at sign-up
	}{
		"in another browser of the account, which keeps everything":             {"ann@example.com", 200},
		"in a browser of another account, as by whoever happened upon the mail": {"bob@example.com", 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := seated(t)
			desk := s.seat("ann@example.com")
			s.signUp("bob@example.com")
			phone := &seat{s, map[string]string{}}
			phone.send("POST", "/auth/credentials/{app_id}", signInBody(c.phone, password, "sign_in")).want(t, 200, "")
			desk.send("POST", sendProof, "{}").want(t, 202, "")
			phone.press(s.mailTo("ann@example.com"), proveEmail).want(t, 200, "")
			s.equal("the password", s.passes("ann@example.com", password), c.passes)
			s.equal("the session that asked", desk.send("GET", "/auth/me/{app_id}", "").Code, c.passes)
			got := phone.send("GET", "/auth/me/{app_id}", "")
			s.equal("who is signed in where it was pressed", got.user("email"), "ann@example.com")
			s.equal("email_verified", got.user("email_verified"), true)
		})
	}
}
