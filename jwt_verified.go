package authkit

import (
	"crypto/sha256"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// verifiedToken is an access token whose signature was verified. That it was says nothing about
// its session, nor about its key today.
type verifiedToken struct {
	id              *Identity // shared by every request: never written to
	kid             string
	keyAt           time.Time // when [liveness] last found the key valid
	rules           App       // the rules of the app then, as far as roles go by them
	issued, expires time.Time
}

// session is the session that the token names.
func (v verifiedToken) session() SessionRef {
	return SessionRef{App: v.id.App, User: v.id.User, ID: v.id.Session}
}

// digest is the cache key of a token. It covers the whole token, so that no other token has the
// same one.
func digest(raw string) [sha256.Size]byte {
	var short [2048]byte // no allocation for a token of the usual length
	return sha256.Sum256(append(short[:0], raw...))
}

// recall returns a token of the app that this process verified before. Whether its key is still
// valid is not checked. A token that has expired is not recalled, and neither is one of the
// future, since the clock was set back: the check of the whole token decides about these.
func (g *signing) recall(key [sha256.Size]byte, app uuid.UUID, now time.Time) (verifiedToken, bool) {
	v, ok := g.verified.Get(key)
	return v, ok && v.id.App == app && now.Before(v.expires) && !now.Before(v.issued)
}

// verify checks an access token of the app: [CodeInvalidToken]. It does not check that the
// session is live. A token that was verified before only needs a key that is still published.
// Nothing but verified tokens is kept, so that a flood of others takes no room.
func (g *signing) verify(app App, raw string, now time.Time) (verifiedToken, error) {
	key := digest(raw)
	if v, ok := g.recall(key, app.ID, now); ok {
		if _, published := app.keys().publishes(v.kid, now); published {
			return v, nil
		}
		g.verified.Drop(key)
	}
	v, err := g.check(app, raw, now)
	if err == nil {
		g.remember(key, v, now)
	}
	return v, err
}

// remember keeps a verified token. Those that have expired make room as others come.
func (g *signing) remember(key [sha256.Size]byte, v verifiedToken, now time.Time) {
	g.verified.Put(key, v)
	g.verified.DropSome(func(v verifiedToken) bool { return !now.Before(v.expires) })
}

// check is verify without memory.
func (g *signing) check(app App, raw string, now time.Time) (verifiedToken, error) {
	claims, kid, err := token.Verify(raw, g.issuer(app.ID), app.ID.String(), g.verifyKey(app, now), now)
	if err != nil {
		return verifiedToken{}, invalidToken("the access token does not verify").because(err).with(reasonOfAccess(raw, err))
	}
	session, err1 := uuid.Parse(claims.SessionID)
	user, err2 := uuid.Parse(claims.Subject)
	if err1 != nil || err2 != nil {
		return verifiedToken{}, invalidToken("the access token names no session or no user")
	}
	id := provenIdentity(SessionRef{App: app.ID, User: user, ID: session}, claims)
	return verifiedToken{id: id, kid: kid, issued: claims.IssuedAt, expires: claims.ExpiresAt}, nil
}

// forget drops a token whose session has ended.
func (g *signing) forget(raw string) { g.verified.Drop(digest(raw)) }
