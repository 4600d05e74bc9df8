package authkit

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/internal/naming"
)

// UserFilter says which users to list. A zero field does not filter.
type UserFilter struct {
	Page
	Email      string // exact, in any case
	Prefix     string // of address or name
	AuthMethod string // of the latest sign-in; a method of the host's own, too
}

// Users lists users of an app, newest first. A Limit of 0 is 50. The next page begins
// after the last row's CreatedAt and ID. [CodeInvalidRequest]: a filter is not one, or the
// Limit negative.
func (e *Engine) Users(ctx context.Context, app uuid.UUID, f UserFilter) ([]User, error) {
	if err := f.fill(); err != nil {
		return nil, err
	}
	q := UserQuery{Page: f.Page, AuthMethod: f.AuthMethod}
	if f.Email != "" {
		email, err := address.Parse(f.Email)
		if err != nil {
			return nil, invalid("email", "invalid_email", "email is not an address like name@example.com")
		}
		q.Email = email
	}
	if clean(f.AuthMethod, maxMethod) != f.AuthMethod {
		return nil, invalid("auth_method", "invalid_method", "auth_method is not one to 64 printable characters, such as "+MethodCredentials)
	}
	if f.Prefix != "" {
		q.EmailPrefix = lower(f.Prefix)
		q.NamePrefix = naming.Fold(f.Prefix)
	}
	users, err := e.store.Users(ctx, app, q)
	return users, storeError(err, app)
}

// User reads one user. [CodeUserNotFound].
func (e *Engine) User(ctx context.Context, ref UserRef) (User, error) {
	account, err := e.accountOf(ctx, ref)
	if err != nil {
		return User{}, err
	}
	return account.User, nil
}

// UserRequest says what a new user is like.
type UserRequest struct {
	Email, Name string // Name may be empty
	Verified    bool   // the caller has proof of the address
}

// CreateUser adds a user without a way to sign in but a link to its address, whether or
// not sign-up is open. [CodeEmailTaken].
func (e *Engine) CreateUser(ctx context.Context, app uuid.UUID, in UserRequest) (User, error) {
	email, err := checkEmail(in.Email)
	if err != nil {
		return User{}, err
	}
	if err := checkUserName(in.Name); err != nil {
		return User{}, err
	}
	u := User{App: app, Email: email, EmailTyped: in.Email, Name: in.Name, AuthMethod: MethodMagicLink, Verified: in.Verified}
	if in.Verified {
		return e.createForHost(ctx, u, Credential{Kind: vouchedKind})
	}
	return e.createForHost(ctx, u)
}

// UserPatch changes the fields that are not nil. Disabling ends every session; so does
// taking a proof of the address back.
type UserPatch struct {
	Name, DisabledReason *string
	Disabled             *bool

	// Verified says that the address is proven, or not. To say so of an account that never
	// proved it takes away what it gathered before, as a proof does: the password, the name
	// (unless Name is set), identities, sessions and pending changes.
	Verified *bool

	// Keep leaves all of that, with Verified: who made the account is known to have the address.
	Keep bool
}

// ChangeUser changes a user, in effect on the handler of every process when it returns, and
// behind [Engine.Require] within Config.Tokens.LiveWithin.
// [CodeUserNotFound].
func (e *Engine) ChangeUser(ctx context.Context, ref UserRef, p UserPatch) (User, error) {
	if p.Name != nil {
		if err := checkUserName(*p.Name); err != nil {
			return User{}, err
		}
	}
	if p.DisabledReason != nil {
		if _, err := naming.User(*p.DisabledReason); err != nil {
			return User{}, invalid("disabled_reason", "invalid_text", "disabled_reason is longer than 200 characters or holds control characters")
		}
	}
	if p.Keep && (p.Verified == nil || !*p.Verified) {
		return User{}, invalid("keep", "not_allowed", "keep goes with email_verified: true")
	}
	return again(func() (User, error) {
		u, err := e.User(ctx, ref)
		if err != nil {
			return User{}, err
		}
		c := p.change(u, e.now())
		if p.idle(c, u) {
			return u, nil
		}
		if p.resets(u) {
			resetAccount(&c)
			c.Name, c.NameKey = new(p.name()), new(naming.Fold(p.name()))
		}
		c.Riders.note(c.Now, Event{App: ref.App, UserID: ref.ID, Type: EventUserChange, Reason: p.names()})
		u, err = e.store.ChangeUser(ctx, c)
		if errors.Is(err, ErrStale) {
			return User{}, errAgain
		}
		return u, storeError(err, ref.App)
	})
}

