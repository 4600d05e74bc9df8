package authkit

import (
	"time"

	"github.com/google/uuid"
)

// App is a tenant: an isolated pool of users with its own keys, providers and rules.
type App struct {
	ID uuid.UUID

	// Developer is the owner, as "source:id": "console:" and a user id of the console app,
	// "host:" and an id that the host's own developers have, or "own:" and the name that
	// [Engine.EnsureApp] was given. Empty for the console app alone. Methods of [Engine] take
	// the id, without its source.
	Developer string

	Name    string // as given, 1 to 64 printable characters
	NameKey string // Name after NFKC and case folding; unique for the developer among live apps

	Version  int64        // raised by [AppStore.ChangeApp], which it guards, by every new signing key and by a move
	Keys     []SigningKey // oldest first; never empty
	Settings Settings
	Logo     string // the hash of the app's [Logo]; empty: it has none

	// ForeignHashes has a password hash for each algorithm whose hashes an import has brought, with
	// the costs of the slowest of these, and without a salt and a key. A sign-in takes its time from
	// them. It is empty for an app without such users.
	ForeignHashes []string

	CreatedAt time.Time
}

// Logo is the picture of an app. It is kept apart from the app, which every request reads.
type Logo struct {
	Hash string // that App.Logo has
	PNG  []byte
}

// Settings are the rules of one app. The zero value is the default of each.
type Settings struct {
	// SignupClosed refuses new users, whatever the method of sign-in.
	SignupClosed bool `json:"signup_closed,omitempty"`

	// VerifyEmail says what a user has to do about an address that is not proven; empty:
	// [VerifyEmailAsk].
	VerifyEmail VerifyEmailPolicy `json:"verify_email,omitempty"`

	// IdentityPolicy says when an identity is linked to an account automatically; empty:
	// [IdentitiesJoinVerified].
	IdentityPolicy IdentityPolicy `json:"link_policy,omitempty"`

	// MagicLink says who may redeem a magic link; empty: [MagicLinkConfirm].
	MagicLink MagicLinkPolicy `json:"magic_link,omitempty"`

	// RedirectURLs are the exact URLs to which a sign-in may go on.
	RedirectURLs []string `json:"redirect_urls,omitempty"`

	// Origins are the exact web origins that may call the app's /auth/* routes.
	Origins []string `json:"origins,omitempty"`

	// AccessTTL is how long an access token lives; zero: Config.Tokens.AccessTTL.
	AccessTTL time.Duration `json:"access_ttl,omitempty"`

	// SessionIdle is how long after its last use a session ends; zero:
	// Config.Tokens.SessionIdle. A running session takes it up at its next refresh, or at the
	// next noted use of its cookie.
	SessionIdle time.Duration `json:"session_idle,omitempty"`

	// SessionAbsolute is how long after the sign-in a session ends; zero:
	// Config.Tokens.SessionAbsolute. Running sessions keep what they began with.
	SessionAbsolute time.Duration `json:"session_absolute,omitempty"`

	// SessionMode says how a sign-in is answered; empty: [SessionBearer].
	SessionMode SessionMode `json:"session_mode,omitempty"`

	// SigningAlg is the algorithm of signing keys made from now on: "ES256" (if empty),
	// "EdDSA" or "RS256".
	SigningAlg string `json:"signing_alg,omitempty"`

	// Limits are the app's own.
	Limits AppLimits `json:"limits,omitzero"`

	// Branding is how the app looks on pages.
	Branding Branding `json:"branding,omitzero"`

	// MFA is the policy for second factors of users; empty: [MFAOptional].
	MFA MFAPolicy `json:"mfa,omitempty"`

	// MFARememberDays is for how many days a browser that a person asked to remember is not asked for a
	// second factor again, 1 to 90; zero: every sign-in is asked.
	MFARememberDays int `json:"mfa_remember_days,omitempty"`

	// PasskeyRPID is the relying party of the app's passkeys, a domain that the hosts of its origins end
	// in (WebAuthn Level 3, section 5.1.2); empty: the host of Config.BaseURL.
	PasskeyRPID string `json:"passkey_rp_id,omitempty"`

	// AuditDays is for how many days the events of the app are kept, 7 to 3650; zero: 400.
	AuditDays int `json:"audit_days,omitempty"`
}

// AppLimits are the limits of one app, written as in [LimitConfig]. The engine's own limit
// holds where one is empty, where a key is left out, and for a rate that the engine's has
// become tighter than.
type AppLimits struct {
	Credentials string `json:"credentials,omitempty"`
	SignUp      string `json:"sign_up,omitempty"`
	Mail        string `json:"mail,omitempty"`
	OAuth       string `json:"oauth,omitempty"`
}

// VerifyEmailPolicy says what a user has to do about an address that is not proven.
type VerifyEmailPolicy string

