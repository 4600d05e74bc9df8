package authkit

import (
	"context"

	"github.com/google/uuid"
)

// Hooks let the host have a say. Each may be nil. They run in the request that causes
// them, outside any transaction, and may be called concurrently.
type Hooks struct {
	// Before is asked before something happens. An error refuses it with [CodeForbidden];
	// what the client sees of it is the text of a [Refusal] in it, and nothing else.
	Before func(context.Context, HookEvent) error

	// After is told what has happened. It holds up no request and no mail: [Engine.Run]
	// calls it beside its other work, in order, and what waits when Run ends, or beyond 4096
	// events, is lost, as is one at which it panics (which is logged). What must not be lost
	// stands in the audit events.
	After func(context.Context, HookEvent)

	// Claims adds members to the access token of a sign-in or refresh, and to the [Identity] of
	// a session cookie. It is asked anew at each, and for a cookie each time the store is (see
	// Config.Tokens.LiveWithin), so what it adds follows from the user: a refresh has no Method. One that authkit
	// sets itself, or that is registered for JWTs, is refused with [CodeInternal], and so
	// is a token that grows beyond 8 KiB. What is added is readable by whoever holds the
	// token.
	Claims func(context.Context, HookEvent) (map[string]any, error)
}

// HookEvent is what hooks are asked about and told of.
type HookEvent struct {
	Kind   HookKind
	App    uuid.UUID
	User   User   // before a sign-up, as it will be, without an ID
	Method string // of the sign-in or sign-up, and of the token that comes of it; empty for a refresh and a deletion
	Client Client

	// Developer and Name are set where an app is made or renamed: its owner, as App.Developer
	// is written, and the name that it is to have.
	Developer, Name string
}

// HookKind says what happens.
type HookKind string

// The events of which hooks are asked and told.
const (
	HookSignUp   HookKind = "sign_up"  // a user comes to be by signing in; a sign-in does not follow
	HookSignIn   HookKind = "sign_in"  // a known user signs in
	HookToken    HookKind = "token"    // an access token is minted, at each sign-in, sign-up and refresh; After is not told of what Before is asked for a session cookie, behind Require
	HookDeletion HookKind = "deletion" // a user is deleted

	HookAppCreate HookKind = "app_create" // only Before is asked: an app is made, also by EnsureApp; App is the id that it is to have
	HookAppRename HookKind = "app_rename" // only Before is asked: an app is to have another name
)

// Refusal refuses with words that the client may see.
//
//	return authkit.Refusal("this address is not one of the company's")
type Refusal string

// Error is the words.
func (r Refusal) Error() string { return string(r) }
