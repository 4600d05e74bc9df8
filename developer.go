package authkit

import "context"

// CreateDeveloper creates a verified user of the console app. [Engine.EnsureApp] takes the id of the
// user. [CodeEmailTaken]: the console app has a user of that address, who is returned with the
// error, unless a call at the same time creates it. [CodeWeakPassword].
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
	if err := e.hasher.unbreached(ctx, app.ID, pw); err != nil {
		return User{}, err
	}
	account, err := e.account(ctx, app.ID, AccountKey{Email: canonical})
	if err != nil {
		return User{}, err
	}
	if account != nil {
		return account.User, refuse(CodeEmailTaken, "there is a developer of that address")
	}
	phc, err := e.hasher.hash(ctx, gateAsker(app.ID, Client{}), pw)
	if err != nil {
		return User{}, err
	}
	u := User{App: app.ID, Email: canonical, EmailTyped: email, AuthMethod: MethodCredentials, Verified: true}
	return e.createForHost(ctx, u, keepNothing[User], Credential{Kind: passwordKind, Data: []byte(phc)})
}
