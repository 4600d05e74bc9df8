package authkit

import (
	"context"
	"errors"
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
		return challenge{}, invalidToken("the link is malformed, expired or not of this use").because(err)
	}
	take := Take{Kind: p.kind, Hash: token.Hash(claims.ID)}
	if binding != "" {
		take.Binding = token.Hash([]byte(binding))
	}
	t, holder, err := k.held(ctx, app, take)
	if err != nil {
		return challenge{}, err
	}
	got, err := k.opened(t, take, claims.ID)
	got.holder = holder
	if binding != "" {
		got.spelled = got.data.Typed
	}
	return got, err
}

// held returns the token of a challenge with the account that it is bound to; nil: it is bound to no
// user. [CodeInvalidToken].
func (k *tokens) held(ctx context.Context, app uuid.UUID, take Take) (Token, *Account, error) {
	t, account, err := k.store.Token(ctx, app, take, k.now())
	t, ok, err := looked(t, app, take.Kind, err)
	switch {
	case err != nil:
		return Token{}, nil, err
	case !ok:
		return Token{}, nil, invalidToken("no such challenge is alive, or its binding is another")
	case t.UserID == uuid.Nil:
		return t, nil, nil
	}
	return t, &account, nil
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
func (k *tokens) findCode(ctx context.Context, app App, p purpose, r response) (challenge, error) {
	id, ok := bindingID(r.binding)
	if !ok || len(r.code) != 6 {
		return challenge{}, invalidToken("the binding or the code is malformed")
	}
	take := Take{Kind: p.kind, Hash: token.Hash(id), Binding: token.Hash([]byte(r.binding))}
	t, holder, err := k.held(ctx, app.ID, take)
	if err != nil {
		return challenge{}, err
	}
	got, err := k.opened(t, take, id)
	if err != nil {
		return challenge{}, err
	}
	if r.email != "" && r.email != got.data.Email {
		return challenge{}, invalidToken("the binding is another address's")
	}
	daily := k.mail.limits.countCode(got, k.now().Format(time.DateOnly))
	switch err := k.mail.limits.hit(ctx, app, daily...); {
	case errors.Is(err, CodeRateLimited):
		return challenge{}, invalidToken("the address has no attempts left today") // only links work for the rest of the day
	case err != nil:
		return challenge{}, err
	}
	if got, err = k.tryCode(ctx, app.ID, t.Data, got, r.code); err != nil {
		return challenge{}, err
	}
	got.spelled, got.holder = r.typed, holder
	return got, k.mail.limits.refund(ctx, app, daily...) // only wrong codes count
}

// tryCode counts a try at the code of a challenge, and returns the challenge if the code is
// right.
func (k *tokens) tryCode(ctx context.Context, app uuid.UUID, sealed []byte, of challenge, code string) (challenge, error) {
	typed, err := k.ring.MACFor(sealed, codeLabel, codeParts(Token{App: app, Kind: of.take.Kind}, of.id, of.data.Email, code)...)
	if err != nil {
		return challenge{}, &Error{Code: CodeInternal, Detail: "the code cannot be checked", Err: err}
	}
	tried, _, err := k.try(ctx, app, Try{Take: of.take, Proof: typed, Max: codeTries})
	switch {
	case err != nil:
		return challenge{}, err
	case !tried.Right:
		return challenge{}, invalidToken("the code is wrong, or was tried too often")
	}
	return k.opened(tried.Token, of.take, of.id)
}
