package authkit

import (
	"context"

	"github.com/google/uuid"
)

// Hooks let the host refuse, follow and extend what happens. Each may be nil. They run in the
// request that causes them, outside any transaction, and may be called concurrently.
type Hooks struct {
	// Before is asked before what a [HookKind] names happens. An error refuses it with
	// [CodeForbidden]. The client sees the text of a [Refusal] in that error, and nothing else of
	// it.
	//
	// Before is not asked when a user changes the address, nor by [Engine.CreateUser]. A host that
	// refuses by address checks it at HookSignIn and HookToken, too.
	Before func(context.Context, HookEvent) error

	// After is told what has happened. It delays no request and no mail: [Engine.Run] calls it
	// beside its other work, in order. A hook event is lost if the process ends before Run has
	// come to it, if 4096 hook events wait already, or if the hook panics at it; the log tells of
	// the last two. What must not be lost is in the audit events.
	After func(context.Context, HookEvent)

	// Claims adds members to the access token of a sign-in or refresh, and to the [Identity] of a
	// session cookie. It is called at every sign-in and refresh, and for a session cookie each time
	// the store is asked (Config.Tokens.LiveWithin). Base the result on User: Method is empty at a
	// refresh and for a cookie.
	//
	// A member that authkit sets itself, or that is registered for JWTs, is refused with
	// [CodeInternal], and so is a token that grows beyond 8 KiB. Every holder of the token can read
	// what is added.
	Claims func(context.Context, HookEvent) (map[string]any, error)
}

// HookEvent describes what hooks are asked about and told of.
type HookEvent struct {
	Kind   HookKind
	App    uuid.UUID
	User   User   // before a sign-up: as the user will be, without an ID
	Method string // of the sign-in or sign-up, and of its token; empty for a refresh and a deletion
	Client Client

	// Reset is set for Hooks.After where a proof of the address has reset the account, which had
	// never proven it. The host purges what it keeps of the earlier user. It is set once for each
	// reset; a reset that starts no session is told as a HookSignIn, too.
	Reset *AccountReset

	// Factor is set with HookFactor: what was added or removed.
	Factor *FactorChange

	// Developer and Name are set where an app is made or renamed: its owner, as App.Developer is
	// written, and its new name.
	Developer, Name string
}

// AccountReset says what a proof took away from an account whose address was never proven: another
// person may have made the account. Its sessions and pending changes go, too.
type AccountReset struct {
	Password   bool     `json:"password,omitempty"`
	Name       bool     `json:"name,omitempty"`
	Identities []string `json:"identities,omitempty"` // the names of their providers
}

// FactorChange is a second factor or passkey that a user got, lost or replaced.
type FactorChange struct {
	Kind    string // "totp", "passkey", or "all", of every factor at once
	Name    string // of a passkey
	Removed bool
}

// HookKind names what happens. A change of a user's address has no kind: the next HookSignIn and
// HookToken of the user have the new address.
type HookKind string

// The kinds of hook events.
const (
	HookSignUp   HookKind = "sign_up"  // a user is created by signing in; no HookSignIn follows
	HookSignIn   HookKind = "sign_in"  // a known user signs in
	HookToken    HookKind = "token"    // an access token is made, at each sign-in, sign-up and refresh; for a session cookie behind Require, After is not called
	HookDeletion HookKind = "deletion" // a user is deleted
	HookFactor   HookKind = "factor"   // a second factor or passkey was added or removed; only After is called

	HookAppCreate HookKind = "app_create" // an app is made, also by EnsureApp; only Before is called; App is the id that the app will have
	HookAppRename HookKind = "app_rename" // an app is renamed; only Before is called
)

// Refusal refuses with a text that the client may see.
//
//	return authkit.Refusal("this address is not one of the company's")
type Refusal string

// Error returns the text.
func (r Refusal) Error() string { return string(r) }