// resets reports whether the patch says of an account that never proved its address that it
// is proven, and by another than who made it.
func (p UserPatch) resets(u User) bool {
	return p.Verified != nil && *p.Verified && !u.Verified && !p.Keep
}

func (p UserPatch) name() string {
	if p.Name == nil {
		return ""
	}
	return *p.Name
}

// names are the members that the patch has.
func (p UserPatch) names() string {
	return given(member{"name", p.Name != nil}, member{"email_verified", p.Verified != nil},
		member{"disabled", p.Disabled != nil}, member{"disabled_reason", p.DisabledReason != nil})
}

func (p UserPatch) change(u User, now time.Time) UserChange {
	c := UserChange{
		Now: now, App: u.App, ID: u.ID, Version: u.Version,
		Name: p.Name, DisabledReason: p.DisabledReason, Verified: p.Verified, Disabled: p.Disabled,
	}
	if p.Name != nil {
		c.NameKey = new(naming.Fold(*p.Name))
	}
	if p.Disabled != nil && !*p.Disabled && p.DisabledReason == nil {
		c.DisabledReason = new("")
	}
	if p.Verified != nil && *p.Verified && !u.Verified {
		c.Put = []Credential{vouchedCredential(u.App, u.ID, u.ID.String(), now)}
	}
	if u.App == Console { // the API keys of a developer's apps follow
		c.Owns = consoleSource + u.ID.String()
	}
	c.End = (p.Disabled != nil && *p.Disabled && !u.Disabled) || (p.Verified != nil && !*p.Verified && u.Verified)
	return c
}

// DeleteUser removes a user with all that it has. A later sign-up of the address is
// another user. [CodeUserNotFound].
func (e *Engine) DeleteUser(ctx context.Context, ref UserRef) error {
	u, err := e.User(ctx, ref)
	if err != nil {
		return err
	}
	return e.deleteUser(ctx, u, 0)
}

// deleteUser asks the host, deletes, and lets the host know. The guard is that of
// [UserStore.DeleteUser].
func (e *Engine) deleteUser(ctx context.Context, u User, version int64) error {
	ev := HookEvent{Kind: HookDeletion, App: u.App, User: u}
	if err := e.hooks.before(ctx, ev); err != nil {
		return err
	}
	r := UserRemoval{App: u.App, ID: u.ID, Version: version}
	if u.App == Console {
		r.Owns = consoleSource + u.ID.String()
	}
	r.Riders.note(e.now(), Event{App: u.App, UserID: u.ID, Type: EventUserDelete})
	switch err := e.store.DeleteUser(ctx, r); {
	case err == nil:
		e.hooks.after(ev)
		return nil
	case errors.Is(err, ErrNotFound):
		return noUser()
	case errors.Is(err, ErrConflict):
		return refuse(CodeAppsRemain, "the developer has apps: delete them or have them handed over first")
	default:
		return storeError(err, u.App)
	}
}

// lower folds the ASCII letters, the only ones that canonical addresses fold.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// member is one of a patch.
type member struct {
	name  string
	given bool
}

// given names the members that there are, for an event.
func given(members ...member) string {
	var names []string
	for _, m := range members {
		if m.given {
			names = append(names, m.name)
		}
	}
	return strings.Join(names, ", ")
}

// Me answers the user of an access token; the session is asked for, so that an ended one
// is refused at once: [CodeInvalidToken].
func (e *Engine) Me(ctx context.Context, app uuid.UUID, accessToken string) (User, error) {
	a, err := e.App(ctx, app)
	if err != nil {
		return User{}, err
	}
	_, u, err := e.sessions.byToken(ctx, a, accessToken)
	return u, err
}
