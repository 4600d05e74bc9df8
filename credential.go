package authkit

import "time"

// The kinds of a [Credential] by which a user signs in.
const (
	passwordKind = "password"
	oauthKind    = "oauth"
)

// password returns the PHC string of the account's password. It is empty if the account is nil or has
// no password.
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

// passwordCredentials returns the credential of the account's password, if there is one.
func (a *Account) passwordCredentials() (all []Credential) {
	for _, c := range a.Credentials {
		if c.Kind == passwordKind {
			all = append(all, c)
		}
	}
	return all
}

// owned sets the app, user and time of a credential. If it has no subject, the subject becomes the id
// of the user, so that a user has at most one credential of the kind.
func owned(c Credential, u User, now time.Time) Credential {
	c.App, c.UserID, c.CreatedAt = u.App, u.ID, now
	if c.Subject == "" {
		c.Subject = u.ID.String()
	}
	return c
}

// passwordCredential is the credential of a user's password. phc is its PHC string.
func passwordCredential(u User, phc string, now time.Time) Credential {
	return owned(Credential{Kind: passwordKind, Data: []byte(phc)}, u, now)
}
