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

// UserFilter says which users [Engine.Users] lists. A zero field does not filter.
type UserFilter struct {
	Page
	Email      string // the whole address, in any case
	Prefix     string // of address or name
	AuthMethod string // of the latest sign-in; it may be a method of the host's own
	ExternalID string // the whole id
	Role       string // one of the user's roles, whether or not the address is proven
}

// Users lists the users of an app, newest first. A Limit of 0 is 50. The next page begins
// after the CreatedAt and ID of the last row. [CodeInvalidRequest]: Email is not an address,
// AuthMethod is not printable text of at most 64 bytes, ExternalID or Role is none, or Limit is
// negative.
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
	if f.ExternalID != "" {
		if err := checkExternalID(f.ExternalID); err != nil {
			return nil, err
		}
		q.ExternalID = f.ExternalID
	}
	if f.Role != "" && !roleForm.MatchString(f.Role) {
		return nil, invalid("role", "invalid_role", "role is not one that a user can have")
	}
	q.Role = f.Role
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

// UserRequest describes a new user.
type UserRequest struct {
	Email, Name string // Name may be empty
	Verified    bool   // the caller has a proof of the address

	// PasswordHash is a hash of the user's password that another system, or authkit, made. It is
	// argon2id, argon2i, bcrypt, scrypt or PBKDF2 in PHC form, Django's pbkdf2_sha256, or Firebase's
	// scrypt; docs/migrating.md shows each. It takes at most 128 MiB, and 250 ms here. The first
	// sign-in with the password replaces it by argon2id. Empty: the user has no password.
	PasswordHash string

	ExternalID string   // 1 to 128 printable characters of ASCII, unique in the app; empty: none
	Roles      []string // at most 32, in any order; they count once the address is proven

	// Metadata and PrivateMetadata are JSON objects of at most 4 KiB and 5 levels each; nil: {}. A
	// member that is null is left out.
	Metadata, PrivateMetadata []byte

	// IdempotencyKey is 16 to 64 random characters of printable ASCII, made for this one user; may
	// be empty. A request that comes again with it within 24 hours makes no other user, and returns
	// the first as it was made; with another request it is [CodeIdempotencyConflict].
	IdempotencyKey string
}

// user returns the user that the request describes. [CodeInvalidRequest], which names every member that
// is wrong.
func (in UserRequest) user(app uuid.UUID) (User, error) {
	u := User{App: app, EmailTyped: in.Email, Name: in.Name, AuthMethod: MethodMagicLink, Verified: in.Verified, ExternalID: in.ExternalID}
	var errs [7]error
	u.Email, errs[0] = checkEmail(in.Email)
	errs[1] = checkUserName(in.Name)
	if in.PasswordHash != "" {
		errs[2] = checkHash(in.PasswordHash)
	}
	if in.ExternalID != "" {
		errs[3] = checkExternalID(in.ExternalID)
	}
	u.Metadata, errs[4] = newMetadata("metadata", in.Metadata)
	u.PrivateMetadata, errs[5] = newMetadata("private_metadata", in.PrivateMetadata)
	u.Roles, errs[6] = checkedRoles(in.Roles)
	return u, invalidAll(errs[:]...)
}

// wrong returns what is wrong with the request.
func (in UserRequest) wrong() []FieldError {
	_, err := in.user(uuid.Nil)
	return fieldsOf(err)
}

// CreateUser adds a user, whether or not sign-up is open. The user has no identity and, without a
// PasswordHash, no password: only a mail to the address, or a provider that is trusted for it, lets
// the user in. [CodeEmailTaken]; [CodeExternalIDTaken]; [CodeIdempotencyConflict]; [CodeInvalidRequest].
func (e *Engine) CreateUser(ctx context.Context, app uuid.UUID, in UserRequest) (User, error) {
	u, err := in.user(app)
	if err != nil {
		return User{}, err
	}
	want := in
	want.IdempotencyKey = ""
	o, err := onceOf(app, in.IdempotencyKey, want, "user")
	if err != nil {
		return User{}, err
	}
	return makeOnce(ctx, e.tokens, o, func(keep func(*Riders, User)) (User, error) {
		var credentials []Credential
		if in.Verified {
			credentials = append(credentials, Credential{Kind: vouchedKind})
		}
		if in.PasswordHash != "" {
			hash, err := e.hasher.foreign(ctx, app, in.PasswordHash, &allowance{trials: 1})
			if err != nil {
				return User{}, err
			}
			if err := noteForeign(ctx, e, app, hash); err != nil {
				return User{}, err
			}
			u.AuthMethod = MethodCredentials
			credentials = append(credentials, Credential{Kind: passwordKind, Data: []byte(hash.String())})
		}
		return e.createForHost(ctx, u, keep, credentials...)
	})
}

// UserPatch changes the fields that are not nil. Disabling a user ends every session of the user;
// so does a change of Verified from true to false.
type UserPatch struct {
	Name, DisabledReason *string
	Disabled             *bool

	// Verified sets whether the address is proven. For an account that never proved it, true
	// resets the account, as a proof does: it removes the password, the name (unless Name is
	// set), identities, sessions and pending changes.
	Verified *bool

	// Keep prevents that reset. It goes with Verified true only, and says that the person who
	// made the account is known to have the address.
	Keep bool

	ExternalID *string   // empty: the user has none from now on
	Roles      *[]string // all roles of the user from now on

	// Metadata and PrivateMetadata are JSON merge patches (RFC 7396), as in {"plan":"pro"}: a
	// member that is null goes, objects are merged, and null for all leaves {}. nil changes nothing.
	Metadata, PrivateMetadata []byte
}

