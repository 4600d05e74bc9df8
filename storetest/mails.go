package storetest

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func mailSentences() []sentence {
	return []sentence{
		{"mail: a claimed mail is not due until then, and is settled or retried", mailLife},
		{"mail: an expired mail is unknown, and mail without Expires never expires", mailExpired},
		{"mail: apps take turns, and each has its share, the earliest due first", mailTurns},
		{"mail: turns go on after the given app, to no more apps than asked for", mailTurnsGoOn},
	}
}

func mailLife(b *bed) {
	riders := b.riders("x")
	id := riders.Mail[0].ID
	b.ok(b.s.Put(b.ctx, b.app, riders))
	m, err := b.s.ClaimMail(b.ctx, b.app, id, now(), after(time.Minute))
	b.ok(err)
	equal(b, m.Attempts, 1)
	b.sameBytes(m.Sealed, []byte("sealed"))
	due, err := b.s.DueMail(b.ctx, now(), uuid.Nil, 10)
	b.ok(err)
	equal(b, len(due), 0)
	b.ok(b.s.SettleMail(b.ctx, b.app, id, false, after(2*time.Minute)))
	_, err = b.s.ClaimMail(b.ctx, b.app, id, after(time.Minute), after(3*time.Minute))
	b.is(err, authkit.ErrNotFound)
	m, err = b.s.ClaimMail(b.ctx, b.app, id, after(2*time.Minute), after(3*time.Minute))
	b.ok(err)
	equal(b, m.Attempts, 2)
	b.ok(b.s.SettleMail(b.ctx, b.app, id, true, time.Time{}))
	_, err = b.s.ClaimMail(b.ctx, b.app, id, after(9*time.Minute), after(10*time.Minute))
	b.is(err, authkit.ErrNotFound)
}

func mailExpired(b *bed) {
	riders := b.riders("x")
	b.ok(b.s.Put(b.ctx, b.app, riders))
	due, err := b.s.DueMail(b.ctx, after(2*time.Hour), uuid.Nil, 10)
	b.ok(err)
	equal(b, len(due), 0)
	_, err = b.s.ClaimMail(b.ctx, b.app, riders.Mail[0].ID, after(2*time.Hour), after(3*time.Hour))
	b.is(err, authkit.ErrNotFound)
	riders = b.riders("y")
	riders.Mail[0].Expires = time.Time{}
	b.ok(b.s.Put(b.ctx, b.app, riders))
	_, err = b.s.Sweep(b.ctx, after(9999*time.Hour), time.Time{}, 1000)
	b.ok(err)
	due, err = b.s.DueMail(b.ctx, after(9999*time.Hour), uuid.Nil, 10)
	b.ok(err)
	equal(b, len(due), 1)
	_, err = b.s.ClaimMail(b.ctx, b.app, riders.Mail[0].ID, after(9999*time.Hour), after(10000*time.Hour))
	b.ok(err)
}

// mails puts n mails into the app, due a second apart, the last one now.
func (b *bed) mails(app uuid.UUID, n int) (ids []uuid.UUID) {
	b.Helper()
	var riders authkit.Riders
	for i := range n {
		m := authkit.Mail{ID: uuid.New(), Sealed: []byte("sealed"), DueAt: after(time.Duration(i-n) * time.Second), Expires: after(time.Hour)}
		riders.Mail, ids = append(riders.Mail, m), append(ids, m.ID)
	}
	b.ok(b.s.Put(b.ctx, app, riders))
	return ids
}

// sortedApps makes n apps and returns their ids in order.
func (b *bed) sortedApps(n int) (apps []uuid.UUID) {
	b.Helper()
	for range n {
		apps = append(apps, b.newApp(uuid.NewString()))
	}
	slices.SortFunc(apps, func(x, y uuid.UUID) int { return bytes.Compare(x[:], y[:]) })
	return apps
}

func mailTurns(b *bed) {
	apps := b.sortedApps(3)
	flood, one, two := b.mails(apps[0], 40), b.mails(apps[1], 1), b.mails(apps[2], 2)
	// Mail that is put off, expired, or of a deleted app takes no turn and no share.
	riders := b.riders("later")
	riders.Mail[0].DueAt = after(time.Second)
	b.ok(b.s.Put(b.ctx, b.app, riders))
	over := b.newApp("over")
	riders = b.riders("over")
	riders.Mail[0].Expires = now()
	b.ok(b.s.Put(b.ctx, over, riders))
	gone := b.newApp("gone")
	b.mails(gone, 1)
	b.ok(b.s.DeleteApp(b.ctx, gone, now(), authkit.Riders{}))

	got, err := b.s.DueMail(b.ctx, now(), uuid.Nil, 10)
	b.ok(err)
	want := []authkit.MailRef{
		{App: apps[0], ID: flood[0]}, {App: apps[1], ID: one[0]}, {App: apps[2], ID: two[0]},
		{App: apps[0], ID: flood[1]}, {App: apps[2], ID: two[1]},
		{App: apps[0], ID: flood[2]},
	}
	if !slices.Equal(got, want) {
		b.Fatalf("got %v, want %v", got, want)
	}
}

func mailTurnsGoOn(b *bed) {
	apps := b.sortedApps(4)
	var firsts []authkit.MailRef
	for _, app := range apps {
		firsts = append(firsts, authkit.MailRef{App: app, ID: b.mails(app, 5)[0]})
	}
	for _, c := range []struct {
		after uuid.UUID
		max   int
		want  []authkit.MailRef
	}{
		{uuid.Nil, 1, firsts[:1]},
		{uuid.Nil, 3, firsts[:3]},
		{apps[0], 2, firsts[1:3]},
		{apps[1], 3, firsts[2:]}, // each of the two apps has a share of one
		{apps[3], 3, nil},
	} {
		got, err := b.s.DueMail(b.ctx, now(), c.after, c.max)
		b.ok(err)
		if !slices.Equal(got, c.want) {
			b.Fatalf("after %s, at most %d: got %v, want %v", c.after, c.max, got, c.want)
		}
	}
	got, err := b.s.DueMail(b.ctx, now(), uuid.Nil, 1000) // more than there are mails
	b.ok(err)
	equal(b, len(got), 20)
}
