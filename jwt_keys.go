package authkit

import (
	"cmp"
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

	// keyKeep is how long a key is kept after it was published last: longer than any process
	// remembers an app, and than clocks differ.
	keyKeep = time.Hour
)

// signingKeys are the keys of one app, ordered by Seq. The order of their times is the same,
// but for a key that stands alone.
type signingKeys []SigningKey

// keys are the app's signing keys.
func (a App) keys() signingKeys { return a.Keys }

// active returns the key that signs at now: the latest whose From has come. Where the clock is
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

// published are the keys that verifiers may accept at now: the active one, the pending ones,
// and those whose last tokens may be alive. The newest is always among them.
func (ks signingKeys) published(now time.Time) signingKeys {
	var out signingKeys
	var end time.Time // of the key before, if one after it is active
	for _, k := range slices.Backward(ks) {
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

// has reports whether a key of that id is among them.
func (ks signingKeys) has(kid string) bool {
	_, ok := ks.find(kid)
	return ok
}

// find returns the key of that id.
func (ks signingKeys) find(kid string) (SigningKey, bool) {
	i := slices.IndexFunc(ks, func(k SigningKey) bool { return k.KID == kid })
	if i < 0 {
		return SigningKey{}, false
	}
	return ks[i], true
}

// pendingFull reports whether maxPending keys are already waiting to become active. A key that
// stands alone does not count: it was to sign at once, and waits for a clock.
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

// oldestKept is the Seq below which keys are of no more use once next is added. No key counts
// before one that stands alone. To drop those keeps them from counting to a process whose clock
// has the new key begin later.
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

// algorithms are those of the keys, each once, in order.
func (ks signingKeys) algorithms() []string {
	var out []string
	for _, k := range ks {
		out = append(out, k.Alg)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// signingAlg is the algorithm of keys made from now on.
func (s Settings) signingAlg() string { return cmp.Or(s.SigningAlg, "ES256") }
