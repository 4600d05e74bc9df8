package authkit

import (
	"cmp"
	"crypto/hmac"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// purpose is what a challenge is for. Each has a kind, a key and a page of its own, so that a
// challenge of one purpose works for no other.
type purpose struct {
	kind     TokenKind
	key      string // what the link's key is derived for
	template string // of the mail
	page     string // where the link goes; the app's id follows
	ttl      time.Duration
	most     int // live challenges of one class of askers in a slot: an address, or a user who changes it
}

// The purposes of challenges.
var (
	forSignIn = purpose{kind: "link", key: "magic link", template: "magic_link", page: "/auth/verify/", ttl: 10 * time.Minute, most: 5}
	forReset  = purpose{kind: "reset", key: "reset link", template: "password_reset", page: "/auth/password/reset/", ttl: 30 * time.Minute, most: 1}
	forVerify = purpose{kind: "verify", key: "verify link", template: "email_verify", page: "/auth/email/verify/", ttl: 10 * time.Minute, most: 5}
	forChange = purpose{kind: "change", key: "change link", template: "email_change", page: "/auth/email/confirm/", ttl: 10 * time.Minute, most: 1}
)

// challengeData is what the token of a challenge keeps, sealed.
type challengeData struct {
	Email      string `json:"email"`
	Typed      string `json:"typed"`
	RedirectTo string `json:"redirect_to,omitempty"`
	Challenge  string `json:"challenge,omitempty"` // the code_challenge of PKCE

	Cookie bool `json:"cookie,omitempty"` // the asker chose a session that a cookie holds

	Asked time.Time `json:"asked,omitzero"`
	Agent string    `json:"agent,omitempty"` // of a fixed list

	Was string `json:"was,omitempty"` // the address before, of a change

	// Bare says that the account had no password when the challenge was asked for. A first
	// password ends no session and raises no Epoch, so that a challenge which is to die with any
	// change of the password looks here.
	Bare flag `json:"bare"`

	// What a sign-up waits with until the asker redeems the challenge.
	Name string `json:"name,omitempty"`
	PHC  string `json:"phc,omitempty"`

	// Class is whose share of an address the asker has.
	Class class `json:"class"`

	device []byte // the id of the known device that asks
	asker  string // a keyed hash of the network that asks
	proven bool   // the session that asks is of an account which has proven the address

	// decoy makes a challenge that only takes the time of one: no mail is sent, and no code is right.
	decoy bool
}

// flag encodes as 0 or 1, so that sealed data has one length.
type flag byte

func flagged(v bool) flag {
	if v {
		return 1
	}
	return 0
}

// challengeSecrets are what the three holders of a challenge know: the link in the mail, the code
// that is typed, the asker's binding.
type challengeSecrets struct {
	id      []byte
	code    string
	binding string
}

// newChallengeSecrets makes the secrets of a challenge that is bound to a browser's secret, or, if
// that is empty, to a new one.
func newChallengeSecrets(app uuid.UUID, browser []byte) challengeSecrets {
	id := token.Random(idSize)
	if len(browser) == 0 {
		browser = token.Random(macSize)
	}
	return challengeSecrets{id: id, code: sixDigits(), binding: bindingOf(browser, app, id)}
}

// sixDigits is a code of six decimal digits, each as likely as any other.
func sixDigits() string {
	const codes = 1_000_000
	for {
		n := binary.BigEndian.Uint32(token.Random(4))
		if n < math.MaxUint32/codes*codes { // the rest would make some codes likelier
			return fmt.Sprintf("%06d", n%codes)
		}
	}
}

// challenge is one that was found alive, and can be spent.
type challenge struct {
	take  Take
	id    []byte
	data  challengeData
	user  uuid.UUID // the nil UUID: it belongs to no user yet
	bound []byte    // hash of the asker's binding

	// spelled is the address as the one who redeems the challenge wrote it; empty: not known. The
	// asker may be another person, and spell it in another way.
	spelled string
}

// from is the challenge as a browser redeems it, which may be the one that asked.
func (c challenge) from(browser []byte, app uuid.UUID) challenge {
	if c.spelled == "" && c.askedBy(browser, app) {
		c.spelled = c.data.Typed
	}
	return c
}

// address is how the address of the challenge is shown from then on.
func (c challenge) address() string { return cmp.Or(c.spelled, c.data.Email) }

// askedBy reports whether a browser's secret is that of the asker.
func (c challenge) askedBy(browser []byte, app uuid.UUID) bool {
	return len(browser) > 0 && hmac.Equal(c.bound, token.Hash([]byte(bindingOf(browser, app, c.id))))
}

// elsewhere reports whether a one-time code would be of no use in a browser: the verifier of
// the code_challenge is where the challenge was asked for (RFC 7636, section 4.5).
func (c challenge) elsewhere(browser []byte, app uuid.UUID) bool {
	return c.data.Challenge != "" && !c.askedBy(browser, app)
}

// redeemer is the client that redeems, with the asker's choice of a cookie.
func (c challenge) redeemer(by Client) Client {
	by.Cookie = by.Cookie || c.data.Cookie
	return by
}

// outdated reports whether the account was given its first password since.
func (c challenge) outdated(account *Account) bool {
	return c.data.Bare == 1 && account.password() != ""
}
