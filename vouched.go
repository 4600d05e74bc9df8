package authkit

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/oauth"
)

// vouchedKind is a credential that does not sign in. It says that the address of the account
// counts as verified by the word of the app's developer, or of an issuer that the developer
// configured. A mailed proof drops it.
const vouchedKind = "vouched"

func vouchedCredential(app, user uuid.UUID, subject string, now time.Time) Credential {
	return Credential{App: app, UserID: user, Kind: vouchedKind, Subject: subject, CreatedAt: now}
}

// identityCredentials returns the credentials that an identity brings to an account. If the
// provider says that the address is verified, and is not built in, they include a vouched
// credential: an issuer that the developer configured can claim whatever the developer wants.
func identityCredentials(p oauth.Profile, provider string, identity Credential) []Credential {
	if !p.EmailVerified || oauth.Known(provider) {
		return []Credential{identity}
	}
	return []Credential{identity, vouchedCredential(identity.App, identity.UserID, identity.Subject, identity.CreatedAt)}
}

// vouchedCredentials returns the credentials that a proof of the address drops.
func (a *Account) vouchedCredentials() (all []Credential) {
	for _, c := range a.Credentials {
		if c.Kind == vouchedKind {
			all = append(all, c)
		}
	}
	return all
}

// verifiedByProof reports whether the address was verified by this server, by a mail or a
// built-in provider, and not only vouched for.
func (a *Account) verifiedByProof() bool {
	return a.User.Verified && len(a.vouchedCredentials()) == 0
}
