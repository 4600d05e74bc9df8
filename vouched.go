package authkit

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/oauth"
)

// vouchedKind is a credential, and no way to sign in: the address of the account counts as
// proven, by the word of the app's developer or of an issuer of the developer's alone. A proof
// that was mailed drops it.
const vouchedKind = "vouched"

func vouchedCredential(app, user uuid.UUID, subject string, now time.Time) Credential {
	return Credential{App: app, UserID: user, Kind: vouchedKind, Subject: subject, CreatedAt: now}
}

// identityCredentials are the credentials of an identity that proves an address. An issuer of the
// developer's own vouches for whatever the developer wants.
func identityCredentials(p oauth.Profile, provider string, identity Credential) []Credential {
	if !p.EmailVerified || oauth.Known(provider) {
		return []Credential{identity}
	}
	return []Credential{identity, vouchedCredential(identity.App, identity.UserID, identity.Subject, identity.CreatedAt)}
}

// vouchedCredentials are what a proof of the address drops.
func (a *Account) vouchedCredentials() (all []Credential) {
	for _, c := range a.Credentials {
		if c.Kind == vouchedKind {
			all = append(all, c)
		}
	}
	return all
}

// verifiedByProof reports whether the address was proven to this server, by a mail or a provider
// that is built in, and not to its developer.
func (a *Account) verifiedByProof() bool {
	return a.User.Verified && len(a.vouchedCredentials()) == 0
}
