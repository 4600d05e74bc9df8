package authkit

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/password"
	"github.com/authkit-dev/authkit/internal/totp"
	"github.com/authkit-dev/authkit/oauth"
)

// UserImport describes a user whom another system had, or whom [Engine.ExportUsers] has written.
type UserImport struct {
	UserRequest

	ID         uuid.UUID          // the nil UUID: the user gets a new id
	CreatedAt  time.Time          // zero: now
	Identities []ImportedIdentity // by which the user signs in at providers

	// TOTPSecret is the seed of the user's TOTP (RFC 6238: SHA-1, six digits, thirty seconds), in base32, or
	// empty. Who has it can make the user's codes. The user has no recovery codes then.
	TOTPSecret string

	// Disabled users may not sign in. DisabledReason is at most 200 characters.
	Disabled       bool
	DisabledReason string
}

// ImportedIdentity is an account at a provider. Without an Issuer the provider is built in, or the app has
// a configuration of it.
type ImportedIdentity struct {
	Provider string
	Subject  string // the id that the provider gives the person: the sub of OpenID Connect, the number of GitHub

	// Issuer is the URL of the provider, by which it signs its ID tokens. Empty: that which the provider
	// has by now. The user signs in by the identity once the app has a configuration of this issuer.
	Issuer string
}

// ImportOptions say how [Engine.ImportUsers] imports.
type ImportOptions struct {
	// AllowSlow takes password hashes that need more than 250 ms to verify here. Each refused
	// sign-in of the app then takes as long.
	AllowSlow bool

	// DryRun judges every user and stores nothing. What other users of the app have is not looked at.
	DryRun bool

	hashing *allowance // of several calls; nil: a call has its own
}

// ImportResult says what became of a user.
type ImportResult struct {
	ID  uuid.UUID // of the user that was created
	Err error     // why the user was refused; nil: the user was created
}

// ImportUsers adds users, whether or not sign-up is open, each judged by itself. All that are taken are
// created in one step, so that a few hundred a call are best. It mails nothing and calls no hook. A
// user is refused with [CodeInvalidRequest], [CodeEmailTaken], [CodeExternalIDTaken]. The id
// and the identities of another user are a [CodeInvalidRequest].
func (e *Engine) ImportUsers(ctx context.Context, app uuid.UUID, users []UserImport, o ImportOptions) ([]ImportResult, error) {
	now := e.now()
	b := importBatch{app: app, now: now, hasher: e.hasher, factors: e.factors, hashing: o.hashing}
	if b.hashing == nil {
		b.hashing = &allowance{slow: o.AllowSlow, trials: maxTrials}
	}
	if slices.ContainsFunc(users, func(u UserImport) bool { return len(u.Identities) > 0 }) {
		var err error
		if b.configs, err = e.store.OAuthConfigs(ctx, app); err != nil {
			return nil, storeError(err, app)
		}
	}
	results, err := b.judge(ctx, users)
	if err != nil || o.DryRun {
		return results, err
	}
	if err := noteForeign(ctx, e, app, b.hashes...); err != nil {
		return nil, err
	}
	step := UserBatch{App: app, Users: b.accounts}
	if len(step.Users) > 0 {
		step.Riders.note(now, Event{App: app, Type: EventUserImport, Actor: "host", Reason: strconv.Itoa(len(step.Users))})
	}
	taken, err := e.store.CreateUsers(ctx, step)
	if err != nil {
		return nil, storeError(err, app)
	}
	for i, key := range taken {
		if at := b.at[i]; key != TakenNothing {
			results[at] = ImportResult{Err: takenError(key)}
		}
	}
	return results, nil
}

// takenError refuses a user of whom another user has a key.
func takenError(key Taken) error {
	switch key {
	case TakenEmail:
		return emailTaken()
	case TakenExternalID:
		return externalIDTaken()
	case TakenID:
		return invalid("user_id", "taken", "user_id: this app already has a user of that id")
	}
	return invalid("identities", "taken", "identities: one is another user's, or stands twice")
}

// importBatch is users that are being judged.
type importBatch struct {
	app     uuid.UUID
	now     time.Time
	hasher  *hasher
	factors *factors
	hashing *allowance
	configs []OAuthConfig

	accounts []Account         // of those that are taken
	at       []int             // where they stand among all
	hashes   []password.Stored // of them, one of each kind
	kinds    map[string]bool
}

