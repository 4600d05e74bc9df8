package authkit

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/useragent"
	"github.com/authkit-dev/authkit/mail"
)

// letter is the sealed content of a mail in the outbox: a template and its data.
type letter struct {
	To       string `json:"to"`
	Template string `json:"template"`
	App      string `json:"app"`
	Link     string `json:"link,omitempty"`
	Code     string `json:"code,omitempty"`
	Minutes  int    `json:"minutes,omitempty"`
	Provider string `json:"provider,omitempty"` // or the name of a passkey, which only a proven address is told
	Change   string `json:"change,omitempty"`   // the change that a notice reports: of an app, a key of the catalogue after "mail.change."; of an account, what was removed; of a factor, its kind or "all"
	Count    int    `json:"count,omitempty"`    // how many recovery codes are left
	Of       string `json:"of,omitempty"`       // what of the app was changed: a provider, or settings

	Language string    `json:"language,omitempty"` // the tag
	At       time.Time `json:"at,omitzero"`        // when it was asked for, or happened
	Agent    string    `json:"agent,omitempty"`    // with which browser, of a fixed list; only a proven address is told
	URL      string    `json:"url,omitempty"`      // where a notice leads, if that is no page of the app of the mail

	// Address is set for mail that an unknown address gets only if sign-up is open, or, for a
	// reset, never.
	Address string `json:"address,omitempty"`

	// SignUp says that an existing user of the address gets a notice instead.
	SignUp bool `json:"sign_up,omitempty"`

	// Attempt is the id of a challenge that has no user until this mail is sent, and Asked the data of
	// the challenge.
	Attempt []byte         `json:"attempt,omitempty"`
	Asked   *challengeData `json:"asked,omitempty"`

	// Asker is a keyed hash of the network that asked for a challenge; empty: the app stands for it.
	Asker string `json:"asker,omitempty"`

	// Proven says that the address was verified by this server when the letter was queued,
	// whatever account the app has for it: the address of a developer, or one that an account has
	// just lost.
	Proven bool `json:"proven,omitempty"`

	// Decoy is never sent.
	Decoy bool `json:"decoy,omitempty"`
}

// notice reports whether the letter reports something that has happened. Only a challenge has a
// code, and an invitation is one without.
func (l *letter) notice() bool { return l.Code == "" && l.Template != forInvite.template }

// namesPasskey reports whether Provider is the name of a passkey.
func (l *letter) namesPasskey() bool {
	return l.Template == "factor_added" || l.Template == "factor_removed" || l.Template == "passkey_cloned"
}

func mailAAD(app, id uuid.UUID) []byte { return seal.AAD("mail", app.String(), id.String()) }

// newID makes the id of a mail. Of two mails that this process queues in one millisecond, the
// second has the higher id (RFC 9562, section 6.2, method 1).
func (o *outbox) newID(now time.Time) uuid.UUID {
	id, n := newID(now), o.queued.Add(1)
	id[6], id[7] = id[6]&0xf0|byte(n>>8&0x0f), byte(n&0xff)
	return id
}

// causedBy returns the letter in the language of the client that caused it.
func (o *outbox) causedBy(languages, userAgent string, l letter) letter {
	l.Language = o.sender.words.Match(languages).Tag
	if agent := useragent.Describe(userAgent); agent != useragent.Describe("") { // the words for any other say nothing
		l.Agent = agent
	}
	return l
}

// queue adds a letter to a step, to be sent from now on and within ttl.
func (o *outbox) queue(riders *Riders, app uuid.UUID, l letter, now time.Time, ttl time.Duration) {
	id := o.newID(now)
	l.At = now
	riders.Mail = append(riders.Mail, Mail{
		App: app, ID: id, Sealed: o.ring.Seal(plainJSON(l), mailAAD(app, id)), DueAt: now, Expires: now.Add(ttl),
	})
}

func (o *outbox) open(m Mail) (l letter, err error) {
	plain, err := o.ring.Open(m.Sealed, mailAAD(m.App, m.ID))
	if err == nil {
		err = json.Unmarshal(plain, &l)
	}
	if err != nil {
		return l, fmt.Errorf("open: %w: %w", mail.ErrPermanent, err)
	}
	return l, nil
}
