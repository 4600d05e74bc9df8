package authkit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

const (
	outcomeKind TokenKind = "outcome"
	outcomeTTL            = time.Minute
)

// press is one form that one browser posts, or one return of it from a provider. People press
// a button twice, and browsers repeat a request whose answer was lost: the second time is
// answered as the first was, by the outcome that the step of the first time has kept. The zero
// press keeps none.
type press struct {
	app  uuid.UUID
	hash []byte // of the outcome's token
	key  []byte // that the outcome is sealed under, besides the engine's own secrets
}

// pressOf names a press by what it is of and all that was sent with it. Both the name and the
// key are derived from the secret in the binding cookie, so that neither another browser nor a
// reader of the store and the engine's secrets has the outcome. Without a browser, it is none.
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
	RedirectTo string    `json:"redirect_to,omitempty"`
	Code       string    `json:"code,omitempty"` // one-time, for RedirectTo
	Session    uuid.UUID `json:"session,omitzero"`
	Secret     []byte    `json:"secret,omitempty"` // that holds the session
	Created    bool      `json:"created,omitempty"`
	Provider   string    `json:"provider,omitempty"` // that was linked
	Removed    []Removed `json:"removed,omitempty"`

	Refused      Code         `json:"refused,omitempty"`
	Detail       string       `json:"detail,omitempty"`
	ProviderCode string       `json:"provider_code,omitempty"`
	Fields       []FieldError `json:"fields,omitempty"`
}

// sealUnder seals data under a secret that the engine does not keep, and then as all data of
// tokens is sealed.
func (e *Engine) sealUnder(secret []byte, app uuid.UUID, hash []byte, data any) ([]byte, error) {
	plain, err := json.Marshal(data)
	if err != nil {
		return nil, &Error{Code: CodeInternal, Detail: "the outcome cannot be kept", Err: err}
	}
	own, err := seal.New(secret)
	if err != nil {
		return nil, &Error{Code: CodeInternal, Detail: "the outcome cannot be kept", Err: err}
	}
	aad := tokenAAD(app, outcomeKind, hash)
	return e.ring.Seal(own.Seal(plain, aad), aad), nil
}

// openUnder reads what sealUnder sealed: [CodeInvalidToken] for all else.
func (e *Engine) openUnder(secret []byte, t Token, data any) error {
	own, err := seal.New(secret)
	if err != nil {
		return &Error{Code: CodeInternal, Detail: "the outcome cannot be read", Err: err}
	}
	aad := tokenAAD(t.App, outcomeKind, t.Hash)
	inner, err := e.ring.Open(t.Data, aad)
	if err != nil {
		return invalidToken("the outcome cannot be opened")
	}
	plain, err := own.Open(inner, aad)
	if err != nil || json.Unmarshal(plain, data) != nil {
		return invalidToken("the outcome cannot be opened")
	}
	return nil
}

// both adds to a step what two riders do, in their order; either may be nil.
func both(first, second rider) rider {
	if first == nil || second == nil {
		if first == nil {
			return second
		}
		return first
	}
	return func(c *UserChange, s *Session, secret sessionSecret) error {
		if err := first(c, s, secret); err != nil {
			return err
		}
		return second(c, s, secret)
	}
}

// remember adds the outcome of a press to the step that spends what is pressed, so that a
// press that loses to it finds the outcome there. tell fills in what the step does not know;
// it may be nil. The outcome dies with the user's sessions as a whole.
func (e *Engine) remember(p press, tell func(*outcome)) rider {
	if p.hash == nil {
		return nil
	}
	return func(c *UserChange, s *Session, secret sessionSecret) error {
		out := outcome{Created: c.Version == 0, Removed: removedBy(c.Drop)}
		if s != nil {
			out.Session, out.Secret = s.ID, secret.Bytes()
		}
		if tell != nil {
			tell(&out)
		}
		t, err := e.outcomeToken(p, out, c.Now)
		t.UserID = c.ID
		c.Also.Tokens = append(c.Also.Tokens, t)
		return err
	}
}

// handOverOnce is handOver for a press, which is handed the same code if it comes again.
func (e *Engine) handOverOnce(p press, goal *Goal, challenge string, browser []byte) rider {
	return both(e.handOver(goal, challenge, browser), e.remember(p, func(out *outcome) {
		out.RedirectTo, out.Code, out.Secret = goal.RedirectTo, goal.Code, nil
	}))
}

