package authkit

import (
	"context"
)

// tellOwner adds a notice to a change by which an app could be taken over (OWASP ASVS 5.0,
// 6.3.7): a session of the developer's may be in other hands. It goes to a developer of the
// console app whose address is proven. The host knows its own developers, and learns of the
// change by its event.
func (e *Engine) tellOwner(ctx context.Context, also *Also, app App, change string) error {
	to, err := e.developerAddress(ctx, app.Developer)
	if err != nil || to == "" {
		return err
	}
	e.outbox.queue(also, app.ID, letter{To: to, Template: "app_changed", App: app.Name, Change: change, Proven: true}, e.now(), noticeTTL)
	return nil
}

// developerAddress is where an owner of apps gets mail; empty: nowhere.
func (e *Engine) developerAddress(ctx context.Context, owner string) (string, error) {
	user, ok := consoleUser(owner)
	if !ok {
		return "", nil
	}
	account, err := e.account(ctx, Console, AccountKey{ID: user})
	if err != nil || account == nil || !account.User.Verified {
		return "", err
	}
	return account.User.EmailTyped, nil
}