// wrong returns what no user can take of the patch.
func (p UserPatch) wrong() []FieldError {
	var errs [7]error
	if p.Name != nil {
		errs[0] = checkUserName(*p.Name)
	}
	if p.Keep && (p.Verified == nil || !*p.Verified) {
		errs[1] = invalid("keep", "not_allowed", "keep goes with email_verified: true")
	}
	if p.DisabledReason != nil {
		errs[2] = checkDisabledReason(*p.DisabledReason)
	}
	if p.ExternalID != nil && *p.ExternalID != "" {
		errs[3] = checkExternalID(*p.ExternalID)
	}
	if p.Metadata != nil {
		errs[4] = checkMetadata("metadata", p.Metadata)
	}
	if p.PrivateMetadata != nil {
		errs[5] = checkMetadata("private_metadata", p.PrivateMetadata)
	}
	if p.Roles != nil {
		_, errs[6] = checkedRoles(*p.Roles)
	}
	return fieldsOf(invalidAll(errs[:]...))
}

// ChangeUser changes a user. When it returns, the change is in effect on the handler of every
// process; behind [Engine.Require] it is within Config.Tokens.LiveWithin. What the app's developer
// says of the user (ExternalID, Roles, metadata) stays when an account is reset. [CodeUserNotFound];
// [CodeExternalIDTaken].
func (e *Engine) ChangeUser(ctx context.Context, ref UserRef, p UserPatch) (User, error) {
	if err := invalidFields(p.wrong()); err != nil {
		return User{}, err
	}
	return again(func() (User, error) {
		u, err := e.User(ctx, ref)
		if err != nil {
			return User{}, err
		}
		c, err := p.change(u, e.now())
		if err != nil {
			return User{}, err
		}
		if p.changesNothing(c, u) {
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
		if errors.Is(err, ErrConflict) { // nothing else in c can belong to another user
			return User{}, externalIDTaken()
		}
		return u, storeError(err, ref.App)
	})
}

// resets reports whether the patch resets the account: it verifies an address that the account
// never proved, and Keep is not set.
func (p UserPatch) resets(u User) bool {
	return p.Verified != nil && *p.Verified && !u.Verified && !p.Keep
}

func (p UserPatch) name() string {
	if p.Name == nil {
		return ""
	}
	return *p.Name
}

// names lists the members that the patch has, for an event.
func (p UserPatch) names() string {
	return given(member{"name", p.Name != nil}, member{"email_verified", p.Verified != nil},
		member{"disabled", p.Disabled != nil}, member{"disabled_reason", p.DisabledReason != nil},
		member{"external_id", p.ExternalID != nil}, member{"roles", p.Roles != nil},
		member{"metadata", p.Metadata != nil}, member{"private_metadata", p.PrivateMetadata != nil})
}

// change returns the change of the user as it is. [CodeInvalidRequest]: the metadata would be too large.
func (p UserPatch) change(u User, now time.Time) (c UserChange, err error) {
	c = UserChange{
		Now: now, App: u.App, ID: u.ID, Version: u.Version,
		Name: p.Name, DisabledReason: p.DisabledReason, Verified: p.Verified, Disabled: p.Disabled,
		ExternalID: p.ExternalID,
	}
	if p.Roles != nil {
		roles, err := checkedRoles(*p.Roles)
		if err != nil {
			return c, err
		}
		c.Roles = &roles
	}
	var errs [2]error
	if p.Metadata != nil {
		c.Metadata, errs[0] = mergedMetadata("metadata", u.Metadata, p.Metadata)
	}
	if p.PrivateMetadata != nil {
		c.PrivateMetadata, errs[1] = mergedMetadata("private_metadata", u.PrivateMetadata, p.PrivateMetadata)
	}
	if err := invalidAll(errs[:]...); err != nil {
		return c, err
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
	return c, nil
}

// DeleteUser removes a user and everything that belongs to the user. A later sign-up with the
// address makes another user. [CodeUserNotFound]; [CodeAppsRemain]: a developer still has apps.
func (e *Engine) DeleteUser(ctx context.Context, ref UserRef) error {
	u, err := e.User(ctx, ref)
	if err != nil {
		return err
	}
	return e.deleteUser(ctx, u, 0)
}

// deleteUser asks Hooks.Before, deletes the user, and calls Hooks.After. version is the guard of
// [UserStore.DeleteUser]. [CodeUserNotFound]; [CodeAppsRemain]: a developer has apps.
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
		return refuse(CodeAppsRemain, "the developer has apps: delete them, or move them to another developer, first")
	default:
		return storeError(err, u.App)
	}
}

// lower lowers the ASCII letters, as canonical addresses do. It leaves other letters as they are.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// member is a member of a patch. given reports whether the patch has it.
type member struct {
	name  string
	given bool
}

// given lists the names of the members that a patch has.
func given(members ...member) string {
	var names []string
	for _, m := range members {
		if m.given {
			names = append(names, m.name)
		}
	}
	return strings.Join(names, ", ")
}

// Me returns the user of an access token. It reads the session from the store, so that an ended
// session is refused at once: [CodeInvalidToken].
func (e *Engine) Me(ctx context.Context, app uuid.UUID, accessToken string) (User, error) {
	a, err := e.App(ctx, app)
	if err != nil {
		return User{}, err
	}
	_, u, err := e.sessions.byToken(ctx, a, accessToken)
	return u, err
}
