package authkit

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

const (
	// keyLead is how long a key is published before it signs: longer than verifiers keep a
	// key set.
	keyLead = 15 * time.Minute

	// keyTail is how long a key is verified after its successor became active: longer than any
	// access token lives.
	keyTail = time.Hour + 2*time.Minute

	// maxPending is how many keys of an app may wait to become active.
	maxPending = 8

	// keyKeep is how long a key is kept after it was last published: longer than any process
	// caches an app, and longer than clocks may differ.
	keyKeep = time.Hour
)

// signingKeys are the keys of one app, ordered by Seq. Their times are in the same order, except
// for a key with Alone.
type signingKeys []SigningKey

// keys returns the app's signing keys.
func (a App) keys() signingKeys { return a.Keys }

// active returns the key that signs at now: the latest whose From has come. If the clock is
// behind the one that made the app, it is the first key. It is false if there is no key.
func (ks signingKeys) active(now time.Time) (SigningKey, bool) {
	for _, k := range slices.Backward(ks) {
		if !now.Before(k.From) {
			return k, true
		}
	}
	if len(ks) == 0 {
		return SigningKey{}, false
	}
	return ks[0], true
}

// published returns the keys that verifiers may accept at now: the active one, the pending ones,
// and those whose last tokens may be valid. The newest is always among them.
func (ks signingKeys) published(now time.Time) signingKeys {
	out := slices.Collect(ks.newestPublished(now))
	slices.Reverse(out)
	return out
}

// newestPublished yields the published keys, newest first.
func (ks signingKeys) newestPublished(now time.Time) iter.Seq[SigningKey] {
	return func(yield func(SigningKey) bool) {
		var end time.Time // of the previous key, if a later one is active
		for _, k := range slices.Backward(ks) {
			if (end.IsZero() || now.Before(end)) && !yield(k) {
				return
			}
			if now.Before(k.From) {
				continue
			}
			if k.Alone {
				return
			}
			end = k.From.Add(keyTail)
		}
	}
}

// publishes returns the published key of that id.
func (ks signingKeys) publishes(kid string, now time.Time) (SigningKey, bool) {
	for k := range ks.newestPublished(now) {
		if k.KID == kid {
			return k, true
		}
	}
	return SigningKey{}, false
}

// pendingFull reports whether maxPending keys are already waiting to become active. A key with
// Alone does not count: it was meant to sign at once, and waits only for a clock.
func (ks signingKeys) pendingFull(now time.Time) bool {
	pending := 0
	for _, k := range slices.Backward(ks) {
		if k.Alone || !now.Before(k.From) {
			break
		}
		pending++
	}
	return pending >= maxPending
}

// oldestKept returns the Seq below which keys are no longer needed once next is added. Keys
// before one with Alone are not valid. They are dropped so that they are not valid either in a
// process whose clock says that the new key begins later.
func (ks signingKeys) oldestKept(next SigningKey, now time.Time) int64 {
	if next.Alone {
		return next.Seq
	}
	return ks.published(now.Add(-keyKeep))[0].Seq
}

// wants reports whether a next key is due: the newest one is older than every (0: any age), or
// of another algorithm than alg.
func (ks signingKeys) wants(alg string, every time.Duration, now time.Time) bool {
	newest := ks[len(ks)-1]
	other := newest.Alg != alg && !ks.pendingFull(now)
	return other || (every > 0 && now.Sub(newest.From) > every)
}

// algorithms returns the algorithms of the keys, each once, in order.
func (ks signingKeys) algorithms() []string {
	var out []string
	for _, k := range ks {
		out = append(out, k.Alg)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// signingAlg returns the algorithm of keys that are made from now on.
func (s Settings) signingAlg() string { return cmp.Or(s.SigningAlg, "ES256") }
