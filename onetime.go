package authkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

const (
	codeKind TokenKind = "code"
	codeTTL            = 60 * time.Second

	codeBody = 16 + 16 + idSize // session, user, randomness
	codeSize = codeBody + macSize
)

// LinkPress redeems a link from its page, in the browser that holds the secret.
type LinkPress struct {
	App     uuid.UUID
	Token   string
	Browser []byte
	Client  Client

	// Stay lets the session begin in this browser where the link has nowhere to go on to.
	Stay bool
}

// Goal is where a sign-in goes on. RedirectTo is empty where it goes nowhere.
type Goal struct {
	RedirectTo string
	Code       string // for POST /auth/token, once and within a minute
}

// PressLink spends a link and signs in, and hands the session over by a one-time code:
// the browser that presses gets it, never another. Nothing is spent and both answers are
// empty where the press can lead nowhere: with nowhere to go on to and no Stay, or where the
// link was asked for with a code challenge and this is not the browser that asked, which
// alone has the verifier. The six-digit code has then to be typed where the sign-in began.
func (e *Engine) PressLink(ctx context.Context, in LinkPress) (_ Goal, _ SignIn, err error) {
	defer e.watch(ctx, EventSessionStart, in.App, in.Client, &err)
	app, err := e.App(ctx, in.App)
	if err != nil {
		return Goal{}, SignIn{}, err
	}
	got, err := e.findLink(ctx, app.ID, forSignIn, in.Token, "")
	if err != nil {
		return Goal{}, SignIn{}, err
	}
	if !app.lets(got, in.Browser) {
		return Goal{}, SignIn{}, invalidToken("the app takes a link only in the browser that asked for it")
	}
	if got.elsewhere(in.Browser, app.ID) {
		return Goal{}, SignIn{}, nil
	}
	if got.data.RedirectTo == "" {
		if !in.Stay {
			return Goal{}, SignIn{}, nil
		}
		entered, err := e.enterByLink(ctx, app, got, in.Client, nil)
		return Goal{}, entered, err
	}
	if err := checkGoal(app, got.data.RedirectTo, got.data.Challenge); err != nil {
		return Goal{}, SignIn{}, err // no longer registered
	}
	goal := Goal{RedirectTo: got.data.RedirectTo}
	entered, err := e.enterByLink(ctx, app, got, in.Client, e.handOver(&goal, got.data.Challenge, in.Browser))
	return goal, entered, err
}

// handOver adds a one-time code for the session to the step that starts it.
func (e *Engine) handOver(goal *Goal, challenge string, browser []byte) rider {
	return func(c *UserChange, s *Session, refresh token.Refresh) error {
		if challenge == "" && len(browser) == 0 { // whoever saw the code could redeem it
			return invalid("binding", "required", "there is neither a challenge nor a browser to bind the code to")
		}
		random, err := e.random(idSize)
		if err != nil {
			return unavailable(err)
		}
		body := slices.Concat(s.ID[:], s.UserID[:], random)
		raw := slices.Concat(body, e.ring.MAC("one-time code", c.App[:], body))
		hash := token.Hash(raw)
		sealed, err := e.sealData(c.App, codeKind, hash, handedOver{Refresh: refresh.Text(), Created: c.Version == 0})
		if err != nil {
			return err
		}
		c.Also.Tokens = append(c.Also.Tokens, Token{
			App: c.App, Kind: codeKind, Slot: token.Encode(hash), Hash: hash, UserID: s.UserID,
			Binding: codeBinding(challenge, browser, c.App, random), ExpiresAt: c.Now.Add(codeTTL),
			Data: sealed,
		})
		goal.Code = token.Encode(raw)
		return nil
	}
}

// handedOver is what a one-time code keeps.
type handedOver struct {
	Refresh string `json:"refresh"`
	Created bool   `json:"created"`
}

