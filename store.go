package authkit

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// The errors of a [Store]. Any other error that a Store returns means that it is out of
// order, and the Engine refuses with 503.
var (
	ErrNotFound    = errors.New("not found")    // absent, expired, foreign, or of a deleted app
	ErrConflict    = errors.New("conflict")     // a unique key is held by another row
	ErrStale       = errors.New("stale")        // the Version guard no longer holds: read again, decide again
	ErrFull        = errors.New("full")         // there are as many as the step allows
	ErrTokenReused = errors.New("token reused") // RotateSession only; the session has been ended
)

// StoreContract is the version of the contract in this file. An adapter returns from
// Contract, as a literal, the one that it was written for.
const StoreContract = 2

// Store persists what the Engine knows.
//
// Every method is one step: it happens wholly or not at all, and of concurrent callers
// that want the same thing one wins. A method that takes an app answers [ErrNotFound],
// in the same step, when that app is missing or deleted. What belongs to one app is
// unknown in any other.
//
// A Store never reads the clock (now is an argument), never sees a plaintext secret and
// never decides policy. Times are UTC, truncated to microseconds. The zero time comes back
// as the zero time, and no other time does; the first instant of 1970 may come back a
// microsecond late. Text is UTF-8 without NUL and is compared byte for byte: canonical forms are
// computed by the caller. Slices that go in or come out are the caller's own to change;
// nil comes back as nil, an empty one as empty or nil.
// When a method returns nil after a write, the write is durable.
//
// READ COMMITTED is enough for SQL: a step over one row is one conditional statement; a
// step over a set (the keys of an app, the sessions of a user) begins with a conditional
// UPDATE of the owning row and reads the set in a later statement. One CTE is not enough,
// since its parts share a snapshot. Retry on 40001 and 40P01 only, never after a lost
// connection. Lock order: apps, users, tokens, credentials, sessions, outbox, events.
//
// Package storetest checks all of this for any Store.
type Store interface {
	AppStore
	OwnerStore
	KeyStore
	ProviderStore
	UserStore
	TokenStore
	SessionStore
	LimitStore
	MailStore
	EventStore
	SecretStore
	SealStore
	Upkeep

	// Contract is the version of this contract that the adapter was written for, as a
	// literal. New refuses a lower one than it needs, so that a field added to a step
	// can never be silently dropped.
	Contract() int

	// Volatile reports whether nothing outlives the process, so that New may make a secret
	// of its own.
	Volatile() bool
}

// Also holds the riders of a verb: they are written in the same step as the verb that carries
// them, all of them or nothing.
type Also struct {
	Tokens []Token // each takes a place in its slot; the token that stood there is gone with its attempts
	Mail   []Mail
	Events []Event

	// Secret, if set, names the secret that sealed what the step keeps for long. While that
	// secret is retired or not noted, the step is refused with [ErrStale].
	Secret string
}

// AppStore keeps the directory of apps and their signing keys.
type AppStore interface {
	// CreateApp adds the app, its first signing key and, if there is one, its first API key.
	// The new app's Version is 1. [ErrConflict]: the id is taken, or the developer has a live
	// app of that NameKey. [ErrFull]: the developer has n.Most live apps; of concurrent
	// callers no more than that succeed. [ErrNotFound]: n.Owner is not there, or disabled.
	CreateApp(ctx context.Context, n NewApp) error

	// App returns a live app with its signing keys, ordered by Seq, and settings.
	App(ctx context.Context, app uuid.UUID) (App, error)

	// Apps lists the live apps of a developer, newest first (created_at, then id).
	// Signing keys are left out.
	Apps(ctx context.Context, developer string, p Page) ([]App, error)

	// ChangeApp changes the fields that are set and returns the app as App does.
	// [ErrStale]: the Version is another. [ErrConflict]: the NameKey is taken.
	ChangeApp(ctx context.Context, c AppChange) (App, error)

	// DeleteApp makes the app and all that is in it unknown at once, and its name free.
	// [Upkeep.Sweep] removes the rows. The riders are written.
	DeleteApp(ctx context.Context, app uuid.UUID, now time.Time, also Also) error

	// AddSigningKey adds the app's newest key and removes the older ones whose Seq is below
	// oldest: the caller has seen that they are of no more use. k itself always stays. It
	// raises the app's Version, so that what was decided by the former keys is decided anew.
	// [ErrConflict]: k.Seq is not above that of every other key, or k.KID is taken: another
	// process was first, and nothing is removed.
	AddSigningKey(ctx context.Context, app uuid.UUID, k SigningKey, oldest int64, also Also) error
}

