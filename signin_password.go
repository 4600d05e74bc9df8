package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// The methods of sign-in, as a user's AuthMethod.
const (
	MethodCredentials = "credentials"
	MethodMagicLink   = "magic_link"
	MethodOAuth       = "oauth"
)

// PasswordSignIn asks for a sign-in by email and password.
type PasswordSignIn struct {
	App             uuid.UUID
	Email, Password string
	Name            string // of a new user; may be empty

	// Intent is "sign_in" to never create a user, "sign_up" to never sign an existing
	// one in, or empty for either.
	Intent string

	// Browser is the secret in the binding cookie, if there is one: for a proof that may be
	// mailed.
	Browser []byte

	// Device is what [Engine.IssueDeviceToken] gave the browser after an earlier sign-in; may be
	// empty. Anything else is the same as nothing.
	Device string

	Client Client
}

// SignInWithPassword signs a user in or, where sign-up is open and the address unknown,
// up. A wrong password, an unknown address and a user without a password are one
// [CodeInvalidCredentials], in the same time; without an intent, so is a weak password for
// an unknown address. With intent "sign_up":
// [CodeWeakPassword] before any look-up, [CodeSignupDisabled], [CodeEmailTaken].
func (e *Engine) SignInWithPassword(ctx context.Context, in PasswordSignIn) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return SignIn{}, err
	}
	email, err := in.check()
	if err != nil {
		return SignIn{}, err
	}
	by := newAsker(e.secrets.ring, in, email, e.now())
	if err := e.limits.hit(ctx, app, in.Client.withDeferred(by.counts(e.limits))...); err != nil {
		return SignIn{}, err
	}
	weak := e.hasher.check(in.Password, app.Name, in.Name, in.Email)
	if in.Intent == "sign_up" {
		return e.signUp(ctx, app, in, email, weak)
	}
	return again(func() (SignIn, error) {
		account, err := e.account(ctx, app.ID, AccountKey{Email: email})
		if err != nil {
			return SignIn{}, err
		}
		if err := e.limits.hit(ctx, app, by.recheck(e.limits, account)...); err != nil {
			return SignIn{}, err
		}
		if account == nil && in.Intent == "" && !app.Settings.RequireVerified && weak == nil && !app.Settings.SignupClosed {
			switch err := e.hasher.unbreached(ctx, app.ID, in.Password); {
			case err == nil:
				return e.createWithPassword(ctx, app, in, email)
			case !errors.Is(err, CodeWeakPassword): // which is no other refusal than a wrong one
				return SignIn{}, err
			}
		}
		return e.checkPassword(ctx, app, in, account)
	})
}

func (in PasswordSignIn) check() (email string, err error) {
	if email, err = checkEmail(in.Email); err != nil {
		return "", err
	}
	if err := checkUserName(in.Name); err != nil {
		return "", err
	}
	switch {
	case in.Password == "":
		return "", invalid("password", "required", "password is missing")
	case in.Intent != "" && in.Intent != "sign_in" && in.Intent != "sign_up":
		return "", invalid("intent", "unknown_value", `intent is neither "sign_in" nor "sign_up"`)
	}
	return email, nil
}

func (e *Engine) signUp(ctx context.Context, app App, in PasswordSignIn, email string, weak error) (SignIn, error) {
	if weak != nil {
		return SignIn{}, weak
	}
	if err := e.hasher.unbreached(ctx, app.ID, in.Password); err != nil {
		return SignIn{}, err
	}
	if app.Settings.SignupClosed {
		return SignIn{}, signupClosed()
	}
	if app.Settings.RequireVerified {
		return e.signUpLater(ctx, app, in, email)
	}
	account, err := e.account(ctx, app.ID, AccountKey{Email: email})
	if err != nil {
		return SignIn{}, err
	}
	if account != nil {
		return SignIn{}, emailTaken()
	}
	got, err := e.createWithPassword(ctx, app, in, email)
	if errors.Is(err, errAgain) {
		return SignIn{}, emailTaken() // by a sign-up beside this one
	}
	return got, err
}

// signUpLater mails a proof, with which the user comes to be. Who has the address already
// gets a notice in its place, when it is sent: neither the answer nor its time tells.
func (e *Engine) signUpLater(ctx context.Context, app App, in PasswordSignIn, email string) (SignIn, error) {
	if err := e.mayCreate(ctx, app, in.Client); err != nil {
		return SignIn{}, err
	}
	phc, err := e.hasher.hash(ctx, gateAsker(app.ID, in.Client), in.Password)
	if err != nil {
		return SignIn{}, err
	}
	data := challengeData{Email: email, Typed: in.Email, Name: in.Name, PHC: phc}
	pending, err := e.tokens.ask(ctx, challengeRequest{
		purpose: forVerify, app: app, browser: in.Browser, data: data, by: in.Client,
		event: Event{Type: EventEmailSend, Reason: "sign-up"},
	})
	if err != nil {
		return SignIn{}, err
	}
	return SignIn{Pending: &pending}, nil
}

// askForProof mails a proof to a user who has shown the right password, and refuses.
func (e *Engine) askForProof(ctx context.Context, app App, u User, in PasswordSignIn) error {
	data := challengeData{Email: u.Email, Typed: u.EmailTyped, Class: classSession, proven: u.Verified}
	pending, err := e.tokens.ask(ctx, challengeRequest{
		purpose: forVerify, app: app, browser: in.Browser, data: data, user: &u, by: in.Client,
		event: Event{UserID: u.ID, Type: EventEmailSend},
	})
	if err != nil {
		return err
	}
	return unproven(pending.Binding)
}

func (e *Engine) createWithPassword(ctx context.Context, app App, in PasswordSignIn, email string) (SignIn, error) {
	if err := e.mayCreate(ctx, app, in.Client); err != nil { // before the hash, which costs more
		return SignIn{}, err
	}
	phc, err := e.hasher.hash(ctx, gateAsker(app.ID, in.Client), in.Password)
	if err != nil {
		return SignIn{}, err
	}
	landing, err := e.create(ctx, app, User{Email: email, EmailTyped: in.Email, Name: in.Name}, signInStep{
		method: MethodCredentials, amr: []string{"pwd"}, client: in.Client,
		put: []Credential{{Kind: passwordKind, Data: []byte(phc)}},
	})
	return landing.SignIn, err
}

// checkPassword signs in, or refuses in the time that a real check takes.
func (e *Engine) checkPassword(ctx context.Context, app App, in PasswordSignIn, account *Account) (SignIn, error) {
	ok, renewed, err := e.hasher.verify(ctx, gateAsker(app.ID, in.Client), in.Password, account.password())
	if err != nil {
		return SignIn{}, err
	}
	if !ok {
		return SignIn{}, refuse(CodeInvalidCredentials, "email or password is wrong").because(wrongPassword(account)).about(account)
	}
	if u := account.User; app.Settings.RequireVerified && !u.Verified && !u.Disabled {
		return SignIn{}, e.askForProof(ctx, app, u, in)
	}
	step := signInStep{method: MethodCredentials, amr: []string{"pwd"}, client: in.Client}
	if renewed != "" {
		step.put = []Credential{passwordCredential(account.User, renewed, e.now())}
	}
	landing, err := e.enter(ctx, app, account, step)
	return landing.SignIn, err
}

// wrongPassword names what did not fit, which only the log tells.
func wrongPassword(account *Account) cause {
	switch {
	case account == nil:
		return "no user has the address"
	case account.password() == "":
		return "the user has no password"
	}
	return "the password is another"
}