// codeBinding is the proof that a code asks for: the verifier of the challenge if the flow
// had one, only else the cookie.
func codeBinding(challenge string, browser []byte, app uuid.UUID, random []byte) []byte {
	if challenge != "" {
		return token.Hash([]byte("S256 " + challenge))
	}
	return token.Hash([]byte("cookie " + bindingOf(browser, app, random)))
}

// CodeExchange redeems a one-time code.
type CodeExchange struct {
	App      uuid.UUID
	Code     string
	Verifier string // PKCE (RFC 7636), where the flow had a challenge
	Browser  []byte // the secret in the binding cookie, where it had none
	Client   Client
}

// ExchangeCode answers the sign-in that a one-time code stands for. A wrong proof spends
// nothing; using a code that was spent ends the session it made (RFC 6749, section
// 4.1.2). Either is [CodeInvalidToken]; no code at all is [CodeInvalidRequest].
func (e *Engine) ExchangeCode(ctx context.Context, in CodeExchange) (_ SignIn, err error) {
	defer e.watch(ctx, EventSessionStart, in.App, in.Client, &err)
	app, err := e.App(ctx, in.App)
	if err != nil {
		return SignIn{}, err
	}
	if in.Code == "" {
		return SignIn{}, invalid("code", "required", "code is missing")
	}
	raw, ok := token.Decode(in.Code, codeSize)
	if !ok || !e.ring.CheckMAC("one-time code", raw[codeBody:], app.ID[:], raw[:codeBody]) {
		return SignIn{}, invalidToken("the one-time code is malformed or another app's")
	}
	session, user := uuid.UUID(raw[:16]), uuid.UUID(raw[16:32])
	challenge := ""
	if in.Verifier != "" {
		challenge = token.Encode(token.Hash([]byte(in.Verifier)))
	}
	// The session is read before the code is taken: of many who use the code at once, one
	// who loses ends the session, and that may be before the winner could read it.
	s, u, err := e.store.Session(ctx, app.ID, session, e.now())
	switch {
	case errors.Is(err, ErrNotFound):
		return SignIn{}, invalidToken("the session of the one-time code has ended")
	case err != nil:
		return SignIn{}, unavailable(fmt.Errorf("read session %s: %w", session, err))
	}
	take := Take{Kind: codeKind, Hash: token.Hash(raw), Binding: codeBinding(challenge, in.Browser, app.ID, raw[32:codeBody])}
	t, err := e.store.TakeToken(ctx, app.ID, take, e.now())
	if errors.Is(err, ErrNotFound) {
		return SignIn{}, e.refuseCode(ctx, app.ID, user, session, take)
	}
	if err != nil {
		return SignIn{}, unavailable(fmt.Errorf("take a one-time code: %w", err))
	}
	var kept handedOver
	if err := e.openData(t, take, &kept); err != nil {
		return SignIn{}, err
	}
	refresh, ok := token.ParseRefresh(kept.Refresh)
	if !ok {
		return SignIn{}, invalidToken("the one-time code's data holds no refresh token")
	}
	m := Moment{Kind: MomentSignIn, App: app.ID, User: u, Method: u.AuthMethod, Client: in.Client}
	if kept.Created {
		m.Kind = MomentSignUp
	}
	return e.issue(ctx, app, m, s, refresh)
}

// refuseCode tells a wrong proof from a code that is spent.
func (e *Engine) refuseCode(ctx context.Context, app, user, session uuid.UUID, take Take) error {
	take.Binding = nil
	_, err := e.store.Token(ctx, app, take, e.now())
	if err == nil {
		return invalidToken("the code verifier or the binding cookie of the one-time code is wrong") // alive: only the proof was wrong
	}
	if errors.Is(err, ErrNotFound) {
		var also Also
		if err := e.note(&also, e.now(), Event{App: app, UserID: user, Type: EventSessionEnd, Reason: "one-time code used again"}); err != nil {
			return err
		}
		err = e.store.EndSession(ctx, app, user, session, e.now(), also)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return unavailable(fmt.Errorf("refuse a one-time code: %w", err))
	}
	return invalidToken("the one-time code was used already, or has expired")
}
