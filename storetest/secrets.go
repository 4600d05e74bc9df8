package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func secretSentences() []sentence {
	return []sentence{
		{"secret: a note stands until it is retired and forgotten", secretLife},
		{"secret: no secret is noted while one is noted that the caller does not know", secretUnknown},
		{"secret: of callers that know other secrets one notes its own, concurrently too", secretRace},
		{"secret: a step under a secret that is retired or not noted is refused, and does nothing", secretSteps},
		{"secret: once a secret is retired, all that was sealed under it is visible", secretRetired},
		{"seal: parts are listed over all live apps, in pages that lose and repeat nothing", sealPages},
		{"seal: a blob is replaced once, and only where it still stands", sealReplace},
		{"seal: heads are those of all live blobs, once each", sealHeads},
	}
}

// secretID is the id of one of a few secrets.
func secretID(n int) string { return fmt.Sprintf("%016x", n) }

func secretIDs(ns []int) []string {
	var out []string
	for _, n := range ns {
		out = append(out, secretID(n))
	}
	return out
}

// note notes a secret, as a caller that knows others too.
func (b *bed) note(n int, known ...int) []authkit.SecretNote {
	b.Helper()
	notes, err := b.s.NoteSecret(b.ctx, secretID(n), secretIDs(append(known, n)))
	b.ok(err)
	return notes
}

func (b *bed) notes(want ...authkit.SecretNote) {
	b.Helper()
	got, err := b.s.Secrets(b.ctx)
	b.ok(err)
	if !slices.Equal(got, want) {
		b.Fatalf("got notes %v, want %v", got, want)
	}
}

func secretLife(b *bed) {
	b.notes()
	for _, id := range []string{secretID(1), ""} {
		b.is(b.s.RetireSecret(b.ctx, id), authkit.ErrNotFound)
		b.is(b.s.ForgetSecret(b.ctx, id), authkit.ErrNotFound)
	}
	b.note(2)
	equal(b, len(b.note(1, 2)), 2)
	b.notes(authkit.SecretNote{ID: secretID(1)}, authkit.SecretNote{ID: secretID(2)})
	b.is(b.s.ForgetSecret(b.ctx, secretID(1)), authkit.ErrStale)
	b.ok(b.s.RetireSecret(b.ctx, secretID(1)))
	b.ok(b.s.RetireSecret(b.ctx, secretID(1)))
	b.notes(authkit.SecretNote{ID: secretID(1), Retired: true}, authkit.SecretNote{ID: secretID(2)})
	b.note(1, 2) // a process starts with the retired secret again
	b.is(b.s.ForgetSecret(b.ctx, secretID(1)), authkit.ErrStale)
	b.ok(b.s.RetireSecret(b.ctx, secretID(1)))
	b.ok(b.s.ForgetSecret(b.ctx, secretID(1)))
	b.is(b.s.ForgetSecret(b.ctx, secretID(1)), authkit.ErrNotFound)
	b.notes(authkit.SecretNote{ID: secretID(2)})
}

func secretUnknown(b *bed) {
	b.note(1)
	b.note(2, 1)
	b.ok(b.s.RetireSecret(b.ctx, secretID(2)))
	for _, known := range [][]int{{1}, {2}, {3, 2}, nil} {
		notes, err := b.s.NoteSecret(b.ctx, secretID(3), secretIDs(known))
		b.is(err, authkit.ErrConflict)
		equal(b, len(notes), 2)
	}
	b.notes(authkit.SecretNote{ID: secretID(1)}, authkit.SecretNote{ID: secretID(2), Retired: true})
}

func secretRace(b *bed) {
	won := b.race(16, func(s authkit.Store, n int) error {
		_, err := s.NoteSecret(b.ctx, secretID(n), secretIDs([]int{n}))
		return err
	}, authkit.ErrConflict)
	equal(b, won, 1)
}

