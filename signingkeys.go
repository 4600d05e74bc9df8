package authkit

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

// signingAlg is the algorithm of new signing keys.
const signingAlg = "ES256"

// newSigningKey makes a key pair, its private half sealed to the app and key id.
func (e *Engine) newSigningKey(app uuid.UUID, seq int64, now time.Time) (SigningKey, error) {
	pair, err := token.Generate(signingAlg, e.cfg.Random)
	if err != nil {
		return SigningKey{}, fmt.Errorf("authkit: make a signing key: %w", err)
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
		KID: pair.KID, Alg: pair.Alg, Seq: seq, Public: public, From: now,
		Sealed: e.ring.Seal(private, signingKeyAAD(app, pair.KID)),
	}, nil
}

func signingKeyAAD(app uuid.UUID, kid string) []byte {
	return seal.AAD("signing key", app.String(), kid)
}

// open answers the key pair of a signing key.
func (e *Engine) open(app uuid.UUID, k SigningKey) (token.Pair, error) {
	id := app.String() + "/" + k.KID
	if pair, ok := e.pairs.get(id); ok {
		return pair, nil
	}
	private, err := e.ring.Open(k.Sealed, signingKeyAAD(app, k.KID))
	if err != nil {
		return token.Pair{}, fmt.Errorf("open signing key %q: %w", k.KID, err)
	}
	pair, err := token.ParsePrivate(k.Alg, k.KID, private)
	if err != nil {
		return token.Pair{}, fmt.Errorf("parse signing key %q: %w", k.KID, err)
	}
	e.pairs.put(id, pair)
	return pair, nil
}

// signingKey is the key that signs now: the latest that has begun and not ended.
func (a App) signingKey(now time.Time) (SigningKey, bool) {
	for _, k := range slices.Backward(a.Keys) {
		if !now.Before(k.From) && k.published(now) {
			return k, true
		}
	}
	return SigningKey{}, false
}

// published says whether verifiers may still accept the key.
func (k SigningKey) published(now time.Time) bool { return k.Until.IsZero() || now.Before(k.Until) }

// verifyKey answers the app's public key of an id, parsed once.
func (e *Engine) verifyKey(a App, now time.Time) func(kid string) (token.VerifyKey, bool) {
	return func(kid string) (token.VerifyKey, bool) {
		i := slices.IndexFunc(a.Keys, func(k SigningKey) bool { return k.KID == kid && k.published(now) })
		if i < 0 {
			return token.VerifyKey{}, false
		}
		id := a.ID.String() + "/" + kid
		if known, ok := e.publics.get(id); ok {
			return known, true
		}
		public, err := token.ParsePublic(a.Keys[i].Public)
		if err != nil {
			return token.VerifyKey{}, false
		}
		key := token.VerifyKey{Alg: a.Keys[i].Alg, Public: public}
		e.publics.put(id, key)
		return key, true
	}
}