// The policies for addresses that are not proven.
const (
	// VerifyEmailAsk mails a proof to a user who signs up with a password, and lets the user in at
	// once.
	VerifyEmailAsk VerifyEmailPolicy = "ask"

	// VerifyEmailRequired refuses the sign-in of every user whose address is not proven. A sign-up
	// with a password then waits for the proof, and answers the same for taken addresses. A
	// session of such a user that is alive ends when it is next refreshed, or its cookie checked.
	VerifyEmailRequired VerifyEmailPolicy = "required"

	// VerifyEmailOff lets users in without a proof, and mails one only where it is asked for.
	VerifyEmailOff VerifyEmailPolicy = "off"
)

// MFAPolicy is a policy for second factors: users may have one, must, or cannot set one up.
type MFAPolicy string

// The policies for second factors.
const (
	MFAOptional MFAPolicy = "optional" // users may set one up, and who has a TOTP is asked for a second factor
	MFAOff      MFAPolicy = "off"      // nothing may be set up; who has a TOTP is asked all the same
	MFARequired MFAPolicy = "required" // every user is asked, and sets one up at the next sign-in without one
)

// IdentityPolicy says when an identity is linked to an account automatically.
type IdentityPolicy string

// The link policies of an app.
const (
	IdentitiesJoinVerified IdentityPolicy = "verified" // over an address that both sides have proven; an account that never proved it is reset first
	IdentitiesJoinNever    IdentityPolicy = "never"    // users sign in and link it themselves
)

// MagicLinkPolicy says who may redeem a magic link.
type MagicLinkPolicy string

// The policies for magic links.
const (
	MagicLinkConfirm   MagicLinkPolicy = "confirm"    // anyone who has the mail, by a button
	MagicLinkBoundOnly MagicLinkPolicy = "bound-only" // only someone who has the mail and asked for it: by the binding, or in the same browser
)

// SessionMode says where the tokens of a sign-in go.
type SessionMode string

// The session modes of an app.
const (
	SessionBearer SessionMode = "bearer" // into the answer's body
	SessionCookie SessionMode = "cookie" // nowhere: an opaque cookie on the host of Config.BaseURL holds the session
	SessionEither SessionMode = "either" // into the body, unless the flow begins with ?session=cookie
)

// SigningKey is one key pair of an app. Seq orders the keys of an app and is unique in it.
// Which key signs follows from the order and the times, so that no process has to switch:
// the latest that has begun. A key is verified until the tokens that it signed are dead.
type SigningKey struct {
	KID, Alg string
	Seq      int64
	Public   []byte    // PKIX, DER
	Sealed   []byte    // the private half: PKCS #8, sealed
	From     time.Time // signs from then on; it is published before
	Alone    bool      // once it has begun, nothing signed by an earlier key counts
}

// APIKey lets a developer's own server read and write the users of one app.
type APIKey struct {
	App, ID    uuid.UUID
	Name, Hint string // Hint is the beginning of the key, to tell keys apart; never enough to use one
	Hash       []byte // SHA-256 of the whole key; the key itself is kept nowhere
	Scopes     []string
	Active     bool

	CreatedAt             time.Time
	LastUsedAt, ExpiresAt time.Time // zero: never
}

// OAuthConfig is what an app needs to sign its users in at one provider.
// There is at most one for each provider and app.
type OAuthConfig struct {
	App          uuid.UUID
	Provider     string // "github", "google", or a name of the developer's for an OIDC issuer
	ClientID     string
	SecretSealed []byte // the client secret, sealed
	RedirectURI  string
	Scopes       []string // empty: the least that tells who the user is
	Issuer       string   // empty for a built-in provider
	TrustEmail   bool     // the issuer's word on an address counts
	Enabled      bool
	Version      int64 // 0 before the first [ProviderStore.PutOAuthConfig]; the guard of the next
	CreatedAt    time.Time
}

// User is one person in one app. The same person in another app is a different user.
type User struct {
	App, ID    uuid.UUID
	Email      string // canonical; unique in the app
	EmailTyped string // as first given
	Name       string
	NameKey    string // Name folded for prefix search
	AuthMethod string // of the latest sign-in: "credentials", "magic_link", "oauth", "passkey", or what [Engine.StartSession] was told

	Verified       bool // the address was proven
	Disabled       bool
	DisabledReason string

	// ExternalID is the id that the app's developer has for the user. It is unique in the app;
	// empty: there is no such id.
	ExternalID string

	// Roles are those that the app's developer gave the user: sorted, each once. Only an
	// [Identity] tells whether they count now: while an address is unproven, they do not.
	Roles []string

	// Metadata and PrivateMetadata are JSON objects of the app's developer; nil stands for {}. The
	// user sees Metadata, and never PrivateMetadata.
	Metadata, PrivateMetadata []byte

	// Factors are those that the user's credentials hold. The caller of [UserStore] keeps them in step.
	Factors Factors

	Version   int64 // guards [UserStore.ChangeUser]; a sign-in does not raise it
	Epoch     int64 // raising it ends every session of the user and every token bound to the user
	LastLogin time.Time
	CreatedAt time.Time
}

