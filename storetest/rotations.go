package storetest

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func rotationSentences() []sentence {
	return []sentence{
		{"rotation: a use in the grace extends it, up to GraceMost in all", rotationMovesOn},
		{"rotation: with its key, the former token gets a new successor, and the unused one ends the session", rotationRenews},
		{"rotation: a renewal begins the grace anew, for its key alone", rotationRenewedGrace},
		{"rotation: a successor is replaced while it is unused, within RenewFor, and Renewals times", rotationRenewEnds},
		{"rotation: a key that the session has seen is a conflict and changes nothing", rotationSeen},
		{"rotation: an undone rotation leaves no trace, and its key counts as not seen", rotationUndo},
		{"race: of concurrent renewals one makes a new successor, and all return it", raceRenew},
	}
}

// exchange is one rotation of the session "s", and its outcome; at is counted from now.
type exchange struct {
	at       time.Duration
	from, to string
	key      string
	again    string // the successor that is answered again
	renewed  bool
	err      error
}

func (b *bed) exchange(t exchange) {
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

// exchanges runs a script on a new session in a new app.
func (b *bed) exchanges(script ...exchange) {
	b.Helper()
	old := b.app
	defer func() { b.app = old }()
	b.app = b.newApp(uuid.NewString())
	b.signIn(b.newUser("a@example.com"), "s")
	for _, t := range script {
		b.exchange(t)
	}
}

const second = time.Second

func rotationMovesOn(b *bed) {
	script := []exchange{{from: "t0 s", to: "t1"}}
	for at := 9 * second; at < 60*second; at += 9 * second {
		script = append(script, exchange{at: at, from: "t0 s", to: "no", again: "t1"})
	}
	b.exchanges(append(script, exchange{at: 60*second - time.Microsecond, from: "t0 s", to: "no", again: "t1"}, exchange{at: 60 * second, from: "t0 s", to: "no", err: authkit.ErrTokenReused})...)
	b.exchanges(exchange{from: "t0 s", to: "t1"}, exchange{at: 9 * second, from: "t0 s", to: "no", again: "t1"},
		exchange{at: 19 * second, from: "t0 s", to: "no", err: authkit.ErrTokenReused})
	b.exchanges(exchange{from: "t0 s", to: "t1"}, exchange{at: 9 * second, from: "t0 s", to: "no", again: "t1"}, exchange{at: 9 * second, from: "t1", to: "t2"},
		exchange{at: 18 * second, from: "t0 s", to: "no", again: "t1"}, exchange{at: 18 * second, from: "t1", to: "no", again: "t2"},
		exchange{at: 27 * second, from: "t0 s", to: "no", again: "t1"}, exchange{at: 27 * second, from: "t2", to: "t3"},
		exchange{at: 27 * second, from: "t0 s", to: "no", err: authkit.ErrTokenReused})
}

func rotationRenews(b *bed) {
	lost := []exchange{{from: "t0 s", to: "t1", key: "k"}, {at: 12 * second, from: "t0 s", to: "t1b", key: "k", renewed: true}}
	b.exchanges(append(lost, exchange{at: 12 * second, from: "t1b", to: "t2"})...)
	b.exchanges(append(lost, exchange{at: 12 * second, from: "t1", to: "t2", err: authkit.ErrTokenReused})...)
	b.exchanges(exchange{from: "t0 s", to: "t1", key: "k"}, exchange{at: 9 * second, from: "t0 s", to: "no", key: "k", again: "t1"},
		exchange{at: 9 * second, from: "t1", to: "t2"})
	for _, key := range []string{"", "other"} {
		b.exchanges(exchange{from: "t0 s", to: "t1", key: "k"}, exchange{at: 12 * second, from: "t0 s", to: "no", key: key, err: authkit.ErrTokenReused})
		b.exchanges(exchange{from: "t0 s", to: "t1"}, exchange{at: 12 * second, from: "t0 s", to: "no", key: key, err: authkit.ErrTokenReused})
	}
}

func rotationRenewedGrace(b *bed) {
	lost := []exchange{{from: "t0 s", to: "t1", key: "k"}, {at: 12 * second, from: "t0 s", to: "t1b", key: "k", renewed: true}}
	b.exchanges(append(lost, exchange{at: 21 * second, from: "t0 s", to: "no", key: "k", again: "t1b"}, exchange{at: 30 * second, from: "t0 s", to: "no", key: "k", again: "t1b"},
		exchange{at: 30 * second, from: "t1b", to: "t2", key: "l"}, exchange{at: 31 * second, from: "t0 s", to: "no", key: "k", again: "t1b"})...)
	b.exchanges(append(lost, exchange{at: 13 * second, from: "t0 s", to: "no", err: authkit.ErrTokenReused})...)
	b.exchanges(append(lost, exchange{at: 13 * second, from: "t1b", to: "t2"}, exchange{at: 14 * second, from: "t0 s", to: "no", err: authkit.ErrTokenReused})...)
}

func rotationRenewEnds(b *bed) {
	b.exchanges(exchange{from: "t0 s", to: "t1", key: "k"}, exchange{at: 24*time.Hour - time.Microsecond, from: "t0 s", to: "x", key: "k", err: authkit.ErrNotFound}) // idle
	for d, want := range map[time.Duration]error{50*time.Minute - time.Microsecond: nil, 50 * time.Minute: authkit.ErrTokenReused} {
		b.app = b.newApp(uuid.NewString())
		b.signIn(b.newUser("a@example.com"), "s")
		b.exchange(exchange{from: "t0 s", to: "t1", key: "k"})
		r := b.rotation("t0 s", "t1b", after(d))
		r.Key, r.RenewFor = hash("k"), 50*time.Minute
		_, err := b.s.RotateSession(b.ctx, r)
		b.is(err, want)
	}
	script := []exchange{{from: "t0 s", to: "t1", key: "k"}}
	for i := range 3 {
		script = append(script, exchange{at: time.Duration(i+1) * 12 * second, from: "t0 s", to: "u" + strconv.Itoa(i), key: "k", renewed: true})
	}
	b.exchanges(append(script, exchange{at: 48 * second, from: "u2", to: "t2"})...)
	b.exchanges(append(script, exchange{at: 48 * second, from: "t0 s", to: "no", key: "k", err: authkit.ErrTokenReused})...)
	b.exchanges(exchange{from: "t0 s", to: "t1", key: "k"}, exchange{from: "t1", to: "t2", key: "l"}, exchange{at: 12 * second, from: "t0 s", to: "no", key: "k", err: authkit.ErrTokenReused})
}

func rotationSeen(b *bed) {
	b.exchanges(exchange{from: "t0 s", to: "t1", key: "a"}, exchange{from: "t1", to: "no", key: "a", err: authkit.ErrConflict},
		exchange{from: "t1", to: "t2", key: "b"}, exchange{from: "t2", to: "t3"}, exchange{from: "t3", to: "no", key: "a", err: authkit.ErrConflict},
		exchange{from: "t3", to: "no", key: "b", err: authkit.ErrConflict}, exchange{from: "t3", to: "t4", key: "c"},
		exchange{at: 12 * second, from: "t3", to: "t4b", key: "c", renewed: true}, exchange{at: 12 * second, from: "t4b", to: "no", key: "c", err: authkit.ErrConflict})
	script := []exchange{{from: "t0 s", to: "t1", key: "k0"}}
	for i := 1; i < 64; i++ {
		script = append(script, exchange{from: "t" + strconv.Itoa(i), to: "t" + strconv.Itoa(i+1), key: "k" + strconv.Itoa(i)})
	}
	b.exchanges(append(script, exchange{from: "t64", to: "no", key: "k0", err: authkit.ErrConflict})...)
}

func rotationUndo(b *bed) {
	undo := func(from, to string, at time.Duration) error {
		r := b.rotation(from, to, after(at))
		r.Undo = true
		_, err := b.s.RotateSession(b.ctx, r)
		return err
	}
	s := b.signIn(b.newUser("a@example.com"), "s")
	b.is(undo("t0 s", "never", 0), authkit.ErrNotFound)
	b.exchange(exchange{from: "t0 s", to: "t1", key: "a"})
	b.exchange(exchange{at: second, from: "t1", to: "t2", key: "b"})
	b.is(undo("t1", "t0 s", second), authkit.ErrNotFound)
	b.is(undo("t2", "t0 s", second), authkit.ErrNotFound)
	b.ok(undo("t2", "t1", second))
	b.exchange(exchange{at: 2 * second, from: "t2", to: "no", again: "t1"}) // a client that was told of it can go on
	b.exchange(exchange{at: 2 * second, from: "t0 s", to: "no", again: "t1"})
	b.exchange(exchange{at: 2 * second, from: "t1", to: "no", key: "a", err: authkit.ErrConflict})
	b.exchange(exchange{at: 12 * second, from: "t1", to: "t2b", key: "b"})
	b.is(undo("t2b", "t2", 12*second), authkit.ErrNotFound)
	b.ok(b.s.EndSession(b.ctx, authkit.SessionEnd{App: b.app, User: s.UserID, ID: s.ID, Now: after(12 * second)}))
	b.is(undo("t2b", "t1", 12*second), authkit.ErrNotFound)
}

func raceRenew(b *bed) {
	b.signIn(b.newUser("a@example.com"), "s")
	b.exchange(exchange{from: "t0 s", to: "t1", key: "k"})
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
	b.exchange(exchange{at: 12 * second, from: told[0], to: "t2"})
}
