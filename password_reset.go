package authkit

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/naming"
)

// ForgotRequest asks for a mail with which a new password can be set.
type ForgotRequest struct {
	App           uuid.UUID
	Email         string
	RedirectTo    string // one of the app's redirect URLs, to which the page goes on; may be empty
	CodeChallenge string // as MagicLinkRequest.CodeChallenge

	Browser []byte // as [MagicLinkRequest.Browser]
	Device  string // as [MagicLinkRequest.Device]
	Client  Client

	form string // as in MagicLinkRequest
}

// ForgotPassword mails a link and a code to the address if the app has a user with it. Only the
// newest mail counts. It is good for half an hour, until the user's password changes.
//
// The answer and its time are the same whether or not there is such a user (OWASP ASVS 5.0,
// 6.3.8): the user is looked up when the mail leaves. They do not tell whether the limit of the
// address is exhausted, either.
func (e *Engine) ForgotPassword(ctx context.Context, in ForgotRequest) (Pending, error) {
	return e.askByAddress(ctx, forReset, MagicLinkRequest(in), EventPasswordForgot)
}

// PasswordReset sets a password by the proof in a mail.
type PasswordReset struct {
	App      uuid.UUID
	Token    string // of the link
	Email    string // with Code
	Code     string
	Binding  string // required with Code; with Token it is checked if it is set
	Password string // the new one
	Client   Client
}

