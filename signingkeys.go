package authkit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/password"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

const (
	// keyLead is how long a key is published before it signs: longer than verifiers keep a
	// key set.
	keyLead = 15 * time.Minute

	// keyTail is how long a key is verified after its successor began: longer than any
	// access token lives.
	keyTail = time.Hour + 2*time.Minute

	// maxWaiting is how many keys of an app may wait to sign.
	maxWaiting = 8

	// keyKeep is how long a key is kept after it was published last: longer than anything
	// remembers an app, and than clocks differ.
	keyKeep = time.Hour

	maxDueKeys = 1024
)

// newSigningKey makes a key pair, its private half sealed to the app and key id.
func (e *Engine) newSigningKey(ctx context.Context, app uuid.UUID, alg string, seq int64, from time.Time) (SigningKey, error) {
	pair, err := e.newPair(ctx, app, cmp.Or(alg, "ES256"))
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
		Sealed: e.ring.Seal(private, signingKeyAAD(app, pair.KID)),
	}, nil
}

// newPair makes a key pair, one of RSA behind the gate of the password hash, since it takes as
// long as many hashes.
func (e *Engine) newPair(ctx context.Context, app uuid.UUID, alg string) (pair token.Pair, err error) {
	generate := func() { pair, err = token.Generate(alg, e.cfg.Random) }
	if alg != "RS256" {
		generate()
	} else if full := e.hasher.gate.Do(ctx, password.Asker{Tenant: app.String()}, generate); full != nil {
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

// signingKey is the key that signs now: the latest that has begun or, to a clock behind
// the one that made the app, the first.
func (a App) signingKey(now time.Time) (SigningKey, bool) {
	for _, k := range slices.Backward(a.Keys) {
		if !now.Before(k.From) {
			return k, true
		}
	}
	if len(a.Keys) == 0 {
		return SigningKey{}, false
	}
	return a.Keys[0], true
}

// published are the keys that verifiers may accept: the one that signs, those that will,
// and those whose last tokens may be alive. The newest is always among them.
func (a App) published(now time.Time) []SigningKey {
	var out []SigningKey
	var end time.Time // of the key before, if one after it has begun
	for _, k := range slices.Backward(a.Keys) {
		if end.IsZero() || now.Before(end) {
			out = append(out, k)
		}
		if now.Before(k.From) {
			continue
		}
		if k.Alone {
			break
		}
		end = k.From.Add(keyTail)
	}
	slices.Reverse(out)
	return out
}

// crowded says whether as many keys wait to sign as may. One that stands alone was to sign
// at once: it waits for a clock.
func (a App) crowded(now time.Time) bool {
	waiting := 0
	for _, k := range slices.Backward(a.Keys) {
		if k.Alone || !now.Before(k.From) {
			break
		}
		waiting++
	}
	return waiting >= maxWaiting
}

// oldestKept is the Seq below which keys are of no more use once next is added. None counts
// before one that stands alone, and to have none there keeps those from counting whose
// clocks have it begin later.
func (a App) oldestKept(next SigningKey, now time.Time) int64 {
	if next.Alone {
		return next.Seq
	}
	return a.published(now.Add(-keyKeep))[0].Seq
}

// signingAlg is the algorithm of keys made from now on.
func (s Settings) signingAlg() string { return cmp.Or(s.SigningAlg, "ES256") }

// RotateSigningKey makes the app's next signing key, of the algorithm in its settings. It
// is published at once and signs from fifteen minutes later on, when every verifier has
// it; the one before is verified until its last token is dead. Where eight wait to sign, the
// newest of them is answered again: verifiers fetch all keys, and each request reads them.
// With revokeOld the new key signs at once and nothing signed before counts any more.
func (e *Engine) RotateSigningKey(ctx context.Context, developer string, app uuid.UUID, revokeOld bool) (SigningKey, error) {
	own, err := e.OwnApp(ctx, developer, app)
	if err != nil {
		return SigningKey{}, err
	}
	from := e.now()
	if !revokeOld {
		from = from.Add(keyLead)
	}
	for range 5 {
		if !revokeOld && own.crowded(e.now()) {
			return own.Keys[len(own.Keys)-1], nil
		}
		key, err := e.addSigningKey(ctx, own, from, revokeOld, Event{Actor: own.Developer})
		if !errors.Is(err, ErrConflict) {
			return key, e.ownError(err, app)
		}
		if own, err = e.readApp(ctx, app); err != nil {
			return SigningKey{}, err
		}
	}
	return SigningKey{}, unavailable(errAgain)
}

func (e *Engine) addSigningKey(ctx context.Context, app App, from time.Time, alone bool, ev Event) (SigningKey, error) {
	last := app.Keys[len(app.Keys)-1]
	if !alone && from.Before(last.From) {
		from = last.From // the order of keys and times is one; a key that stands alone waits for none
	}
	key, err := e.newSigningKey(ctx, app.ID, app.Settings.SigningAlg, last.Seq+1, from)
	if err != nil {
		return SigningKey{}, err
	}
	key.Alone = alone
	ev.App, ev.Type = app.ID, EventSigningKeyCreate
	also := Also{Secret: e.noted.newest()}
	if err := e.note(&also, e.now(), ev); err != nil {
		return SigningKey{}, err
	}
	if ev.Actor != "" { // a person's doing
		if err := e.tellOwner(ctx, &also, app, "a new signing key was made"); err != nil {
			return SigningKey{}, err
		}
	}
	if err := e.store.AddSigningKey(ctx, app.ID, key, app.oldestKept(key, e.now()), also); err != nil {
		return SigningKey{}, err
	}
	e.pokeFor(also)
	e.apps.drop(app.ID)
	return key, nil
}

// keyDue says whether the app's newest key is old, or of another algorithm than the
// settings ask for.
func (e *Engine) keyDue(app App, now time.Time) bool {
	last, every := app.Keys[len(app.Keys)-1], e.cfg.Tokens.KeyRotation
	other := last.Alg != app.Settings.signingAlg() && !app.crowded(now)
	return other || (every > 0 && now.Sub(last.From) > every)
}

// rotateDue makes the next key of apps that were seen to need one. A process that is
// second meets a conflict and leaves it at that.
func (e *Engine) rotateDue(ctx context.Context) error {
	var all error
	for _, id := range e.due.take() {
		app, err := e.readApp(ctx, id)
		if err == nil && e.keyDue(app, e.now()) {
			_, err = e.addSigningKey(ctx, app, e.now().Add(keyLead), false, Event{Reason: "due"})
		}
		if err != nil && !errors.Is(err, ErrConflict) && !errors.Is(err, CodeAppNotFound) {
			all = errors.Join(all, fmt.Errorf("rotate the signing key of app %s: %w", id, err))
		}
	}
	return all
}

// verifyKey answers the app's public key of an id, parsed once.
func (e *Engine) verifyKey(a App, now time.Time) func(kid string) (token.VerifyKey, bool) {
	return func(kid string) (token.VerifyKey, bool) {
		keys := a.published(now)
		i := slices.IndexFunc(keys, func(k SigningKey) bool { return k.KID == kid })
		if i < 0 {
			return token.VerifyKey{}, false
		}
		id := a.ID.String() + "/" + kid
		if known, ok := e.publics.get(id); ok {
			return known, true
		}
		public, err := token.ParsePublic(keys[i].Public)
		if err != nil {
			return token.VerifyKey{}, false
		}
		key := token.VerifyKey{Alg: keys[i].Alg, Public: public}
		e.publics.put(id, key)
		return key, true
	}
}
