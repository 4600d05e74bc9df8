package authkit

import (
	"context"
	"crypto/hmac"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/magiclink"
)

// codeTries is how often the code of one challenge may be tried.
const codeTries = 5

// response redeems a challenge: it holds the token of the link, or the code.
type response struct {
	token   string
	email   string // with code; empty: the binding alone names the challenge
	typed   string // email as it was typed
	code    string
	binding string // required with code; checked with token if given
}

// responseOf makes a response of a request. The address is only used with a code.
func responseOf(token, email, code, binding string) (response, error) {
	r := response{token: token, code: code, binding: binding}
	if token != "" {
		return r, nil
	}
	var err error
	r.typed = email
	r.email, err = checkEmail(email)
	return r, err
}

// find returns the challenge of a response without spending it. A code counts as a try.
// [CodeInvalidToken].
func (k *tokens) find(ctx context.Context, app App, p purpose, r response) (challenge, error) {
	if r.token != "" {
		return k.findLink(ctx, app.ID, p, r.token, r.binding)
	}
	return k.findCode(ctx, app, p, r)
}

// findLink returns the challenge of a link, without effect. A binding has to match if it is
// given.
func (k *tokens) findLink(ctx context.Context, app uuid.UUID, p purpose, raw, binding string) (challenge, error) {
	claims, err := magiclink.Parse(k.ring.Keys(p.key), raw, app, k.now())
	if err != nil {
		return challenge{}, invalidToken("the link is malformed, expired or not of this use").because(err).with(reasonOfLink(raw, err))
	}
	take := Take{Kind: p.kind, Hash: token.Hash(claims.ID)}
	t, holder, ok, err := k.held(ctx, app, take)
	switch {
	case err != nil:
		return challenge{}, err
	case !ok: // the link is genuine and has not expired
		return challenge{}, invalidToken("the link was used, or another took its place").with(ReasonSpent)
	}
	if binding != "" {
		by, wellFormed := k.readBinding(app, p.kind, binding)
		switch take.Binding = by.hash; {
		case !wellFormed:
			return challenge{}, invalidToken("the binding is malformed").with(reasonOfForm(binding, formCode))
		case !hmac.Equal(by.hash, t.Binding):
			return challenge{}, invalidToken("the binding is not that of the link").with(ReasonWrongBrowser)
		}
	}
	got, err := k.opened(t, take, claims.ID)
	got.holder = holder
	if binding != "" {
		got.spelled = got.data.Typed
	}
	return got, err
}

// held returns the token of a challenge with the account that it is bound to; nil: it is bound to no
// user, or is dead. ok is false if there is no such token.
func (k *tokens) held(ctx context.Context, app uuid.UUID, take Take) (t Token, of *Account, ok bool, err error) {
	t, account, err := k.store.Token(ctx, app, take, k.now())
	t, ok, err = looked(t, app, take.Kind, err)
	if ok && !t.Dead && t.UserID != uuid.Nil {
		of = &account
	}
	return t, of, ok, err
}

// opened makes a challenge of its token.
func (k *tokens) opened(t Token, take Take, id []byte) (challenge, error) {
	got := challenge{take: take, id: id, user: t.UserID, bound: t.Binding}
	return got, k.open(t, take, &got.data)
}

// findCode returns the challenge of a code. It counts the try before anything is spent, so that a
// later refusal does not give the try back. A wrong binding finds nothing and is not counted. A
// code has 20 bits, works once, and expires with its purpose: after ten minutes, or later for a
// reset (OWASP ASVS 5.0, 6.5.1, 6.5.4 and 6.5.5).
//
// A wrong code counts, and is answered, alike on a decoy, on a challenge of an address that has no
// user, and on one that died by what another person did: the answer to a person who has only the
// binding tells of that person's own tries alone. The right code is told that the challenge is spent.
func (k *tokens) findCode(ctx context.Context, app App, p purpose, r response) (challenge, error) {
	by, err := k.bindingOfCode(app.ID, p, r)
	if err != nil {
		return challenge{}, err
	}
	take := Take{Kind: p.kind, Hash: token.Hash(by.id), Binding: by.hash, Dead: true}
	t, holder, ok, err := k.held(ctx, app.ID, take)
	switch {
	case err != nil:
		return challenge{}, err
	case !ok:
		return challenge{}, invalidToken("there is no such challenge, or another has taken its place")
	}
	got, err := k.opened(t, take, by.id)
	switch {
	case err != nil:
		return challenge{}, err
	case r.email != "" && r.email != got.data.Email:
		return challenge{}, invalidToken("the binding is another address's")
	case !k.now().Before(t.ExpiresAt):
		return challenge{}, invalidToken("the code has expired").with(ReasonExpired)
	}
	daily := k.mail.limits.countCode(got, k.now().Format(time.DateOnly))
	switch err := k.mail.limits.hit(ctx, app, daily...); {
	case errors.Is(err, CodeRateLimited):
		return challenge{}, invalidToken("the address has no attempts left today") // only links work for the rest of the day
	case err != nil:
		return challenge{}, err
	}
	got, dead, err := k.tryCode(ctx, app.ID, t.Data, got, r.code)
	if err != nil {
		return challenge{}, err
	}
	err = k.mail.limits.refund(ctx, app, daily...) // only wrong codes count
	if err == nil && dead {
		err = invalidToken("the challenge of the code was used, or died").with(ReasonSpent)
	}
	got.spelled, got.holder = r.typed, holder
	return got, err
}

// bindingOfCode returns the binding that goes with a code. It refuses what has not the form of a code
// or of a binding, a binding that was not answered, and one whose time is over.
func (k *tokens) bindingOfCode(app uuid.UUID, p purpose, r response) (askerBinding, error) {
	by, wellFormed := k.readBinding(app, p.kind, r.binding)
	digits := len(r.code) == 6 && strings.Trim(r.code, "0123456789") == ""
	switch {
	case !digits:
		return by, invalidToken("the code is not of six digits").with(reasonOfForm(r.code, formCode))
	case r.binding == "":
		return by, invalidToken("the binding is missing").with(ReasonBindingMissing)
	case !wellFormed:
		return by, invalidToken("the binding is malformed").with(reasonOfForm(r.binding, formCode))
	case by.id == nil:
		return by, invalidToken("the binding is another's, or was never answered")
	case !by.expires.IsZero() && !k.now().Before(by.expires):
		return by, invalidToken("the code has expired").with(ReasonExpired)
	}
	return by, nil
}

// tryCode counts a try at the code of a challenge, and returns the challenge if the code is
// right. dead reports that the challenge cannot be spent.
func (k *tokens) tryCode(ctx context.Context, app uuid.UUID, sealed []byte, of challenge, code string) (got challenge, dead bool, err error) {
	typed, err := k.ring.MACFor(sealed, codeLabel, codeParts(Token{App: app, Kind: of.take.Kind}, of.id, of.data.Email, code)...)
	if err != nil {
		return challenge{}, false, &Error{Code: CodeInternal, Detail: "the code cannot be checked", Err: err}
	}
	tried, ok, err := k.try(ctx, app, Try{Take: of.take, Proof: typed, Max: codeTries})
	switch {
	case err != nil:
		return challenge{}, false, err
	case !ok: // another challenge has taken its place since it was read
		return challenge{}, false, invalidToken("the challenge of the code is gone")
	case !tried.Right:
		return challenge{}, false, wrongCode(codeTries - tried.Count)
	}
	got, err = k.opened(tried.Token, of.take, of.id)
	return got, tried.Token.Dead, err
}