// judge fills in the accounts, and says of the others why they are refused. An error says that
// nothing could be judged.
func (b *importBatch) judge(ctx context.Context, users []UserImport) ([]ImportResult, error) {
	results := make([]ImportResult, len(users))
	b.kinds = map[string]bool{}
	for i, in := range users {
		a, err := b.account(ctx, in)
		if errors.Is(err, CodeUnavailable) || ctx.Err() != nil {
			return nil, errors.Join(err, ctx.Err())
		}
		if err != nil {
			results[i].Err = err
			continue
		}
		results[i].ID = a.User.ID
		b.accounts, b.at = append(b.accounts, a), append(b.at, i)
	}
	return results, nil
}

// account is the account that a user will have.
func (b *importBatch) account(ctx context.Context, in UserImport) (a Account, err error) {
	if a.User, err = in.user(b.app); err != nil {
		return a, err
	}
	made := b.now
	if !in.CreatedAt.IsZero() {
		made = in.CreatedAt.UTC().Truncate(time.Microsecond)
	}
	if made.Year() < 1971 || made.After(b.now) {
		return a, invalid("created_at", "invalid_time", "created_at is not between 1971 and now")
	}
	a.User = newUser(a.User, made)
	if in.ID != uuid.Nil {
		a.User.ID = in.ID
	}
	a.User.Disabled, a.User.DisabledReason = in.Disabled, in.DisabledReason
	if err := checkDisabledReason(in.DisabledReason); err != nil {
		return a, err
	}
	var all []Credential
	if in.Verified {
		all = append(all, Credential{Kind: vouchedKind})
	}
	for _, identity := range in.Identities {
		c, err := b.identity(identity)
		if err != nil {
			return a, err
		}
		a.User.AuthMethod = MethodOAuth
		all = append(all, c)
	}
	if in.PasswordHash != "" {
		hash, err := b.hasher.foreign(ctx, b.app, in.PasswordHash, b.hashing)
		if err != nil {
			return a, err
		}
		if kind := hash.Blank().String(); !b.kinds[kind] {
			b.kinds[kind] = true
			b.hashes = append(b.hashes, hash)
		}
		a.User.AuthMethod = MethodCredentials
		all = append(all, Credential{Kind: passwordKind, Data: []byte(hash.String())})
	}
	for _, c := range all {
		a.Credentials = append(a.Credentials, owned(c, a.User, made))
	}
	return a, b.addTOTP(&a, in.TOTPSecret)
}

// addTOTP gives an account the TOTP of a secret, unless that is empty.
func (b *importBatch) addTOTP(a *Account, secret string) error {
	if secret == "" {
		return nil
	}
	seed, ok := totp.ParseSecret(secret)
	if !ok {
		return invalid("totp_secret", "invalid_secret", "totp_secret is not the seed of a TOTP in base32, of 10 to 64 bytes")
	}
	data := totpData{ID: newID(b.now), Seed: seed, Since: a.User.CreatedAt}
	a.Credentials = append(a.Credentials, b.factors.totpCredential(b.app, a.User.ID, data))
	a.User.Factors = FactorTOTP
	return nil
}

// mostSubject and mostIssuer are how many bytes the subject and the issuer of an identity have at most:
// OpenID Connect allows 255 for a subject.
const mostSubject, mostIssuer = 255, 2048

// identity is the credential of an identity.
func (b *importBatch) identity(in ImportedIdentity) (Credential, error) {
	issuer := in.Issuer
	if issuer == "" {
		issuer = b.issuer(in.Provider)
	}
	switch u, err := url.Parse(issuer); {
	case issuer == "" || !oauth.WellFormedName(in.Provider) && (err != nil || in.Provider != u.Host):
		return Credential{}, invalid("identities", "unknown_provider", "identities: the app has no provider "+strconv.Quote(clean(in.Provider, 32))+"; configure it first")
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(issuer) > mostIssuer || strings.ContainsFunc(issuer, func(r rune) bool { return r <= ' ' || r > '~' }):
		return Credential{}, invalid("identities", "invalid_issuer", "identities: an issuer is not a URL of 1 to 2048 printable characters of ASCII")
	case in.Subject == "" || clean(in.Subject, mostSubject) != in.Subject:
		return Credential{}, invalid("identities", "invalid_subject", "identities: a subject is not 1 to 255 printable characters")
	}
	p := arrival{provider: in.Provider}
	p.Issuer, p.Subject = issuer, in.Subject
	return p.identity(), nil
}

// issuer is the issuer of a provider by now; empty: there is no such provider.
func (b *importBatch) issuer(provider string) string {
	for _, c := range b.configs {
		if c.Provider == provider && c.Issuer != "" {
			return c.Issuer
		}
	}
	return oauth.BuiltInIssuer(provider)
}
