package authkit

import (
	"context"
	"time"

	"github.com/google/uuid"
)

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
	DeleteApp(ctx context.Context, app uuid.UUID, now time.Time, riders Riders) error

	// AddSigningKey adds the app's newest key and removes the older ones whose Seq is below
	// oldest: the caller has seen that they are of no more use. k itself always stays. It
	// raises the app's Version, so that what was decided by the former keys is decided anew.
	// [ErrConflict]: k.Seq is not above that of every other key, or k.KID is taken: another
	// process was first, and nothing is removed.
	AddSigningKey(ctx context.Context, app uuid.UUID, k SigningKey, oldest int64, riders Riders) error
}

// NewApp says what [AppStore.CreateApp] does.
type NewApp struct {
	App    App // Keys, Version and Logo are ignored
	First  SigningKey
	Key    *APIKey // nil: no key is added
	Owner  UserRef // a user who has to be there, and enabled; the zero value: not asked for
	Most   int     // live apps of App.Developer, this one among them; 0: no bound
	Riders Riders
}

// UserRef names a user.
type UserRef struct{ App, ID uuid.UUID }

// OwnerStore keeps to which developer an app belongs, or belonged.
type OwnerStore interface {
	// MoveApp gives a live app to another developer, makes every API key of it inactive, disables
	// every webhook and removes its secret, and raises the Version of the app. [ErrNotFound]: m.From has no such app, or m.Owner is not there, or
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
	From, To string  // as App.Developer; they are never the same
	Owner    UserRef // as in [NewApp], of To
	Most     int     // as in [NewApp], of To
	Riders   Riders
}

// BrandStore reads the logos of apps. [AppChange.Logo] puts and removes them.
type BrandStore interface {
	// Logo returns the logo of a live app. [ErrNotFound]: the app has none.
	Logo(ctx context.Context, app uuid.UUID) (Logo, error)
}

// AppChange says what [AppStore.ChangeApp] does. A nil field stays.
type AppChange struct {
	App           uuid.UUID
	Version       int64 // the guard
	Name, NameKey *string
	Settings      *Settings
	Logo          *Logo // takes the place of the logo; the zero Logo removes it
	ForeignHashes *[]string
	Riders        Riders
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
	RevokeAPIKey(ctx context.Context, app, id uuid.UUID, riders Riders) error

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
	Riders        Riders
}

// ProviderStore keeps the OAuth configurations of apps.
type ProviderStore interface {
	// PutOAuthConfig creates (Version 0; [ErrConflict] if the provider has one) or
	// replaces ([ErrStale] if the Version is another or it is gone; CreatedAt stays).
	// The stored Version is c.Version+1. [ErrFull]: one is to be created, and the app has as many
	// as most allows; of concurrent callers no more than that succeed. most 0: no bound.
	PutOAuthConfig(ctx context.Context, c OAuthConfig, most int, riders Riders) error

	// OAuthConfig returns the configuration of one provider.
	OAuthConfig(ctx context.Context, app uuid.UUID, provider string) (OAuthConfig, error)

	// OAuthConfigs lists an app's configurations by provider name.
	OAuthConfigs(ctx context.Context, app uuid.UUID) ([]OAuthConfig, error)

	// DeleteOAuthConfig removes the configuration of one provider. [ErrNotFound]: the app has no
	// such configuration.
	DeleteOAuthConfig(ctx context.Context, app uuid.UUID, provider string, riders Riders) error
}
