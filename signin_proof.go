package authkit

import (
	"context"
	"errors"
	"slices"
	"time"
)

// signUpProof is the proof of a new user's address, which is mailed in the step that creates the
// user.
type signUpProof struct {
	browser []byte // the secret in the asker's binding cookie; may be empty
	data    challengeData
	held    bool // the limit of the address holds the mail back
}

// mayCreate is Engine.mayCreate for a user with a password. It charges the mail of the proof in the
// same call of the store, if the app asks for a proof. The result is nil if it does not.
func (p passwordTry) mayCreate(ctx context.Context) (*signUpProof, error) {
	if !p.app.asksForProof() {
		return nil, p.e.mayCreate(ctx, p.app, p.in.Client)
	}
	proof := &signUpProof{browser: p.in.Browser, data: challengeData{Email: p.email, Typed: p.in.Email, Class: classSession}}
	mail := p.e.limits.countMail(proof.data)
	err := p.e.mayCreate(ctx, p.app, p.in.Client, mail...)
	if refusal, ok := errors.AsType[*Error](err); ok && slices.ContainsFunc(mail, func(c count) bool { return c.name() == refusal.exhausted.name }) {
		proof.held, err = true, nil // it is the last limit of the call, so that the sign-up was charged
	}
	return proof, err
}

// addSignUpProof adds the proof of a new user's address to the step that creates the user.
func (k *tokens) addSignUpProof(riders *Riders, app App, u User, step signInStep, now time.Time) {
	ev := Event{App: app.ID, UserID: u.ID, Type: EventEmailSend, IP: step.client.IP, Reason: "sign-up"}
	if step.mails.held {
		ev.Result, ev.Reason = "refused", string(CodeRateLimited)
		riders.note(now, ev)
		return
	}
	k.addChallenge(riders, newChallenge{
		purpose: forVerify, app: app, secrets: newChallengeSecrets(app.ID, step.mails.browser),
		data: k.stamped(step.mails.data, app.ID, step.client, now), user: &u, now: now,
	})
	riders.note(now, ev)
}
