package authkit

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// CodeExchange redeems a one-time code.
type CodeExchange struct {
	App      uuid.UUID
	Code     string
	Verifier string // PKCE (RFC 7636), if the flow had a code challenge

	// Browser is the secret in the binding cookie, as [Engine.Browser] returns it, where the flow had
	// no code challenge.
	Browser []byte

	Client Client
}

// proof returns the hash of the proof that the request shows for a code of that session, and the proof
// itself, which only the client has.
func (in CodeExchange) proof(session uuid.UUID) (proof, secret []byte) {
	if in.Verifier != "" {
		return codeBinding(token.Encode(token.Hash([]byte(in.Verifier))), nil, in.App, session), []byte(in.Verifier)
	}
	return codeBinding("", in.Browser, in.App, session), in.Browser
}

// unproven is the reason for a request without the right proof. A wrong verifier has no reason.
func (in CodeExchange) unproven() Reason {
	if in.Verifier != "" {
		return ""
	}
	return notTheAsker(in.Browser)
}

// reasonOfOneTime is the reason for a text that opens as no code of the app.
func reasonOfOneTime(text string) Reason {
	if _, ok := token.Decode(text, base64.RawURLEncoding.DecodedLen(len(text))); ok && len(text) <= codeLimit {
		return ""
	}
	return reasonOfForm(text, formCode)
}

// ExchangeCode spends a one-time code and returns its sign-in. A code is good for a minute. A wrong
// proof spends nothing.
//
// Within ten seconds of its first use, a used code gets the same sign-in again, since programs
// repeat a request whose answer was lost. After that, until ten minutes after it was made, it ends
// the session (RFC 6749, section 4.1.2). All of these refusals are [CodeInvalidToken]. An empty code
// is [CodeInvalidRequest].
func (e *Engine) ExchangeCode(ctx context.Context, in CodeExchange) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return SignIn{}, err
	}
	if in.Code == "" {
		return SignIn{}, invalid("code", "required", "code is missing")
	}
	code, raw, ok := e.tokens.openCode(app.ID, in.Code)
	if !ok {
		return SignIn{}, invalidToken("the one-time code is malformed or another app's").with(reasonOfOneTime(in.Code))
	}
	proof, secret := in.proof(code.session)
	switch {
	case !hmac.Equal(code.proof, proof):
		return SignIn{}, invalidToken("the code verifier or the binding cookie of the one-time code is wrong").with(in.unproven())
	case e.now().Sub(code.made) >= codeRemembered:
		return SignIn{}, invalidToken("the one-time code is older than ten minutes").with(ReasonExpired)
	}
	x := exchange{code: code, hash: token.Hash(raw), used: usedCodeOf(raw, secret)}
	return again(func() (SignIn, error) { return e.exchange(ctx, app, in.Client, x) })
}

// exchange is a one-time code that was presented with the right proof.
type exchange struct {
	code oneTime
	hash []byte // of the code's token
	used usedCode
}

// exchange issues the access token before it spends the code: the step that spends the code stores the
// answer.
func (e *Engine) exchange(ctx context.Context, app App, by Client, x exchange) (SignIn, error) {
	s, u, err := e.sessions.live(ctx, app.ID, x.code.session)
	switch {
	case err != nil:
		return SignIn{}, err
	case e.now().Sub(x.code.made) >= codeTTL:
		return e.exchangeAgain(ctx, app, x, s, u)
	}
	if err := mayExchange(app, s, by); err != nil {
		return SignIn{}, err
	}
	m := HookEvent{Kind: HookSignIn, App: app.ID, User: u, Method: u.AuthMethod, Client: by}
	if x.code.created {
		m.Kind = HookSignUp
	}
	in, err := e.sessions.grant(ctx, app, m, s, x.code.secret)
	if err != nil {
		return SignIn{}, err
	}
	c := UserChange{Now: e.now(), App: app.ID, ID: u.ID, Version: u.Version, Take: &Take{Kind: codeKind, Hash: x.hash, Binding: x.code.proof}}
	e.tokens.addUsedCode(&c, x.used, x.code.made, exchanged{At: c.Now, Token: in.Token, ExpiresIn: in.ExpiresIn})
	_, err = e.store.ChangeUser(ctx, c)
	switch {
	case errors.Is(err, ErrNotFound):
		return e.exchangeAgain(ctx, app, x, s, u)
	case err != nil:
		return SignIn{}, stepError(err, app.ID)
	}
	m.Kind = HookToken
	e.hooks.after(m)
	return in, nil
}

// exchangeAgain answers a code that cannot be spent: for a while, with its first answer. A later
// use ends the session: two clients have the code, and one of them got the session.
func (e *Engine) exchangeAgain(ctx context.Context, app App, x exchange, s Session, u User) (SignIn, error) {
	first, err := e.tokens.recallUse(ctx, app.ID, x.used)
	if err != nil {
		return SignIn{}, err
	}
	if e.now().Sub(first.At) < codeRepeats {
		in := SignIn{Token: first.Token, ExpiresIn: first.ExpiresIn, User: u, SessionID: s.ID, Created: x.code.created}
		in.hold(x.code.secret, s, e.now())
		return in, nil
	}
	err = e.endSession(ctx, SessionRef{App: app.ID, User: x.code.user, ID: x.code.session}, "one-time code used again")
	if err != nil && !errors.Is(err, CodeSessionNotFound) {
		return SignIn{}, err
	}
	return SignIn{}, invalidToken("the one-time code was used already").with(ReasonSpent)
}

// mayExchange refuses, before the code is spent, a session that its client could not keep.
// Otherwise the script of the page would get what is meant for a cookie. How the session is held
// was chosen where the flow began.
func mayExchange(app App, s Session, by Client) error {
	switch {
	case s.Cookie != nil && !app.takesCookies(), s.Cookie == nil && app.Settings.SessionMode == SessionCookie:
		return invalidToken("the app's session mode has changed since the flow began")
	case s.Cookie == nil && app.Settings.SessionMode == SessionEither && by.Cookie:
		return invalid("session", "not_chosen", "the flow began without session=cookie; choose it there")
	case s.Cookie != nil:
		return by.checkCookieRoom()
	}
	return nil
}