func secretSteps(b *bed) {
	x := b.newThings()
	app := b.furnish(x)
	was := b.holding(app, "t")
	b.note(1)
	b.note(2, 1)
	b.ok(b.s.RetireSecret(b.ctx, secretID(2)))
	for _, id := range []string{secretID(2), secretID(3)} {
		for _, c := range allCalls() {
			if !c.riders || c.own != nil {
				continue
			}
			riders := b.riders(uuid.NewString())
			riders.Secret = id
			b.answers(c, c.do(caller{b.ctx, b.s, app, x, riders}), authkit.ErrStale)
			b.ridden(c, app, riders, false)
		}
	}
	b.same(b.holding(app, "t"), was)
	c := authkit.OAuthConfig{App: app, Provider: "corp", SecretSealed: []byte("s")}
	b.ok(b.s.PutOAuthConfig(b.ctx, c, 0, authkit.Riders{Secret: secretID(1)}))
	a := anApp("under a secret")
	b.is(b.s.CreateApp(b.ctx, authkit.NewApp{App: a, First: signingKey(1), Riders: authkit.Riders{Secret: secretID(2)}}), authkit.ErrStale)
	b.ok(b.s.CreateApp(b.ctx, authkit.NewApp{App: a, First: signingKey(1), Riders: authkit.Riders{Secret: secretID(1)}}))
}

// secretRetired races steps under a secret with its retirement: what was sealed before has to be
// among the heads that are read after it.
func secretRetired(b *bed) {
	for round := range 4 {
		b.note(1)
		apps := make([]uuid.UUID, 8)
		for i := range apps {
			apps[i] = b.newApp(fmt.Sprint("app ", round, i))
		}
		var head atomic.Bool
		seen := false
		b.race(len(apps)+1, func(s authkit.Store, n int) error {
			if n < len(apps) {
				c := authkit.OAuthConfig{App: apps[n], Provider: "corp", SecretSealed: headed(byte(round + 1))}
				err := s.PutOAuthConfig(b.ctx, c, 0, authkit.Riders{Secret: secretID(1)})
				if err == nil {
					head.Store(true)
				}
				return err
			}
			if err := s.RetireSecret(b.ctx, secretID(1)); err != nil {
				return err
			}
			heads, err := s.SealedHeads(b.ctx, now(), now())
			seen = slices.ContainsFunc(heads, func(h []byte) bool { return bytes.Equal(h, headed(byte(round + 1))[:9]) })
			return err
		}, authkit.ErrStale)
		equal(b, seen, head.Load())
	}
}

// headed is a blob that one of a few secrets may have sealed.
func headed(n byte) []byte { return append([]byte{1}, bytes.Repeat([]byte{n}, 20)...) }

// sealed lists the sealed blobs of some apps, page by page.
func (b *bed) sealed(part authkit.SealedPart, limit int, apps ...uuid.UUID) (out []authkit.Sealed) {
	b.Helper()
	q := authkit.SealedQuery{Part: part, Limit: limit}
	for {
		page, err := b.s.Sealed(b.ctx, q)
		b.ok(err)
		if len(page) > limit {
			b.Fatalf("got a page of %d, want at most %d", len(page), limit)
		}
		for _, s := range page {
			equal(b, s.Part, part)
			if slices.Contains(apps, s.App) {
				out = append(out, s)
			}
		}
		if len(page) < limit {
			return out
		}
		q.App, q.Name = page[len(page)-1].App, page[len(page)-1].Name
	}
}

func sealPages(b *bed) {
	apps := []uuid.UUID{b.app, b.newApp("second"), b.newApp("third")}
	for _, app := range apps {
		for _, provider := range []string{"google", "github", "corp"} {
			b.ok(b.s.PutOAuthConfig(b.ctx, authkit.OAuthConfig{App: app, Provider: provider, SecretSealed: []byte(provider)}, 0, authkit.Riders{}))
		}
		b.ok(b.s.PutOAuthConfig(b.ctx, authkit.OAuthConfig{App: app, Provider: "bare"}, 0, authkit.Riders{}))
		b.ok(b.s.AddSigningKey(b.ctx, app, signingKey(2), 0, authkit.Riders{}))
		for _, name := range []string{"a", "b", "c"} {
			u := b.aUser(name)
			u.App = app
			bare := totp(u, "")
			bare.Subject, bare.Data = "bare "+name, nil
			_, err := b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: u, Credentials: []authkit.Credential{totp(u, "seed"), bare, password(u, "x"), passkey(u, "x")}})
			b.ok(err)
		}
	}
	b.ok(b.s.DeleteApp(b.ctx, apps[2], now(), authkit.Riders{}))
	for part, want := range map[authkit.SealedPart]int{authkit.SealedClientSecret: 6, authkit.SealedSigningKey: 4, authkit.SealedTOTPSeed: 6} {
		for _, limit := range []int{1, 2, 100} {
			got := b.sealed(part, limit, apps...)
			equal(b, len(got), want)
			sorted := slices.IsSortedFunc(got, func(x, y authkit.Sealed) int {
				if c := bytes.Compare(x.App[:], y.App[:]); c != 0 {
					return c
				}
				if x.Name <= y.Name {
					return -1
				}
				return 1
			})
			equal(b, sorted, true)
		}
	}
}

