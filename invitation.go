package authkit

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// The limits of invitations.
var (
	limitInviteEmail     = limit{"invite/email", 5, day}       // of one app, to one address
	limitInviteDeveloper = limit{"invite/developer", 500, day} // of all apps of one developer
)

// InviteRequest invites a user.
type InviteRequest struct {
	App, User  uuid.UUID
	RedirectTo string // where the page goes on, without a session: one of the app's redirect URLs; may be empty
	Client     Client
}

// Invite mails a user, whose address is not proven yet, a link to a page on which to choose a
// password or make a passkey, whether or not sign-up is open. It returns for how long the link is good:
// seven days. It takes the place of an earlier one, and is dead once the address was proven by another
// way or changed, or the user signs in or is disabled.
//
// [CodeEmailTaken]: the address is proven. [CodeUserDisabled]; [CodeUserNotFound];
// [CodeInvalidRequest]: the app does not list RedirectTo. [CodeRateLimited]: five a day an address,
// 500 a day a developer.
func (e *Engine) Invite(ctx context.Context, in InviteRequest) (time.Duration, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return 0, err
	}
	if err := e.checkGoal(app, goal{to: in.RedirectTo, cookie: app.takesCookies(), noSession: true}); err != nil {
		return 0, err
	}
	u, err := e.User(ctx, UserRef{App: app.ID, ID: in.User})
	switch {
	case err != nil:
		return 0, err
	case u.Verified:
		return 0, refuse(CodeEmailTaken, "the user has proven the address, and can sign in")
	case u.Disabled:
		return 0, refuse(CodeUserDisabled, "the account is disabled")
	}
	ofDeveloper := e.limits.countFor(limitInviteDeveloper, app.Developer)
	ofDeveloper.everywhere = true
	if err := e.limits.hit(ctx, app, e.limits.countFor(limitInviteEmail, u.Email), ofDeveloper); err != nil {
		return 0, err
	}
	now := e.now()
	var riders Riders
	e.tokens.addChallenge(&riders, newChallenge{
		purpose: forInvite, app: app, secrets: newChallengeSecrets(app.ID, nil), user: &u, by: in.Client, now: now,
		data: challengeData{Email: u.Email, Typed: u.EmailTyped, RedirectTo: in.RedirectTo, LastLogin: u.LastLogin, asker: e.tokens.asker(app.ID, in.Client)},
	})
	riders.note(now, Event{App: app.ID, UserID: u.ID, Type: EventUserInvite, IP: in.Client.IP})
	return forInvite.ttl, e.tokens.put(ctx, app.ID, riders)
}

// InvitationPress chooses a way to sign in from the page of an invitation: Password, or State and
// Credential.
type InvitationPress struct {
	PagePress

	Password string

	// State is of [Engine.BeginNewPasskey], whose Invitation is the token of the link. Binding goes with
	// it, or Browser. Credential is what toJSON gives.
	State      string
	Credential json.RawMessage
}

// check refuses a press that chooses no way, or two: [CodeInvalidRequest].
func (in InvitationPress) check() error {
	switch passkey := in.State != "" || len(in.Credential) > 0; {
	case !passkey && in.Password == "":
		return invalid("password", "required", "password is missing, or state and credential of a passkey")
	case passkey && in.Password != "":
		return invalid("credential", "ambiguous", "send password, or state and credential, not both")
	case passkey && in.State == "":
		return invalid("state", "required", "state is missing")
	case passkey && len(in.Credential) == 0:
		return invalid("credential", "required", "credential is missing")
	}
	return nil
}

