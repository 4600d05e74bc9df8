package storetest

import (
	"strconv"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/google/uuid"
)

func rotationSentences() []sentence {
	return []sentence{
		{"rotation: a use in the grace moves it on, up to GraceMost in all", rotationMovesOn},
		{"rotation: with its key, the one before gets a new successor, and the unused one ends the session", rotationRenews},
		{"rotation: a renewal begins the grace anew, for the key alone", rotationRenewedGrace},
		{"rotation: a successor is replaced while it is unused, within RenewFor, and Renewals times", rotationRenewEnds},
		{"rotation: a key that the session has seen is a conflict and changes nothing", rotationSeen},
		{"rotation: one that is taken back was not made, and its key was not seen", rotationBack},
		{"race: of concurrent renewals one makes a new successor, and all answer it", raceRenew},
	}
}

// turn is one rotation of the session "s", at so long after now.
type turn struct {
	at       time.Duration
	from, to string
	key      string
	again    string // the successor that is answered once more
	renewed  bool
	err      error
}

func (b *bed) turn(t turn) {
	b.Helper()
	r := b.rotation(t.from, t.to, after(t.at))
	if t.key != "" {
		r.Key = hash(t.key)
	}
	got, err := b.s.RotateSession(b.ctx, r)
	if t.err != nil {
		b.is(err, t.err)
		return
	}
	b.ok(err)
	b.sameBytes(got.Again, []byte(t.again))
	equal(b, got.Renewed, t.renewed)
}

// turns runs a script for a session of its own.
func (b *bed) turns(script ...turn) {
	b.Helper()
	old := b.app
	defer func() { b.app = old }()
	b.app = b.newApp(uuid.NewString())
	b.signIn(b.newUser("a@example.com"), "s")
	for _, t := range script {
		b.turn(t)
	}
}

const second = time.Second

func rotationMovesOn(b *bed) {
	script := []turn{{from: "t0 s", to: "t1"}}
	for at := 9 * second; at < 60*second; at += 9 * second {
		script = append(script, turn{at: at, from: "t0 s", to: "no", again: "t1"})
	}
	b.turns(append(script, turn{at: 60*second - time.Microsecond, from: "t0 s", to: "no", again: "t1"}, turn{at: 60 * second, from: "t0 s", to: "no", err: authkit.ErrTokenReused})...)
	b.turns(turn{from: "t0 s", to: "t1"}, turn{at: 9 * second, from: "t0 s", to: "no", again: "t1"},
		turn{at: 19 * second, from: "t0 s", to: "no", err: authkit.ErrTokenReused})
	b.turns(turn{from: "t0 s", to: "t1"}, turn{at: 9 * second, from: "t0 s", to: "no", again: "t1"}, turn{at: 9 * second, from: "t1", to: "t2"},
		turn{at: 18 * second, from: "t0 s", to: "no", again: "t1"}, turn{at: 18 * second, from: "t1", to: "no", again: "t2"},
		turn{at: 27 * second, from: "t0 s", to: "no", again: "t1"}, turn{at: 27 * second, from: "t2", to: "t3"},
		turn{at: 27 * second, from: "t0 s", to: "no", err: authkit.ErrTokenReused})
}

func rotationRenews(b *bed) {
	lost := []turn{{from: "t0 s", to: "t1", key: "k"}, {at: 12 * second, from: "t0 s", to: "t1b", key: "k", renewed: true}}
	b.turns(append(lost, turn{at: 12 * second, from: "t1b", to: "t2"})...)
	b.turns(append(lost, turn{at: 12 * second, from: "t1", to: "t2", err: authkit.ErrTokenReused})...)
	b.turns(turn{from: "t0 s", to: "t1", key: "k"}, turn{at: 9 * second, from: "t0 s", to: "no", key: "k", again: "t1"},
		turn{at: 9 * second, from: "t1", to: "t2"})
	for _, key := range []string{"", "other"} {
		b.turns(turn{from: "t0 s", to: "t1", key: "k"}, turn{at: 12 * second, from: "t0 s", to: "no", key: key, err: authkit.ErrTokenReused})
		b.turns(turn{from: "t0 s", to: "t1"}, turn{at: 12 * second, from: "t0 s", to: "no", key: key, err: authkit.ErrTokenReused})
	}
}

func rotationRenewedGrace(b *bed) {
	lost := []turn{{from: "t0 s", to: "t1", key: "k"}, {at: 12 * second, from: "t0 s", to: "t1b", key: "k", renewed: true}}
	b.turns(append(lost, turn{at: 21 * second, from: "t0 s", to: "no", key: "k", again: "t1b"}, turn{at: 30 * second, from: "t0 s", to: "no", key: "k", again: "t1b"},
		turn{at: 30 * second, from: "t1b", to: "t2", key: "l"}, turn{at: 31 * second, from: "t0 s", to: "no", key: "k", again: "t1b"})...)
	b.turns(append(lost, turn{at: 13 * second, from: "t0 s", to: "no", err: authkit.ErrTokenReused})...)
	b.turns(append(lost, turn{at: 13 * second, from: "t1b", to: "t2"}, turn{at: 14 * second, from: "t0 s", to: "no", err: authkit.ErrTokenReused})...)
}

