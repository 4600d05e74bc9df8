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

// press is one form that a browser posts, or its return from a provider. People press a button
// twice, and browsers repeat a request whose answer was lost. The repetition is answered as the
// first press was, by the outcome that the first press has kept. The zero press keeps none.
type press struct {
	app  uuid.UUID
	hash []byte // of the outcome's token
	key  []byte // seals the outcome, besides the engine's own secrets
}

// pressOf names a press by what is pressed and all that was sent with it. The name and the key
// are derived from the secret in the binding cookie, so that neither another browser nor a
// reader of the store who has the engine's secrets can open the outcome. Without a browser it is
// the zero press.
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

// outcome is what a press came to, as far as its answer shows.
type outcome struct {
	State      LandingState `json:"state,omitempty"` // without a session; otherwise the other members tell
	RedirectTo string       `json:"redirect_to,omitempty"`
	Code       string       `json:"code,omitempty"` // one-time, for RedirectTo
	Session    uuid.UUID    `json:"session,omitzero"`
	Secret     []byte       `json:"secret,omitempty"` // that holds the session
	Created    bool         `json:"created,omitempty"`
	Provider   string       `json:"provider,omitempty"` // whose identity was linked
	Removed    []Removed    `json:"removed,omitempty"`

	Refused      Code         `json:"refused,omitempty"`
	Detail       string       `json:"detail,omitempty"`
	ProviderCode string       `json:"provider_code,omitempty"`
	Fields       []FieldError `json:"fields,omitempty"`
}

// state is that of the landing.
func (o outcome) state() LandingState {
	switch {
	case o.RedirectTo != "":
		return LandingGoesOn
	case o.Session != uuid.Nil:
		return LandingSignedIn
	}
	return o.State
}

// goalListed reports whether the app still has the URL that the outcome goes on to.
func (o outcome) goalListed(app App) bool { return o.RedirectTo == "" || app.listsGoal(o.RedirectTo) }

// refusal is the error that the press was refused with; nil: it was not refused.
func (o outcome) refusal() error {
	if o.Refused == "" {
		return nil
	}
	return &Error{Code: o.Refused, Detail: o.Detail, ProviderCode: o.ProviderCode, Fields: o.Fields, Err: cause("the same press was refused before")}
}

// refusedOutcome is the outcome of a press that was refused, and goes on to a URL.
func refusedOutcome(to string, refused error) outcome {
	r := asError(refused)
	return outcome{RedirectTo: to, Refused: r.Code, Detail: r.Detail, ProviderCode: r.ProviderCode, Fields: r.Fields}
}

// addOutcome adds the outcome of a press to the step that spends what is pressed, so that a
// press that loses to it finds the outcome there. The outcome dies with the user's sessions as a
// whole. Of the zero press none is kept.
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

// recall reads what a press came to before. ok is false where it is the first press, or the
// first was more than a minute ago.
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

// sealUnder seals data for a token that remembers an outcome: under a secret that the engine does
// not keep, and then as the data of all tokens.
func (k *tokens) sealUnder(secret []byte, of Token, data any) []byte {
	aad := tokenAAD(of.App, outcomeKind, of.Hash)
	return k.ring.Seal(ringUnder(secret).Seal(plainJSON(data), aad), aad)
}

// openUnder reads what sealUnder sealed. [CodeInvalidToken]: it was sealed under another secret,
// or for another token.
func (k *tokens) openUnder(secret []byte, of Token, data any) error {
	aad := tokenAAD(of.App, outcomeKind, of.Hash)
	inner, err := k.ring.Open(of.Data, aad)
	if err != nil {
		return invalidToken("the outcome cannot be opened")
	}
	plain, err := ringUnder(secret).Open(inner, aad)
	if err != nil || json.Unmarshal(plain, data) != nil {
		return invalidToken("the outcome cannot be opened")
	}
	return nil
}

// ringUnder seals under a secret of macSize bytes alone, which [seal.New] never refuses.
func ringUnder(secret []byte) *seal.Ring {
	ring, err := seal.New(secret)
	if err != nil {
		panic("authkit: seal an outcome: " + err.Error())
	}
	return ring
}

// pressTime bounds the work of a press whose browser is gone.
const pressTime = 30 * time.Second

// outlive is [outlive] for a press, and ctx for the zero press.
func (p press) outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	if p.hash == nil {
		return ctx, func() {}
	}
	return outlive(ctx)
}

// outlive is a context for a step that goes on, for at most pressTime, when its client breaks
// off: a browser drops the first request when the button is pressed again, and asks for its
// outcome by the second.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), pressTime)
}
