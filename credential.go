package authkit

import "time"

// The kinds of a [Credential] by which a user signs in.
const (
	passwordKind = "password"
	oauthKind    = "oauth"
)

// password is the PHC string of the account; empty: the account is nil or has no password.
func (a *Account) password() string {
	if a == nil {
		return ""
	}
	for _, c := range a.Credentials {
		if c.Kind == passwordKind {
			return string(c.Data)
		}
	}
	return ""
}

// owned completes a credential with its user. One without a subject has the id of the user as its
// subject, so that the user has one of the kind.
func owned(c Credential, u User, now time.Time) Credential {
	c.App, c.UserID, c.CreatedAt = u.App, u.ID, now
	if c.Subject == "" {
		c.Subject = u.ID.String()
	}
	return c
}

// passwordCredential is the password of a user, as its PHC string.
func passwordCredential(u User, phc string, now time.Time) Credential {
	return owned(Credential{Kind: passwordKind, Data: []byte(phc)}, u, now)
}