// ResetPassword spends the proof, sets the password, ends every session of the user (OWASP
// ASVS 5.0, 7.4.3) and starts a new one, in one step. The proof makes the address verified; an
// account whose address was not proven before is reset first.
//
// Identities and passkeys that were added to a verified account in the last 72 hours are removed too,
// since a thief may have added them. An identity stays if the account was made with it. Either stays if a
// mail to this address began the session that added it, a passkey also if it was added with a second
// factor that is older, or that this reset asks for. Removed names those that are removed, and so does a
// mail.
//
// For a user with a second factor it changes and spends nothing, and refuses with [CodeMFARequired]:
// [Engine.SignInWithSecondFactor] then sets the password, ends the other sessions and spends the proof,
// in one step.
//
// [CodeInvalidToken]: the proof is spent, expired, another app's or malformed, or older than
// another change of the password. [CodeWeakPassword] spends nothing, though it counts as an
// attempt at a code. [CodeUserDisabled].
func (e *Engine) ResetPassword(ctx context.Context, in PasswordReset) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return SignIn{}, err
	}
	if in.Token == "" { // for a link, the password is checked once it is known whose it is
		if err := e.hasher.check(in.Password, app.Name, in.Email); err != nil {
			return SignIn{}, err
		}
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

// ResetPress sets a new password from the page of a password reset's link.
type ResetPress struct {
	PagePress

	Password string // the new one
}

// PressReset is [Engine.ResetPassword] from the page of the link. The session begins in this browser
// or is handed over, as by [Engine.PressMagicLink]. A browser that presses again with the same
// password gets the same outcome, as there. [LandingSaved]: no session begins, because there is
// neither a redirect URL nor Stay and no cookie is to hold the session, or because the reset was
// asked for with a code challenge in another browser.
func (e *Engine) PressReset(ctx context.Context, in ResetPress) (Landing, error) {
	return e.pressPage(ctx, in.PagePress, in.sent("reset", in.Password), func(ctx context.Context, app App, p press) (Landing, error) {
		return e.pressReset(ctx, app, p, in)
	})
}

func (e *Engine) pressReset(ctx context.Context, app App, p press, in ResetPress) (Landing, error) {
	got, err := in.find(ctx, e.tokens, app, forReset)
	if err != nil {
		return Landing{}, err
	}
	step := in.step(got, p)
	switch {
	case got.verifierElsewhere(in.Browser, app.ID): // the person signs in with the new password where the reset was asked for
		step.ends = LandingSaved
	case got.data.RedirectTo == "" && !in.Stay && !step.inCookie(app):
		step.ends = LandingSaved
	default:
		step.handOver = got.handOver(in.Browser)
		if err := e.checkGoal(app, step.leadsTo(app)); err != nil {
			return Landing{}, err
		}
	}
	return e.completeReset(ctx, app, got.redeemedIn(in.Browser, app.ID), in.Password, step)
}

// completeReset gives the user of a proof another password, and signs the user in. The caller sets
// the client of the step and the fields that say how the flow ends; completeReset sets the rest.
func (e *Engine) completeReset(ctx context.Context, app App, got challenge, pw string, step signInStep) (Landing, error) {
	account, err := e.accountOfProof(ctx, app, &got)
	if err != nil {
		return Landing{}, err
	}
	phc, err := e.hasher.renew(ctx, app, account.User, pw, step.client)
	if err != nil {
		return Landing{}, err
	}
	step.method, step.amr, step.take, step.proof = MethodCredentials, []string{amrOTP}, &got.take, true
	step.emailTyped, step.end, step.passwordReset = got.address(), true, true
	return again(func() (Landing, error) {
		account, err := e.accountOfProof(ctx, app, &got)
		if err != nil {
			return Landing{}, err
		}
		step.drop = account.recentAdditions(e.now())
		step.put = []Credential{passwordCredential(account.User, phc, e.now())}
		return e.signInUser(ctx, app, account, step)
	})
}

// recentAdditions returns the identities and passkeys that were added to a verified account in the last
// 72 hours: a thief may have added them. It leaves out the identity with which the account was made,
// those that were added in a session which a mail to the account's address began, and passkeys that
// were added with a second factor which is not a thief's itself.
func (a *Account) recentAdditions(now time.Time) (drop []Credential) {
	from, held := now.Add(-forUndo.ttl), a.factors()
	for _, c := range a.Credentials {
		old := !c.CreatedAt.After(from)
		if old || !a.User.Verified || a.madeBy(c) {
			continue
		}
		if c.Kind == oauthKind && readIdentityData(c).Mailed != a.User.Email {
			drop = append(drop, c)
		}
	}
	for _, p := range held.passkeys {
		if p.credential.CreatedAt.After(from) && a.User.Verified && !p.owned(from, held) && p.Mailed != a.User.Email {
			drop = append(drop, p.credential)
		}
	}
	return drop
}

// removedWays lists the identities and passkeys among the credentials that a step drops.
func removedWays(drop []Credential) (names []Removed) {
	for _, c := range drop {
		if c.Kind == oauthKind {
			names = append(names, Removed{"identity", readIdentity(c, nil).Provider})
		}
	}
	for _, p := range factorsOf(drop).passkeys {
		names = append(names, Removed{"passkey", p.Name})
	}
	return names
}

// shown returns the name of the way as people see it.
func (r Removed) shown() string {
	if r.Type == "identity" {
		return naming.Provider(r.Name)
	}
	return r.Name
}

// addResetNotice adds the events of a password reset, and a notice that names the identities that
// the reset drops.
func addResetNotice(o *outbox, c *UserChange, l letter, by Client) {
	var names []string
	for _, r := range removedWays(c.Drop) {
		name := r.shown()
		ev := Event{App: c.App, UserID: c.ID, Type: EventIdentityUnlink, IP: by.IP, Reason: r.Name}
		if r.Type == "passkey" {
			name, ev.Type, ev.Reason = mailedPasskey(name), EventFactorRemove, methodPasskey
		}
		names = append(names, name)
		c.Riders.note(c.Now, ev)
	}
	c.Riders.note(c.Now, Event{App: c.App, UserID: c.ID, Type: EventPasswordReset, IP: by.IP})
	l.Change = strings.Join(names, ", ")
	o.queue(&c.Riders, c.App, o.causedBy(by.Languages, by.UserAgent, l), c.Now, noticeTTL)
}

// accountOfProof reads the account that a proof belongs to. [CodeInvalidToken]: the proof belongs to
// no user, or the account is gone, has another address, or got its first password since.
// [CodeUserDisabled].
func (e *Engine) accountOfProof(ctx context.Context, app App, got *challenge) (*Account, error) {
	if got.user == uuid.Nil {
		return nil, invalidToken("the reset was asked for an address that no user has")
	}
	account, err := takeHolder(got), error(nil)
	if account == nil {
		account, err = e.account(ctx, app.ID, AccountKey{ID: got.user})
	}
	switch {
	case err != nil:
		return nil, err
	case account == nil || account.User.Email != got.data.Email || got.outdated(account):
		return nil, invalidToken("the address, the password or the sessions changed since the proof was mailed").with(ReasonSpent)
	case account.User.Disabled:
		return nil, refuse(CodeUserDisabled, "the account is disabled")
	}
	return account, nil
}