// NewApp says what [AppStore.CreateApp] does.
type NewApp struct {
	App   App // Keys and Version are ignored
	First SigningKey
	Key   *APIKey // nil: no key is added
	Owner UserRef // a user who has to be there, and enabled; the zero value: not asked for
	Most  int     // live apps of App.Developer, this one among them; 0: no bound
	Also  Also
}

// UserRef names a user.
type UserRef struct{ App, ID uuid.UUID }

// OwnerStore keeps to which developer an app belongs, or belonged.
type OwnerStore interface {
	// MoveApp gives a live app to another developer, makes every API key of it inactive and
	// raises its Version. [ErrNotFound]: m.From has no such app, or m.Owner is not there, or
	// disabled. [ErrConflict]: m.To has a live app of that NameKey. [ErrFull]: m.To has m.Most
	// live apps.
	MoveApp(ctx context.Context, m AppMove) error

	// ConfirmDeletion commits a durable write to a deleted app and changes nothing that another
	// method shows. From then on the deletion lasts, whatever became of the commit of DeleteApp.
	// [ErrNotFound]: there is no deleted app of that id that was the developer's when it was
	// deleted, or [Upkeep.Sweep] has freed the id.
	ConfirmDeletion(ctx context.Context, app uuid.UUID, developer string) error
}

// AppMove says what [OwnerStore.MoveApp] does.
type AppMove struct {
	Now      time.Time
	App      uuid.UUID
	From, To string  // as App.Developer
	Owner    UserRef // as in [NewApp], of To
	Most     int     // as in [NewApp], of To
	Also     Also
}

// AppChange says what [AppStore.ChangeApp] does. A nil field stays.
type AppChange struct {
	App           uuid.UUID
	Version       int64 // the guard
	Name, NameKey *string
	Settings      *Settings
	Also          Also
}

// KeyStore keeps API keys.
type KeyStore interface {
	// APIKey returns the key with that hash if it is active and not expired at now, unless
	// the owner of the app is disabled (see [UserChange.Owns]).
	APIKey(ctx context.Context, app uuid.UUID, hash []byte, now time.Time) (APIKey, error)

	// APIKeys lists all keys of the app, inactive ones too, newest first.
	APIKeys(ctx context.Context, app uuid.UUID) ([]APIKey, error)

	// RotateAPIKey adds r.Next and retires every active key of the app: at once if
	// r.OldUntil is not after Next.CreatedAt, otherwise no later than OldUntil and no later
	// than it would have expired. At most MaxLive keys stay active, the newest of them. Of the
	// keys that are inactive then, the newest Keep stay and the rest are removed; 0: all stay.
	// Of concurrent rotations without overlap exactly one key stays active.
	RotateAPIKey(ctx context.Context, r KeyRotation) error

	// RevokeAPIKey makes one key inactive. [ErrNotFound]: there is no such active key.
	RevokeAPIKey(ctx context.Context, app, id uuid.UUID, also Also) error

	// TouchAPIKeys notes when keys were last used and keeps the later time. Unknown
	// ids are ignored. It need not be durable.
	TouchAPIKeys(ctx context.Context, app uuid.UUID, used map[uuid.UUID]time.Time) error
}

// KeyRotation says what [KeyStore.RotateAPIKey] does.
type KeyRotation struct {
	App           uuid.UUID
	Next          APIKey
	OldUntil      time.Time
	MaxLive, Keep int
	Also          Also
}

// ProviderStore keeps the OAuth configurations of apps.
type ProviderStore interface {
	// PutOAuthConfig creates (Version 0; [ErrConflict] if the provider has one) or
	// replaces ([ErrStale] if the Version is another or it is gone; CreatedAt stays).
	// The stored Version is c.Version+1. [ErrFull]: one is to be created, and the app has as many
	// as most allows; of concurrent callers no more than that succeed. most 0: no bound.
	PutOAuthConfig(ctx context.Context, c OAuthConfig, most int, also Also) error

	// OAuthConfig returns the configuration of one provider.
	OAuthConfig(ctx context.Context, app uuid.UUID, provider string) (OAuthConfig, error)

	// OAuthConfigs lists an app's configurations by provider name.
	OAuthConfigs(ctx context.Context, app uuid.UUID) ([]OAuthConfig, error)

	// DeleteOAuthConfig removes the configuration of one provider. [ErrNotFound]: the app has no
	// such configuration.
	DeleteOAuthConfig(ctx context.Context, app uuid.UUID, provider string, also Also) error
}

