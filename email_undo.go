package authkit

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// EmailUndo redeems the link of a notice about a change of address, or about a new identity, passkey or
// TOTP.
type EmailUndo struct {
	App     uuid.UUID
	Token   string
	Browser []byte // as EmailConfirm.Browser
	Client  Client
}

// UndoEmail undoes what a notice told of: a change of address, or a new identity, passkey or TOTP. It
// gives the user the former address again, and ends every session and every proof. It removes the
// password and each identity, passkey and TOTP that was added since the change, or in the 72 hours
// before it, but never the identity with which the account was made, nor a TOTP that was added beside
// a second factor from before that time. It mails a link with which a password can be set.
//
// It works once, whatever has been changed since. If another account took the former address since
// and never proved it, that other account is deleted. [CodeInvalidToken]. [CodeEmailTaken]: another
// user has proven the address meanwhile, or has had it since before the change.
func (e *Engine) UndoEmail(ctx context.Context, in EmailUndo) error {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return err
	}
	p := pressOf(app.ID, in.Browser, "undo", in.Token)
	ctx, cancel := p.outlive(ctx)
	defer cancel()
	_, err = again(func() (User, error) { return e.undo(ctx, app, in, p) })
	if err == nil {
		return nil
	}
	return e.repeatDone(ctx, p, err)
}

func (e *Engine) undo(ctx context.Context, app App, in EmailUndo, p press) (User, error) {
	account, former, err := e.findUndo(ctx, app.ID, in.Token)
	if err != nil {
		return User{}, err
	}
	c := undoChange(account, former, in.Client, e.now())
	if err := e.factors.undo(&c, account, former.from()); err != nil {
		return User{}, err
	}
	e.tokens.addChallenge(&c.Riders, newChallenge{
		purpose: forReset, app: app, secrets: newChallengeSecrets(app.ID, nil), user: &account.User, by: in.Client, now: c.Now,
		data: challengeData{Email: former.Email, Typed: former.Typed, Class: classSession, Bare: flagged(true)},
	})
	e.tokens.addOutcome(&c, p, outcome{})
	u, err := e.changeUser(ctx, c)
	if errors.Is(err, ErrConflict) {
		err = e.freeFormerAddress(ctx, app.ID, former)
	}
	return u, err
}

// freeFormerAddress deletes a user who took the former address since the change and never proved it.
// Otherwise the person who changed the address could keep the account's owner out by a sign-up
// with the former one. The link of the undo is a proof of the address, and a proof would reset such
// a user anyway. errAgain: the undo can be tried again. [CodeEmailTaken]: the user has proven the
// address, or is older than the change.
func (e *Engine) freeFormerAddress(ctx context.Context, app uuid.UUID, former formerAddress) error {
	holder, err := e.account(ctx, app, AccountKey{Email: former.Email})
	switch {
	case err != nil:
		return err
	case holder == nil:
		return errAgain
	case holder.User.Verified || holder.User.CreatedAt.Before(former.Left):
		return refuse(CodeEmailTaken, "another user of this app has that address")
	}
	// The Version guards the deletion: a concurrent proof of the address makes it stale.
	err = e.deleteUser(ctx, holder.User, holder.User.Version)
	if err == nil || errors.Is(err, ErrStale) || errors.Is(err, CodeUserNotFound) {
		return errAgain
	}
	return err
}

// findUndo reads the account of an undo link and its former address, without spending the undo.
// [CodeInvalidToken].
func (e *Engine) findUndo(ctx context.Context, app uuid.UUID, raw string) (*Account, formerAddress, error) {
	subject, err := e.tokens.undoSubject(app, raw)
	if err != nil {
		return nil, formerAddress{}, err
	}
	account, err := e.account(ctx, app, AccountKey{Kind: undoKind, Subject: subject})
	if err != nil {
		return nil, formerAddress{}, err
	}
	if account == nil {
		return nil, formerAddress{}, invalidToken("no account has this undo").with(ReasonSpent) // the link is genuine and has not expired
	}
	former, err := e.tokens.formerOf(account, subject)
	return account, former, err
}

// undoChange is the step that gives an account its former address again. It removes the password and
// all undos. It also removes what was added since the change or in the 72 hours before it, but not
// the identity with which the account was made.
func undoChange(account *Account, former formerAddress, by Client, now time.Time) UserChange {
	u := account.User
	c := UserChange{
		Now: now, App: u.App, ID: u.ID, Version: u.Version, End: true,
		Email: &former.Email, EmailTyped: &former.Typed, Verified: new(true),
	}
	for _, held := range account.Credentials {
		added := !account.madeBy(held) && !held.CreatedAt.Before(former.from())
		if held.Kind == undoKind || held.Kind == passwordKind || added {
			c.Drop = append(c.Drop, held)
		}
	}
	c.Riders.note(c.Now, Event{App: u.App, UserID: u.ID, Type: EventEmailUndo, IP: by.IP})
	return c
}
