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

// purpose is the purpose of a challenge. Each has a kind, a key and a page of its own, so that a
// challenge of one purpose is of no use for another.
type purpose struct {
	kind     TokenKind
	key      string // label from which the key of the link is derived
	template string // of the mail
	page     string // the path of the link, without the app's id
	ttl      time.Duration
	most     int  // live challenges of one class of askers in a slot: of an address, or of a user who changes it
	linkOnly bool // the mail has no code
}

// The purposes of challenges.
var (
	forSignIn = purpose{kind: "link", key: "magic link", template: "magic_link", page: "/auth/verify/", ttl: 10 * time.Minute, most: 5}
	forReset  = purpose{kind: "reset", key: "reset link", template: "password_reset", page: "/auth/password/reset/", ttl: 30 * time.Minute, most: 1}
	forVerify = purpose{kind: "verify", key: "verify link", template: "email_verify", page: "/auth/email/verify/", ttl: 10 * time.Minute, most: 5}
	forChange = purpose{kind: "change", key: "change link", template: "email_change", page: "/auth/email/confirm/", ttl: 10 * time.Minute, most: 1}
)

// forInvite is the purpose of an invitation. Its link proves the address of a user whom the app has
// made, and a person presses it, so that it has no code.
var forInvite = purpose{kind: "invite", key: "invite link", template: "invitation", page: "/auth/invitation/", ttl: 7 * day, most: 1, linkOnly: true}

// challengeData is the sealed data of a challenge's token.
type challengeData struct {
	Email      string `json:"email"`
	Typed      string `json:"typed"`
	RedirectTo string `json:"redirect_to,omitempty"`
	Challenge  string `json:"challenge,omitempty"` // the code_challenge of PKCE

	Cookie bool `json:"cookie,omitempty"` // the asker chose a session in a cookie

	Asked time.Time `json:"asked,omitzero"`
	Agent string    `json:"agent,omitempty"` // of a fixed list

	LastLogin time.Time `json:"last_login,omitzero"` // of an invitation: when the user had signed in last

	Was string `json:"was,omitempty"` // of a change: the previous address

	// Bare is 1 if the account had no password when the challenge was asked for. A first password
	// ends no session and raises no Epoch, so that a challenge which must die with any change of
	// the password checks this.
	Bare flag `json:"bare"`

	// Alone is 1 if it is a change of address of a user who had no second factor, or in a session that had
	// shown none. What wants a fresh sign-in waits for one that the user has: a thief's session that began
	// without it must not finish without it. A passkey raises no Epoch, so that the confirmation checks this.
	Alone flag `json:"alone"`

	// The name and password hash of a sign-up that waits until the asker redeems the challenge.
	Name string `json:"name,omitempty"`
	PHC  string `json:"phc,omitempty"`

	// Device is the id of the asking device if the account of the address was made on it.
	Device []byte `json:"device,omitempty"`

	// Class is the class of the asker, whose share of the address the challenge uses.
	Class class `json:"class"`

	device []byte // the id of the asking device, if it is known
	asker  string // a keyed hash of the asking network
	proven bool   // the asking session is of an account that has verified the address

	// decoy marks a challenge that only takes the time of one: no mail is sent, and no code is
	// right.
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

// challengeSecrets are the three secrets of a challenge: in the link of the mail, in the code
// that is typed, and in the binding of the asker.
type challengeSecrets struct {
	id      []byte
	code    string
	binding string
}

// newChallengeSecrets makes the secrets of a challenge that is bound to the secret of a browser
// or, if that is empty, to a new one.
func newChallengeSecrets(app uuid.UUID, browser []byte) challengeSecrets {
	id := token.Random(idSize)
	if len(browser) == 0 {
		browser = token.Random(macSize)
	}
	return challengeSecrets{id: id, code: sixDigits(), binding: bindingOf(browser, app, id)}
}

// sixDigits returns a code of six decimal digits. All codes are equally likely.
func sixDigits() string {
	const codes = 1_000_000
	for {
		n := binary.BigEndian.Uint32(token.Random(4))
		if n < math.MaxUint32/codes*codes { // the rest would make some codes likelier
			return fmt.Sprintf("%06d", n%codes)
		}
	}
}

// challenge is a challenge that was found live, and can be spent.
type challenge struct {
	take  Take
	id    []byte
	data  challengeData
	user  uuid.UUID // the nil UUID: it belongs to no user yet
	bound []byte    // hash of the asker's binding

	// keepOn is the device token of a redeemer who wants to keep the name and the password of the
	// account; empty: a reset removes them.
	keepOn string

	holder *Account // of user, as it was when the challenge was found; see takeHolder

	// spelled is the address as the redeemer wrote it; empty: not known. The asker may be another
	// person, and spell it differently.
	spelled string
}

// takeHolder returns the account that was read with the challenge, once: a step that begins again
// reads it anew. nil: it was taken, or the challenge belongs to no user.
func takeHolder(c *challenge) *Account {
	held := c.holder
	c.holder = nil
	return held
}

// redeemedIn returns the challenge as redeemed by a browser, which may be the one that asked.
func (c challenge) redeemedIn(browser []byte, app uuid.UUID) challenge {
	if c.spelled == "" && c.askedBy(browser, app) {
		c.spelled = c.data.Typed
	}
	return c
}

// address returns the spelling of the address to show from then on.
func (c challenge) address() string { return cmp.Or(c.spelled, c.data.Email) }

// askedBy reports whether a browser's secret is that of the asker.
func (c challenge) askedBy(browser []byte, app uuid.UUID) bool {
	return len(browser) > 0 && hmac.Equal(c.bound, token.Hash([]byte(bindingOf(browser, app, c.id))))
}

// verifierElsewhere reports whether a one-time code would be useless in a browser: the verifier of the
// code_challenge is where the challenge was asked for (RFC 7636, section 4.5).
func (c challenge) verifierElsewhere(browser []byte, app uuid.UUID) bool {
	return c.data.Challenge != "" && !c.askedBy(browser, app)
}

// redeemer returns the redeeming client, with the asker's choice of a cookie.
func (c challenge) redeemer(by Client) Client {
	by.Cookie = by.Cookie || c.data.Cookie
	return by
}

// outdated reports whether the account has got its first password since the challenge was asked
// for.
func (c challenge) outdated(account *Account) bool {
	return c.data.Bare == 1 && account.password() != ""
}
