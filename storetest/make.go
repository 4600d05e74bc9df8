package storetest

import (
	"encoding/hex"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func (b *bed) newApp(name string) uuid.UUID {
	b.Helper()
	a := anApp(name)
	b.ok(b.s.CreateApp(b.ctx, authkit.NewApp{App: a, First: signingKey(1)}))
	return a.ID
}

func anApp(name string) authkit.App {
	return authkit.App{ID: uuid.New(), Developer: "host:me", Name: name, NameKey: name, CreatedAt: now()}
}

func signingKey(seq int64) authkit.SigningKey {
	return authkit.SigningKey{
		KID: uuid.NewString(), Alg: "ES256", Seq: seq,
		Public: []byte("public"), Sealed: []byte("sealed"), From: now(),
	}
}

func (b *bed) apiKey(name string, at time.Time) authkit.APIKey {
	return authkit.APIKey{
		App: b.app, ID: uuid.New(), Name: name, Hint: "ak_", Hash: hash(name),
		Scopes: []string{"users:read"}, Active: true, CreatedAt: at,
	}
}

func (b *bed) aUser(email string) authkit.User {
	return authkit.User{
		App: b.app, ID: uuid.New(), Email: email, EmailTyped: email, Name: email, NameKey: email,
		AuthMethod: "credentials", CreatedAt: now(),
	}
}

func password(u authkit.User, data string) authkit.Credential {
	return authkit.Credential{
		App: u.App, UserID: u.ID, Kind: "password", Subject: u.ID.String(), Data: []byte(data), CreatedAt: now(),
	}
}

// totp is the TOTP of a user. data stands for its sealed seed.
func totp(u authkit.User, data string) authkit.Credential {
	return authkit.Credential{App: u.App, UserID: u.ID, Kind: "totp", Subject: u.ID.String(), Data: []byte(data), CreatedAt: now()}
}

// passkey is a passkey of a user for a relying party.
func passkey(u authkit.User, rpID string) authkit.Credential {
	subject := rpID + " " + hex.EncodeToString(hash(u.Email))
	return authkit.Credential{App: u.App, UserID: u.ID, Kind: "passkey", Subject: subject, Data: []byte("{}"), CreatedAt: now()}
}

// proof says that a session has proven a second factor.
func proof(s authkit.Session) *authkit.SessionProof {
	return &authkit.SessionProof{ID: s.ID, AMR: []string{"pwd", "otp", "mfa"}, AuthTime: after(time.Minute), MFAAt: after(2 * time.Minute)}
}

// newUser creates a user with a password.
func (b *bed) newUser(email string) authkit.User {
	b.Helper()
	u := b.aUser(email)
	u, err := b.s.CreateUser(b.ctx, authkit.NewUser{
		Now: now(), User: u, Credentials: []authkit.Credential{password(u, "old")},
	})
	b.ok(err)
	return u
}

func session(u authkit.User, name string) *authkit.Session {
	return &authkit.Session{
		App: u.App, ID: uuid.New(), UserID: u.ID, Family: hash("family " + name), Current: hash("t0 " + name), Cookie: hash("cookie " + name),
		AuthTime: now(), CreatedAt: now(), LastUsedAt: now(),
		IdleUntil: after(time.Hour), Until: after(24 * time.Hour), AMR: []string{"pwd"}, UserAgent: "agent", IP: "192.0.2.1",
	}
}

// signIn starts a session.
func (b *bed) signIn(u authkit.User, name string) authkit.Session {
	b.Helper()
	s := session(u, name)
	_, err := b.s.ChangeUser(b.ctx, authkit.UserChange{
		Now: now(), App: u.App, ID: u.ID, Version: u.Version, Session: s, AuthMethod: "credentials",
	})
	b.ok(err)
	return *s
}

func (b *bed) token(name string) authkit.Token {
	return authkit.Token{
		App: b.app, Kind: "link", Slot: hex.EncodeToString(hash(name)), Hash: hash(name), ExpiresAt: after(time.Hour),
	}
}

func (b *bed) put(tokens ...authkit.Token) {
	b.Helper()
	b.ok(b.s.Put(b.ctx, authkit.Put{App: b.app, Riders: authkit.Riders{Tokens: tokens}}))
}

func take(name string) authkit.Take { return authkit.Take{Kind: "link", Hash: hash(name)} }

// riders returns one rider of each kind.
func (b *bed) riders(name string) authkit.Riders {
	return authkit.Riders{
		Tokens: []authkit.Token{b.token(name)},
		Mail:   []authkit.Mail{{App: b.app, ID: uuid.New(), Sealed: []byte("sealed"), DueAt: now(), Expires: after(time.Hour)}},
		Events: []authkit.Event{{ID: uuid.New(), App: b.app, Time: now(), Type: name, Actor: "test", Result: "ok"}},

		Deliveries: []authkit.Delivery{delivery(authkit.Webhook{App: b.app, ID: uuid.NewSHA1(uuid.Nil, []byte(name))}, 1, uuid.Nil)},
	}
}

// written fails unless every rider of that name was written, or is missing, as wanted.
func (b *bed) written(name string, want bool) {
	b.Helper()
	_, _, err := b.s.Token(b.ctx, b.app, take(name), now())
	equal(b, err == nil, want)
	due := b.due()
	equal(b, len(due) > 0, want)
	events, err := b.s.Events(b.ctx, b.app, authkit.EventQuery{Page: authkit.Page{Limit: 10}, Type: name})
	b.ok(err)
	equal(b, len(events) > 0, want)
}
