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
	MethodPasskey     = "passkey"
)

// PasswordSignIn is the request of a sign-in by email and password.
type PasswordSignIn struct {
	App             uuid.UUID
	Email, Password string
	Name            string // of a new user; may be empty

	// Intent is "sign_in" to never create a user, "sign_up" to never sign in an existing user, or
	// empty for either.
	Intent string

	// Browser is as [MagicLinkRequest.Browser]. A proof that is mailed is bound to it.
	Browser []byte

	// Device is the device token that [Engine.IssueDeviceToken] gave the browser after an earlier
	// sign-in. It may be empty. Any other text counts as empty.
	Device string

	Client Client
}

// SignInWithPassword signs a user in or, where sign-up is open and the address unknown, up. A
// wrong password, an unknown address and a user without a password are one
// [CodeInvalidCredentials], in the same time; without an intent, so is a weak password for an
// unknown address. With intent "sign_up": [CodeWeakPassword] before any look-up,
// [CodeSignupDisabled], [CodeEmailTaken]. [CodeUserDisabled], with the right password only.
//
// Where the app asks for a proof of the address, which is the default, a sign-up mails one and
// signs the user in at once. A mail that a limit holds back fails no sign-up.
//
// Where the app requires verified addresses, only the intent "sign_up" makes a user, and the answer
// is [SignIn.Pending] for new and taken addresses. A user who has not proven the address gets
// [CodeEmailNotVerified] with the right password, and a proof by mail.
func (e *Engine) SignInWithPassword(ctx context.Context, in PasswordSignIn) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return SignIn{}, err
	}
	landing, err := passwordTry{e: e, app: app, in: in}.run(ctx)
	return landing.SignIn, err
}

// passwordTry is a sign-in or sign-up by password.
type passwordTry struct {
	e    *Engine
	app  App
	in   PasswordSignIn
	step signInStep

	email string // canonical
	weak  error  // the reason why a new user may not have the password; nil: a new user may
}

// run signs the user in or up. The caller sets the fields of the step that say how the flow ends.
func (p passwordTry) run(ctx context.Context) (_ Landing, err error) {
	e, in := p.e, p.in
	if p.email, err = in.check(); err != nil {
		return Landing{}, err
	}
	by := newPasswordClient(e.secrets.ring, in, p.email, e.now())
	if err := e.limits.hit(ctx, p.app, in.Client.withDeferred(by.counts(e.limits))...); err != nil {
		return Landing{}, err
	}
	p.weak = e.hasher.check(in.Password, p.app.Name, in.Name, in.Email)
	p.step.method, p.step.amr, p.step.client = MethodCredentials, []string{amrPwd}, in.Client
	p.step.browser, p.step.device = in.Browser, in.Device
	if in.Intent == "sign_up" {
		return p.signUp(ctx)
	}
	return again(func() (Landing, error) { return p.signIn(ctx, &by) })
}

// signIn signs the user of the address in. It signs a new user up where the app and the intent
// allow that, unless the address is known to the system that users come from.
func (p passwordTry) signIn(ctx context.Context, by *passwordClient) (Landing, error) {
	account, err := p.e.account(ctx, p.app.ID, AccountKey{Email: p.email})
	if err != nil {
		return Landing{}, err
	}
	if err := p.e.limits.hit(ctx, p.app, by.recheck(p.e.limits, account)...); err != nil {
		return Landing{}, err
	}
	if p.mayBeNew(account) && p.e.cfg.LegacyPassword == nil {
		if landing, err := p.createUnbreached(ctx); !errors.Is(err, errBreached) {
			return landing, err
		}
	}
	return p.check(ctx, account)
}

