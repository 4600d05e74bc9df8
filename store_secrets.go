package authkit

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// SecretStore notes which secrets seal what the store holds. A secret is named by an id that
// is derived from it and tells nothing of it: 16 hexadecimal digits. Notes belong to no app.
type SecretStore interface {
	// NoteSecret notes a secret, which is then not retired, and returns every note, this one
	// included, ordered by id. [ErrConflict], with every note: a secret is noted that is not
	// among known, and nothing was changed. The check and the note are one step, also for
	// concurrent callers with other secrets.
	NoteSecret(ctx context.Context, id string, known []string) ([]SecretNote, error)

	// Secrets returns every note, ordered by id.
	Secrets(ctx context.Context) ([]SecretNote, error)

	// RetireSecret refuses every later step that names the secret in [Riders], and returns once
	// the earlier ones have ended. [ErrNotFound]: it is not noted.
	RetireSecret(ctx context.Context, id string) error

	// ForgetSecret removes a note. [ErrStale]: it is not, or no longer, retired.
	// [ErrNotFound]: there is no such note.
	ForgetSecret(ctx context.Context, id string) error
}

// SecretNote says that a secret seals, or sealed, what the store holds.
type SecretNote struct {
	ID      string
	Retired bool // nothing that is kept for long may be sealed under it any more
}

// SealStore lists what is kept sealed, over all apps, for [Engine.Reseal].
type SealStore interface {
	// Sealed lists what live apps keep sealed for as long as they live, ordered by app and
	// name. One without a blob is left out.
	Sealed(ctx context.Context, q SealedQuery) ([]Sealed, error)

	// Reseal puts next, which the secret by has sealed, in the place of s.Blob. It raises no
	// Version, since what is sealed stays the same. [ErrStale]: s.Blob does not stand there, or
	// the secret by is retired or not noted.
	Reseal(ctx context.Context, app uuid.UUID, s Sealed, next []byte, by string) error

	// SealedHeads returns the distinct first nine bytes, in any order, of all blobs that
	// live apps keep: of signing keys, client secrets, secrets of webhooks, seeds of TOTP, seals of chains,
	// mail and tokens that are not expired at now, and other credentials than passkeys made at since
	// or later. They name the secret of what is sealed; what is not sealed has a head, too.
	SealedHeads(ctx context.Context, now, since time.Time) ([][]byte, error)
}

// SealedPart says what a blob is.
type SealedPart string

// What live apps keep sealed for as long as they live.
const (
	SealedSigningKey   SealedPart = "signing_key"   // [SigningKey.Sealed], by KID
	SealedClientSecret SealedPart = "client_secret" // [OAuthConfig.SecretSealed], by provider

	SealedWebhookSecret SealedPart = "webhook_secret" // [Webhook.Secret], by id

	SealedTOTPSeed SealedPart = "totp" // [Credential.Data] of the kind "totp", by Subject, which is the user's id
)

// SealedQuery asks for one part, at most Limit blobs after the app and name of a last one.
type SealedQuery struct {
	Part  SealedPart
	App   uuid.UUID
	Name  string
	Limit int
}

// Sealed is one blob.
type Sealed struct {
	Part SealedPart
	App  uuid.UUID
	Name string
	Blob []byte
}