func sealReplace(b *bed) {
	c := authkit.OAuthConfig{App: b.app, Provider: "github", SecretSealed: []byte("old"), CreatedAt: now()}
	b.ok(b.s.PutOAuthConfig(b.ctx, c, 0, authkit.Riders{}))
	b.note(1)
	b.note(2, 1)
	b.ok(b.s.RetireSecret(b.ctx, secretID(2)))
	app, err := b.s.App(b.ctx, b.app)
	b.ok(err)
	key := app.Keys[0]
	u := b.newUser("a@example.com") // whose password has the same subject and the same data
	u, err = b.change(u, func(c *authkit.UserChange) { c.Put = []authkit.Credential{totp(u, "old")} })
	b.ok(err)
	for _, s := range []authkit.Sealed{
		{Part: authkit.SealedClientSecret, App: b.app, Name: "github", Blob: []byte("old")},
		{Part: authkit.SealedSigningKey, App: b.app, Name: key.KID, Blob: key.Sealed},
		{Part: authkit.SealedTOTPSeed, App: b.app, Name: u.ID.String(), Blob: []byte("old")},
	} {
		b.is(b.s.Reseal(b.ctx, b.app, s, []byte("x"), secretID(2)), authkit.ErrStale)
		b.is(b.s.Reseal(b.ctx, b.app, s, []byte("x"), secretID(3)), authkit.ErrStale)
		won := b.race(8, func(st authkit.Store, n int) error {
			return st.Reseal(b.ctx, b.app, s, []byte{1, byte(n)}, secretID(1))
		}, authkit.ErrStale)
		equal(b, won, 1)
		s.Name = "another"
		b.is(b.s.Reseal(b.ctx, b.app, s, []byte("x"), secretID(1)), authkit.ErrStale)
	}
	got, err := b.s.OAuthConfig(b.ctx, b.app, "github")
	b.ok(err)
	equal(b, got.SecretSealed[0], 1)
	equal(b, got.Version, 1)
	after, err := b.s.App(b.ctx, b.app)
	b.ok(err)
	equal(b, after.Keys[0].Sealed[0], 1)
	equal(b, after.Version, app.Version)
	b.sameBytes(after.Keys[0].Public, key.Public)
	a := b.account(u.ID)
	b.same(a.User, u)
	b.same(a.Credentials[0], password(u, "old"))
	want := totp(u, "")
	want.Data = a.Credentials[1].Data
	b.same(a.Credentials[1], want)
	equal(b, want.Data[0], 1)
}

func sealHeads(b *bed) {
	head := headed
	x := b.newThings()
	x.signing.Sealed, x.provider.SecretSealed, x.token.Data, x.mail.Sealed, x.credential.Data = head(1), head(2), head(3), head(4), head(5)
	x.totp.Data, x.passkey.Data = head(7), head(8)
	app := b.furnish(x)
	gone := b.newThings()
	gone.signing.Sealed, gone.provider.SecretSealed, gone.token.Data, gone.mail.Sealed, gone.credential.Data, gone.totp.Data = head(6), head(6), head(6), head(6), head(6), head(6)
	b.ok(b.s.DeleteApp(b.ctx, b.furnish(gone), now(), authkit.Riders{}))
	has := func(at, since time.Time) (out string) {
		b.Helper()
		heads, err := b.s.SealedHeads(b.ctx, at, since)
		b.ok(err)
		for n := byte(1); n <= 8; n++ {
			same := func(got []byte) bool { return bytes.Equal(got, head(n)[:9]) }
			if i := slices.IndexFunc(heads, same); i >= 0 {
				out = fmt.Sprintf("%s%d", out, n)
				equal(b, slices.ContainsFunc(heads[i+1:], same), false)
			}
		}
		return out
	}
	equal(b, has(now(), now()), "123457")
	equal(b, has(now(), after(time.Microsecond)), "12347")
	equal(b, has(after(48*time.Hour), now()), "1257")
	b.ok(b.s.DeleteApp(b.ctx, app, now(), authkit.Riders{}))
	equal(b, has(now(), now()), "")
}
