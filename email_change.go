package authkit

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// EmailChange is the request of a signed-in user for another address.
type EmailChange struct {
	App, User uuid.UUID
	NewEmail  string
	Browser   []byte // as [MagicLinkRequest.Browser]
	Client    Client

	// alone is whether the session that asks has shown no second factor. The account may have got its first
	// one since that was judged to be enough.
	alone bool
}

// ChangeEmail mails a link and a code to the new address. Only the newest mail counts, until the
// user's address or password changes, or until the user gets a first second factor. The answer and
// its time are the same whether or not the address is free: if another user has it, that user gets the
// mail and can do nothing with it.
// [CodeInvalidRequest]: NewEmail is not an address, or is the user's own. [CodeUserNotFound].
func (e *Engine) ChangeEmail(ctx context.Context, in EmailChange) (Pending, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return Pending{}, err
	}
	account, err := e.accountOf(ctx, UserRef{App: app.ID, ID: in.User})
	if err != nil {
		return Pending{}, err
	}
	u := account.User
	email, err := checkEmailMember("new_email", in.NewEmail)
	if err != nil {
		return Pending{}, err
	}
	if email == u.Email {
		return Pending{}, invalid("new_email", "unchanged", "new_email is the user's address already")
	}
	data := challengeData{
		Email: email, Typed: in.NewEmail, Was: u.Email, Class: classSession,
		Bare: flagged(account.password() == ""), Alone: flagged(in.alone || !e.factors.shown(app, account).any()),
	}
	return e.tokens.ask(ctx, challengeRequest{
		purpose: forChange, app: app, browser: in.Browser, data: data, user: &u, by: in.Client,
		event: Event{UserID: u.ID, Type: EventEmailChange},
	})
}

// EmailConfirm redeems the proof of a new address. User is the user who asked for the change.
type EmailConfirm struct {
	App, User uuid.UUID
	Token     string // of the link
	Code      string
	Binding   string // required with Code; with Token it is checked if it is set

	// Browser is the secret in the binding cookie, if the page of the link is pressed: a second
	// press then changes nothing. [Engine.Browser] returns it. If it is nil, a second call is
	// [CodeInvalidToken].
	Browser []byte

	Client Client
}

// ConfirmEmail spends the proof and gives the user the new address, which is verified by it. If the
// old address was verified, it gets a notice with a link that undoes the change, for 72 hours.
// [CodeInvalidToken]: the proof is spent, expired, malformed, another account's, or older than
// another change of address or password, or than the user's first second factor. [CodeEmailTaken]:
// another user has the address; nothing is spent.
func (e *Engine) ConfirmEmail(ctx context.Context, in EmailConfirm) (User, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return User{}, err
	}
	p := pressOf(app.ID, in.Browser, "confirm", in.User.String(), in.Token)
	ctx, cancel := p.outlive(ctx)
	defer cancel()
	u, err := e.confirm(ctx, app, in, p)
	if err == nil {
		return u, nil
	}
	if err := e.repeatDone(ctx, p, err); err != nil {
		return User{}, err
	}
	return e.User(ctx, UserRef{App: app.ID, ID: in.User})
}

func (e *Engine) confirm(ctx context.Context, app App, in EmailConfirm, p press) (User, error) {
	got, err := e.tokens.find(ctx, app, forChange, response{token: in.Token, code: in.Code, binding: in.Binding})
	if err != nil {
		return User{}, err
	}
	if got.user != in.User {
		return User{}, invalidToken("the proof is another user's")
	}
	return again(func() (User, error) {
		account, err := e.account(ctx, app.ID, AccountKey{ID: in.User})
		if err != nil {
			return User{}, err
		}
		switch {
		case account == nil || account.User.Email != got.data.Was || got.outdated(account):
			return User{}, invalidToken("the address, the password or the sessions changed since the proof was mailed").with(ReasonSpent)
		case got.data.Alone == 1 && e.factors.shown(app, account).any():
			return User{}, invalidToken("the user has set up a second factor since the proof was mailed").with(ReasonSpent)
		}
		c := confirmChange(e, app, account, got, in.Client)
		e.tokens.addOutcome(&c, p, outcome{})
		u, err := e.changeUser(ctx, c)
		if errors.Is(err, ErrConflict) {
			return User{}, emailTaken()
		}
		return u, err
	})
}

// confirmChange is the step that gives a user the address of a proof. If the former address was
// verified, it adds the undo and the notice.
func confirmChange(e *Engine, app App, account *Account, got challenge, by Client) UserChange {
	u := account.User
	c := UserChange{
		Now: e.now(), App: app.ID, ID: u.ID, Version: u.Version, Take: &got.take,
		Email: &got.data.Email, EmailTyped: &got.data.Typed, Verified: new(true), Drop: account.vouchedCredentials(),
	}
	c.Riders.note(c.Now, Event{App: app.ID, UserID: u.ID, Type: EventEmailConfirm, IP: by.IP})
	if !u.Verified {
		return c
	}
	l := letter{
		To: u.EmailTyped, Template: "email_changed", App: app.Name, Link: e.tokens.addUndo(&c, account),
		Minutes: int(forUndo.ttl / time.Minute), Proven: account.verifiedByProof(),
	}
	e.outbox.queue(&c.Riders, app.ID, e.outbox.causedBy(by.Languages, by.UserAgent, l), c.Now, forUndo.ttl)
	return c
}
