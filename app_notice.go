package authkit

import "context"

// notifyOwner adds a mailed notice to a change by which an app could be taken over (OWASP ASVS
// 5.0, 6.3.7): a session of the developer may be in other hands. It goes to a developer of the
// console app with a verified address. The host knows its own developers, and learns of the
// change from its event.
func (e *Engine) notifyOwner(ctx context.Context, riders *Riders, app App, change string) error {
	user, ok := consoleUser(app.Developer)
	if !ok {
		return nil
	}
	owner, err := e.account(ctx, Console, AccountKey{ID: user})
	if err != nil || owner == nil || !owner.User.Verified {
		return err
	}
	l := letter{To: owner.User.EmailTyped, Template: "app_changed", App: app.Name, Change: change, Proven: true}
	e.outbox.queue(riders, app.ID, l, e.now(), noticeTTL)
	return nil
}
