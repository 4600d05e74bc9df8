package authkit

import (
	"context"
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
// password, whether or not sign-up is open. It returns for how long the link is good: seven days. It
// takes the place of an earlier one, and is dead once the address was proven by another way or
// changed, or the user signs in or is disabled.
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

// InvitationPress chooses a password from the page of an invitation.
type InvitationPress struct {
	PagePress

	Password string
}

// PressInvitation proves the address and sets the password, in one step that spends the link and
// ends every session. It starts no session: [LandingGoesOn], without a code, where the invitation
// has a redirect URL, and [LandingSaved] otherwise. If a person has signed in to the account before,
// it is reset first, as by every proof. A second press with the same password, within a minute, has
// the same outcome. [CodeInvalidToken]; [CodeWeakPassword] spends nothing.
func (e *Engine) PressInvitation(ctx context.Context, in InvitationPress) (Landing, error) {
	return e.pressPage(ctx, in.PagePress, in.sent("invitation", in.Password), func(ctx context.Context, app App, p press) (Landing, error) {
		phc := ""
		return again(func() (Landing, error) {
			got, account, err := findInvitation(ctx, e.tokens, app, in.Token)
			if err != nil {
				return Landing{}, err
			}
			if err := e.checkGoal(app, goal{to: got.data.RedirectTo, cookie: app.takesCookies(), noSession: true}); err != nil {
				return Landing{}, err
			}
			if phc == "" {
				if phc, err = e.hasher.renew(ctx, app, account.User, in.Password, in.Client); err != nil {
					return Landing{}, err
				}
			}
			return acceptInvitation(ctx, e, app, p, acceptance{got, account, phc, in.Client})
		})
	})
}

// findInvitation returns a live invitation and the account that it is for, without effect.
// [CodeInvalidToken].
func findInvitation(ctx context.Context, k *tokens, app App, raw string) (challenge, *Account, error) {
	got, err := k.findLink(ctx, app.ID, forInvite, raw, "")
	if err != nil {
		return challenge{}, nil, err
	}
	account := takeHolder(&got)
	if account == nil || account.User.Verified || account.User.Disabled || account.User.Email != got.data.Email || !account.User.LastLogin.Equal(got.data.LastLogin) {
		return challenge{}, nil, invalidToken("the address, or the account, was proven, changed or used since the invitation").with(ReasonSpent)
	}
	return got, account, nil
}

// acceptance is an invitation that a person accepts.
type acceptance struct {
	challenge

	account *Account
	phc     string
	by      Client
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
	c.Put = append(c.Put, passwordCredential(u, a.phc, now))
	c.Riders.note(now, Event{App: app.ID, UserID: u.ID, Type: EventEmailVerify, IP: a.by.IP, Reason: "invitation"})
	e.tokens.addOutcome(&c, p, outcome{State: LandingSaved, RedirectTo: a.data.RedirectTo, Reset: landing.SignIn.Reset})
	_, err := e.changeUser(ctx, c)
	return landing, err
}
