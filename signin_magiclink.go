package authkit

import (
	"context"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/device"
)

// MagicLinkRequest asks for a mail with a link and a code.
type MagicLinkRequest struct {
	App           uuid.UUID
	Email         string
	RedirectTo    string // one of the app's redirect URLs, or empty
	CodeChallenge string // PKCE, S256 (RFC 7636); may be empty

	// Browser is the secret in the asker's binding cookie, as [Engine.Browser] returns it. The link
	// and [Pending.Binding] then belong to that browser. It is nil for a caller that has no browser,
	// which redeems by Pending.Binding and the code that the person types.
	Browser []byte

	// Device is the device token that [Engine.IssueDeviceToken] gave the browser after an earlier
	// sign-in. It may be empty. Any other text counts as empty.
	Device string

	Client Client

	form string // that was pressed, if a page asks; see challengeRequest
}

// RequestMagicLink mails a link and a six-digit code that spend the same challenge. The answer
// and its time are the same whether or not the address is known or its limit is exhausted.
func (e *Engine) RequestMagicLink(ctx context.Context, in MagicLinkRequest) (Pending, error) {
	return e.askByAddress(ctx, forSignIn, in, EventLinkRequest)
}

// askByAddress mails a proof of an address. Neither the owner of the address nor the asker need
// be known.
func (e *Engine) askByAddress(ctx context.Context, p purpose, in MagicLinkRequest, event string) (Pending, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return Pending{}, err
	}
	email, err := checkEmail(in.Email)
	if err != nil {
		return Pending{}, err
	}
	if err := e.checkGoal(app, goal{to: in.RedirectTo, challenge: in.CodeChallenge, cookie: app.holdsInCookie(in.Client), begins: true}); err != nil {
		return Pending{}, err
	}
	data := challengeData{Email: email, Typed: in.Email, RedirectTo: in.RedirectTo, Challenge: in.CodeChallenge}
	d, known := device.Find(e.secrets.ring, app.ID, email, in.Device, e.now())
	if known && d.Verified {
		data.Class, data.device = classDevice, d.ID
	}
	if known && d.SignedUp && p.kind == forSignIn.kind {
		data.Device = d.ID
	}
	return e.tokens.ask(ctx, challengeRequest{
		purpose: p, app: app, browser: in.Browser, data: data, by: in.Client, event: Event{Type: event}, form: in.form,
	})
}

// MagicLinkProof redeems a magic link by its token, or by the code in the same mail.
type MagicLinkProof struct {
	App     uuid.UUID
	Token   string // of the link
	Email   string // with Code
	Code    string
	Binding string // required with Code; with Token it is checked if it is set

	// Browser is the secret in the binding cookie, as [Engine.Browser] returns it; it may be nil. For
	// an app that requires a binding it may take the place of Binding.
	Browser []byte

	// KeepPassword keeps the password and the name of an account whose address was never proven, if
	// Device is the device token of the very browser that signed the account up, that browser asked
	// for the link, and the sessions of the account were not ended as a whole since. Otherwise it
	// changes nothing. Set it only if the person says so: another person may have set the password.
	KeepPassword bool
	Device       string

	Client Client

	bearer bool // the answer cannot set a cookie
}

// RedeemMagicLink spends a link or code and signs in. [CodeInvalidToken]: it is spent, expired,
// foreign or malformed. The proof makes the address verified. An account whose address was not
// verified is reset first: its password, name, identities and sessions go.
func (e *Engine) RedeemMagicLink(ctx context.Context, in MagicLinkProof) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
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
	if in.Binding == "" && !app.acceptsLink(got, in.Browser) {
		return SignIn{}, invalidToken("the app accepts a link only in the browser that asked for it").with(notTheAsker(in.Browser))
	}
	if in.KeepPassword {
		got.keepOn = in.Device
	}
	landing, err := e.signInByMail(ctx, app, got.redeemedIn(in.Browser, app.ID), signInStep{client: in.Client, bearer: in.bearer, browser: in.Browser, device: in.Device})
	return landing.SignIn, err
}

// acceptsLink reports whether a browser that shows no binding may redeem a link. An app of
// [MagicLinkBoundOnly] lets only the asker's browser do so.
func (a App) acceptsLink(got challenge, browser []byte) bool {
	return a.Settings.MagicLink != MagicLinkBoundOnly || got.askedBy(browser, a.ID)
}

// matches reports whether the account that has the address of a proof, if any, is the one that
// the proof belonged to when its mail was sent. A proof that belonged to no user then matches any
// account.
func (c challenge) matches(account *Account) bool {
	return c.user == uuid.Nil || (account != nil && account.User.ID == c.user && !c.outdated(account))
}

