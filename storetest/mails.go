package storetest

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func mailSentences() []sentence {
	return []sentence{
		{"mail: a claimed mail is not due until then, and is settled or tried again", mailLife},
		{"mail: an expired mail is not claimed, and mail without Expires never expires", mailExpired},
		{"mail: apps take turns, and each has its share, the earliest due first", mailTurns},
		{"mail: turns go on after the given app, to no more apps than asked for", mailTurnsGoOn},
		{"mail: what is settled too late leaves a newer claim alone, unless the mail has left", mailLate},
		{"mail: several mails are settled at once, and those that are gone are skipped", mailSettledAtOnce},
		{"race: of concurrent claims each gets other mail, and together they get all of it", raceClaims},
	}
}

// claim takes at most n due mails at a time, for a minute.
func (b *bed) claim(at time.Time, n int) []authkit.Mail {
	b.Helper()
	mails, err := b.s.ClaimMail(b.ctx, authkit.MailClaim{Now: at, Until: at.Add(time.Minute), Max: n})
	b.ok(err)
	return mails
}

// mailRef names a mail.
type mailRef struct{ App, ID uuid.UUID }

func refs(mails []authkit.Mail) (out []mailRef) {
	for _, m := range mails {
		out = append(out, mailRef{m.App, m.ID})
	}
	return out
}

// due names the mail that is due, in the order of its ids. The mail is due afterwards, too.
func (b *bed) due() []mailRef {
	b.Helper()
	mails, err := b.s.ClaimMail(b.ctx, authkit.MailClaim{Now: now(), Until: now(), Max: 1000})
	b.ok(err)
	out := refs(mails)
	slices.SortFunc(out, func(x, y mailRef) int {
		return cmp.Or(bytes.Compare(x.App[:], y.App[:]), bytes.Compare(x.ID[:], y.ID[:]))
	})
	return out
}

// tried says of a claimed mail that it is due at a time, after so many tries.
func tried(m authkit.Mail, dueAt time.Time, tries int) authkit.Settled {
	return authkit.Settled{App: m.App, ID: m.ID, Until: m.DueAt, DueAt: dueAt, Attempts: tries}
}

func done(m authkit.Mail) authkit.Settled {
	return authkit.Settled{App: m.App, ID: m.ID, Until: m.DueAt, Done: true}
}

func (b *bed) settle(mails ...authkit.Settled) {
	b.Helper()
	b.ok(b.s.SettleMail(b.ctx, mails))
}

func mailLife(b *bed) {
	b.ok(b.s.Put(b.ctx, authkit.Put{App: b.app, Riders: b.riders("x")}))
	m := b.claim(now(), 10)
	equal(b, len(m), 1)
	equal(b, m[0].App, b.app)
	equal(b, m[0].Attempts, 0)
	equal(b, m[0].DueAt.Equal(after(time.Minute)), true)
	b.sameBytes(m[0].Sealed, []byte("sealed"))
	equal(b, len(b.claim(after(59*time.Second), 10)), 0)
	b.settle(tried(m[0], after(2*time.Minute), 3))
	equal(b, len(b.claim(after(119*time.Second), 10)), 0)
	m = b.claim(after(2*time.Minute), 10)
	equal(b, len(m), 1)
	equal(b, m[0].Attempts, 3)
	m = b.claim(after(3*time.Minute), 10) // the claim was lost
	equal(b, len(m), 1)
	equal(b, m[0].Attempts, 3)
	b.settle(done(m[0]))
	equal(b, len(b.claim(after(9*time.Minute), 10)), 0)
}

func mailLate(b *bed) {
	b.mails(b.app, 2)
	late := b.claim(now(), 2)
	newer := b.claim(after(time.Minute), 2)
	equal(b, len(newer), 2)
	b.settle(tried(late[0], after(time.Minute), 1), done(late[1]))
	equal(b, len(b.claim(after(119*time.Second), 2)), 0)
	b.settle(tried(newer[0], after(90*time.Second), 1), tried(newer[1], after(90*time.Second), 1))
	last := b.claim(after(90*time.Second), 2)
	equal(b, len(last), 1) // the other one has left
	equal(b, last[0].ID, late[0].ID)
}

