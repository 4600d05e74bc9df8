package authkit

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
)

// testShare is the part with an app of a console developer; accounts are by address.
func testShare(t *testing.T, perDay int, accounts map[string]Account) (*sharing, *hits, uuid.UUID) {
	t.Helper()
	store, app, developer := &hits{}, newID(testTime), consoleSource+newID(testTime).String()
	return &sharing{
		mailShare: &mailShare{limits: testLimiter(t, store, testRing(t)), perDay: func(bool) int { return perDay }},
		records: &mailRecords{
			known: func(_ context.Context, id uuid.UUID) (App, bool, error) {
				return App{ID: id, Developer: developer}, false, nil
			},
			account: func(_ context.Context, _ uuid.UUID, by AccountKey) (*Account, error) {
				if a, ok := accounts[by.Email]; ok {
					return &a, nil
				}
				return nil, nil
			},
		},
	}, store, app
}

// sharing is a share and the records that it decides by.
type sharing struct {
	*mailShare

	records *mailRecords
}

func (m *sharing) admit(ctx context.Context, app uuid.UUID, l *letter) (refund func(context.Context) error, ok bool, err error) {
	return m.mailShare.admit(ctx, app, l, &mailHolder{records: m.records})
}

// leaves sends letters until one does not leave, and says how many left and what became of it.
func (m *sharing) leaves(t *testing.T, app uuid.UUID, l letter, most int) (n int, last string) {
	t.Helper()
	for n = range most {
		sent := l
		_, ok, err := m.admit(t.Context(), app, &sent)
		_, later := errors.AsType[laterError](err)
		switch {
		case later:
			return n, "later"
		case err != nil:
			t.Fatal(err)
		case !ok:
			return n, "never"
		case sent.Template != l.Template:
			return n, sent.Template
		}
	}
	return most, "left"
}

func TestTheShareOfMail(t *testing.T) {
	t.Parallel()
	ann := "ann@example.com"
	proven := map[string]Account{ann: {User: User{Email: ann, Verified: true}}}
	vouched := map[string]Account{ann: {User: User{Email: ann, Verified: true}, Credentials: []Credential{{Kind: vouchedKind}}}}
	link := letter{To: ann, Template: "magic_link", Code: "123456", Asker: "net"}
	notice := letter{To: ann, Template: "password_changed"}
	undo := letter{To: ann, Template: "email_changed", Link: "https://id.example.com"}
	for _, c := range []struct {
		name     string
		accounts map[string]Account
		letter   letter
		perDay   int
		want     int
		last     string
	}{
		{"an address gets a third of its day from one network", nil, link, 0, 20, "later"},
		{"so does one that only a developer vouches for", vouched, link, 0, 20, "later"},
		{"one that is proven in the app gets all", proven, link, 0, 100, "left"},
		{"notices beyond ten an hour are replaced by one", proven, notice, 0, 10, "more_notices"},
		{"a way back is a notice of its own kind", proven, undo, 0, 10, "more_notices"},
		{"a developer's day holds those to unproven addresses", nil, link, 3, 3, "later"},
		{"and not those to proven ones", proven, link, 3, 100, "left"},
		{"what is no address is for the mailer to refuse", nil, letter{To: "ann", Code: "1"}, 1, 100, "left"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, _, app := testShare(t, c.perDay, c.accounts)
			if n, last := m.leaves(t, app, c.letter, 100); n != c.want || last != c.last {
				t.Errorf("got %d, then %s; want %d, then %s", n, last, c.want, c.last)
			}
		})
	}
	t.Run("after the one that says so, no more notices leave", func(t *testing.T) {
		t.Parallel()
		m, _, app := testShare(t, 0, proven)
		m.leaves(t, app, notice, 100)
		if n, last := m.leaves(t, app, notice, 100); n != 0 || last != "never" {
			t.Errorf("got %d, then %s; want none", n, last)
		}
	})
	t.Run("two kinds of a way back do not keep each other from leaving", func(t *testing.T) {
		t.Parallel()
		m, _, app := testShare(t, 0, proven)
		m.leaves(t, app, notice, 100)
		if n, _ := m.leaves(t, app, undo, 100); n != 10 {
			t.Errorf("got %d, want 10", n)
		}
	})
	t.Run("a refund gives all back", func(t *testing.T) {
		t.Parallel()
		m, store, app := testShare(t, 5, nil)
		for i := range 40 {
			l := link
			refund, ok, err := m.admit(t.Context(), app, &l)
			if err != nil || !ok {
				t.Fatalf("mail %d: got %v, %v, want it to leave", i+1, ok, err)
			}
			if store.sum() == 0 {
				t.Fatal("got nothing charged")
			}
			for range 2 { // once only
				if err := refund(t.Context()); err != nil || store.sum() != 0 {
					t.Fatalf("refund: got %v and %d left, want none", err, store.sum())
				}
			}
		}
	})
}