// Credential is one way in which a user proves to be that user. (Kind, Subject) is
// unique in an app.
type Credential struct {
	App, UserID uuid.UUID

	// Kind is "password"; "oauth", an identity at a provider; "passkey"; "totp" and "recovery", which
	// are second factors and do not sign in alone; "undo", the link that takes a change of address, or
	// a new identity, passkey or TOTP, back; or "vouched", which does not sign in: it says that the
	// address counts as verified by the word of the app's developer, or of an issuer that the
	// developer configured.
	Kind string

	// Subject is the user id of a password, of "totp" and of "recovery"; issuer and subject of an
	// external identity; the id of the relying party, a space and the hash of its id for a passkey; a hash of
	// the undo's link; either of the first two for "vouched".
	Subject string

	// Data is the password's PHC string; what is known of an external identity, or of a passkey; the
	// seed of "totp" and its latest step, sealed; the hashes of recovery codes; the former address,
	// sealed.
	Data      []byte
	CreatedAt time.Time
}

// Account is a user with all credentials, ordered by kind and subject.
type Account struct {
	User        User
	Credentials []Credential
}

// TokenKind keeps tokens of one purpose from working for another.
type TokenKind string

// Token is anything that may be used once. A store keeps no text of it that could be
// used: only hashes. (App, Kind, Hash) is unique.
type Token struct {
	App  uuid.UUID
	Kind TokenKind

	// Slot names the tokens that replace each other and die together: the address or the
	// user, where a few may live, or the token's own hash, where it stands alone.
	// Redeeming one token spends all of its (Kind, Slot).
	Slot string

	// Most is how many tokens of one Class may live in a slot; below 1 means 1. It is the same
	// for all tokens of a Kind. A token beyond that number takes the place of one that is spent;
	// if all are unspent, of the one that expires first. A token that is read has no Most.
	Most int

	// Class, 0 or above, keeps the tokens of different askers in a slot apart: a token never takes
	// the place of one of another class. Redeeming one spends those of every class. A token that
	// is put again keeps its class (otherwise [ErrConflict]). A token that is read has no Class.
	Class int

	Hash      []byte    // SHA-256 of the id inside the link, state or code
	Binding   []byte    // hash of the asker's secret; nil: not bound
	Proof     []byte    // keyed hash of the short code; nil: there is no code
	UserID    uuid.UUID // the nil UUID: bound to no user
	Epoch     int64     // of that user when the token was made; dead once the user's moved on
	Data      []byte    // sealed
	ExpiresAt time.Time

	// Dead reports that the token could not be spent any more, where [Take.Dead] asked for such a
	// one. It is not stored.
	Dead bool
}

// Session is one signed-in browser or device. It is alive while it is not ended, now is
// before both IdleUntil and Until, its Epoch is the user's, and the user is not disabled.
type Session struct {
	App, ID, UserID uuid.UUID
	Epoch           int64 // set by the store

	// Family and Current are hashes of the two parts of the session's refresh token;
	// nil for a session without one.
	Family, Current []byte

	// Cookie is the hash of the session's cookie; nil for a session without one. It is
	// unique in the app.
	Cookie []byte

	AuthTime         time.Time
	MFAAt            time.Time // of the latest proof of a second factor; zero: there is none
	CreatedAt        time.Time
	LastUsedAt       time.Time
	IdleUntil, Until time.Time
	AMR              []string // RFC 8176
	UserAgent, IP    string
}

// Mail waits in the outbox. It is sealed: a template's name and its data, rendered when
// it is sent, so that a store that leaks holds no usable link.
type Mail struct {
	App, ID        uuid.UUID
	Sealed         []byte
	DueAt, Expires time.Time
	Attempts       int
}

// Event is one fact worth auditing. It holds no secret.
type Event struct {
	ID, App, UserID uuid.UUID // UserID is whom it is about; the nil UUID: no user, or an unknown one
	Time            time.Time
	Type            string // such as [EventUserCreate]

	// Actor is who did it: a developer, as App.Developer is written; "api_key:" and the key's
	// id; "host", which made a user or a developer, or moved an app, by a method of the Engine;
	// "cli", the commands app, user and key of cmd/authkit.
	// Empty in all other cases: the user, a stranger who was refused, the host by another method,
	// or authkit itself.
	Actor string

	IP        string // of the peer; empty where it is not known
	Result    string // "ok", "refused" or "warning"
	Reason    string // why; beside some types stands what it is there
	RequestID string // of the answer that it came with, as X-Request-Id; empty for a Go caller
	Detail    []byte // JSON, or nil; for the audit log, and authkit reads it only of [EventSessionEnd]
}