// UserStore keeps users with their credentials.
type UserStore interface {
	// Account returns a user with all credentials, in one query.
	Account(ctx context.Context, app uuid.UUID, by AccountKey) (Account, error)

	// Users lists users, newest first (created_at, then id), that match every filter.
	Users(ctx context.Context, app uuid.UUID, q UserQuery) ([]User, error)

	// CreateUser adds the user (Version 1, Epoch 1) and its credentials, spends c.Take
	// with its whole slot and starts c.Session if they are set; a session sets LastLogin to
	// c.Now. Tokens among the riders that are bound to the user take its Epoch.
	// [ErrConflict]: the id, the email or a credential's subject is taken in this app;
	// nothing is spent. [ErrNotFound]: the token cannot be spent, or it is bound to a
	// user; nothing is created. Where both hold, either may be answered.
	CreateUser(ctx context.Context, c NewUser) (User, error)

	// ChangeUser does to one user what c says and returns the user as it is then.
	// [ErrStale]: the user's Version is not c.Version, or the user is gone; or c.Session
	// is set and the user is (or becomes) disabled. Version 0 is no guard, and may only disable, drop
	// credentials or end. [ErrNotFound]: c.Take cannot be spent. [ErrConflict]: the email or
	// a credential's subject belongs to another user. In each of these nothing happens.
	//
	// The Version rises by one unless c only spends a token and starts a session. End
	// raises the Epoch: every session but Keep, and every token bound to the user, is
	// dead with this step, whatever runs beside it. A session set here lives on, and so do
	// tokens among the riders: they take the new Epoch.
	ChangeUser(ctx context.Context, c UserChange) (User, error)

	// DeleteUser removes the user, its credentials, sessions and bound tokens. [ErrNotFound]:
	// there is no such user. [ErrStale]: the user's Version is another. [ErrConflict]: r.Owns
	// has a live app.
	DeleteUser(ctx context.Context, r UserRemoval) error
}

// UserRemoval says what [UserStore.DeleteUser] does.
type UserRemoval struct {
	App, ID uuid.UUID
	Version int64  // the guard; 0: no guard
	Owns    string // the Developer of the apps that the user owns; empty: not looked for
	Also    Also
}

// AccountKey finds an account by exactly one of: ID; Email (canonical); Kind and Subject
// of a credential.
type AccountKey struct {
	ID            uuid.UUID
	Email         string
	Kind, Subject string
}

// NewUser says what [UserStore.CreateUser] does.
type NewUser struct {
	Now         time.Time
	User        User // App and ID are set; Version, Epoch and LastLogin are the store's
	Credentials []Credential
	Take        *Take
	Session     *Session
	Also        Also
}

// UserChange says what [UserStore.ChangeUser] does. A nil field stays.
type UserChange struct {
	Now     time.Time
	App, ID uuid.UUID
	Version int64

	// Take is spent with its whole slot. A token bound to a user must be bound to this
	// one and carry the Epoch that the user has before this step.
	Take *Take

	Email, EmailTyped, Name, NameKey, DisabledReason *string
	Verified, Disabled                               *bool

	// Owns is the Developer of the apps that the user owns: with Disabled, their API keys are
	// unknown while the user is disabled, from this step on.
	Owns string

	DropCredentials bool         // all of them, before Put
	Drop            []Credential // by Kind and Subject; a missing one is no error
	Put             []Credential // adds, or replaces Data if this user holds the subject

	End  bool
	Keep uuid.UUID // the session that survives End

	// Session starts. The user's LastLogin becomes Now and the AuthMethod becomes the one given
	// here; neither raises Version. Where the user then has more sessions than MaxSessions (if
	// above 0), the oldest are ended.
	Session     *Session
	AuthMethod  string
	MaxSessions int

	Also Also
}

