package authkit

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// keysFrom are keys whose times are these, relative to at.
func keysFrom(at time.Time, from ...time.Duration) signingKeys {
	var out signingKeys
	for i, d := range from {
		out = append(out, SigningKey{KID: string(rune('a' + i)), Alg: "ES256", Seq: int64(i + 1), From: at.Add(d)})
	}
	return out
}

func kids(keys []SigningKey) string {
	var out strings.Builder
	for _, k := range keys {
		out.WriteString(k.KID)
	}
	return out.String()
}

func TestSigningKeysOfATime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		from              []time.Duration
		alone             int // the number of the key that stands alone; 0: no key does
		active, published string
	}{
		"no key":                               {nil, 0, "", ""},
		"one key":                              {[]time.Duration{-time.Hour}, 0, "a", "a"},
		"a clock behind that of the first key": {[]time.Duration{time.Minute}, 0, "a", "a"},
		"a pending key is published":           {[]time.Duration{-time.Hour, keyLead}, 0, "a", "ab"},
		"a key begins at its own time":         {[]time.Duration{-time.Hour, 0}, 0, "b", "ab"},
		"the key before is published for keyTail": {
			[]time.Duration{-9 * time.Hour, -keyTail + 1}, 0, "b", "ab",
		},
		"and no longer": {[]time.Duration{-9 * time.Hour, -keyTail}, 0, "b", "b"},
		"of many, those before count as long as the one after them is young": {
			[]time.Duration{-9 * time.Hour, -8 * time.Hour, -time.Minute, keyLead, keyLead}, 0, "c", "bcde",
		},
		"no key counts before one that stands alone": {[]time.Duration{-2 * time.Minute, -time.Minute, keyLead}, 2, "b", "bc"},
		"one that stands alone and is pending":       {[]time.Duration{-2 * time.Minute, time.Minute}, 2, "a", "ab"},
	} {
		keys := keysFrom(now, c.from...)
		if c.alone > 0 {
			keys[c.alone-1].Alone = true
		}
		active, ok := keys.active(now)
		if active.KID != c.active || ok != (c.active != "") {
			t.Errorf("%s: active: got %q, %t, want %q", name, active.KID, ok, c.active)
		}
		if got := kids(keys.published(now)); got != c.published {
			t.Errorf("%s: published: got %q, want %q", name, got, c.published)
		}
	}
}

func TestPendingSigningKeys(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	from := []time.Duration{-time.Hour}
	for i := range maxPending {
		keys := keysFrom(now, from...)
		if keys.pendingFull(now) {
			t.Errorf("%d pending keys: got full, want room", i)
		}
		from = append(from, keyLead)
	}
	keys := keysFrom(now, from...)
	if !keys.pendingFull(now) || keys.pendingFull(now.Add(keyLead)) {
		t.Errorf("%d pending keys: got %t now and %t once they are active, want true and false", maxPending, keys.pendingFull(now), keys.pendingFull(now.Add(keyLead)))
	}
	if keys[maxPending].Alone = true; keys.pendingFull(now) {
		t.Error("the newest stands alone: got full, want room")
	}
}

func TestWhenASigningKeyIsDue(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	full := keysFrom(now, append([]time.Duration{-time.Hour}, slices.Repeat([]time.Duration{keyLead}, maxPending)...)...)
	for name, c := range map[string]struct {
		keys  signingKeys
		alg   string
		every time.Duration
		want  bool
	}{
		"a young key":                       {keysFrom(now, -day), "ES256", 2 * day, false},
		"an old key":                        {keysFrom(now, -3*day), "ES256", 2 * day, true},
		"an old key, and no rotation":       {keysFrom(now, -3*day), "ES256", 0, false},
		"another algorithm":                 {keysFrom(now, -day), "EdDSA", 0, true},
		"another algorithm, and no room":    {full, "EdDSA", 0, false},
		"an old key with a pending one":     {keysFrom(now, -3*day, keyLead), "ES256", 2 * day, false},
		"the newest is of another, pending": {keysFrom(now, -day, keyLead), "EdDSA", 0, true},
	} {
		if got := c.keys.wants(c.alg, c.every, now); got != c.want {
			t.Errorf("%s: got %t, want %t", name, got, c.want)
		}
	}
}

func TestOldestSigningKeyKept(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	keys := keysFrom(now, -9*time.Hour, -keyTail-keyKeep/2, -time.Minute)
	if got := keys.oldestKept(SigningKey{Seq: 4}, now); got != 1 {
		t.Errorf("published less than keyKeep ago: got %d, want 1", got)
	}
	if got := keys.oldestKept(SigningKey{Seq: 4}, now.Add(keyKeep)); got != 2 {
		t.Errorf("not published for keyKeep: got %d, want 2", got)
	}
	if got := keys.oldestKept(SigningKey{Seq: 4, Alone: true}, now); got != 4 {
		t.Errorf("a key that stands alone: got %d, want 4", got)
	}
}

func TestAlgorithmsOfSigningKeys(t *testing.T) {
	t.Parallel()
	keys := signingKeys{{Alg: "RS256"}, {Alg: "ES256"}, {Alg: "RS256"}}
	if got, want := keys.algorithms(), []string{"ES256", "RS256"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
