package authkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/naming"
	"github.com/authkit-dev/authkit/internal/token"
)

// The scopes of an API key.
const (
	ScopeUsersRead  = "users:read"
	ScopeUsersWrite = "users:write"

	// ScopeAuthForward lets the server of an app name the clients whose requests it forwards, by
	// the headers X-Authkit-Key, X-Authkit-Client-IP and X-Authkit-User-Agent. A key has this
	// scope only if it was asked for.
	ScopeAuthForward = "auth:forward"
)

// apiKeyScopes are all the scopes that an API key may have.
var apiKeyScopes = []string{ScopeUsersRead, ScopeUsersWrite, ScopeAuthForward}

const (
	maxLiveKeys     = 5
	maxInactiveKeys = 50 // of an app; older ones are removed
	maxOverlap      = 604800 * time.Second
)

// APIKeyRequest describes a new key.
type APIKeyRequest struct {
	Name      string
	Scopes    []string      // default: all but [ScopeAuthForward]
	ExpiresAt time.Time     // zero: never
	Overlap   time.Duration // how long the old keys stay active; at most seven days

	// IdempotencyKey is 16 to 64 random characters of printable ASCII, made for this one key; may
	// be empty. A request that comes again with it within 24 hours makes no other key, and returns
	// the first and its text; with another request it is [CodeIdempotencyConflict].
	IdempotencyKey string
}

// newAPIKey makes a key of the app and its text, which is not stored.
func newAPIKey(app uuid.UUID, in APIKeyRequest, now time.Time) (APIKey, string, error) {
	scopes, err := in.check(now)
	if err != nil {
		return APIKey{}, "", err
	}
	text := token.NewAPIKey(app)
	id := newID(now)
	return APIKey{
		App: app, ID: id, Name: in.Name, Hint: token.APIKeyHint(text), Hash: token.Hash([]byte(text)),
		Scopes: scopes, Active: true, CreatedAt: now, ExpiresAt: in.ExpiresAt.UTC().Truncate(time.Microsecond),
	}, text, nil
}

func (in APIKeyRequest) check(now time.Time) (scopes []string, err error) {
	if _, err := naming.User(in.Name); err != nil {
		return nil, invalid("name", "invalid_name", "name is longer than 200 characters or holds control characters")
	}
	if !in.ExpiresAt.IsZero() && !in.ExpiresAt.After(now) {
		return nil, invalid("expires_at", "in_the_past", "expires_at is not in the future")
	}
	if in.ExpiresAt.UTC().Year() > 9999 {
		return nil, invalid("expires_at", "out_of_range", "expires_at is later than RFC 3339 can write")
	}
	if in.Overlap < 0 || in.Overlap > maxOverlap {
		return nil, invalid("overlap_seconds", "out_of_range", "overlap_seconds is not between 0 and 604800")
	}
	if in.Scopes == nil {
		return []string{ScopeUsersRead, ScopeUsersWrite}, nil
	}
	for _, scope := range in.Scopes {
		if !slices.Contains(apiKeyScopes, scope) {
			return nil, invalid("scopes", "unknown_value", fmt.Sprintf("scopes holds %q, which is not one of %q", clean(scope, 64), apiKeyScopes))
		}
	}
	scopes = slices.Clone(in.Scopes)
	slices.Sort(scopes)
	if scopes = slices.Compact(scopes); len(scopes) == 0 {
		return nil, invalid("scopes", "required", "scopes is empty")
	}
	return scopes, nil
}

// RotateAPIKey makes a key, whose text only this call returns, and retires every other key of the
// app in the same step. Old keys stay active for in.Overlap; with the new one, at most five keys
// are active at once. Of the keys that are inactive by then, the latest 50 are kept.
func (e *Engine) RotateAPIKey(ctx context.Context, app AppRef, in APIKeyRequest) (APIKey, string, error) {
	own, err := e.OwnApp(ctx, app)
	if err != nil {
		return APIKey{}, "", err
	}
	want := in
	want.IdempotencyKey = ""
	o, err := onceOf(app.ID, in.IdempotencyKey, want, "API key", own.Developer)
	if err != nil {
		return APIKey{}, "", err
	}
	made, err := makeOnce(ctx, e.tokens, o, func(keep func(*Riders, madeKey)) (madeKey, error) { return addAPIKey(ctx, e, own, in, keep) })
	return made.Key, made.Text, err
}

// madeKey is an API key that was made, with its text.
type madeKey struct {
	Key  APIKey `json:"key"`
	Text string `json:"text"`
}

// addAPIKey makes an API key of an app.
func addAPIKey(ctx context.Context, e *Engine, own App, in APIKeyRequest, keep func(*Riders, madeKey)) (madeKey, error) {
	now := e.now()
	key, text, err := newAPIKey(own.ID, in, now)
	if err != nil {
		return madeKey{}, err
	}
	var riders Riders
	made := madeKey{key, text}
	keep(&riders, made)
	riders.note(now, Event{App: own.ID, Type: EventAPIKeyCreate, Actor: own.Developer})
	if err := e.notifyOwner(ctx, &riders, own, ownerNotice{change: "api_key"}); err != nil {
		return madeKey{}, err
	}
	err = e.store.RotateAPIKey(ctx, KeyRotation{App: own.ID, Next: key, OldUntil: now.Add(in.Overlap), MaxLive: maxLiveKeys, Keep: maxInactiveKeys, Riders: riders})
	return made, storeError(err, own.ID)
}

// APIKeys lists the keys of an app, newest first, with the inactive ones.
func (e *Engine) APIKeys(ctx context.Context, app AppRef) ([]APIKey, error) {
	if _, err := e.OwnApp(ctx, app); err != nil {
		return nil, err
	}
	keys, err := e.store.APIKeys(ctx, app.ID)
	return keys, storeError(err, app.ID)
}

// RevokeAPIKey makes one key inactive. A key that is inactive already is no error, and is durably
// inactive when this returns. [CodeNotFound]: the app has no such key.
func (e *Engine) RevokeAPIKey(ctx context.Context, app AppRef, id uuid.UUID) error {
	own, err := e.OwnApp(ctx, app)
	if err != nil {
		return err
	}
	var riders Riders
	riders.note(e.now(), Event{App: app.ID, Type: EventAPIKeyRevoke, Actor: own.Developer})
	if err := e.notifyOwner(ctx, &riders, own, ownerNotice{change: "api_key_revoked"}); err != nil {
		return err
	}
	err = e.store.RevokeAPIKey(ctx, app.ID, id, riders)
	if errors.Is(err, ErrNotFound) {
		done, err := revocations{e.store, e.now()}.key(ctx, app.ID, id)
		if err == nil && !done {
			return refuse(CodeNotFound, "the app has no such key")
		}
		return storeError(err, app.ID)
	}
	return storeError(err, app.ID)
}

// CheckAPIKey returns a live key, in one statement of the store; the text of the key names its
// app. [CodeInvalidAPIKey]: it is not a live key.
func (e *Engine) CheckAPIKey(ctx context.Context, text string) (APIKey, error) {
	return e.keys.check(ctx, text)
}
