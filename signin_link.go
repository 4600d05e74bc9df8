package authkit

import (
	"context"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/device"
)

// LinkRequest asks for a mail with a link and a code.
type LinkRequest struct {
	App           uuid.UUID
	Email         string
	RedirectTo    string // one of the app's redirect URLs, or empty
	CodeChallenge string // PKCE, S256 (RFC 7636); may be empty

	// Browser is the secret in the asker's binding cookie, if there is one.
	Browser []byte

	// Device is what [Engine.KnowDevice] gave the browser after an earlier sign-in; may be
	// empty. Anything else is the same as nothing.
	Device string

	Client Client
}

// RequestLink mails a link and a six-digit code that spend the same attempt. The answer
// and its time are the same whether or not the address is known or its limit is hit.
func (e *Engine) RequestLink(ctx context.Context, in LinkRequest) (Pending, error) {
	return e.askAnybody(ctx, forSignIn, in, EventLinkRequest)
}

// askAnybody mails a proof of an address, whosever it is, for whoever asks.
func (e *Engine) askAnybody(ctx context.Context, p purpose, in LinkRequest, event string) (Pending, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return Pending{}, err
	}
	email, err := checkEmail(in.Email)
	if err != nil {
		return Pending{}, err
	}
	if err := checkHandOver(app, in.RedirectTo, in.CodeChallenge); err != nil {
		return Pending{}, err
	}
	data := challengeData{Email: email, Typed: in.Email, RedirectTo: in.RedirectTo, Challenge: in.CodeChallenge}
	if d, ok := device.Find(e.ring, app.ID, email, in.Device, e.now()); ok && d.Verified {
		data.Class, data.device = classDevice, d.ID
	}
	return e.tokens.ask(ctx, challengeRequest{
		purpose: p, app: app, browser: in.Browser, data: data, by: in.Client, event: Event{Type: event},
	})
}

// LinkProof redeems a link by its token, or by the code beside it.
type LinkProof struct {
	App     uuid.UUID
	Token   string // of the link
	Email   string // with Code
	Code    string
	Binding string // wanted with Code, checked with Token when given
	Browser []byte // the secret in the binding cookie, in place of a Binding where the app asks for one
	Client  Client

	bearer bool // the answer can set no cookie
}

// RedeemLink spends a link or code and signs in: [CodeInvalidToken] for anything that
// is spent, expired, foreign or malformed. The proof makes the address verified; what an
// unproven account held before is reset first.
func (e *Engine) RedeemLink(ctx context.Context, in LinkProof) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, tried{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return SignIn{}, err
	}
	by, err := responseOf(in.Token, in.Email, in.Code, in.Binding)
	if err != nil {
		return SignIn{}, err
	}
	got, err := e.tokens.find(ctx, app, forSignIn, by)
	if err != nil {
		return SignIn{}, err
	}
	if in.Binding == "" && !app.lets(got, in.Browser) {
		return SignIn{}, invalidToken("the app takes a link only in the browser that asked for it")
	}
	return e.enterByLink(ctx, app, got.from(in.Browser, app.ID), entry{by: in.Client, bearer: in.bearer})
}

// lets says whether the app lets a browser redeem a link of which it shows no binding.
func (a App) lets(got challenge, browser []byte) bool {
	return a.Settings.MagicLink != LinkBoundOnly || got.askedBy(browser, a.ID)
}

// fits reports whether the account that has the address of a proof, if any, is the one that the
// proof belonged to when its mail left. A proof that belonged to none then fits any account.
func (c challenge) fits(account *Account) bool {
	return c.user == uuid.Nil || (account != nil && account.User.ID == c.user && !c.outdated(account))
}

func (e *Engine) enterByLink(ctx context.Context, app App, got challenge, enter entry) (SignIn, error) {
	enter.method, enter.amr, enter.by, enter.take, enter.proof = MethodMagicLink, []string{"otp"}, got.keeps(enter.by), &got.take, true
	enter.shown = got.address()
	return again(func() (SignIn, error) {
		account, err := e.account(ctx, app.ID, AccountKey{Email: got.data.Email})
		if err != nil {
			return SignIn{}, err
		}
		if !got.fits(account) {
			return SignIn{}, invalidToken("the link is older than a change of the account's password or address")
		}
		if account != nil {
			return e.enter(ctx, app, account, enter)
		}
		if err := e.mayCreate(ctx, app, enter.by); err != nil {
			return SignIn{}, err
		}
		return e.create(ctx, app, User{Email: got.data.Email, EmailTyped: got.data.Typed, Verified: true}, enter)
	})
}

// LinkPress redeems a link from its page, in the browser that holds the secret.
type LinkPress struct {
	App     uuid.UUID
	Token   string
	Browser []byte
	Client  Client

	// Stay lets the session begin in this browser where the link has nowhere to go on to.
	Stay bool
}

// PressLink spends a link and signs in, and hands the session over by a one-time code:
// the browser that presses gets it, never another. Nothing is spent and both answers are
// empty where the press can lead nowhere: with nowhere to go on to and no Stay, or where the
// link was asked for with a code challenge and this is not the browser that asked, which
// alone has the verifier. The six-digit code has then to be typed where the sign-in began.
//
// Within a minute, the same browser that presses once more is answered the same goal and code,
// or the same session, as long as they are alive, and nothing happens again.
func (e *Engine) PressLink(ctx context.Context, in LinkPress) (_ Goal, _ SignIn, err error) {
	defer e.hooks.refused(ctx, tried{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return Goal{}, SignIn{}, err
	}
	ctx, cancel := outlive(ctx)
	defer cancel()
	p := pressOf(app.ID, in.Browser, "link", in.Token)
	goal, entered, err := e.pressLink(ctx, app, p, in)
	if err != nil {
		return e.signInAgain(ctx, app, p, in.Client, err)
	}
	return goal, entered, nil
}

func (e *Engine) pressLink(ctx context.Context, app App, p press, in LinkPress) (Goal, SignIn, error) {
	got, err := e.tokens.findLink(ctx, app.ID, forSignIn, in.Token, "")
	switch {
	case err != nil:
		return Goal{}, SignIn{}, err
	case !app.lets(got, in.Browser):
		return Goal{}, SignIn{}, invalidToken("the app takes a link only in the browser that asked for it")
	case got.elsewhere(in.Browser, app.ID):
		return Goal{}, SignIn{}, nil
	}
	got = got.from(in.Browser, app.ID)
	enter := entry{by: got.keeps(in.Client), then: e.remember(p, nil)}
	switch {
	case got.data.RedirectTo == "" && !in.Stay && !enter.inCookie(app):
		return Goal{}, SignIn{}, nil
	case got.data.RedirectTo == "":
		entered, err := e.enterByLink(ctx, app, got, enter)
		return Goal{}, entered, err
	}
	if err := checkHandOver(app, got.data.RedirectTo, got.data.Challenge); err != nil {
		return Goal{}, SignIn{}, err // no longer registered
	}
	goal := Goal{RedirectTo: got.data.RedirectTo}
	enter.then = e.handOverOnce(p, &goal, got.data.Challenge, in.Browser)
	entered, err := e.enterByLink(ctx, app, got, enter)
	return goal, entered, err
}