func (e *Engine) outcomeToken(p press, out outcome, now time.Time) (Token, error) {
	sealed, err := e.sealUnder(p.key, p.app, p.hash, out)
	return Token{
		App: p.app, Kind: outcomeKind, Slot: token.Encode(p.hash), Hash: p.hash, ExpiresAt: now.Add(outcomeTTL), Data: sealed,
	}, err
}

// recall answers what a press came to before; false: it is the first, or too long ago.
func (e *Engine) recall(ctx context.Context, p press) (out outcome, ok bool, err error) {
	if p.hash == nil {
		return outcome{}, false, nil
	}
	t, ok, err := e.tokens.peek(ctx, p.app, Take{Kind: outcomeKind, Hash: p.hash})
	if err != nil || !ok {
		return outcome{}, false, err
	}
	return out, true, e.openUnder(p.key, t, &out)
}

// refusal is what a press was refused, if it was.
func (o outcome) refusal() error {
	if o.Refused == "" {
		return nil
	}
	return &Error{Code: o.Refused, Detail: o.Detail, ProviderCode: o.ProviderCode, Fields: o.Fields, Err: cause("the same press was refused before")}
}

// signInAgain answers a press that was refused as spent as it was answered at first, as long
// as what it made is alive: else the refusal stays.
func (e *Engine) signInAgain(ctx context.Context, app App, p press, by Client, refused error) (Goal, SignIn, error) {
	if !errors.Is(refused, CodeInvalidToken) {
		return Goal{}, SignIn{}, refused
	}
	out, ok, err := e.recall(ctx, p)
	if err != nil {
		return Goal{}, SignIn{}, err
	}
	if !ok {
		return Goal{}, SignIn{}, refused
	}
	return e.answerAgain(ctx, app, out, by, refused)
}

// leads reports whether the app still has the URL that the answer of an outcome goes to.
func (o outcome) leads(app App) bool { return o.RedirectTo == "" || app.listsGoal(o.RedirectTo) }

// answerAgain is the answer of an outcome; refused is it where what was made is dead, or the
// app no longer has the URL to go to.
func (e *Engine) answerAgain(ctx context.Context, app App, out outcome, by Client, refused error) (Goal, SignIn, error) {
	goal := Goal{RedirectTo: out.RedirectTo, Code: out.Code}
	switch {
	case !out.leads(app):
		return Goal{}, SignIn{}, refused
	case out.Refused != "" || out.Session == uuid.Nil:
		return goal, SignIn{Created: out.Created, Removed: out.Removed}, out.refusal()
	}
	s, u, err := e.sessions.live(ctx, app.ID, out.Session)
	if err == nil && out.Code != "" {
		err = e.codeAlive(ctx, app.ID, out.Code)
	}
	switch {
	case errors.Is(err, CodeInvalidToken):
		return Goal{}, SignIn{}, refused
	case err != nil:
		return Goal{}, SignIn{}, err
	case out.Code != "":
		return goal, SignIn{User: u, SessionID: s.ID, Created: out.Created}, nil
	}
	secret, ok := sessionSecretOf(out.Secret)
	if !ok {
		return Goal{}, SignIn{}, refused
	}
	m := Moment{Kind: MomentSignIn, App: app.ID, User: u, Method: u.AuthMethod, Client: by}
	if out.Created {
		m.Kind = MomentSignUp
	}
	in, err := e.issue(ctx, app, m, s, secret)
	in.Removed = out.Removed
	return goal, in, err
}

// pressTime bounds the work of a press whose browser is gone.
const pressTime = 30 * time.Second

// doneBefore answers nil for a press that was refused as spent, if it did before what it asks
// for: else the refusal stays.
func (e *Engine) doneBefore(ctx context.Context, p press, refused error) error {
	if !errors.Is(refused, CodeInvalidToken) {
		return refused
	}
	out, ok, err := e.recall(ctx, p)
	switch {
	case err != nil:
		return err
	case !ok:
		return refused
	}
	return out.refusal()
}

// outlive is [outlive] for a press, and ctx for any other request.
func (p press) outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	if p.hash == nil {
		return ctx, func() {}
	}
	return outlive(ctx)
}

// outlive is a context for a step that goes on when its client breaks off: a browser drops the
// first request when its button is pressed again, and asks for the outcome of it by the second.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), pressTime)
}