func rotationRenewEnds(b *bed) {
	b.turns(turn{from: "t0 s", to: "t1", key: "k"}, turn{at: 24*time.Hour - time.Microsecond, from: "t0 s", to: "x", key: "k", err: authkit.ErrNotFound}) // idle
	for d, want := range map[time.Duration]error{50*time.Minute - time.Microsecond: nil, 50 * time.Minute: authkit.ErrTokenReused} {
		b.app = b.newApp(uuid.NewString())
		b.signIn(b.newUser("a@example.com"), "s")
		b.turn(turn{from: "t0 s", to: "t1", key: "k"})
		r := b.rotation("t0 s", "t1b", after(d))
		r.Key, r.RenewFor = hash("k"), 50*time.Minute
		_, err := b.s.RotateSession(b.ctx, r)
		b.is(err, want)
	}
	script := []turn{{from: "t0 s", to: "t1", key: "k"}}
	for i := range 3 {
		script = append(script, turn{at: time.Duration(i+1) * 12 * second, from: "t0 s", to: "u" + strconv.Itoa(i), key: "k", renewed: true})
	}
	b.turns(append(script, turn{at: 48 * second, from: "u2", to: "t2"})...)
	b.turns(append(script, turn{at: 48 * second, from: "t0 s", to: "no", key: "k", err: authkit.ErrTokenReused})...)
	b.turns(turn{from: "t0 s", to: "t1", key: "k"}, turn{from: "t1", to: "t2", key: "l"}, turn{at: 12 * second, from: "t0 s", to: "no", key: "k", err: authkit.ErrTokenReused})
}

func rotationSeen(b *bed) {
	b.turns(turn{from: "t0 s", to: "t1", key: "a"}, turn{from: "t1", to: "no", key: "a", err: authkit.ErrConflict},
		turn{from: "t1", to: "t2", key: "b"}, turn{from: "t2", to: "t3"}, turn{from: "t3", to: "no", key: "a", err: authkit.ErrConflict},
		turn{from: "t3", to: "no", key: "b", err: authkit.ErrConflict}, turn{from: "t3", to: "t4", key: "c"},
		turn{at: 12 * second, from: "t3", to: "t4b", key: "c", renewed: true}, turn{at: 12 * second, from: "t4b", to: "no", key: "c", err: authkit.ErrConflict})
	script := []turn{{from: "t0 s", to: "t1", key: "k0"}}
	for i := 1; i < 64; i++ {
		script = append(script, turn{from: "t" + strconv.Itoa(i), to: "t" + strconv.Itoa(i+1), key: "k" + strconv.Itoa(i)})
	}
	b.turns(append(script, turn{from: "t64", to: "no", key: "k0", err: authkit.ErrConflict})...)
}

func rotationBack(b *bed) {
	back := func(from, to string, at time.Duration) error {
		r := b.rotation(from, to, after(at))
		r.Back = true
		_, err := b.s.RotateSession(b.ctx, r)
		return err
	}
	s := b.signIn(b.newUser("a@example.com"), "s")
	b.is(back("t0 s", "never", 0), authkit.ErrNotFound)
	b.turn(turn{from: "t0 s", to: "t1", key: "a"})
	b.turn(turn{at: second, from: "t1", to: "t2", key: "b"})
	b.is(back("t1", "t0 s", second), authkit.ErrNotFound)
	b.is(back("t2", "t0 s", second), authkit.ErrNotFound)
	b.ok(back("t2", "t1", second))
	b.turn(turn{at: 2 * second, from: "t2", to: "no", again: "t1"}) // who was told of it goes on
	b.turn(turn{at: 2 * second, from: "t0 s", to: "no", again: "t1"})
	b.turn(turn{at: 2 * second, from: "t1", to: "no", key: "a", err: authkit.ErrConflict})
	b.turn(turn{at: 12 * second, from: "t1", to: "t2b", key: "b"})
	b.is(back("t2b", "t2", 12*second), authkit.ErrNotFound)
	b.ok(b.s.EndSession(b.ctx, authkit.SessionEnd{App: b.app, User: s.UserID, ID: s.ID, Now: after(12 * second)}))
	b.is(back("t2b", "t1", 12*second), authkit.ErrNotFound)
}

func raceRenew(b *bed) {
	b.signIn(b.newUser("a@example.com"), "s")
	b.turn(turn{from: "t0 s", to: "t1", key: "k"})
	told := make([]string, 16)
	equal(b, b.race(16, func(s authkit.Store, i int) error {
		r := b.rotation("t0 s", uuid.NewString(), after(12*second))
		r.Key = hash("k")
		got, err := s.RotateSession(b.ctx, r)
		if told[i] = string(got.Again); got.Renewed {
			told[i] = string(r.Sealed)
		}
		return err
	}), 16)
	for _, each := range told {
		equal(b, each, told[0])
	}
	b.turn(turn{at: 12 * second, from: told[0], to: "t2"})
}