// TokenStore keeps what may be used once.
type TokenStore interface {
	// Put writes riders alone: a link with its mail, a state, a batch of events. Without any
	// rider it still commits a write: when it returns, all that was seen before is durable.
	Put(ctx context.Context, app uuid.UUID, also Also) error

	// Token returns, without effect, a token that could be spent: it is neither spent nor
	// expired at now, its user's Epoch is unchanged, and its binding is t.Binding if that is set.
	Token(ctx context.Context, app uuid.UUID, t Take, now time.Time) (Token, error)

	// TryToken counts one attempt on the token that Token would return for t.Take and, if
	// t.Proof is its Proof, returns it, unspent. [ErrNotFound]: there is no such token, it had
	// t.Max attempts before this one, or the proof is wrong. Of any number of concurrent
	// callers at most t.Max have their proof compared.
	TryToken(ctx context.Context, app uuid.UUID, t Try, now time.Time) (Token, error)

	// BindToken binds a token, named by t.Kind and t.Hash, to t.UserID at t.Epoch, and sets its
	// Proof and Data. It takes only a token that could be spent and is bound to no user. Its
	// place and the rest stay; so do its attempts, unless it had no Proof, against which no
	// attempt could be right. [ErrNotFound]: there is no such token, or the user's Epoch is
	// another.
	BindToken(ctx context.Context, app uuid.UUID, t Token, now time.Time) error

	// TakeToken spends the token, with its whole slot, and returns it. Of any number of
	// concurrent callers exactly one succeeds; the rest get [ErrNotFound]. It is for what must be
	// spent before an effect outside the store (an OAuth state); all other tokens are
	// spent by CreateUser and ChangeUser.
	TakeToken(ctx context.Context, app uuid.UUID, t Take, now time.Time) (Token, error)
}

// Take names a token to spend. Binding, when set, is part of the look-up: with another
// one the token is unknown, and nothing is counted.
type Take struct {
	Kind    TokenKind
	Hash    []byte
	Binding []byte // nil: not asked for
}

// Try is one attempt on a token, by [TokenStore.TryToken].
type Try struct {
	Take

	Proof []byte
	Max   int // attempts in all
}

// SessionStore keeps sessions. They are started by [UserStore].
type SessionStore interface {
	// Session returns a live session and its user.
	Session(ctx context.Context, app, id uuid.UUID, now time.Time) (Session, User, error)

	// SessionByCookie returns the live session with that hash of a cookie, and its user, in
	// one statement. A nil or empty hash finds nothing.
	SessionByCookie(ctx context.Context, app uuid.UUID, cookie []byte, now time.Time) (Session, User, error)

	// UseSession moves LastUsedAt of a live session to now, and IdleUntil to idleUntil.
	// [ErrNotFound]: it is not alive at now. It need not be durable.
	UseSession(ctx context.Context, app, id uuid.UUID, now, idleUntil time.Time) error

	// Sessions lists the live sessions of a user, newest first.
	Sessions(ctx context.Context, app, user uuid.UUID, now time.Time) ([]Session, error)

	// RotateSession rotates the refresh token of the live session of r.Family. The first of
	// these cases that holds decides:
	//
	//   - Presented is current: Next becomes current, LastUsedAt and IdleUntil move on, and
	//     the session remembers r.Key as one that it has seen. [ErrConflict]: r.Key is one of
	//     the 64 that the session saw last; nothing happens.
	//   - Presented is either of the two before, in its grace: the answer's Again is its own
	//     successor, and its grace is counted from now on.
	//   - Presented is the one before, was rotated less than r.RenewFor ago with r.Key, and
	//     its successor was replaced fewer than r.Renewals times: Next becomes current in the
	//     successor's place, as in the first case. The answer is Renewed. From then on, the
	//     grace of Presented begins anew, and is for r.Key alone.
	//   - In every other case this step ends the session: [ErrTokenReused].
	//
	// A token is in its grace for less than r.Grace from its rotation, or from its latest use
	// in it, and for less than r.GraceMost from its rotation. A time after r.Now counts
	// like one as long before it, since a clock may have been set back.
	//
	// Unknown or dead family: [ErrNotFound]. [ErrStale]: the app's Version is not
	// r.AppVersion; nothing happens.
	RotateSession(ctx context.Context, r Rotation) (Rotated, error)

	// EndSession ends one session of the user. [ErrNotFound]: the user has no such session, or
	// it is ended already.
	EndSession(ctx context.Context, e SessionEnd) error
}

// SessionEnd says what [SessionStore.EndSession] does.
type SessionEnd struct {
	App, User, ID uuid.UUID // ID is the session's
	Now           time.Time
	Also          Also
}

