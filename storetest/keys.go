package storetest

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func keySentences() []sentence {
	return []sentence{
		{"key: a key is found by its hash until it expires or is revoked", keyLife},
		{"key: a rotated key works until OldUntil, and at most MaxLive stay active", keyOverlap},
		{"key: of the inactive keys the newest Keep stay", keyKeep},
		{"key: the later time of use is kept, and unknown ids are ignored", keyTouch},
	}
}

func (b *bed) rotate(k authkit.APIKey, until time.Time) {
	b.Helper()
	b.ok(b.s.RotateAPIKey(b.ctx, authkit.KeyRotation{App: b.app, Next: k, OldUntil: until, MaxLive: 2}))
}

func keyLife(b *bed) {
	k := b.apiKey("k", now())
	k.ExpiresAt = after(time.Hour)
	b.rotate(k, time.Time{})
	got, err := b.s.APIKey(b.ctx, b.app, k.Hash, now())
	b.ok(err)
	equal(b, got.ID, k.ID)
	equal(b, got.LastUsedAt, time.Time{})
	equal(b, got.ExpiresAt, k.ExpiresAt)
	_, err = b.s.APIKey(b.ctx, b.app, k.Hash, after(2*time.Hour))
	b.is(err, authkit.ErrNotFound)
	b.ok(b.s.RevokeAPIKey(b.ctx, b.app, k.ID, authkit.Riders{}))
	_, err = b.s.APIKey(b.ctx, b.app, k.Hash, now())
	b.is(err, authkit.ErrNotFound)
	b.is(b.s.RevokeAPIKey(b.ctx, b.app, k.ID, b.riders("x")), authkit.ErrNotFound)
	b.written("x", false)
	b.rotate(b.apiKey("next", now()), time.Time{})
	keys, err := b.s.APIKeys(b.ctx, b.app)
	b.ok(err)
	equal(b, len(keys), 2)
}

func keyOverlap(b *bed) {
	one, two, three := b.apiKey("1", now()), b.apiKey("2", after(time.Second)), b.apiKey("3", after(2*time.Second))
	b.rotate(one, time.Time{})
	b.rotate(two, after(time.Hour))
	_, err := b.s.APIKey(b.ctx, b.app, one.Hash, after(time.Minute))
	b.ok(err)
	_, err = b.s.APIKey(b.ctx, b.app, one.Hash, after(2*time.Hour))
	b.is(err, authkit.ErrNotFound)
	b.rotate(three, after(3*time.Hour))
	_, err = b.s.APIKey(b.ctx, b.app, one.Hash, after(time.Minute))
	b.is(err, authkit.ErrNotFound)
	_, err = b.s.APIKey(b.ctx, b.app, two.Hash, after(2*time.Hour))
	b.ok(err)
	_, err = b.s.APIKey(b.ctx, b.app, three.Hash, after(99*time.Hour))
	b.ok(err)
	// An expired key does not count against MaxLive: three stays beside five, though four is newer.
	four := b.apiKey("4", after(4*time.Hour))
	four.ExpiresAt = after(5 * time.Hour)
	b.ok(b.s.RotateAPIKey(b.ctx, authkit.KeyRotation{App: b.app, Next: four, OldUntil: after(99 * time.Hour), MaxLive: 3}))
	b.rotate(b.apiKey("5", after(6*time.Hour)), after(99*time.Hour))
	_, err = b.s.APIKey(b.ctx, b.app, three.Hash, after(7*time.Hour))
	b.ok(err)
}

func keyKeep(b *bed) {
	other := b.newApp("other")
	b.ok(b.s.RotateAPIKey(b.ctx, authkit.KeyRotation{App: other, Next: b.apiKey("other", now()), MaxLive: 1}))
	for i := range 6 {
		k := b.apiKey(strconv.Itoa(i), after(time.Duration(i)*time.Second))
		b.ok(b.s.RotateAPIKey(b.ctx, authkit.KeyRotation{App: b.app, Next: k, OldUntil: after(time.Hour), MaxLive: 2, Keep: 3}))
	}
	keys, err := b.s.APIKeys(b.ctx, b.app)
	b.ok(err)
	var names []string
	for _, k := range keys {
		names = append(names, k.Name+map[bool]string{true: " active"}[k.Active])
	}
	b.same(names, []string{"5 active", "4 active", "3", "2", "1"})
	b.ok(b.s.RotateAPIKey(b.ctx, authkit.KeyRotation{App: b.app, Next: b.apiKey("6", after(6*time.Second)), MaxLive: 1, Keep: 1}))
	keys, err = b.s.APIKeys(b.ctx, b.app)
	b.ok(err)
	equal(b, len(keys), 2)
	b.ok(b.s.RotateAPIKey(b.ctx, authkit.KeyRotation{App: b.app, Next: b.apiKey("0", after(7*time.Second)), MaxLive: 1})) // the hash is free
	keys, err = b.s.APIKeys(b.ctx, other)
	b.ok(err)
	equal(b, len(keys), 1)
}

