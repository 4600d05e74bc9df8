package authkit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/bounded"
	"github.com/authkit-dev/authkit/internal/password"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

const (
	maxPairs    = 1024  // opened signing keys that a process keeps
	maxPublics  = 4096  // parsed public keys
	maxVerified = 32768 // verified access tokens, and as many cookies
	maxDueKeys  = 1024  // apps that are noted as due for a key
)

// signing makes, opens and parses the signing keys of apps, and signs and verifies access tokens.
// It caches opened keys and verified tokens, so that a process opens and verifies each once, and
// notes which apps were seen to need a next key. It is safe for concurrent use.
type signing struct {
	ring  *seal.Ring
	gate  *password.Gate // of the password hash
	every time.Duration  // how old the newest key of an app may get; 0: any age

	issuer func(app uuid.UUID) string // of the access tokens

	pairs    *bounded.Cache[string, token.Pair]      // by app and key id
	publics  *bounded.Cache[string, token.VerifyKey] // likewise
	verified *bounded.Cache[[sha256.Size]byte, verifiedToken]
	due      *bounded.Set[uuid.UUID]
}

func newSigning(ring *seal.Ring, gate *password.Gate, every time.Duration, issuer func(uuid.UUID) string) *signing {
	return &signing{
		ring: ring, gate: gate, every: every, issuer: issuer,
		pairs:    bounded.NewCache[string, token.Pair](maxPairs),
		publics:  bounded.NewCache[string, token.VerifyKey](maxPublics),
		verified: bounded.NewCache[[sha256.Size]byte, verifiedToken](maxVerified),
		due:      bounded.NewSet[uuid.UUID](maxDueKeys),
	}
}

// newKey makes a key pair. Its private half is sealed to the app and key id. An empty alg is
// ES256. [CodeUnavailable]: the gate has no room for an RSA key.
func (g *signing) newKey(ctx context.Context, app uuid.UUID, alg string, seq int64, from time.Time) (SigningKey, error) {
	pair, err := g.newPair(ctx, app, cmp.Or(alg, "ES256"))
	if err != nil {
		return SigningKey{}, err
	}
	private, err := pair.MarshalPrivate()
	if err != nil {
		return SigningKey{}, fmt.Errorf("authkit: encode a signing key: %w", err)
	}
	public, err := token.MarshalPublic(pair.Public)
	if err != nil {
		return SigningKey{}, fmt.Errorf("authkit: encode a signing key: %w", err)
	}
	return SigningKey{
		KID: pair.KID, Alg: pair.Alg, Seq: seq, Public: public, From: from,
		Sealed: g.ring.Seal(private, signingKeyAAD(app, pair.KID)),
	}, nil
}

// newPair makes a key pair. An RSA pair passes the gate of the password hash, since it takes as
// long as many hashes.
func (g *signing) newPair(ctx context.Context, app uuid.UUID, alg string) (pair token.Pair, err error) {
	generate := func() { pair, err = token.Generate(alg) }
	if alg != "RS256" {
		generate()
	} else if full := g.gate.Do(ctx, password.Asker{Tenant: app.String()}, generate); full != nil {
		return token.Pair{}, unavailable(full)
	}
	if err != nil {
		return token.Pair{}, fmt.Errorf("authkit: make a signing key: %w", err)
	}
	return pair, nil
}

func signingKeyAAD(app uuid.UUID, kid string) []byte {
	return seal.AAD("signing key", app.String(), kid)
}

// open returns the key pair of a signing key of the app.
func (g *signing) open(app uuid.UUID, k SigningKey) (token.Pair, error) {
	id := app.String() + "/" + k.KID
	if pair, ok := g.pairs.Get(id); ok {
		return pair, nil
	}
	private, err := g.ring.Open(k.Sealed, signingKeyAAD(app, k.KID))
	if err != nil {
		return token.Pair{}, fmt.Errorf("open signing key %q: %w", k.KID, err)
	}
	pair, err := token.ParsePrivate(k.Alg, k.KID, private)
	if err != nil {
		return token.Pair{}, fmt.Errorf("parse signing key %q: %w", k.KID, err)
	}
	g.pairs.Put(id, pair)
	return pair, nil
}

// verifyKey returns a look-up of the app's public keys by key id. It finds those that verifiers
// may accept at now. A process parses each once.
func (g *signing) verifyKey(a App, now time.Time) func(kid string) (token.VerifyKey, bool) {
	return func(kid string) (token.VerifyKey, bool) {
		found, ok := a.keys().publishes(kid, now)
		if !ok {
			return token.VerifyKey{}, false
		}
		id := a.ID.String() + "/" + kid
		if known, ok := g.publics.Get(id); ok {
			return known, true
		}
		public, err := token.ParsePublic(found.Public)
		if err != nil {
			return token.VerifyKey{}, false
		}
		key := token.VerifyKey{Alg: found.Alg, Public: public}
		g.publics.Put(id, key)
		return key, true
	}
}

// mint signs an access token with the key that is active now.
func (g *signing) mint(app App, claims token.Access, now time.Time) (string, error) {
	key, ok := app.keys().active(now)
	if !ok {
		return "", &Error{Code: CodeInternal, Detail: "the app has no signing key"}
	}
	pair, err := g.open(app.ID, key)
	if err != nil {
		return "", &Error{Code: CodeInternal, Detail: "the app's signing key cannot be used", Err: err}
	}
	g.noteDue(app, now)
	raw, err := token.Mint(pair, claims)
	if err != nil {
		return "", &Error{Code: CodeInternal, Detail: "the access token cannot be signed", Err: err}
	}
	return raw, nil
}

// wants reports whether the app needs a next key.
func (g *signing) wants(app App, now time.Time) bool {
	return app.keys().wants(app.Settings.signingAlg(), g.every, now)
}

// noteDue notes an app that needs a next key, which [Engine.Run] makes.
func (g *signing) noteDue(app App, now time.Time) {
	if g.wants(app, now) {
		g.due.Add(app.ID)
	}
}