// Rotation says what [SessionStore.RotateSession] does. Family, Presented, Next and Key are
// hashes.
type Rotation struct {
	App                     uuid.UUID
	AppVersion              int64 // the guard: the caller decided by the settings of this Version; 0: no guard
	Family, Presented, Next []byte
	Sealed                  []byte // Next in the clear, sealed under the presented token
	Key                     []byte // of the idempotency key, 32 bytes; nil: there is no key
	Now                     time.Time
	Grace, GraceMost        time.Duration
	RenewFor                time.Duration
	Renewals                int
	IdleUntil               time.Time

	// Undo takes back the rotation from Next to Presented, whose successor the caller told to
	// no client: Next becomes current again, Presented becomes the one before it and is in its
	// grace, and the key of that rotation counts as never seen. [ErrNotFound]: Presented is not current,
	// or Next is not the one before it; nothing happens.
	Undo bool
}

// Rotated is the outcome of a rotation. Again is nil if Next became current; otherwise it is
// what was Sealed when the presented token was rotated.
type Rotated struct {
	Session Session
	User    User
	Again   []byte
	Renewed bool // Next took the place of a successor that was never used
}

// LimitStore counts against limits.
type LimitStore interface {
	// Hit takes the hits in order, counts each that still fits, and stops at the first that
	// does not: neither that one nor any after it is counted. The counting is GCRA: Limit
	// at once, then one every Window/Limit. It need not be durable. app must be live; the app
	// of a Hit that names another is not looked at.
	Hit(ctx context.Context, app uuid.UUID, hits []Hit, now time.Time) (HitResult, error)
}

// Hit is one count against one limit. A Cost of 0 counts 1; a negative one gives back
// and always fits. No other one fits a Limit below 1, or if its Cost is above Limit.
type Hit struct {
	App    uuid.UUID // that the key is counted in; the nil UUID: the app of the call
	Key    string
	Limit  int
	Window time.Duration
	Cost   int
}

// HitResult says which hit did not fit, by index, or -1, and how long to wait before trying
// that one again.
type HitResult struct {
	Full       int
	RetryAfter time.Duration
}

// MailStore is the outbox. Mail is put in as a rider.
type MailStore interface {
	// DueMail names mail of live apps that is due and not expired at now, so that the apps
	// take turns. It goes through the apps that have such mail in the order of their ids,
	// begins with the first one after the given id and looks at no more than max of them.
	// Each has the same share, max divided by the number of these apps and rounded down: its
	// earliest due mails. Every app's earliest comes first, in the order of the ids, then every app's
	// second, and so on. Fewer than max apps: these were the last ones. Mail with a zero
	// Expires never expires.
	//
	// However much mail waits in one app, due or put off, the call takes no longer for it.
	DueMail(ctx context.Context, now time.Time, after uuid.UUID, max int) ([]MailRef, error)

	// ClaimMail takes a due mail until the given time, counts an attempt and returns it.
	// Of concurrent callers one succeeds; the rest, and any caller once it is expired, get
	// [ErrNotFound].
	ClaimMail(ctx context.Context, app, id uuid.UUID, now, until time.Time) (Mail, error)

	// SettleMail removes the mail (sent, or given up) or makes it due again at next.
	// [ErrNotFound]: there is no such mail.
	SettleMail(ctx context.Context, app, id uuid.UUID, done bool, next time.Time) error
}

// MailRef names a mail.
type MailRef struct{ App, ID uuid.UUID }

// EventStore keeps the audit trail. Events are put in as riders.
type EventStore interface {
	// Events lists events that match every filter, newest first (time, then id).
	Events(ctx context.Context, app uuid.UUID, q EventQuery) ([]Event, error)
}

// Upkeep is what Engine.Run and health checks need.
type Upkeep interface {
	// Sweep removes what is expired or ended at now, events whose Time is before events (the
	// zero time: no event), and the rows of deleted apps, at most max of each; more reports whether
	// a further call may have work. Repeated calls come to an end.
	Sweep(ctx context.Context, now, events time.Time, max int) (more bool, err error)

	// Ping answers the store's clock, the one exception to "never reads the clock". It fails
	// while the store cannot write.
	Ping(ctx context.Context) (time.Time, error)
}

// Page is a part of a list, newest first. The list goes on after (Time, ID) of the last
// row seen; the zero Time: from the start. A Store is given a Limit of at least 1.
type Page struct {
	Time  time.Time
	ID    uuid.UUID
	Limit int
}

// UserQuery filters users. A zero field does not filter.
type UserQuery struct {
	Page
	Email       string // canonical, exact
	EmailPrefix string // of Email, or
	NamePrefix  string // of NameKey: both set, either matches
	AuthMethod  string
}

// EventQuery filters events. A zero field does not filter; Since is inclusive, Until is not.
type EventQuery struct {
	Page
	Type         string
	UserID       uuid.UUID
	Since, Until time.Time
}
