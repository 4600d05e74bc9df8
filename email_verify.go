package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// ProofRequest is the request of a signed-in user for a proof of the user's own address.
type ProofRequest struct {
	App, User uuid.UUID
	Browser   []byte // as [MagicLinkRequest.Browser]
	Client    Client
}

// SendProof mails a link and a code that prove the user's own address. Whatever ends all sessions of
// the user ends them, too. The answer does not tell whether the limit of the address is exhausted.
// [CodeUserNotFound].
func (e *Engine) SendProof(ctx context.Context, in ProofRequest) (Pending, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return Pending{}, err
	}
	u, err := e.User(ctx, UserRef{App: app.ID, ID: in.User})
	if err != nil {
		return Pending{}, err
	}
	data := challengeData{Email: u.Email, Typed: u.EmailTyped, Class: classSession, proven: u.Verified}
	return e.tokens.ask(ctx, challengeRequest{
		purpose: forVerify, app: app, browser: in.Browser, data: data, user: &u, by: in.Client,
		event: Event{UserID: u.ID, Type: EventEmailSend},
	})
}

// EmailProof redeems the proof of an address. It is the request of the one who asked for the proof.
type EmailProof struct {
	App     uuid.UUID
	Token   string // of the link
	Email   string // with Code; may be empty beside User
	Code    string
	Binding string // one of Binding and User is required with Code, and one of Binding, Browser and User with Token

	// Browser is the secret in the binding cookie, as [Engine.Browser] returns it; it may be nil.
	Browser []byte

	// User is the user who is signed in. Beside Code and without Binding it stands for the newest
	// proof that the user's sign-up or a session of the user asked for.
	User   uuid.UUID
	Client Client
}

// VerifyEmail spends the proof and makes the address verified. The account is not reset, since the
// one who redeems the proof is the one who asked for it. If a sign-up waited for the proof, its
// user is created. [CodeInvalidToken]: the proof is spent, expired, another app's or malformed, or
// is not redeemed by the asker. [Engine.SignInByProof] is for others who have the mail.
func (e *Engine) VerifyEmail(ctx context.Context, in EmailProof) (User, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return User{}, err
	}
	by, err := e.tokens.responseToProof(ctx, app.ID, in)
	if err != nil {
		return User{}, err
	}
	got, err := e.tokens.find(ctx, app, forVerify, by)
	if err != nil {
		return User{}, err
	}
	own := got.user != uuid.Nil && got.user == in.User
	if in.Binding == "" && !own && !got.askedBy(in.Browser, app.ID) {
		return User{}, invalidToken("the asker's binding, browser or session is missing").with(notTheAsker(in.Browser))
	}
	return e.verify(ctx, app, got, in.Client, press{})
}

// responseToProof returns the response of the one who asked for a proof. A user who is signed in
// needs no binding beside the code, and no address.
func (k *tokens) responseToProof(ctx context.Context, app uuid.UUID, in EmailProof) (response, error) {
	if in.Token != "" || in.Binding != "" || in.User == uuid.Nil {
		return responseOf(in.Token, in.Email, in.Code, in.Binding)
	}
	r := response{code: in.Code}
	if in.Email != "" {
		var err error
		if r, err = responseOf("", in.Email, in.Code, ""); err != nil {
			return response{}, err
		}
	}
	var err error
	r.binding, err = k.ownBinding(ctx, app, in.User)
	return r, err
}

// verify makes the address of a proof verified. The caller has checked that the asker redeems the
// proof. The step stores the outcome of the press.
func (e *Engine) verify(ctx context.Context, app App, got challenge, by Client, p press) (User, error) {
	if got.user == uuid.Nil {
		landing, err := e.finishSignUp(ctx, app, got, signInStep{method: MethodCredentials, client: by, take: &got.take, ends: LandingConfirmed, press: p})
		return landing.SignIn.User, err
	}
	return again(func() (User, error) {
		account, err := e.accountOfProof(ctx, app, &got)
		if err != nil {
			return User{}, err
		}
		u := account.User
		c := UserChange{Now: e.now(), App: app.ID, ID: u.ID, Version: u.Version, Take: &got.take, Verified: new(true), Drop: account.vouchedCredentials()}
		c.Riders.note(c.Now, Event{App: app.ID, UserID: u.ID, Type: EventEmailVerify, IP: by.IP})
		e.tokens.addOutcome(&c, p, outcome{State: LandingConfirmed})
		return e.changeUser(ctx, c)
	})
}

// VerifyPress redeems the link of a proof from its page.
type VerifyPress struct {
	PagePress

	User uuid.UUID // the user who is signed in; may be the nil UUID
}

