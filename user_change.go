package authkit

import (
	"context"
	"errors"
	"time"
)

// noticeTTL is how long a notice waits for a mail server that is away.
const noticeTTL = 24 * time.Hour

// tellUser adds an event to a change, and a notice (OWASP ASVS 5.0, 6.3.7) to the address, if
// there is one.
func (e *Engine) tellUser(c *UserChange, app App, to, template string, ev Event) error {
	ev.App, ev.UserID = app.ID, c.ID
	c.Also.note(c.Now, ev)
	if to == "" {
		return nil
	}
	return e.queue(&c.Also, app.ID, letter{To: to, Template: template, App: app.Name}, c.Now, c.Now.Add(noticeTTL))
}

// amend changes a user who does not sign in by it.
func (e *Engine) amend(ctx context.Context, c UserChange) (User, error) {
	u, err := e.store.ChangeUser(ctx, c)
	if err != nil {
		return User{}, e.stepError(err, c.App)
	}
	e.pokeFor(c.Also)
	return u, nil
}

// pokeFor tells Run of the mail that a step has queued.
func (e *Engine) pokeFor(also Also) {
	if len(also.Mail) > 0 {
		e.poke()
	}
}

// amendWith is amend with what a rider adds, which may be nil.
func (e *Engine) amendWith(ctx context.Context, c UserChange, then rider) (User, error) {
	if then != nil {
		if err := then(&c, nil, sessionSecret{}); err != nil {
			return User{}, err
		}
	}
	return e.amend(ctx, c)
}

// noticeTo is where a notice to a user goes. To an address that is not proven it is mail like
// any that a stranger asks for, and counts so: nowhere once the address has had its share.
func (e *Engine) noticeTo(ctx context.Context, app App, u User) (string, error) {
	if u.Verified {
		return u.EmailTyped, nil
	}
	err := e.limits.hit(ctx, app, e.limits.by(limitMailEmail, u.Email))
	switch {
	case errors.Is(err, CodeRateLimited):
		return "", nil
	case err != nil:
		return "", err
	}
	return u.EmailTyped, nil
}
