package authkit

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
)

// ForgotRequest asks for a mail by which a password can be set anew.
type ForgotRequest struct {
	App           uuid.UUID
	Email         string
	RedirectTo    string // one of the app's redirect URLs, or empty: where the page goes on to
	CodeChallenge string // as MagicLinkRequest.CodeChallenge

	// Browser is the secret in the asker's binding cookie, if there is one.
	Browser []byte
	Device  string // as [MagicLinkRequest.Device]
	Client  Client
}

// ForgotPassword mails a link and a code to the address if the app has a user of it; the
// newest counts, for half an hour, until the user's password changes. The answer and its
// time are the same whether or not there is such a user (OWASP ASVS 5.0, 6.3.8): that is
// looked up when the mail leaves. Nor do they tell whether the address's limit is hit.
func (e *Engine) ForgotPassword(ctx context.Context, in ForgotRequest) (Pending, error) {
	return e.askByAddress(ctx, forReset, MagicLinkRequest(in), EventPasswordForgot)
}

// PasswordReset sets a password by the proof in a mail.
type PasswordReset struct {
	App      uuid.UUID
	Token    string // of the link
	Email    string // with Code
	Code     string
	Binding  string // wanted with Code, checked with Token when given
	Password string // the new one
	Client   Client
}

// ResetPassword spends the proof, sets the password, ends every session of the user (OWASP
// ASVS 5.0, 7.4.3) and starts a new one, in one step. The proof makes the address verified;
// what an unproven account gathered before is reset first. Identities that were added to a
// standing account in the last 72 hours go too, unless a mail to this address began the session
// that added them: a thief may have linked them. Removed names them, and so does a mail.
// [CodeInvalidToken] for a proof
// that is spent, expired, foreign or malformed, or older than another change of the password;
// [CodeWeakPassword] spends nothing, though it counts as an attempt at a code;
// [CodeUserDisabled].
func (e *Engine) ResetPassword(ctx context.Context, in PasswordReset) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return SignIn{}, err
	}
	if err := e.hasher.check(in.Password, app.Name, in.Email); err != nil {
		return SignIn{}, err
	}
	by, err := responseOf(in.Token, in.Email, in.Code, in.Binding)
	if err != nil {
		return SignIn{}, err
	}
	got, err := e.tokens.find(ctx, app, forReset, by)
	if err != nil {
		return SignIn{}, err
	}
	landing, err := e.completeReset(ctx, app, got, in.Password, signInStep{client: got.redeemer(in.Client)})
	return landing.SignIn, err
}

// ResetPress sets a password from the page of a reset's link.
type ResetPress struct {
	PagePress

	Password string // the new one
}

// PressReset is [Engine.ResetPassword] from the link's page. The session begins in this browser or
// is handed over, as by [Engine.PressMagicLink], and once more to a browser that presses again with the
// same password. [LandingSaved]: no session begins, since there is no redirect URL and no Stay, or
// the reset was asked for with a code challenge in another browser.
func (e *Engine) PressReset(ctx context.Context, in ResetPress) (_ Landing, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return Landing{}, err
	}
	ctx, cancel := outlive(ctx)
	defer cancel()
	p := pressOf(app.ID, in.Browser, "reset", in.Token, in.Password)
	landing, err := e.pressReset(ctx, app, p, in)
	if err != nil {
		return e.repeat(ctx, app, p, in.Client, err)
	}
	return landing, nil
}

func (e *Engine) pressReset(ctx context.Context, app App, p press, in ResetPress) (Landing, error) {
	got, err := e.tokens.findLink(ctx, app.ID, forReset, in.Token, "")
	if err != nil {
		return Landing{}, err
	}
	step := signInStep{client: got.redeemer(in.Client), press: p}
	switch {
	case got.elsewhere(in.Browser, app.ID): // the asker goes on with the new password
		step.ends = LandingSaved
	case got.data.RedirectTo == "" && !in.Stay && !step.inCookie(app):
		step.ends = LandingSaved
	default:
		if step.handOver, err = got.handOver(app, in.Browser); err != nil {
			return Landing{}, err
		}
	}
	return e.completeReset(ctx, app, got.from(in.Browser, app.ID), in.Password, step)
}

// completeReset gives the user of a proof another password, and signs in. Of the step, the client is
// given, and what has to do with the end of the flow.
func (e *Engine) completeReset(ctx context.Context, app App, got challenge, pw string, step signInStep) (Landing, error) {
	account, err := e.accountOfProof(ctx, app, got)
	if err != nil {
		return Landing{}, err
	}
	phc, err := e.hasher.renew(ctx, app, account.User, pw, step.client)
	if err != nil {
		return Landing{}, err
	}
	step.method, step.amr, step.take, step.proof = MethodCredentials, []string{"otp"}, &got.take, true
	step.shown, step.end, step.passwordReset = got.address(), true, true
	return again(func() (Landing, error) {
		account, err := e.accountOfProof(ctx, app, got)
		if err != nil {
			return Landing{}, err
		}
		step.drop = account.recentIdentities(e.now())
		step.put = []Credential{passwordCredential(account.User, phc, e.now())}
		return e.signInUser(ctx, app, account, step)
	})
}

// recentIdentities are the identities that were added to a standing account in the last 72 hours, which
// a thief may have linked. They are not the one that made the account, nor those that were
// added in a session which a mail to the account's address began.
func (a *Account) recentIdentities(now time.Time) (drop []Credential) {
	for _, c := range a.Credentials {
		old := !c.CreatedAt.After(now.Add(-forUndo.ttl))
		if c.Kind != oauthKind || old || !a.User.Verified || a.madeBy(c) || readIdentityData(c).Mailed == a.User.Email {
			continue
		}
		drop = append(drop, c)
	}
	return drop
}

// removedIdentities names the identities among credentials that a step drops.
func removedIdentities(drop []Credential) (names []Removed) {
	for _, c := range drop {
		if c.Kind == oauthKind {
			names = append(names, Removed{"identity", readIdentity(c, nil).Provider})
		}
	}
	return names
}

// addResetNotice adds the events of a reset, and a notice that names the identities which it drops.
func addResetNotice(o *outbox, c *UserChange, l letter, by Client) {
	var names []string
	for _, r := range removedIdentities(c.Drop) {
		names = append(names, r.Name)
		c.Riders.note(c.Now, Event{App: c.App, UserID: c.ID, Type: EventIdentityUnlink, IP: by.IP, Reason: r.Name})
	}
	c.Riders.note(c.Now, Event{App: c.App, UserID: c.ID, Type: EventPasswordReset, IP: by.IP})
	l.Change = strings.Join(names, ", ")
	o.queue(&c.Riders, c.App, l, c.Now, noticeTTL)
}

// accountOfProof is the account that a proof was asked for, as long as it has the address:
// [CodeInvalidToken], [CodeUserDisabled].
func (e *Engine) accountOfProof(ctx context.Context, app App, got challenge) (*Account, error) {
	if got.user == uuid.Nil {
		return nil, invalidToken("the reset was asked for an address that no user has")
	}
	account, err := e.account(ctx, app.ID, AccountKey{ID: got.user})
	switch {
	case err != nil:
		return nil, err
	case account == nil || account.User.Email != got.data.Email || got.outdated(account):
		return nil, invalidToken("the address, the password or the sessions changed since the proof was mailed")
	case account.User.Disabled:
		return nil, refuse(CodeUserDisabled, "the account is disabled")
	}
	return account, nil
}