// mayBeNew reports whether the sign-in may make a user: there is no account, and the app, the intent
// and the password allow one.
func (p passwordTry) mayBeNew(account *Account) bool {
	return account == nil && p.in.Intent == "" && !p.app.requiresProof() && p.weak == nil && !p.app.Settings.SignupClosed
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

// signUp creates a user, or says why it cannot. It never signs in an existing user.
func (p passwordTry) signUp(ctx context.Context) (Landing, error) {
	if p.weak != nil {
		return Landing{}, p.weak
	}
	if err := p.e.hasher.unbreached(ctx, p.app.ID, p.in.Password); err != nil {
		return Landing{}, err
	}
	if p.app.Settings.SignupClosed {
		return Landing{}, signupClosed()
	}
	if p.app.requiresProof() {
		return p.signUpLater(ctx)
	}
	account, err := p.e.account(ctx, p.app.ID, AccountKey{Email: p.email})
	if err != nil {
		return Landing{}, err
	}
	if account != nil {
		return Landing{}, emailTaken()
	}
	got, err := p.create(ctx)
	if errors.Is(err, errAgain) {
		return Landing{}, emailTaken() // by a concurrent sign-up
	}
	return got, err
}

// signUpLater mails a proof whose redemption creates the user. If the address has a user by the
// time the mail is sent, that user gets a notice instead. Neither the answer nor its time shows
// that.
func (p passwordTry) signUpLater(ctx context.Context) (Landing, error) {
	if err := p.e.mayCreate(ctx, p.app, p.in.Client); err != nil {
		return Landing{}, err
	}
	phc, err := p.e.hasher.hash(ctx, gateAsker(p.app.ID, p.in.Client), p.in.Password)
	if err != nil {
		return Landing{}, err
	}
	data := challengeData{Email: p.email, Typed: p.in.Email, Name: p.in.Name, PHC: phc, RedirectTo: p.step.handOver.to, Challenge: p.step.handOver.challenge}
	pending, err := p.e.tokens.ask(ctx, challengeRequest{
		purpose: forVerify, app: p.app, browser: p.in.Browser, data: data, by: p.in.Client,
		event: Event{Type: EventEmailSend, Reason: "sign-up"},
	})
	if err != nil {
		return Landing{}, err
	}
	return Landing{SignIn: SignIn{Pending: &pending}}, nil
}

// askForProof mails a proof to a user who has given the right password, and refuses the sign-in.
func (p passwordTry) askForProof(ctx context.Context, u User) error {
	data := challengeData{
		Email: u.Email, Typed: u.EmailTyped, Class: classSession, proven: u.Verified, RedirectTo: p.step.handOver.to, Challenge: p.step.handOver.challenge,
	}
	pending, err := p.e.tokens.ask(ctx, challengeRequest{
		purpose: forVerify, app: p.app, browser: p.in.Browser, data: data, user: &u, by: p.in.Client,
		event: Event{UserID: u.ID, Type: EventEmailSend},
	})
	if err != nil {
		return err
	}
	return unproven(pending.Binding)
}

// errBreached refuses a breached password, which a sign-in refuses like a wrong one.
var errBreached = errors.New("the password is on a list of breached ones")

// createUnbreached is create, unless the password is on a list of breached ones: errBreached.
func (p passwordTry) createUnbreached(ctx context.Context) (Landing, error) {
	switch err := p.e.hasher.unbreached(ctx, p.app.ID, p.in.Password); {
	case errors.Is(err, CodeWeakPassword):
		return Landing{}, errBreached
	case err != nil:
		return Landing{}, err
	}
	return p.create(ctx)
}

// create creates the user and signs the user in.
func (p passwordTry) create(ctx context.Context) (Landing, error) {
	proof, err := p.mayCreate(ctx) // before the hash, which costs more
	if err != nil {
		return Landing{}, err
	}
	phc, err := p.e.hasher.hash(ctx, gateAsker(p.app.ID, p.in.Client), p.in.Password)
	if err != nil {
		return Landing{}, err
	}
	step := p.step
	step.put, step.mails = []Credential{{Kind: passwordKind, Data: []byte(phc)}}, proof
	return p.e.signUpUser(ctx, p.app, User{Email: p.email, EmailTyped: p.in.Email, Name: p.in.Name}, step)
}

// check checks the password and signs the user in. If account is nil or has no password, it refuses in
// the time that a real check takes.
func (p passwordTry) check(ctx context.Context, account *Account) (Landing, error) {
	got, err := p.e.hasher.verify(ctx, p.app, p.in.Client, p.in.Password, account.password())
	if err != nil {
		return Landing{}, err
	}
	if got.ok {
		return p.enter(ctx, account, got.renewed)
	}
	if p.asksLegacy(account) {
		answer, took, err := p.askLegacy(ctx, account)
		got.took += took
		switch {
		case err != nil:
			return Landing{}, err
		case answer.OK:
			return p.move(ctx, account, answer)
		case !answer.Known && p.mayBeNew(account):
			if landing, err := p.createUnbreached(ctx); !errors.Is(err, errBreached) {
				return landing, err
			}
		}
	}
	p.e.hasher.rest(ctx, p.app, got.took)
	return Landing{}, refuse(CodeInvalidCredentials, "email or password is wrong").because(wrongPassword(account)).about(account)
}

// enter signs in the user of an account, who has given the right password. phc is a new hash of it;
// empty: the stored one stays.
func (p passwordTry) enter(ctx context.Context, account *Account, phc string) (Landing, error) {
	if u := account.User; p.app.requiresProof() && !u.Verified && !u.Disabled {
		return Landing{}, p.askForProof(ctx, u)
	}
	step := p.step
	if phc != "" {
		step.put = []Credential{passwordCredential(account.User, phc, p.e.now())}
	}
	return p.e.signInUser(ctx, p.app, account, step)
}

// wrongPassword is the cause of refused credentials. It goes to the log only.
func wrongPassword(account *Account) cause {
	switch {
	case account == nil:
		return "no user has the address"
	case account.password() == "":
		return "the user has no password"
	}
	return "the password is another"
}