// signInByMail signs in by a mailed proof of the address, which a person other than its asker may
// redeem. The caller sets the client of the step, and how the flow ends.
func (e *Engine) signInByMail(ctx context.Context, app App, got challenge, step signInStep) (Landing, error) {
	step.method, step.amr, step.client = MethodMagicLink, []string{amrOTP}, got.redeemer(step.client)
	step.take, step.proof, step.emailTyped = &got.take, true, got.address()
	return again(func() (Landing, error) {
		account, err := e.accountOfAddress(ctx, app, &got)
		if err != nil {
			return Landing{}, err
		}
		if !got.matches(account) {
			return Landing{}, invalidToken("the link is older than a change of the account's password or address").with(ReasonSpent)
		}
		if account != nil {
			step.keep = e.tokens.mayKeep(account, got, got.keepOn)
			return e.signInUser(ctx, app, account, step)
		}
		if err := e.mayCreate(ctx, app, step.client); err != nil {
			return Landing{}, err
		}
		return e.signUpUser(ctx, app, User{Email: got.data.Email, EmailTyped: got.data.Typed, Verified: true}, step)
	})
}

// accountOfAddress returns the account that has the address of a proof; nil: the app has no such
// account. [CodeUnavailable].
func (e *Engine) accountOfAddress(ctx context.Context, app App, got *challenge) (*Account, error) {
	if held := takeHolder(got); held != nil && held.User.Email == got.data.Email {
		return held, nil
	}
	return e.account(ctx, app.ID, AccountKey{Email: got.data.Email})
}

// PagePress is the press of a button on the page of a link, or on the page on which the code of the
// same mail is typed, in the browser that holds the secret.
type PagePress struct {
	App   uuid.UUID
	Token string // of the link

	// Email, Code and Binding are the code of the mail, with what it needs. They stand in the place
	// of Token.
	Email, Code, Binding string

	// Browser is the secret in the binding cookie, as [Engine.Browser] returns it. If it is nil, the
	// press counts as that of a browser that did not ask, a second press is refused, and a one-time
	// code cannot be made: [CodeInvalidRequest].
	Browser []byte

	// KeepPassword and Device are as in [MagicLinkProof]. They count for a magic link alone.
	KeepPassword bool
	Device       string

	Client Client

	// Stay lets the session begin in this browser if the link has no redirect URL. A session that
	// a cookie is to hold begins there without it, too.
	Stay bool

	stale bool // the browser was shown the page in an earlier session: only a second press is answered
}

// find returns the challenge that the press redeems. A code counts as a try.
func (in PagePress) find(ctx context.Context, k *tokens, app App, p purpose) (challenge, error) {
	if in.Email == "" {
		return k.findLink(ctx, app.ID, p, in.Token, "")
	}
	by, err := responseOf("", in.Email, in.Code, in.Binding)
	if err != nil {
		return challenge{}, err
	}
	return k.findCode(ctx, app, p, by)
}

// step is the part of the step that the press gives.
func (in PagePress) step(got challenge, p press) signInStep {
	return signInStep{client: got.redeemer(in.Client), press: p, browser: in.Browser, device: in.Device}
}

// sent is what identifies the press: what was pressed, and what was sent.
func (in PagePress) sent(what string, more ...string) []string {
	return append([]string{what, in.Token, in.Code, in.Binding}, more...)
}

// PressMagicLink spends a link, or the code of its mail, and signs in. The session begins in this browser, or is handed
// over to the redirect URL of the link by a one-time code that no other browser can redeem.
//
// [LandingTypeCode], and nothing is spent, in two cases: the link has no redirect URL, Stay is false
// and no cookie is to hold the session; or the request had a code challenge and this is another
// browser, which lacks the verifier. A code ends in [LandingProven] in the first case.
//
// Within a minute, a second press in the same browser returns the same code, or the same session,
// as long as they are live, and has no further effect.
func (e *Engine) PressMagicLink(ctx context.Context, in PagePress) (Landing, error) {
	var more []string
	if in.KeepPassword {
		more = []string{"keep"}
	}
	return e.pressPage(ctx, in, in.sent("link", more...), func(ctx context.Context, app App, p press) (Landing, error) {
		return e.pressLink(ctx, app, p, in)
	})
}

func (e *Engine) pressLink(ctx context.Context, app App, p press, in PagePress) (Landing, error) {
	got, err := in.find(ctx, e.tokens, app, forSignIn)
	switch {
	case err != nil:
		return Landing{}, err
	case in.Token != "" && !app.acceptsLink(got, in.Browser):
		return Landing{}, invalidToken("the app accepts a link only in the browser that asked for it").with(notTheAsker(in.Browser))
	case got.verifierElsewhere(in.Browser, app.ID):
		return Landing{State: LandingTypeCode}, nil
	}
	got = got.redeemedIn(in.Browser, app.ID)
	if in.KeepPassword {
		got.keepOn = in.Device
	}
	step := in.step(got, p)
	if got.data.RedirectTo == "" && !in.Stay && !step.inCookie(app) {
		if in.Token != "" {
			return Landing{State: LandingTypeCode}, nil
		}
		step.ends = LandingProven
	}
	step.handOver = got.handOver(in.Browser)
	if err := e.checkGoal(app, step.leadsTo(app)); err != nil {
		return Landing{}, err
	}
	return e.signInByMail(ctx, app, got, step)
}

// handOver says where the browser that redeems a proof hands its session over to. It is the zero value
// if the proof has no redirect URL.
func (c challenge) handOver(browser []byte) handOver {
	if c.data.RedirectTo == "" {
		return handOver{}
	}
	return handOver{c.data.RedirectTo, c.data.Challenge, browser}
}