// PressVerify redeems the link of a proof from its page. In the asker's browser, or in one that is
// signed in to the account, it confirms the address: [LandingConfirmed], and no session begins.
// Another browser signs in, as by [Engine.SignInByProof], if Stay is set or a cookie is to hold the
// session: [LandingSignedIn]. Otherwise nothing is spent: [LandingTypeCode]. A browser that presses
// again is answered as by [Engine.PressMagicLink].
func (e *Engine) PressVerify(ctx context.Context, in VerifyPress) (Landing, error) {
	return e.pressPage(ctx, in.PagePress, in.sent("verify"), func(ctx context.Context, app App, p press) (Landing, error) {
		return e.pressVerify(ctx, app, p, in)
	})
}

func (e *Engine) pressVerify(ctx context.Context, app App, p press, in VerifyPress) (Landing, error) {
	got, err := in.find(ctx, e.tokens, app, forVerify)
	if err != nil {
		return Landing{}, err
	}
	own := got.user != uuid.Nil && got.user == in.User
	if own || got.askedBy(in.Browser, app.ID) {
		_, err := e.verify(ctx, app, got, in.Client, p)
		return Landing{State: LandingConfirmed}, err
	}
	step := in.step(got, p)
	if !in.Stay && !step.inCookie(app) {
		return Landing{State: LandingTypeCode}, nil
	}
	return e.signInByVerifyLink(ctx, app, got, in.Browser, step)
}

// finishSignUp creates the user of a sign-up that waited for its proof, with the name and the password
// of the request, and carries out the step. [CodeSignupDisabled]; [CodeInvalidToken]: another user
// has the address by now.
func (e *Engine) finishSignUp(ctx context.Context, app App, got challenge, step signInStep) (Landing, error) {
	if app.Settings.SignupClosed { // the limit of sign-ups was charged by the request
		return Landing{}, signupClosed()
	}
	d := got.data
	if d.PHC != "" {
		step.put = []Credential{{Kind: passwordKind, Data: []byte(d.PHC)}}
	}
	landing, err := e.signUpUser(ctx, app, User{Email: d.Email, EmailTyped: d.Typed, Name: d.Name, Verified: true}, step)
	if errors.Is(err, errAgain) {
		return Landing{}, invalidToken("another user has taken the address since the sign-up")
	}
	return landing, err
}

// ProofSignIn redeems the link of a proof of an address as a sign-in.
type ProofSignIn struct {
	App   uuid.UUID
	Token string // of the link

	// Browser is the secret in the binding cookie, as [Engine.Browser] returns it. If it is nil, the
	// caller does not count as the asker.
	Browser []byte

	Client Client
}

// SignInByProof redeems the link of a proof as a magic link, for anyone whom the app's
// [MagicLinkPolicy] lets redeem one: by default, anyone who has the mail. It proves the address.
//
// If the browser is not the asker's, an account whose address was not verified is reset first: its
// password, name, identities and sessions go. If a sign-up waited for the proof, its user is
// created without the password and name of the request. [CodeInvalidToken].
func (e *Engine) SignInByProof(ctx context.Context, in ProofSignIn) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return SignIn{}, err
	}
	got, err := e.tokens.findLink(ctx, app.ID, forVerify, in.Token, "")
	if err != nil {
		return SignIn{}, err
	}
	landing, err := e.signInByVerifyLink(ctx, app, got, in.Browser, signInStep{client: in.Client, browser: in.Browser})
	return landing.SignIn, err
}

// signInByVerifyLink signs in by the link of a proof. The caller sets the client and the press of the
// step.
func (e *Engine) signInByVerifyLink(ctx context.Context, app App, got challenge, browser []byte, step signInStep) (Landing, error) {
	if !app.acceptsLink(got, browser) {
		return Landing{}, invalidToken("the app accepts a link only in the browser that asked for it").with(notTheAsker(browser))
	}
	if got.askedBy(browser, app.ID) {
		return e.signInAsker(ctx, app, got, step)
	}
	return e.signInByMail(ctx, app, got, step)
}

// signInAsker signs in by a proof that its asker redeems. The account is not reset.
func (e *Engine) signInAsker(ctx context.Context, app App, got challenge, step signInStep) (Landing, error) {
	step.method, step.amr, step.client = MethodMagicLink, []string{amrOTP}, got.redeemer(step.client)
	step.take, step.proof, step.byAsker = &got.take, true, true
	if got.user == uuid.Nil {
		return e.finishSignUp(ctx, app, got, step)
	}
	return again(func() (Landing, error) {
		account, err := e.accountOfProof(ctx, app, &got)
		if err != nil {
			return Landing{}, err
		}
		return e.signInUser(ctx, app, account, step)
	})
}