// PressInvitation proves the address and sets the password or adds the passkey, in one step that spends
// the link and ends every session. It starts no session: [LandingGoesOn], without a code, where the
// invitation has a redirect URL, and [LandingSaved] otherwise. An account to which a person has signed in
// before, or which has an imported identity, is reset first, as by every proof. A passkey takes the place
// of a password, which is void. A mail tells of the passkey, with a link that undoes it. A second press
// with the same content, within a minute, has the same outcome.
//
// [CodeInvalidToken]: the link or the State is spent, expired or another's. [CodeWeakPassword].
// [CodeInvalidCredentials], [CodeForbidden] and [CodeNotFound], of a passkey, are as by
// [Engine.BeginNewPasskey] and [Engine.FinishNewPasskey]. A refusal spends nothing.
func (e *Engine) PressInvitation(ctx context.Context, in InvitationPress) (Landing, error) {
	if err := in.check(); err != nil {
		return Landing{}, err
	}
	sent := in.sent("invitation", in.Password, in.State, string(in.Credential))
	return e.pressPage(ctx, in.PagePress, sent, func(ctx context.Context, app App, p press) (Landing, error) {
		phc := ""
		return again(func() (Landing, error) {
			found, err := findInvitation(ctx, e.tokens, app, in.Token)
			if err != nil {
				return Landing{}, err
			}
			if err := e.checkGoal(app, goal{to: found.data.RedirectTo, cookie: app.takesCookies(), noSession: true}); err != nil {
				return Landing{}, err
			}
			a := acceptance{invitation: found, by: in.Client}
			if in.State != "" {
				a.added, err = in.newPasskey(ctx, e, app, found)
			} else if phc == "" {
				phc, err = e.hasher.renew(ctx, app, found.account.User, in.Password, in.Client)
			}
			if err != nil {
				return Landing{}, err
			}
			a.phc = phc
			return acceptInvitation(ctx, e, app, p, a)
		})
	})
}

// acceptance is an invitation that a person accepts.
type acceptance struct {
	invitation

	phc   string     // of the password, or
	added *newFactor // the passkey
	by    Client
}

// acceptInvitation is the step that spends an invitation.
func acceptInvitation(ctx context.Context, e *Engine, app App, p press, a acceptance) (Landing, error) {
	now, u := e.now(), a.account.User
	c := UserChange{Now: now, App: app.ID, ID: u.ID, Version: u.Version, Take: &a.take, Verified: new(true), End: true}
	landing := Landing{State: LandingSaved}
	if a.data.RedirectTo != "" {
		landing = Landing{State: LandingGoesOn, RedirectTo: a.data.RedirectTo}
	}
	// What an account has that no person has used, the app has given it. Another one may be of a
	// stranger, who took the address first.
	if a.account.used() {
		landing.SignIn.Reset = prepareReset(e.outbox, &c, app, a.account, signInStep{passwordReset: true})
	}
	c.Riders.note(now, Event{App: app.ID, UserID: u.ID, Type: EventEmailVerify, IP: a.by.IP, Reason: "invitation"})
	if a.added == nil {
		c.Put = append(c.Put, passwordCredential(u, a.phc, now))
	} else if err := a.addPasskey(ctx, e, app, &c); err != nil {
		return Landing{}, err
	}
	e.tokens.addOutcome(&c, p, outcome{State: LandingSaved, RedirectTo: a.data.RedirectTo, Reset: landing.SignIn.Reset})
	u, err := e.changeUser(ctx, c)
	if err == nil && a.added != nil {
		e.hooks.after(HookEvent{Kind: HookFactor, App: app.ID, User: u, Client: a.by, Factor: a.added.told()})
	}
	return landing, err
}

// newPasskey verifies the passkey of a press. Its state, which is bound to the user's Epoch, dies with the
// step.
func (in InvitationPress) newPasskey(ctx context.Context, e *Engine, app App, found invitation) (*newFactor, error) {
	owner := FactorOwner{App: app.ID, Invitation: in.Token, Binding: in.Binding, Browser: in.Browser, Client: in.Client}
	n, err := owner.invitedBy(e, app, found)
	if err != nil {
		return nil, err
	}
	added, err := n.newPasskey(ctx, PasskeyFinish{FactorOwner: owner, State: in.State, Credential: in.Credential})
	return &added, err
}

// addPasskey adds the passkey to the step of an acceptance, in the place of a password. The mail that tells
// of it has a link that undoes it, as that of every factor of a proven address: the step proves it, and a
// person who has read the invitation in another's mailbox would otherwise keep the passkey.
func (a acceptance) addPasskey(ctx context.Context, e *Engine, app App, c *UserChange) error {
	c.Put = append(c.Put, a.added.use.put...)
	if !c.DropCredentials {
		c.Drop = append(c.Drop, a.account.passwordCredentials()...)
	}
	if err := e.factors.tellOfAdded(ctx, c, app, a.left(), *a.added); err != nil {
		return err
	}
	e.factors.noteFactors(c, a.account)
	return nil
}
