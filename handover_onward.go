package authkit

import (
	"context"
	"time"

	"github.com/authkit-dev/authkit/internal/token"
)

const (
	onwardKind TokenKind = "onward"
	onwardTTL            = 30 * time.Minute // new recovery codes are written down meanwhile
)

// onward is a hand-over that waits until the person has read a page: the sealed data of its token. A
// one-time code lives too short to stand on such a page. It holds the secret of a session, so that it opens
// with the text of the token alone: the store and the engine's secrets are not enough.
type onward struct {
	Code string `json:"code"` // as it is sealed; its own token is not in the store
	To   string `json:"to"`
}

// addOnward adds a hand-over that waits to the step that starts the session.
func (k *tokens) addOnward(c *UserChange, code oneTime, over handOver) (text string) {
	id := token.Random(idSize)
	t := Token{
		App: c.App, Kind: onwardKind, Slot: token.Encode(token.Hash(id)), Hash: token.Hash(id), UserID: c.ID,
		Binding: token.Hash([]byte(bindingOf(over.browser, c.App, id))), ExpiresAt: c.Now.Add(onwardTTL),
	}
	t.Data = k.sealUnder(onwardKey(id), t, onward{token.Encode(k.sealCode(c.App, code)), over.to})
	c.Riders.Tokens = append(c.Riders.Tokens, t)
	return token.Encode(id)
}

// onwardKey derives the key of a hand-over that waits from the id in the text of its token.
func onwardKey(id []byte) []byte { return token.Hash([]byte("onward"), id) }

// PressOnward hands a session over that began before a page which the person has read by now:
// in.Token is Landing.Onward, and in.Browser the secret of the same browser. It works once, for half an
// hour, and a second press within a minute gets the same code. [CodeInvalidToken].
func (e *Engine) PressOnward(ctx context.Context, in PagePress) (Landing, error) {
	return e.pressPage(ctx, in, in.sent("onward"), func(ctx context.Context, app App, p press) (Landing, error) {
		return again(func() (Landing, error) { return in.goOnward(ctx, e, app, p) })
	})
}

func (in PagePress) goOnward(ctx context.Context, e *Engine, app App, p press) (Landing, error) {
	take, err := asker{browser: in.Browser}.take(app, onwardKind, in.Token)
	if err != nil {
		return Landing{}, err
	}
	t, err := e.tokens.look(ctx, app.ID, take, "the hand-over is spent, expired, or another browser's")
	if err != nil {
		return Landing{}, err
	}
	var kept onward
	id, _ := token.Decode(in.Token, idSize) // take has read it
	if err := e.tokens.openUnder(onwardKey(id), t, &kept); err != nil {
		return Landing{}, err
	}
	code, _, ok := e.tokens.openCode(app.ID, kept.Code)
	if !ok || !app.keepsGoal(kept.To) {
		return Landing{}, invalidToken("the hand-over cannot be opened, or its redirect URL is not listed any more").with(ReasonSpent)
	}
	s, u, err := e.sessions.live(ctx, app.ID, code.session)
	if err != nil {
		return Landing{}, err
	}
	c := UserChange{Now: e.now(), App: app.ID, ID: u.ID, Version: u.Version, Take: &take}
	code.made = c.Now
	got := Landing{State: LandingGoesOn, RedirectTo: kept.To, Code: e.tokens.addCode(&c, code), SignIn: SignIn{User: u, SessionID: s.ID, Created: code.created}}
	e.tokens.addOutcome(&c, p, outcome{RedirectTo: got.RedirectTo, Code: got.Code, Session: s.ID, Created: code.created})
	if _, err := e.store.ChangeUser(ctx, c); err != nil {
		return Landing{}, stepError(err, app.ID)
	}
	return got, nil
}

// FactorPress is the enrolment of a factor, on a page of a sign-in that waits for it.
type FactorPress struct {
	FactorOwner // with Token

	State      string // Ceremony.State
	Code       string // of a new TOTP, or
	Credential []byte // of a new passkey, as in [PasskeyFinish]

	form  string // identifies the form that was shown
	stale bool   // as in PagePress
}

// PressFactor is [Engine.FinishTOTP] or [Engine.FinishNewPasskey] from a page, with the Token of a
// sign-in that waits. The flow goes on as the first factor began it. Landing.RecoveryCodes are those of
// a new TOTP; a person reads them first, so that Landing.Onward is in the place of a one-time code. A
// second press of the same form within a minute gets the outcome of the first.
func (e *Engine) PressFactor(ctx context.Context, in FactorPress) (Landing, error) {
	if in.Token == "" {
		return Landing{}, invalidToken("no sign-in waits for a factor").with(ReasonMalformed)
	}
	page := PagePress{App: in.App, Browser: in.Browser, Client: in.Client, stale: in.stale}
	return e.pressPage(ctx, page, []string{"factor", in.form, in.Token, in.State, in.Code, string(in.Credential)}, func(ctx context.Context, _ App, p press) (Landing, error) {
		got, err := in.enrol(ctx, e, p, func(ctx context.Context, n enrolment) (newFactor, error) {
			if in.Credential != nil {
				return n.newPasskey(ctx, PasskeyFinish{FactorOwner: in.FactorOwner, State: in.State, Credential: in.Credential})
			}
			return n.newTOTP(ctx, TOTPFinish{FactorOwner: in.FactorOwner, State: in.State, Code: in.Code})
		})
		if err != nil {
			return Landing{}, err
		}
		return *got.Landing, nil
	})
}
