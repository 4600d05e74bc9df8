package authkit

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// legacyTimeout bounds one question.
const legacyTimeout = 10 * time.Second

// asksLegacy reports whether the old system knows more about a password that was not accepted here.
func (p passwordTry) asksLegacy(account *Account) bool {
	if p.e.cfg.LegacyPassword == nil || p.app.ID == Console {
		return false
	}
	return account == nil || account.password() == "" && account.User.LastLogin.IsZero()
}

// askLegacy asks the old system. [CodeUnavailable]: it did not answer.
func (p passwordTry) askLegacy(ctx context.Context, account *Account) (LegacyAnswer, time.Duration, error) {
	ask := LegacyAsk{App: p.app.ID, Email: p.email, Password: p.in.Password, Client: p.in.Client}
	if account != nil {
		ask.User = account.User
	}
	ctx, cancel := context.WithTimeout(ctx, legacyTimeout)
	defer cancel()
	began := time.Now()
	answer, err := p.e.cfg.LegacyPassword(ctx, ask)
	took := time.Since(began)
	if err == nil {
		err = ctx.Err() // it came too late
	}
	if err != nil {
		return LegacyAnswer{}, took, unavailable(fmt.Errorf("ask LegacyPassword: %w", err))
	}
	p.e.hasher.pace.observe(legacyKind, took)
	if account != nil && account.User.Verified && !answer.Verified {
		answer.OK = false // a stranger may have signed up there with the address
	}
	return answer, took, nil
}

// move gives the account the password that is right in the old system, and signs the user in. It
// makes the account if there is none, whether or not sign-up is open.
func (p passwordTry) move(ctx context.Context, account *Account, answer LegacyAnswer) (Landing, error) {
	phc, err := p.e.hasher.hash(ctx, gateAsker(p.app.ID, p.in.Client), p.in.Password)
	if err != nil {
		return Landing{}, err
	}
	if account != nil {
		return p.enter(ctx, account, phc)
	}
	u := User{App: p.app.ID, Email: p.email, EmailTyped: p.in.Email, Name: answer.Name, AuthMethod: MethodCredentials, Verified: answer.Verified}
	if checkUserName(u.Name) != nil {
		u.Name = ""
	}
	credentials := []Credential{{Kind: passwordKind, Data: []byte(phc)}}
	if answer.Verified {
		credentials = append(credentials, Credential{Kind: vouchedKind})
	}
	u, err = p.e.createForHost(ctx, u, keepNothing[User], credentials...)
	if errors.Is(err, CodeEmailTaken) {
		return Landing{}, fmt.Errorf("%w: %w", errAgain, err)
	}
	if err != nil {
		return Landing{}, err
	}
	return p.enter(ctx, &Account{User: u, Credentials: credentials}, "")
}
