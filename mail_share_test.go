package authkit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// sentTo counts the mails that were sent to an address.
func (w *world) sentTo(email string) (n int) {
	w.t.Helper()
	w.runOnce()
	for _, m := range w.outbox.Messages() {
		if m.To == email {
			n++
		}
	}
	return n
}

// asksIn asks for n links in each app, from another network for each i.
func (w *world) asksIn(apps []uuid.UUID, n int, email string, ip func(i int) string) {
	w.t.Helper()
	for i, app := range apps {
		for range n {
			in := authkit.MagicLinkRequest{App: app, Email: email, Client: authkit.Client{IP: ip(i)}}
			if _, err := w.engine.RequestMagicLink(w.t.Context(), in); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

func eachItsOwn(i int) string { return fmt.Sprintf("198.51.%d.1", i) }

func allOne(int) string { return "203.0.113.7" }

// limited returns a world with n more apps, in which limits count.
func limited(t *testing.T, n int) (w *world, apps []uuid.UUID) {
	t.Helper()
	return tenants(t, n, func(c *authkit.Config) { c.Limits.InsecureOff = false })
}

func TestAMailboxUnderAttack(t *testing.T) {
	t.Parallel()
	const victim = "ann@example.com"
	t.Run("gets an honest app's first mail within five seconds, with 25 apps attacking for a day", func(t *testing.T) {
		t.Parallel()
		for name, ip := range map[string]func(int) string{"from many networks": eachItsOwn, "from one": allOne} {
			w, apps := limited(t, 25)
			for range 24 {
				w.asksIn(apps, 5, victim, ip)
				w.runOnce()
				w.clock.Advance(time.Hour)
			}
			w.asksIn(apps, 5, victim, ip)
			was := w.sentTo(victim)
			w.asksIn([]uuid.UUID{w.app.ID}, 1, victim, func(int) string { return "192.0.2.9" })
			w.clock.Advance(5 * time.Second)
			if got := w.sentTo(victim) - was; got != 1 {
				t.Errorf("%s: got %d mails of the honest app after %d of the others, want its one", name, got, was)
			}
		}
	})
	t.Run("gets sixty mails a day at most", func(t *testing.T) {
		t.Parallel()
		w, apps := limited(t, 100)
		w.asksIn(apps, 5, victim, eachItsOwn)
		if got := w.sentTo(victim); got != 60 {
			t.Errorf("mails of a hundred apps: got %d, want 60", got)
		}
	})
	t.Run("gets thirty at most of apps that had their first", func(t *testing.T) {
		t.Parallel()
		w, apps := limited(t, 10)
		w.asksIn(apps, 5, victim, eachItsOwn)
		if got := w.sentTo(victim); got != 40 {
			t.Errorf("mails of ten apps: got %d, want ten firsts and 30 more", got)
		}
	})
	t.Run("gets twenty at most that one network asks for", func(t *testing.T) {
		t.Parallel()
		w, apps := limited(t, 25)
		w.asksIn(apps, 1, victim, allOne)
		if got := w.sentTo(victim); got != 20 {
			t.Errorf("mails by one network: got %d, want 20", got)
		}
	})
	t.Run("gets all that an app in which it is proven sends", func(t *testing.T) {
		t.Parallel()
		w, apps := limited(t, 100)
		link := authkit.MagicLinkRequest{App: w.app.ID, Email: victim}
		if _, err := w.engine.RequestMagicLink(t.Context(), link); err != nil {
			t.Fatal(err)
		}
		m := w.mailTo(victim)
		w.verify(`{"token":"`+linkToken(m)+`"}`).want(t, 200, "")
		w.asksIn(apps, 1, victim, eachItsOwn)
		was := w.sentTo(victim)
		w.asksIn([]uuid.UUID{w.app.ID}, 4, victim, allOne)
		if got := w.sentTo(victim) - was; got != 4 {
			t.Errorf("mails of the app: got %d after %d of others, want its 4", got, was)
		}
	})
	t.Run("is not proven by the word of an app's developer", func(t *testing.T) {
		t.Parallel()
		w, apps := limited(t, 100)
		if _, err := w.engine.CreateUser(t.Context(), w.app.ID, authkit.UserRequest{Email: victim, Verified: true}); err != nil {
			t.Fatal(err)
		}
		w.asksIn(apps, 1, victim, eachItsOwn)
		was := w.sentTo(victim)
		w.asksIn([]uuid.UUID{w.app.ID}, 4, victim, allOne)
		if got := w.sentTo(victim) - was; got != 0 {
			t.Errorf("mails of the app: got %d after %d of others, want none", got, was)
		}
		// Once a mail was redeemed, the address is proven.
		w.clock.Advance(25 * time.Hour)
		w.asksIn([]uuid.UUID{w.app.ID}, 1, victim, allOne)
		w.verify(`{"token":"`+linkToken(w.mailTo(victim))+`"}`).want(t, 200, "")
		w.asksIn(apps, 1, victim, eachItsOwn)
		was = w.sentTo(victim)
		w.asksIn([]uuid.UUID{w.app.ID}, 4, victim, allOne)
		if got := w.sentTo(victim) - was; got != 4 {
			t.Errorf("mails of the app once proven: got %d, want its 4", got)
		}
	})
}

func TestNoticesAreCounted(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.Limits.User, c.Limits.Credentials = "off", "1000/m/ip" })
	_, m := w.mailed("ann@example.com", "")
	got := w.verify(`{"token":"` + linkToken(m) + `"}`)
	got.want(t, 200, "")
	token := got.field("token")
	w.send("POST", w.in("/auth/password/set/{app_id}"), `{"new_password":"`+password+`"}`, bearer(token)).want(t, 204, "")
	old, next := password, password+" 2"
	for range 60 { // a minute of a script
		w.send("POST", w.in("/auth/password/change/{app_id}"), `{"current_password":"`+old+`","new_password":"`+next+`"}`, bearer(token)).want(t, 204, "")
		old, next = next, old
		w.runOnce()
	}
	subjects := map[string]int{}
	for _, m := range w.outbox.Messages() {
		subjects[m.Subject]++
	}
	if subjects["Your password for Demo was changed"] != 10 || subjects["And more at Demo"] != 1 {
		t.Errorf("mails: got %v, want ten notices and one that says that there is more", subjects)
	}
	w.clock.Advance(time.Hour)
	if subjects := w.sentTo("ann@example.com"); subjects != 12 {
		t.Errorf("mails an hour later: got %d, want no more than the 12", subjects)
	}
}

func TestMailsOfOneDeveloper(t *testing.T) {
	t.Parallel()
	ask := func(w *world, app uuid.UUID, n int) {
		w.t.Helper()
		for i := range n {
			w.askIn(app, fmt.Sprintf("u%d-%s@example.com", i, app))
		}
	}
	t.Run("are bounded over all apps, and wait", func(t *testing.T) {
		t.Parallel()
		w := setup(t, func(c *authkit.Config) { c.Limits.DeveloperMail = 24 })
		second, _, err := w.engine.CreateApp(t.Context(), w.devID, "Second")
		if err != nil {
			t.Fatal(err)
		}
		other, _, err := w.engine.CreateApp(t.Context(), w.developer("other@example.com"), "Other")
		if err != nil {
			t.Fatal(err)
		}
		ask(w, w.app.ID, 20)
		ask(w, second.ID, 20)
		ask(w, other.ID, 20)
		w.runOnce()
		if n := len(w.outbox.Messages()); n != 44 {
			t.Errorf("mails: got %d, want 24 of one developer and the other's 20", n)
		}
	})
	t.Run("never wait for people who have proven their address, whatever strangers ask for", func(t *testing.T) {
		t.Parallel()
		w := setup(t, func(c *authkit.Config) { c.Limits.DeveloperMail = 24 })
		_, m := w.mailed("ann@example.com", "")
		w.verify(`{"token":"`+linkToken(m)+`"}`).want(t, 200, "")
		ask(w, w.app.ID, 40)
		was := w.sentTo("ann@example.com")
		w.send("POST", w.in("/auth/password/forgot/{app_id}"), annBody).want(t, 202, "")
		w.askIn(w.app.ID, "late@example.com")
		if ann, late := w.sentTo("ann@example.com")-was, w.sentTo("late@example.com"); ann != 1 || late != 0 {
			t.Errorf("mails: got %d for a person of the app and %d for a stranger, want 1 and 0", ann, late)
		}
	})
	t.Run("are not counted for apps of the host's own, nor where that is off", func(t *testing.T) {
		t.Parallel()
		w := setup(t, func(c *authkit.Config) { c.Limits.DeveloperMail = -1 })
		ask(w, w.app.ID, 50)
		w.runOnce()
		if n := len(w.outbox.Messages()); n != 50 {
			t.Errorf("mails with the bound off: got %d, want 50", n)
		}
		w = setup(t)
		own, err := w.engine.EnsureApp(t.Context(), "me", "Own")
		if err != nil {
			t.Fatal(err)
		}
		ask(w, own.ID, 5)
		w.runOnce()
		if n := len(w.outbox.Messages()); n != 5 {
			t.Errorf("mails of the host's own app: got %d, want 5", n)
		}
	})
}

// What one address gets from all apps together is counted even if developers are the host's, so
// that there is no console app.
func TestMailLeavesAndIsCountedWhereDevelopersAreTheHosts(t *testing.T) {
	t.Parallel()
	w, apps := tenants(t, 20, func(c *authkit.Config) {
		c.Limits.InsecureOff = false
		c.Developers = func(*http.Request) (string, time.Time, error) { return "me", time.Time{}, nil }
	})
	w.asksIn(apps, 5, "ann@example.com", eachItsOwn)
	if got := w.sentTo("ann@example.com"); got != 50 {
		t.Errorf("mails to one address: got %d, want twenty firsts and 30 more", got)
	}
}

// While a mail server is down, attempts at it do not use up an address's share.
func TestAttemptsAtAServerThatIsAwayAreNoShare(t *testing.T) {
	t.Parallel()
	away := true
	p := &postman{now: time.Now, does: func(context.Context) error {
		if away {
			return errors.New("connection refused")
		}
		return nil
	}}
	w := setup(t, func(c *authkit.Config) { c.Mailer = p })
	ask := func() {
		if _, err := w.engine.RequestMagicLink(t.Context(), authkit.MagicLinkRequest{App: w.app.ID, Email: "ann@example.com"}); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	ask()
	for range 300 { // until their links have expired
		_ = w.engine.RunOnce(t.Context())
		w.clock.Advance(2 * time.Second)
	}
	away = false
	before := len(p.letters())
	ask()
	_ = w.engine.RunOnce(t.Context())
	if got := len(p.letters()) - before; got != 1 {
		t.Errorf("mails once the server is back, after %d attempts: got %d, want 1", before, got)
	}
}

// A thief fills the owner's mailbox before moving the account to another address. The notice to
// the old address, which holds the link to undo the change, is still sent.
func TestTheWayBackLeavesToAFullMailbox(t *testing.T) {
	t.Parallel()
	w, apps := limited(t, 100)
	_, m := w.mailed("ann@example.com", "")
	in := w.verify(`{"token":"` + linkToken(m) + `"}`)
	in.want(t, 200, "")
	w.asksIn(apps, 1, "ann@example.com", eachItsOwn)
	was := w.sentTo("ann@example.com")
	change, sent := w.posted("/auth/email/change/{app_id}", `{"new_email":"eve@example.com"}`, "eve@example.com", bearer(in.text(t, "token")))
	w.send("POST", w.in("/auth/email/confirm/{app_id}"), fmt.Sprintf(`{"code":%q,"binding":%q}`, mail.Code(sent), change.text(t, "binding")), bearer(in.text(t, "token"))).want(t, 200, "")
	if got := w.sentTo("ann@example.com") - was; got != 1 {
		t.Errorf("notices to the old address after %d mails: got %d, want 1", was, got)
	}
}

// The same is true of a notice to a developer about a change by which an app could be taken
// over.
func TestADevelopersNoticeLeavesToAFullMailbox(t *testing.T) {
	t.Parallel()
	w, apps := limited(t, 100)
	w.asksIn(apps, 1, "dev@example.com", eachItsOwn)
	was := w.sentTo("dev@example.com")
	if _, _, err := w.engine.RotateAPIKey(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, authkit.APIKeyRequest{}); err != nil {
		t.Fatal(err)
	}
	if got := w.sentTo("dev@example.com") - was; got != 1 {
		t.Errorf("notices to the developer after %d mails: got %d, want 1", was, got)
	}
}
