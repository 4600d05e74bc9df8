package authkit

import (
	"context"
	"errors"

	"github.com/authkit-dev/authkit/internal/naming"
)

// CreateDeveloper makes a verified user of the console app. [CodeEmailTaken]: there is
// one; [CodeWeakPassword]. The id of the user is what [Engine.EnsureApp] takes.
func (e *Engine) CreateDeveloper(ctx context.Context, email, pw string) (User, error) {
	app, err := e.App(ctx, Console)
	if err != nil {
		return User{}, err
	}
	canonical, err := checkEmail(email)
	if err != nil {
		return User{}, err
	}
	if err := e.hasher.check(pw, email); err != nil {
		return User{}, err
	}
	if err := e.unbreached(ctx, app.ID, pw); err != nil {
		return User{}, err
	}
	account, err := e.account(ctx, app.ID, AccountKey{Email: canonical})
	if err != nil {
		return User{}, err
	}
	taken := refuse(CodeEmailTaken, "there is a developer of that address")
	if account != nil {
		return account.User, taken
	}
	phc, err := e.hasher.hash(ctx, hashFor(app.ID, Client{}), pw)
	if err != nil {
		return User{}, err
	}
	now := e.now()
	id := newID(now)
	u := User{
		App: app.ID, ID: id, Email: canonical, EmailTyped: email, NameKey: naming.Fold(""),
		AuthMethod: MethodCredentials, Verified: true, CreatedAt: now,
	}
	step := NewUser{Now: now, User: u, Credentials: []Credential{owned(Credential{Kind: passwordKind, Data: []byte(phc)}, u, now)}}
	step.Also.note(now, Event{App: app.ID, UserID: id, Type: EventUserCreate, Actor: "host"})
	u, err = e.store.CreateUser(ctx, step)
	if errors.Is(err, ErrConflict) {
		return User{}, taken
	}
	if err != nil {
		return User{}, unavailable(err)
	}
	return u, nil
}
