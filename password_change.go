package authkit

import (
	"context"

	"github.com/google/uuid"
)

// PasswordChange is the request of a signed-in user for another password.
type PasswordChange struct {
	App, User    uuid.UUID
	Session      uuid.UUID // the session that lives on; the nil UUID: every session ends
	Current, New string
	Client       Client
}

// ChangePassword gives another password to a user who knows the current one (OWASP ASVS 5.0,
// 6.2.3). It ends every other session and every proof that was mailed before, and tells the user
// by mail. [CodeInvalidCredentials]: Current is wrong, or the user has no password.
// [CodeRateLimited]: an attempt counts like a sign-in, but for this session alone.
// [CodeWeakPassword]; [CodeUserNotFound].
func (e *Engine) ChangePassword(ctx context.Context, in PasswordChange) (err error) {
	defer e.hooks.refused(ctx, attempt{EventPasswordChange, in.App, in.Client}, &err)
	return e.putPassword(ctx, in, func(app App, account *Account, c *UserChange) error {
		// For this session alone: attempts of strangers at the address do not lock the user out.
		if err := e.limits.hit(ctx, app, e.limits.countFor(limitCredentialsDevice, account.User.Email+" "+in.Session.String())); err != nil {
			return err
		}
		got, err := e.hasher.verify(ctx, app, in.Client, in.Current, account.password())
		if err != nil {
			return err
		}
		if !got.ok {
			e.hasher.rest(ctx, app, got.took)
			return refuse(CodeInvalidCredentials, "current_password is wrong").about(account)
		}
		c.End, c.Keep = true, in.Session
		return nil
	})
}

// PasswordSet is the request of a signed-in user without a password for a first one.
type PasswordSet struct {
	App, User uuid.UUID
	New       string
	Client    Client
}

// SetPassword gives a password to a user who has no password, and tells the user by mail.
// [CodePasswordSet]: the user has one.
// [CodeEmailNotVerified]: the address is not proven; the person who set the password could go on
// using it after another person proves the address. [CodeWeakPassword]; [CodeUserNotFound].
func (e *Engine) SetPassword(ctx context.Context, in PasswordSet) error {
	return e.putPassword(ctx, PasswordChange{App: in.App, User: in.User, New: in.New, Client: in.Client}, func(_ App, account *Account, _ *UserChange) error {
		switch {
		case account.password() != "":
			return refuse(CodePasswordSet, "the user has a password: change it, or ask for a reset")
		case !account.User.Verified:
			return refuse(CodeEmailNotVerified, "verify the address first")
		}
		return nil
	})
}

// putPassword stores a new password if may allows it. may can add to the change. The change is
// guarded by the user's Version; if another request has changed the user, may is asked again.
func (e *Engine) putPassword(ctx context.Context, in PasswordChange, may func(App, *Account, *UserChange) error) error {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return err
	}
	_, err = again(func() (User, error) {
		account, err := e.accountOf(ctx, UserRef{App: app.ID, ID: in.User})
		if err != nil {
			return User{}, err
		}
		u := account.User
		c := UserChange{Now: e.now(), App: app.ID, ID: u.ID, Version: u.Version}
		if err := may(app, account, &c); err != nil {
			return User{}, err
		}
		phc, err := e.hasher.renew(ctx, app, u, in.New, in.Client)
		if err != nil {
			return User{}, asNewPassword(err)
		}
		c.Put = []Credential{passwordCredential(u, phc, c.Now)}
		to, err := noticeTo(ctx, e.limits, app, u)
		if err != nil {
			return User{}, err
		}
		c.Riders.note(c.Now, Event{App: app.ID, UserID: u.ID, Type: EventPasswordChange})
		if to != "" {
			l := e.outbox.causedBy(in.Client.Languages, in.Client.UserAgent, letter{To: to, Template: "password_changed", App: app.Name})
			e.outbox.queue(&c.Riders, app.ID, l, c.Now, noticeTTL)
		}
		return e.changeUser(ctx, c)
	})
	return err
}