func keyTouch(b *bed) {
	k := b.apiKey("k", now())
	b.rotate(k, time.Time{})
	for _, at := range []time.Time{after(time.Hour), now()} {
		b.ok(b.s.TouchAPIKeys(b.ctx, b.app, map[uuid.UUID]time.Time{k.ID: at, uuid.New(): at}))
	}
	keys, err := b.s.APIKeys(b.ctx, b.app)
	b.ok(err)
	equal(b, keys[0].LastUsedAt, after(time.Hour))
}

func providerSentences() []sentence {
	return []sentence{
		{"provider: a configuration is created once, replaced under its Version, and deleted", providerLife},
		{"provider: an app has no more than most configurations", providerMost},
		{"race: of concurrent configurations no more than most are created", raceProviderMost},
	}
}

func providerMost(b *bed) {
	put := func(name string, version int64, most int) error {
		return b.s.PutOAuthConfig(b.ctx, authkit.OAuthConfig{App: b.app, Provider: name, Version: version, CreatedAt: now()}, most, b.riders(uuid.NewString()))
	}
	b.ok(put("a", 0, 2))
	b.ok(put("b", 0, 2))
	b.is(put("c", 0, 2), authkit.ErrFull)
	b.is(put("b", 0, 2), authkit.ErrConflict)
	b.ok(put("b", 1, 2)) // as many as before
	b.ok(put("c", 0, 0))
	b.is(put("b", 0, 2), authkit.ErrConflict) // it has more than most already, but no new one is asked for
	b.ok(b.s.PutOAuthConfig(b.ctx, authkit.OAuthConfig{App: b.newApp("other"), Provider: "c", CreatedAt: now()}, 1, authkit.Riders{}))
}

func raceProviderMost(b *bed) {
	equal(b, b.race(16, func(s authkit.Store, i int) error {
		return s.PutOAuthConfig(b.ctx, authkit.OAuthConfig{App: b.app, Provider: strconv.Itoa(i), CreatedAt: now()}, 5, authkit.Riders{})
	}, authkit.ErrFull), 5)
}

func providerLife(b *bed) {
	c := authkit.OAuthConfig{
		App: b.app, Provider: "github", ClientID: "id", SecretSealed: []byte("s"), RedirectURI: "https://x.example/cb",
		Scopes: []string{"a"}, Enabled: true, CreatedAt: now(),
	}
	b.ok(b.s.PutOAuthConfig(b.ctx, c, 0, authkit.Riders{}))
	b.is(b.s.PutOAuthConfig(b.ctx, c, 0, b.riders("x")), authkit.ErrConflict)
	c.Version, c.ClientID, c.CreatedAt = 1, "other", after(time.Hour)
	b.ok(b.s.PutOAuthConfig(b.ctx, c, 0, authkit.Riders{}))
	b.is(b.s.PutOAuthConfig(b.ctx, c, 0, b.riders("x")), authkit.ErrStale)
	got, err := b.s.OAuthConfig(b.ctx, b.app, "github")
	b.ok(err)
	equal(b, got.Version, 2)
	equal(b, got.CreatedAt, now())
	equal(b, got.ClientID, "other")
	b.ok(b.s.DeleteOAuthConfig(b.ctx, b.app, "github", authkit.Riders{}))
	b.is(b.s.DeleteOAuthConfig(b.ctx, b.app, "github", b.riders("x")), authkit.ErrNotFound)
	c.Version = 2
	b.is(b.s.PutOAuthConfig(b.ctx, c, 0, b.riders("x")), authkit.ErrStale)
	b.written("x", false)
}
