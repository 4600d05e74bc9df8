package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/naming"
)

// ProofRequest is asked for by a user who is signed in.
type ProofRequest struct {
	App, User uuid.UUID
	Browser   []byte // the secret in the asker's binding cookie, if there is one
	Client    Client
}

// SendProof mails a link and a code that prove the user's own address. They die with the
// sessions of the user. [CodeUserNotFound]. The answer does not tell whether the address's
// limit is hit.
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

// EmailProof redeems a proof of an address, by its asker.
type EmailProof struct {
	App     uuid.UUID
	Token   string // of the link
	Email   string // with Code
	Code    string
	Binding string // wanted with Code; with Token either this, or Browser, or User

	Browser []byte    // the secret in the binding cookie
	User    uuid.UUID // who is signed in, and asked
	Client  Client
}

// VerifyEmail spends the proof and makes the address verified; the user keeps everything,
// since the one who asked is the one who proves. A sign-up that waited for it comes to be.
// [CodeInvalidToken]: spent, expired, foreign or malformed, or not redeemed by the asker,
// for whom [Engine.SignInByProof] is.
func (e *Engine) VerifyEmail(ctx context.Context, in EmailProof) (User, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return User{}, err
	}
	by, err := responseOf(in.Token, in.Email, in.Code, in.Binding)
	if err != nil {
		return User{}, err
	}
	got, err := e.tokens.find(ctx, app, forVerify, by)
	if err != nil {
		return User{}, err
	}
	own := got.user != uuid.Nil && got.user == in.User
	if in.Binding == "" && !own && !got.askedBy(in.Browser, app.ID) {
		return User{}, invalidToken("the asker's binding, browser or session is missing")
	}
	return e.verify(ctx, app, got, in.Client, nil)
}

// verify makes the address of a proof verified, for its asker.
func (e *Engine) verify(ctx context.Context, app App, got challenge, by Client, then rider) (User, error) {
	if got.user == uuid.Nil {
		out, err := e.comeToBe(ctx, app, got, entry{method: MethodCredentials, by: by, take: &got.take, alone: true, then: then})
		return out.User, err
	}
	return again(func() (User, error) {
		account, err := e.provenBy(ctx, app, got)
		if err != nil {
			return User{}, err
		}
		u := account.User
		c := UserChange{Now: e.now(), App: app.ID, ID: u.ID, Version: u.Version, Take: &got.take, Verified: new(true), Drop: account.vouchings()}
		c.Also.note(c.Now, Event{App: app.ID, UserID: u.ID, Type: EventEmailVerify, IP: by.IP})
		return e.amendWith(ctx, c, then)
	})
}

// PressVerify redeems the link of a proof from its page. The asker's browser, and one that is
// signed in to the account, confirm the address: confirmed is true, and no session begins.
// Another one that may Stay signs in, as by [Engine.SignInByProof]. Where neither is so,
// nothing is spent and the answers are empty: the code has then to be typed where the proof
// was asked for. A browser that presses once more is answered as by [Engine.PressLink].
func (e *Engine) PressVerify(ctx context.Context, in LinkPress, user uuid.UUID) (confirmed bool, _ SignIn, err error) {
	defer e.hooks.refused(ctx, tried{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return false, SignIn{}, err
	}
	ctx, cancel := outlive(ctx)
	defer cancel()
	p := pressOf(app.ID, in.Browser, "verify", in.Token)
	confirmed, entered, err := e.pressVerify(ctx, app, p, in, user)
	if err == nil {
		return confirmed, entered, nil
	}
	_, entered, err = e.signInAgain(ctx, app, p, in.Client, err)
	return err == nil && entered.SessionID == uuid.Nil, entered, err
}

func (e *Engine) pressVerify(ctx context.Context, app App, p press, in LinkPress, user uuid.UUID) (bool, SignIn, error) {
	got, err := e.tokens.findLink(ctx, app.ID, forVerify, in.Token, "")
	if err != nil {
		return false, SignIn{}, err
	}
	own := got.user != uuid.Nil && got.user == user
	if own || got.askedBy(in.Browser, app.ID) {
		_, err := e.verify(ctx, app, got, in.Client, e.remember(p, nil))
		return err == nil, SignIn{}, err
	}
	if !in.Stay && !(entry{by: got.keeps(in.Client)}).inCookie(app) {
		return false, SignIn{}, nil
	}
	entered, err := e.enterByProof(ctx, app, got, in.Browser, in.Client, e.remember(p, nil))
	return false, entered, err
}

// comeToBe makes the user of a sign-up that waited for its proof, as it was asked for.
func (e *Engine) comeToBe(ctx context.Context, app App, got challenge, by entry) (SignIn, error) {
	if app.Settings.SignupClosed { // it was counted when it was asked for
		return SignIn{}, refuse(CodeSignupDisabled, "this app takes no new users")
	}
	d := got.data
	u := User{Email: d.Email, EmailTyped: d.Typed, Name: d.Name, NameKey: naming.Fold(d.Name), Verified: true}
	if d.PHC != "" {
		by.put = []Credential{{Kind: passwordKind, Data: []byte(d.PHC)}}
	}
	in, err := e.create(ctx, app, u, by)
	if errors.Is(err, errAgain) {
		return SignIn{}, invalidToken("another user has the address since")
	}
	return in, err
}

// ProofSignIn redeems the link of a proof of an address as a sign-in.
type ProofSignIn struct {
	App     uuid.UUID
	Token   string // of the link
	Browser []byte // the secret in the binding cookie, if there is one
	Client  Client
}

// SignInByProof redeems the link of a proof as a sign-in link, by whoever got the mail: it
// proves the address, and nothing that the asker set up takes effect or survives, unless
// the browser is the asker's. [CodeInvalidToken].
func (e *Engine) SignInByProof(ctx context.Context, in ProofSignIn) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, tried{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return SignIn{}, err
	}
	got, err := e.tokens.findLink(ctx, app.ID, forVerify, in.Token, "")
	if err != nil {
		return SignIn{}, err
	}
	return e.enterByProof(ctx, app, got, in.Browser, in.Client, nil)
}

func (e *Engine) enterByProof(ctx context.Context, app App, got challenge, browser []byte, by Client, then rider) (SignIn, error) {
	if !app.lets(got, browser) {
		return SignIn{}, invalidToken("the app takes a link only in the browser that asked for it")
	}
	if got.askedBy(browser, app.ID) {
		return e.enterAsAsked(ctx, app, got, by, then)
	}
	return e.enterByLink(ctx, app, got, entry{by: by, then: then})
}

// enterAsAsked signs in by a proof that the asker redeems: what was set up stays.
func (e *Engine) enterAsAsked(ctx context.Context, app App, got challenge, by Client, then rider) (SignIn, error) {
	enter := entry{method: MethodMagicLink, amr: []string{"otp"}, by: got.keeps(by), take: &got.take, proof: true, keeps: true, then: then}
	if got.user == uuid.Nil {
		return e.comeToBe(ctx, app, got, enter)
	}
	return again(func() (SignIn, error) {
		account, err := e.provenBy(ctx, app, got)
		if err != nil {
			return SignIn{}, err
		}
		return e.enter(ctx, app, account, enter)
	})
}
