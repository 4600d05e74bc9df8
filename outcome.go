package authkit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

const (
	outcomeKind TokenKind = "outcome"
	outcomeTTL            = time.Minute
)

// press identifies one form that a browser posts, or its return from a provider. The first press
// stores its outcome, and a repeated press is answered with that outcome: people press a button
// twice, and browsers repeat a request whose answer was lost. The zero press stores no outcome.
type press struct {
	app  uuid.UUID
	hash []byte // of the outcome's token
	key  []byte // seals the outcome, in addition to the engine's own secrets
}

// pressOf identifies a press by the form that is pressed and by everything that was sent with it.
// The hash and the key are derived from browser, the secret in the binding cookie: neither
// another browser nor a reader of the store who has the engine's secrets can open the outcome.
// An empty browser gives the zero press.
func pressOf(app uuid.UUID, browser []byte, what string, sent ...string) press {
	if len(browser) == 0 {
		return press{}
	}
	derive := func(use string) []byte {
		mac := hmac.New(sha256.New, browser)
		mac.Write(seal.AAD(append([]string{"authkit press", use, app.String(), what}, sent...)...))
		return mac.Sum(nil)
	}
	return press{app: app, hash: token.Hash(derive("name")), key: derive("key")}
}

// outcome is the stored result of a press, as far as the answer shows it.
type outcome struct {
	State      LandingState  `json:"state,omitempty"` // without a session; otherwise derived from the other members
	RedirectTo string        `json:"redirect_to,omitempty"`
	Code       string        `json:"code,omitempty"` // one-time, for RedirectTo
	Session    uuid.UUID     `json:"session,omitzero"`
	Secret     []byte        `json:"secret,omitempty"` // of the session
	Created    bool          `json:"created,omitempty"`
	Provider   string        `json:"provider,omitempty"` // of the identity that was linked
	Removed    []Removed     `json:"removed,omitempty"`
	Reset      *AccountReset `json:"reset,omitempty"`
	Recovery   []string      `json:"recovery,omitempty"`
	Onward     string        `json:"onward,omitempty"`
	Binding    string        `json:"binding,omitempty"` // of the proof that was mailed

	Refused      Code         `json:"refused,omitempty"`
	Detail       string       `json:"detail,omitempty"`
	ProviderCode string       `json:"provider_code,omitempty"`
	Reason       Reason       `json:"reason,omitempty"`
	Fields       []FieldError `json:"fields,omitempty"`
	Methods      []string     `json:"methods,omitempty"`

	Second *SecondFactorDue `json:"second,omitempty"` // with a refusal for want of a second factor
}

// state is the state of the landing that the outcome leads to.
func (o outcome) state() LandingState {
	switch {
	case o.RedirectTo != "":
		return LandingGoesOn
	case o.Session != uuid.Nil:
		return LandingSignedIn
	}
	return o.State
}

// refusal returns the error with which the press was refused, or nil if it was not refused.
func (o outcome) refusal() error {
	if o.Refused == "" {
		return nil
	}
	return &Error{Code: o.Refused, Detail: o.Detail, ProviderCode: o.ProviderCode, Reason: o.Reason, Fields: o.Fields, Methods: o.Methods, Second: o.Second, Err: cause("the same press was refused before")}
}

// refusedOutcome is the outcome of a refused press. The browser is redirected to the URL to; it
// may be empty.
func refusedOutcome(to string, refused error) outcome {
	r := asError(refused)
	return outcome{RedirectTo: to, Refused: r.Code, Detail: r.Detail, ProviderCode: r.ProviderCode, Reason: r.Reason, Fields: r.Fields, Methods: r.Methods}
}

// addOutcome adds the outcome of a press to the step that spends the token of the press, so that
// a concurrent press that finds the token spent also finds the outcome. Whatever ends all
// sessions of the user ends the outcome, too. The zero press adds nothing.
func (k *tokens) addOutcome(c *UserChange, p press, out outcome) {
	if p.hash == nil {
		return
	}
	kept := k.outcomeToken(p, out, c.Now)
	kept.UserID = c.ID
	c.Riders.Tokens = append(c.Riders.Tokens, kept)
}

// outcomeToken is the token that keeps the outcome of a press for a minute.
func (k *tokens) outcomeToken(p press, out outcome, now time.Time) Token {
	t := Token{App: p.app, Kind: outcomeKind, Slot: token.Encode(p.hash), Hash: p.hash, ExpiresAt: now.Add(outcomeTTL)}
	t.Data = k.sealUnder(p.key, t, out)
	return t
}

// recall reads the outcome of an earlier, equal press. ok is false if there was no such press in
// the last minute.
func (k *tokens) recall(ctx context.Context, p press) (out outcome, ok bool, err error) {
	if p.hash == nil {
		return outcome{}, false, nil
	}
	t, ok, err := k.peek(ctx, p.app, Take{Kind: outcomeKind, Hash: p.hash})
	if err != nil || !ok {
		return outcome{}, false, err
	}
	return out, true, k.openUnder(p.key, t, &out)
}

// sealUnder seals the data of an outcome, or of a hand-over that waits, twice: under a secret that the
// engine does not have, and then under the engine's secrets, like the data of every token.
func (k *tokens) sealUnder(secret []byte, of Token, data any) []byte {
	aad := tokenAAD(of.App, outcomeKind, of.Hash)
	return k.ring.Seal(ringUnder(secret).Seal(plainJSON(data), aad), aad)
}

// openUnder opens data that sealUnder sealed. [CodeInvalidToken]: the data was sealed under another
// secret, or for another token.
func (k *tokens) openUnder(secret []byte, of Token, data any) error {
	aad := tokenAAD(of.App, outcomeKind, of.Hash)
	inner, err := k.ring.Open(of.Data, aad)
	if err != nil {
		return invalidToken("the stored outcome cannot be opened")
	}
	plain, err := ringUnder(secret).Open(inner, aad)
	if err != nil || json.Unmarshal(plain, data) != nil {
		return invalidToken("the stored outcome cannot be opened")
	}
	return nil
}

// ringUnder returns a ring of one secret. The secret has macSize bytes, which [seal.New] never
// refuses.
func ringUnder(secret []byte) *seal.Ring {
	ring, err := seal.New(secret)
	if err != nil {
		panic("authkit: seal an outcome: " + err.Error())
	}
	return ring
}

// pressTime is how long the work of a press may go on after its browser has disconnected.
const pressTime = 30 * time.Second

// outlive is the function outlive for a press. For the zero press it returns ctx.
func (p press) outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	if p.hash == nil {
		return ctx, func() {}
	}
	return outlive(ctx)
}

// outlive returns a context that is not cancelled with ctx and ends after pressTime. A browser drops
// the first request when the button is pressed again, and its second request asks for the outcome
// of the first.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), pressTime)
}
