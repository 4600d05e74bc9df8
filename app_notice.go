package authkit

import "context"

// ownerNotice is a change of an app that its developer is told of.
type ownerNotice struct {
	change string // its text in the catalogue, after "mail.change."
	of     string // the provider, or the settings; empty: the text has no place for it
}

// notifyOwner adds a mailed notice to a change by which an app could be taken over (OWASP ASVS
// 5.0, 6.3.7): a session of the developer may be in other hands. It goes to a developer of the
// console app with a verified address. The host knows its own developers, and learns of the
// change from its event.
func (e *Engine) notifyOwner(ctx context.Context, riders *Riders, app App, n ownerNotice) error {
	user, ok := consoleUser(app.Developer)
	if !ok {
		return nil
	}
	owner, err := e.account(ctx, Console, AccountKey{ID: user})
	if err != nil || owner == nil || !owner.User.Verified {
		return err
	}
	l := letter{To: owner.User.EmailTyped, Template: "app_changed", App: app.Name, Change: n.change, Of: n.of, Proven: true}
	if console, _, err := e.live.apps.known(ctx, Console); err == nil { // the developer signs in there
		_, l.URL = e.cfg.mailLook(console)
	}
	by := requestFrom(ctx).client
	e.outbox.queue(riders, app.ID, e.outbox.causedBy(by.Languages, by.UserAgent, l), e.now(), noticeTTL)
	return nil
}
