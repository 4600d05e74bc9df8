package memory

import (
	"bytes"
	"slices"
	"time"

	"github.com/authkit-dev/authkit"
)

// Records are copied on the way in and on the way out: slices are cloned, times are UTC and
// truncated to microseconds.

func micro(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

func copyApp(a authkit.App) authkit.App {
	a.Keys = slices.Clone(a.Keys)
	for i := range a.Keys {
		a.Keys[i] = copySigningKey(a.Keys[i])
	}
	a.Settings, a.ForeignHashes = copySettings(a.Settings), slices.Clone(a.ForeignHashes)
	a.CreatedAt = micro(a.CreatedAt)
	return a
}

func copySettings(s authkit.Settings) authkit.Settings {
	s.RedirectURLs, s.Origins = slices.Clone(s.RedirectURLs), slices.Clone(s.Origins)
	return s
}

func copyLogo(l authkit.Logo) authkit.Logo {
	l.PNG = bytes.Clone(l.PNG)
	return l
}

func copySigningKey(k authkit.SigningKey) authkit.SigningKey {
	k.Public, k.Sealed = bytes.Clone(k.Public), bytes.Clone(k.Sealed)
	k.From = micro(k.From)
	return k
}

func copyAPIKey(k authkit.APIKey) authkit.APIKey {
	k.Hash, k.Scopes = bytes.Clone(k.Hash), slices.Clone(k.Scopes)
	k.CreatedAt, k.LastUsedAt, k.ExpiresAt = micro(k.CreatedAt), micro(k.LastUsedAt), micro(k.ExpiresAt)
	return k
}

func copyOAuth(c authkit.OAuthConfig) authkit.OAuthConfig {
	c.SecretSealed, c.Scopes = bytes.Clone(c.SecretSealed), slices.Clone(c.Scopes)
	c.CreatedAt = micro(c.CreatedAt)
	return c
}

func copyCredential(c authkit.Credential) authkit.Credential {
	c.Data, c.CreatedAt = bytes.Clone(c.Data), micro(c.CreatedAt)
	return c
}

func copyUser(u authkit.User) authkit.User {
	u.Roles, u.Metadata, u.PrivateMetadata = slices.Clone(u.Roles), bytes.Clone(u.Metadata), bytes.Clone(u.PrivateMetadata)
	return u
}

func copyToken(t authkit.Token) authkit.Token {
	t.Hash, t.Binding, t.Proof, t.Data = bytes.Clone(t.Hash), bytes.Clone(t.Binding), bytes.Clone(t.Proof), bytes.Clone(t.Data)
	t.ExpiresAt = micro(t.ExpiresAt)
	return t
}

func copySession(x authkit.Session) authkit.Session {
	x.Family, x.Current, x.Cookie, x.AMR = bytes.Clone(x.Family), bytes.Clone(x.Current), bytes.Clone(x.Cookie), slices.Clone(x.AMR)
	x.AuthTime, x.MFAAt, x.CreatedAt, x.LastUsedAt = micro(x.AuthTime), micro(x.MFAAt), micro(x.CreatedAt), micro(x.LastUsedAt)
	x.IdleUntil, x.Until = micro(x.IdleUntil), micro(x.Until)
	return x
}

func copyMail(m authkit.Mail) authkit.Mail {
	m.Sealed, m.DueAt, m.Expires = bytes.Clone(m.Sealed), micro(m.DueAt), micro(m.Expires)
	return m
}

func copyEvent(e authkit.Event) authkit.Event {
	e.Time, e.Detail = micro(e.Time), bytes.Clone(e.Detail)
	return e
}
