package authkit

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// UserStore keeps users with their credentials.
type UserStore interface {
	// Account returns a user with all credentials, in one query.
	Account(ctx context.Context, app uuid.UUID, by AccountKey) (Account, error)

	// Accounts answers for each account that is asked for what Account would, in the same order and
	// in one round trip. An error of its own says that nothing could be read.
	Accounts(ctx context.Context, asked []AccountRef) ([]AccountAnswer, error)

	// Users lists users, newest first (created_at, then id), that match every filter.
	Users(ctx context.Context, app uuid.UUID, q UserQuery) ([]User, error)

	// CreateUser adds the user (Version 1, Epoch 1) and its credentials, spends c.Take
	// with its whole slot and starts c.Session if they are set; a session sets LastLogin to
	// c.Now. Tokens among the riders that are bound to the user take its Epoch.
	// [ErrConflict]: the id, the email, the ExternalID or a credential's subject is taken in this
	// app; nothing is spent. [ErrNotFound]: the token cannot be spent, or it is bound to a
	// user; nothing is created. Where both hold, either may be answered.
	CreateUser(ctx context.Context, c NewUser) (User, error)

	// ChangeUser does to one user what c says and returns the user as it is then.
	// [ErrStale]: the user's Version is not c.Version, or the user is gone; or c.Session
	// is set and the user is (or becomes) disabled; or c.Prove names no session of the user that is
	// alive at c.Now and after this step. Version 0 is no guard, and may only disable, drop
	// credentials or end. [ErrNotFound]: c.Take cannot be spent. [ErrConflict]: the email, the
	// ExternalID or a credential's subject belongs to another user. In each of these nothing happens.
	//
	// The Version rises by one where [UserChange.Raises] says so. End
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
	Riders  Riders
}

// AccountKey finds an account by exactly one of: ID; Email (canonical); ExternalID; Kind and
// Subject of a credential.
type AccountKey struct {
	ID            uuid.UUID
	Email         string
	ExternalID    string
	Kind, Subject string
	AppVersion    int64 // the guard; 0: no guard
}

// AccountRef finds an account of an app.
type AccountRef struct {
	App uuid.UUID
	AccountKey
}

// AccountAnswer is what [UserStore.Account] answers about one account.
type AccountAnswer struct {
	Account Account
	Err     error // [ErrNotFound] or [ErrAppChanged]
}

// NewUser says what [UserStore.CreateUser] does.
type NewUser struct {
	Now         time.Time
	User        User // App and ID are set; Version, Epoch and LastLogin are the store's
	Credentials []Credential
	Take        *Take
	Session     *Session
	Riders      Riders
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

	ExternalID                *string // empty: the user has no such id
	Roles                     *[]string
	Factors                   *Factors
	Metadata, PrivateMetadata []byte

	// Owns is the Developer of the apps that the user owns: with Disabled, their API keys are
	// unknown while the user is disabled, from this step on.
	Owns string

	DropCredentials bool         // all of them, before Put
	Drop            []Credential // by Kind and Subject; a missing one is no error
	Put             []Credential // adds, or replaces Data if this user holds the subject

	End  bool
	Keep uuid.UUID // the session that survives End

	// DropMFA takes MFAAt from every session of the user, before Session and Prove.
	DropMFA bool

	// Prove is what a session of the user has proven. With End, it has to be Keep.
	Prove *SessionProof

	// Session starts. The user's LastLogin becomes Now and the AuthMethod becomes the one given
	// here; neither raises Version. Where the user then has more sessions than MaxSessions (if
	// above 0), the oldest are ended.
	Session     *Session
	AuthMethod  string
	MaxSessions int

	Riders Riders
}

// SessionProof sets these fields of the session ID.
type SessionProof struct {
	ID              uuid.UUID
	AMR             []string
	AuthTime, MFAAt time.Time
}

// Raises reports whether the step raises the user's Version. Every step does, but for one that does
// nothing but spend a token, start a session or say what a session has proven.
func (c UserChange) Raises() bool {
	fields := c.Email != nil || c.EmailTyped != nil || c.Name != nil || c.NameKey != nil ||
		c.DisabledReason != nil || c.Verified != nil || c.Disabled != nil ||
		c.ExternalID != nil || c.Roles != nil || c.Factors != nil || c.Metadata != nil || c.PrivateMetadata != nil
	credentials := c.DropCredentials || len(c.Drop) > 0 || len(c.Put) > 0
	return fields || credentials || c.End || c.DropMFA || c.Session == nil && c.Take == nil && c.Prove == nil
}

// UserQuery filters users. A zero field does not filter.
type UserQuery struct {
	Page
	Email       string // canonical, exact
	EmailPrefix string // of Email, or
	NamePrefix  string // of NameKey: both set, either matches
	AuthMethod  string
	ExternalID  string // exact
	Role        string // one of the user's Roles
}
