package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func raceSentences() []sentence {
	return []sentence{
		{"race: of concurrent TakeToken calls on one token exactly one succeeds", raceTake},
		{"race: of any number of concurrent tries at most Max have their proof compared", raceTry},
		{"race: concurrent puts into one slot leave one token", raceSlot},
		{"race: concurrent puts into a slot of several all succeed, and no more than Most live", raceMost},
		{"race: concurrent rotations of API keys leave one active key", raceKeys},
		{"race: of concurrent claims of a mail one succeeds", raceClaim},
		{"race: concurrent rotations of one refresh token agree on one successor", raceRotate},
		{"race: of concurrent apps of one name one is created", raceApp},
		{"race: a step that can succeed once succeeds once, with its riders", raceOnce},
		{"race: a step of TOTP, a recovery code, an mfa_token and the state of a ceremony are spent once", raceFactors},
	}
}

func raceTake(b *bed) {
	b.put(b.token("x"))
	equal(b, b.race(16, func(s authkit.Store, _ int) error {
		_, err := s.TakeToken(b.ctx, b.app, take("x"), now())
		return err
	}, authkit.ErrNotFound), 1)
}

func raceTry(b *bed) {
	tok := b.token("x")
	tok.Proof = hash("code")
	b.put(tok)
	equal(b, b.race(16, func(s authkit.Store, _ int) error {
		tried, err := s.TryToken(b.ctx, b.app, authkit.Try{Take: take("x"), Proof: hash("code"), Max: 5}, now())
		if err == nil && !tried.Right {
			err = authkit.ErrNotFound
		}
		return err
	}, authkit.ErrNotFound), 5)
}

func raceSlot(b *bed) {
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	equal(b, b.race(len(names), func(s authkit.Store, i int) error {
		tok := b.token(names[i])
		tok.Slot = "one"
		return s.Put(b.ctx, authkit.Put{App: b.app, Riders: authkit.Riders{Tokens: []authkit.Token{tok}}})
	}), len(names))
	equal(b, b.alive(names), 1)
}

func raceMost(b *bed) {
	for range 5 {
		slot := uuid.NewString()
		names := make([]string, 16)
		for i := range names {
			names[i] = uuid.NewString()
		}
		equal(b, b.race(len(names), func(s authkit.Store, i int) error {
			tok := b.token(names[i])
			tok.Slot, tok.Most = slot, 5
			return s.Put(b.ctx, authkit.Put{App: b.app, Riders: authkit.Riders{Tokens: []authkit.Token{tok}}})
		}), len(names))
		equal(b, b.alive(names), 5)
	}
}

// alive counts the tokens that could be spent.
func (b *bed) alive(names []string) int {
	live := 0
	for _, n := range names {
		if _, _, err := b.s.Token(b.ctx, b.app, take(n), now()); err == nil {
			live++
		}
	}
	return live
}

func raceKeys(b *bed) {
	for range 10 {
		b.race(4, func(s authkit.Store, _ int) error {
			return s.RotateAPIKey(b.ctx, authkit.KeyRotation{App: b.app, Next: b.apiKey(uuid.NewString(), now()), MaxLive: 3})
		})
		equal(b, b.activeKeys(), 1)
	}
}

func raceClaim(b *bed) {
	riders := b.riders("x")
	b.ok(b.s.Put(b.ctx, authkit.Put{App: b.app, Riders: riders}))
	equal(b, b.race(16, func(s authkit.Store, _ int) error {
		mails, err := s.ClaimMail(b.ctx, authkit.MailClaim{Now: now(), Until: after(time.Minute), Max: 4})
		if err == nil && len(mails) == 0 {
			return authkit.ErrNotFound
		}
		return err
	}, authkit.ErrNotFound), 1)
}

func raceRotate(b *bed) {
	b.signIn(b.newUser("a@example.com"), "s")
	fresh := make([]bool, 16)
	equal(b, b.race(16, func(s authkit.Store, i int) error {
		r, err := s.RotateSession(b.ctx, b.rotation("t0 s", uuid.NewString(), now()))
		fresh[i] = err == nil && r.Again == nil
		return err
	}), 16)
	n := 0
	for _, f := range fresh {
		if f {
			n++
		}
	}
	equal(b, n, 1)
}

func raceApp(b *bed) {
	equal(b, b.race(16, func(s authkit.Store, _ int) error {
		return s.CreateApp(b.ctx, authkit.NewApp{App: anApp("same"), First: signingKey(1)})
	}, authkit.ErrConflict), 1)
}

// rotation is a rotation of the session "s".
func (b *bed) rotation(from, to string, at time.Time) authkit.Rotation {
	return rotation(b.app, hash(from), to, at)
}

// rotation is a rotation of the session "s" of any app.
func rotation(app uuid.UUID, from []byte, to string, at time.Time) authkit.Rotation {
	return authkit.Rotation{
		App: app, Family: hash("family s"), Presented: from, Next: hash(to), Sealed: []byte(to),
		Now: at, Grace: 10 * time.Second, GraceMost: time.Minute, RenewFor: 24 * time.Hour, Renewals: 3, IdleUntil: at.Add(time.Hour),
	}
}

// activeKeys counts the active keys of the app.
func (b *bed) activeKeys() int {
	b.Helper()
	keys, err := b.s.APIKeys(b.ctx, b.app)
	b.ok(err)
	n := 0
	for _, k := range keys {
		if k.Active {
			n++
		}
	}
	return n
}