func mailSettledAtOnce(b *bed) {
	other, gone := b.newApp("other"), b.newApp("gone")
	b.mails(b.app, 3)
	b.mails(other, 2)
	b.mails(gone, 1)
	var all []authkit.Settled
	for i, m := range b.claim(now(), 100) {
		s := tried(m, after(time.Duration(i)*time.Second), 7)
		s.Done = m.App == other
		all = append(all, s)
	}
	equal(b, len(all), 6)
	b.ok(b.s.DeleteApp(b.ctx, gone, now(), authkit.Riders{}))
	unknown := all[0]
	unknown.ID = uuid.New()
	b.settle(append([]authkit.Settled{unknown}, all...)...)
	left := b.claim(after(6*time.Second), 100)
	equal(b, len(left), 3)
	for _, m := range left {
		equal(b, m.App, b.app)
		equal(b, m.Attempts, 7)
	}
	b.settle()
}

func mailExpired(b *bed) {
	b.ok(b.s.Put(b.ctx, authkit.Put{App: b.app, Riders: b.riders("x")}))
	equal(b, len(b.claim(after(2*time.Hour), 10)), 0)
	riders := b.riders("y")
	riders.Mail[0].Expires = time.Time{}
	b.ok(b.s.Put(b.ctx, authkit.Put{App: b.app, Riders: riders}))
	_, err := b.s.Sweep(b.ctx, after(9999*time.Hour), 1000)
	b.ok(err)
	equal(b, len(b.claim(after(9999*time.Hour), 10)), 1)
}

func raceClaims(b *bed) {
	const each = 40
	want := map[mailRef]bool{}
	for i := range 3 {
		app := b.newApp(strconv.Itoa(i))
		for _, id := range b.mails(app, each) {
			want[mailRef{app, id}] = true
		}
	}
	var mu sync.Mutex
	got := map[mailRef]int{}
	b.race(8, func(s authkit.Store, _ int) error {
		for {
			mails, err := s.ClaimMail(b.ctx, authkit.MailClaim{Now: now(), Until: after(time.Minute), Max: 7})
			if err != nil || len(mails) == 0 {
				return err
			}
			mu.Lock()
			for _, ref := range refs(mails) {
				got[ref]++
			}
			mu.Unlock()
		}
	})
	equal(b, len(got), len(want))
	for ref, n := range got {
		equal(b, want[ref], true)
		equal(b, n, 1)
	}
	equal(b, len(b.claim(now(), 1000)), 0)
}

// mails puts n mails into the app, due a second apart, the last one now.
func (b *bed) mails(app uuid.UUID, n int) (ids []uuid.UUID) {
	b.Helper()
	var riders authkit.Riders
	for i := range n {
		m := authkit.Mail{ID: uuid.New(), Sealed: []byte("sealed"), DueAt: after(time.Duration(i-n) * time.Second), Expires: after(time.Hour)}
		riders.Mail, ids = append(riders.Mail, m), append(ids, m.ID)
	}
	b.ok(b.s.Put(b.ctx, authkit.Put{App: app, Riders: riders}))
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
	b.ok(b.s.Put(b.ctx, authkit.Put{App: b.app, Riders: riders}))
	over := b.newApp("over")
	riders = b.riders("over")
	riders.Mail[0].Expires = now()
	b.ok(b.s.Put(b.ctx, authkit.Put{App: over, Riders: riders}))
	gone := b.newApp("gone")
	b.mails(gone, 1)
	b.ok(b.s.DeleteApp(b.ctx, gone, now(), authkit.Riders{}))

	got := refs(b.claim(now(), 10))
	want := []mailRef{
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
	var firsts []mailRef
	for _, app := range apps {
		firsts = append(firsts, mailRef{App: app, ID: b.mails(app, 5)[0]})
	}
	for _, c := range []struct {
		after uuid.UUID
		max   int
		want  []mailRef
	}{
		{uuid.Nil, 1, firsts[:1]},
		{uuid.Nil, 3, firsts[:3]},
		{apps[0], 2, firsts[1:3]},
		{apps[1], 3, firsts[2:]}, // each of the two apps has a share of one
		{apps[3], 3, nil},
	} {
		mails, err := b.s.ClaimMail(b.ctx, authkit.MailClaim{Now: now(), Until: now(), After: c.after, Max: c.max})
		b.ok(err)
		for i, m := range mails { // so that the next claim finds it in its place
			b.settle(tried(m, after(time.Duration(i-1000)*time.Hour), 0))
		}
		if got := refs(mails); !slices.Equal(got, c.want) {
			b.Fatalf("after %s, at most %d: got %v, want %v", c.after, c.max, got, c.want)
		}
	}
	equal(b, len(b.claim(now(), 1000)), 20) // more than there are mails
}
