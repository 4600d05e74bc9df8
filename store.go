package authkit

import (
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
	ErrAppChanged  = errors.New("app changed")  // the app has another Version than the caller decided by, or is gone
)

// StoreContract is the version of the contract of [Store]. An adapter returns from
// Contract, as a literal, the one that it was written for.
const StoreContract = 6

// Store persists what the Engine knows.
//
// Every method is one step: it happens wholly or not at all, and of concurrent callers
// that want the same thing one wins. A method that takes an app answers [ErrNotFound],
// in the same step, when that app is missing or deleted. What belongs to one app is
// unknown in any other.
//
// A caller may decide by an app that it read earlier. Where a verb takes an AppVersion, it is the
// guard of that decision: unless it is 0 or the Version of the live app, the verb answers
// [ErrAppChanged], before any other error, and does nothing.
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
	BrandStore
	UserStore
	FactorStore
	ImportStore
	TokenStore
	SessionStore
	LimitStore
	MailStore
	EventStore
	AuditStore
	StatStore
	ExplainStore
	WebhookStore
	DeliveryStore
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

// Riders holds the riders of a verb: they are written in the same step as the verb that carries
// them, all of them or nothing. They belong to the app of that verb, whatever App they name.
type Riders struct {
	Tokens []Token // each takes a place in its slot; the token that stood there is gone with its attempts
	Mail   []Mail
	Events []Event

	Deliveries []Delivery // wait for their webhooks

	// Secret, if set, names the secret that sealed what the step keeps for long. While that
	// secret is retired or not noted, the step is refused with [ErrStale].
	Secret string
}

// Page is a part of a list, newest first. The list goes on after (Time, ID) of the last
// row seen; the zero Time: from the start. A Store is given a Limit of at least 1.
type Page struct {
	Time  time.Time
	ID    uuid.UUID
	Limit int
}
