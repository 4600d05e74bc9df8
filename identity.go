package authkit

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/oauth"
)

// LinkedIdentity is an account at a provider by which a user signs in.
type LinkedIdentity struct {
	// Provider is the name of the configuration by which the identity was linked or last signed
	// in. If no name was noted and no configuration of the app fits, it is the host of the issuer.
	Provider string

	Email     string // as the provider last gave it; may be empty, and proves nothing
	CreatedAt time.Time
}

// identityData is the Data of an external identity. It is not sealed, since it reveals no more
// than the record of the user.
type identityData struct {
	Provider string `json:"provider"`
	Email    string `json:"email,omitempty"`

	// Mailed is the address whose mailed proof began the session that added the identity. The
	// holder of that mailbox added the identity.
	Mailed string `json:"mailed,omitempty"`
}

// subject is the key of the identity in an app. It holds the issuer, which does not change, and
// not the name of the configuration, which may.
func (p arrival) subject() string { return p.Issuer + " " + p.Subject }

// identity returns the credential of the person who came from a provider.
func (p arrival) identity() Credential {
	data := identityData{Provider: p.provider}
	if _, err := address.Parse(p.Email); err == nil {
		data.Email = p.Email
	}
	return Credential{Kind: oauthKind, Subject: p.subject(), Data: plainJSON(data)}
}

// madeBy reports whether the account was created with the credential.
func (a *Account) madeBy(c Credential) bool { return c.CreatedAt.Equal(a.User.CreatedAt) }

// withMailed notes in an identity the address whose mailed proof added it. If the account has the
// identity already, its notes stay.
func (a *Account) withMailed(identity Credential, address string) Credential {
	data := readIdentityData(identity)
	data.Mailed = address
	for _, c := range a.Credentials {
		if c.Kind == identity.Kind && c.Subject == identity.Subject {
			data.Mailed = readIdentityData(c).Mailed
		}
	}
	identity.Data = plainJSON(data)
	return identity
}

// readIdentityData reads the data of an identity. Data that cannot be read is empty.
func readIdentityData(c Credential) identityData {
	var data identityData
	if json.Unmarshal(c.Data, &data) != nil {
		return identityData{}
	}
	return data
}

// used reports whether a person may have used the account, here or in the system that it comes from: has
// signed in to it, or has an identity of it. The app gives an account a password or a TOTP; an identity is
// of the person who signed up with it, also where it was imported.
func (a *Account) used() bool {
	return !a.User.LastLogin.IsZero() || slices.ContainsFunc(a.Credentials, func(c Credential) bool { return c.Kind == oauthKind })
}

// hasCredential reports whether the account has the credential, whatever its data.
func (a *Account) hasCredential(c Credential) bool {
	return slices.ContainsFunc(a.Credentials, func(x Credential) bool { return x.Kind == c.Kind && x.Subject == c.Subject })
}

// hasSameCredential reports whether the account has the credential with the same data.
func (a *Account) hasSameCredential(c Credential) bool {
	return slices.ContainsFunc(a.Credentials, func(x Credential) bool {
		return x.Kind == c.Kind && x.Subject == c.Subject && bytes.Equal(x.Data, c.Data)
	})
}

// heldIdentity is an identity of an account, with the credential that it is read from.
type heldIdentity struct {
	LinkedIdentity

	credential Credential
	enabled    bool // the app has an enabled configuration by which it signs in
}

// identities returns the identities of the account, oldest first.
func (a *Account) identities(configs []OAuthConfig) []heldIdentity {
	var out []heldIdentity
	for _, c := range a.Credentials {
		if c.Kind == oauthKind {
			out = append(out, readIdentity(c, configs))
		}
	}
	slices.SortStableFunc(out, func(a, b heldIdentity) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return out
}

// readIdentity reads an identity from its credential. It derives from the issuer what was not
// noted.
func readIdentity(c Credential, configs []OAuthConfig) heldIdentity {
	issuer, _, _ := strings.Cut(c.Subject, " ")
	data := readIdentityData(c)
	out := heldIdentity{credential: c}
	for _, config := range configs {
		if !oauth.Issues(config.Provider, config.Issuer, issuer) {
			continue
		}
		out.enabled = out.enabled || config.Enabled
		if data.Provider == "" {
			data.Provider = config.Provider
		}
	}
	if u, err := url.Parse(issuer); err == nil && data.Provider == "" {
		data.Provider = u.Host
	}
	out.LinkedIdentity = LinkedIdentity{Provider: data.Provider, Email: data.Email, CreatedAt: c.CreatedAt}
	return out
}

func linkedIdentities(all []heldIdentity) []LinkedIdentity {
	out := make([]LinkedIdentity, len(all))
	for i, one := range all {
		out[i] = one.LinkedIdentity
	}
	return out
}

// Identities lists the accounts at providers by which a user signs in, oldest first.
// [CodeUserNotFound].
func (e *Engine) Identities(ctx context.Context, ref UserRef) ([]LinkedIdentity, error) {
	got, err := e.SignInMethods(ctx, ref)
	return got.Identities, err
}

// SignInMethods are the ways in which a user can sign in, beside a mail to the address.
type SignInMethods struct {
	Password   bool             // the user has a password
	Identities []LinkedIdentity // in the order in which they were linked
}

// SignInMethods returns the ways in which a user can sign in. [CodeUserNotFound]: the app has no
// such user.
func (e *Engine) SignInMethods(ctx context.Context, ref UserRef) (SignInMethods, error) {
	account, err := e.accountOf(ctx, ref)
	if err != nil {
		return SignInMethods{}, err
	}
	var configs []OAuthConfig
	if account.needsConfigs() {
		if configs, err = e.providers.configs(ctx, ref.App); err != nil {
			return SignInMethods{}, err
		}
	}
	return SignInMethods{account.password() != "", linkedIdentities(account.identities(configs))}, nil
}

// needsConfigs reports whether an identity has no note of its configuration.
func (a *Account) needsConfigs() bool {
	return slices.ContainsFunc(a.Credentials, func(c Credential) bool { return c.Kind == oauthKind && readIdentityData(c).Provider == "" })
}

// accountAndConfigs reads an account, and the configurations of the app by which its identities
// sign in.
func (e *Engine) accountAndConfigs(ctx context.Context, app, user uuid.UUID) (*Account, []OAuthConfig, error) {
	account, err := e.accountOf(ctx, UserRef{App: app, ID: user})
	if err != nil {
		return nil, nil, err
	}
	configs, err := e.providers.configs(ctx, app)
	return account, configs, err
}

// replaceData replaces the data of a credential of the account.
func (a *Account) replaceData(c Credential) {
	for i, x := range a.Credentials {
		if x.Kind == c.Kind && x.Subject == c.Subject {
			a.Credentials[i].Data = c.Data
		}
	}
}
