package plantest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// Verb is one call of a store whose tables [Fill] has filled. Each is called once, since some
// change what they name.
type Verb struct {
	Name string
	Do   func(ctx context.Context, s authkit.Store) error
}

// Verbs are the calls that requests and background work make often.
func Verbs() []Verb {
	return slices.Concat(readVerbs(), userVerbs(), onceVerbs(), upkeepVerbs(), eventVerbs(), webhookVerbs())
}

// Pages are the calls that read a part of many rows in their order: the lists that developers look
// at, a page at a time, and a sweep.
func Pages() []Verb {
	users := func(name string, q authkit.UserQuery) Verb {
		return of("Users "+name, func(ctx context.Context, s authkit.Store) ([]authkit.User, error) { return s.Users(ctx, app, q) })
	}
	events := func(name string, q authkit.EventQuery) Verb {
		return of("Events "+name, func(ctx context.Context, s authkit.Store) ([]authkit.Event, error) { return s.Events(ctx, app, q) })
	}
	return slices.Concat([]Verb{
		users("of a page", authkit.UserQuery{Page: page()}),
		users("by method", authkit.UserQuery{Page: page(), AuthMethod: "credentials"}),
		users("of a role", authkit.UserQuery{Page: page(), Role: "member"}),
		events("of a page", authkit.EventQuery{Page: page()}),
		events("of a user", authkit.EventQuery{Page: page(), UserID: row(5000)}),
		of("Unchained", func(ctx context.Context, s authkit.Store) ([]authkit.Event, error) {
			return s.Unchained(ctx, uuid.Nil, 30)
		}),
		of("Deliveries", func(ctx context.Context, s authkit.Store) ([]authkit.Delivery, error) {
			return s.Deliveries(ctx, app, app, page())
		}),
		of("Chains", func(ctx context.Context, s authkit.Store) ([]authkit.Chain, error) {
			return s.Chains(ctx, row(5000), 50)
		}),
		createUsers(),
		of("Stats", func(ctx context.Context, s authkit.Store) ([]authkit.Stat, error) {
			return s.Stats(ctx, app, today, today)
		}),
		of("Apps", func(ctx context.Context, s authkit.Store) ([]authkit.App, error) {
			return s.Apps(ctx, "host:me", page())
		}),
		of("Sealed seeds of TOTP", func(ctx context.Context, s authkit.Store) ([]authkit.Sealed, error) {
			return s.Sealed(ctx, authkit.SealedQuery{Part: authkit.SealedTOTPSeed, App: app, Name: row(5000).String(), Limit: 50})
		}),
	}, claimVerbs(), []Verb{
		// The last, since it removes what others name: of 5,000 rows that are over, the first 40.
		of("Sweep of a part of what is over", func(ctx context.Context, s authkit.Store) (bool, error) {
			return s.Sweep(ctx, now.Add(time.Hour+5*time.Millisecond), 40)
		}),
	})
}

// of is a verb whose answer does not matter.
func of[T any](name string, f func(ctx context.Context, s authkit.Store) (T, error)) Verb {
	return Verb{name, func(ctx context.Context, s authkit.Store) error { _, err := f(ctx, s); return err }}
}

func page() authkit.Page { return authkit.Page{Limit: 50, Time: now, ID: row(1)} }

func readVerbs() []Verb {
	account := func(name string, by authkit.AccountKey) Verb {
		return of("Account by "+name, func(ctx context.Context, s authkit.Store) (authkit.Account, error) { return s.Account(ctx, app, by) })
	}
	return []Verb{
		account("id", authkit.AccountKey{ID: row(5000)}),
		account("email", authkit.AccountKey{Email: "5000@example.com"}),
		account("credential", authkit.AccountKey{Kind: "oauth", Subject: "github|5000"}),
		{"Account of an unknown address", func(ctx context.Context, s authkit.Store) error {
			_, err := s.Account(ctx, app, authkit.AccountKey{Email: "x@example.com"})
			return ignore(err, authkit.ErrNotFound)
		}},
		of("Users by email", func(ctx context.Context, s authkit.Store) ([]authkit.User, error) {
			return s.Users(ctx, app, authkit.UserQuery{Page: page(), Email: "5000@example.com"})
		}),
		of("Users by external id", func(ctx context.Context, s authkit.Store) ([]authkit.User, error) {
			return s.Users(ctx, app, authkit.UserQuery{Page: page(), ExternalID: "5000"})
		}),
		of("Account by external id", func(ctx context.Context, s authkit.Store) (authkit.Account, error) {
			return s.Account(ctx, app, authkit.AccountKey{ExternalID: "5000"})
		}),
		of("App", func(ctx context.Context, s authkit.Store) (authkit.App, error) { return s.App(ctx, app) }),
		of("APIKey", func(ctx context.Context, s authkit.Store) (authkit.APIKey, error) {
			return s.APIKey(ctx, app, hash(7), now)
		}),
		of("OAuthConfig", func(ctx context.Context, s authkit.Store) (authkit.OAuthConfig, error) {
			return s.OAuthConfig(ctx, app, "7")
		}),
		{"Session", func(ctx context.Context, s authkit.Store) error {
			_, _, err := s.Session(ctx, app, authkit.SessionKey{ID: row(5000)}, now)
			return err
		}},
		{"SessionByCookie", func(ctx context.Context, s authkit.Store) error {
			_, _, err := s.Session(ctx, app, authkit.SessionKey{Cookie: hash(5000)}, now)
			return err
		}},
		of("Sessions", func(ctx context.Context, s authkit.Store) ([]authkit.Session, error) {
			return s.Sessions(ctx, app, row(5000), now)
		}),
		of("PasskeysElsewhere where there are none", func(ctx context.Context, s authkit.Store) (bool, error) {
			return s.PasskeysElsewhere(ctx, app, "first.example")
		}),
		of("PasskeysElsewhere where all are", func(ctx context.Context, s authkit.Store) (bool, error) {
			return s.PasskeysElsewhere(ctx, app, "other.example")
		}),
		of("Token", func(ctx context.Context, s authkit.Store) (authkit.Token, error) {
			t, _, err := s.Token(ctx, app, link(5000), now)
			return t, err
		}),
	}
}

func link(n int) authkit.Take { return authkit.Take{Kind: "link", Hash: hash(n)} }

// also returns riders of each kind, for a user.
func riders(n int) authkit.Riders {
	until := now.Add(time.Hour)
	return authkit.Riders{
		Tokens: []authkit.Token{
			{App: app, Kind: "reset", Slot: strconv.Itoa(n), Most: 5, Hash: hash(n), UserID: row(n), ExpiresAt: until},
			{App: app, Kind: "state", Slot: strconv.Itoa(n), Hash: hash(n), ExpiresAt: until},
		},
		Mail:   []authkit.Mail{{App: app, ID: uuid.New(), DueAt: now, Expires: until}},
		Events: []authkit.Event{{ID: uuid.New(), App: app, UserID: row(n), Time: now, Type: "session.create"}},
	}
}

func session(n, user int) *authkit.Session {
	until := now.Add(time.Hour)
	return &authkit.Session{
		App: app, ID: row(n), UserID: row(user), Family: hash(n), Current: hash(n), Cookie: hash(n),
		AuthTime: now, CreatedAt: now, LastUsedAt: now, IdleUntil: until, Until: until,
	}
}

func userVerbs() []Verb {
	change := func(name string, c authkit.UserChange) Verb {
		return of("ChangeUser "+name, func(ctx context.Context, s authkit.Store) (authkit.User, error) {
			c.Now, c.App = now, app
			return s.ChangeUser(ctx, c)
		})
	}
	one := link(1)
	return []Verb{
		of("CreateUser", func(ctx context.Context, s authkit.Store) (authkit.User, error) {
			u := authkit.User{App: app, ID: row(20_000), Email: "new@example.com", CreatedAt: now}
			c := authkit.Credential{Kind: "password", Subject: "new", CreatedAt: now}
			return s.CreateUser(ctx, authkit.NewUser{Now: now, User: u, Credentials: []authkit.Credential{c}, Session: session(20_000, 20_000), Riders: riders(20_000)})
		}),
		change("that signs in", authkit.UserChange{ID: row(1), Version: 1, Take: &one, Session: session(20_001, 1), MaxSessions: 100, Riders: riders(1)}),
		change("that ends all", authkit.UserChange{ID: row(2), Version: 1, End: true, Keep: row(2), Riders: riders(2)}),
		change("with other credentials", authkit.UserChange{
			ID: row(3), Version: 1, Drop: []authkit.Credential{{Kind: "oauth", Subject: "github|3"}},
			Put: []authkit.Credential{{App: app, UserID: row(3), Kind: "password", Subject: row(3).String()}},
		}),
		change("that takes a step of TOTP", authkit.UserChange{
			ID: row(16), Version: 1, Put: []authkit.Credential{{App: app, UserID: row(16), Kind: "totp", Subject: row(16).String()}},
			Session: session(20_016, 16), MaxSessions: 100, Riders: riders(16),
		}),
		change("that proves a session", authkit.UserChange{ID: row(17), Version: 1, Prove: &authkit.SessionProof{ID: row(17), AuthTime: now, MFAAt: now}}),
		change("without second factors", authkit.UserChange{ID: row(18), Version: 1, Factors: new(authkit.Factors(0)), DropMFA: true}),
		change("without credentials", authkit.UserChange{ID: row(4), Version: 1, DropCredentials: true}),
		{"DeleteUser", func(ctx context.Context, s authkit.Store) error {
			return s.DeleteUser(ctx, authkit.UserRemoval{App: app, ID: row(5), Version: 1, Riders: riders(5)})
		}},
	}
}

func onceVerbs() []Verb {
	return []Verb{
		{"Put", func(ctx context.Context, s authkit.Store) error {
			return s.Put(ctx, authkit.Put{App: app, Riders: riders(6)})
		}},
		of("TakeToken", func(ctx context.Context, s authkit.Store) (authkit.Token, error) {
			return s.TakeToken(ctx, app, link(7), now)
		}),
		{"TryToken", func(ctx context.Context, s authkit.Store) error {
			_, err := s.TryToken(ctx, app, authkit.Try{Take: link(8), Proof: hash(8), Max: 5}, now)
			return ignore(err, authkit.ErrNotFound)
		}},
		of("RotateSession", func(ctx context.Context, s authkit.Store) (authkit.Rotated, error) {
			return s.RotateSession(ctx, authkit.Rotation{
				App: app, AppVersion: 1, Family: hash(9), Presented: hash(9), Next: hash(99_999), Now: now, Grace: time.Second, IdleUntil: now.Add(time.Hour),
			})
		}),
		of("RotateSession that renews", func(ctx context.Context, s authkit.Store) (authkit.Rotated, error) {
			return s.RotateSession(ctx, authkit.Rotation{
				App: app, AppVersion: 1, Family: hash(13), Presented: hash(13), Next: hash(99_998), Key: hash(13), Now: now, Grace: time.Second, IdleUntil: now.Add(time.Hour),
			})
		}),
		{"UseSession", func(ctx context.Context, s authkit.Store) error {
			return s.UseSession(ctx, app, row(12), now, now.Add(time.Hour))
		}},
		{"EndSession", func(ctx context.Context, s authkit.Store) error {
			return s.EndSession(ctx, authkit.SessionEnd{App: app, User: row(10), ID: row(10), Now: now, Riders: riders(10)})
		}},
		of("Hit", func(ctx context.Context, s authkit.Store) (authkit.HitResult, error) {
			return s.Hit(ctx, authkit.Hits{App: app, Each: []authkit.Hit{{Key: "new", Limit: 5, Window: time.Minute}, {Key: "5000", Limit: 1, Window: time.Hour}}}, now)
		}),
		{"TouchAPIKeys", func(ctx context.Context, s authkit.Store) error {
			return s.TouchAPIKeys(ctx, app, map[uuid.UUID]time.Time{row(11): now, row(12): now})
		}},
	}
}

func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

func upkeepVerbs() []Verb {
	return []Verb{
		of("ClaimMail beside mail that is put off", func(ctx context.Context, s authkit.Store) ([]authkit.Mail, error) {
			return s.ClaimMail(ctx, authkit.MailClaim{Now: now, Until: now.Add(time.Minute), Max: 20})
		}),
		of("ClaimMail in a flood", func(ctx context.Context, s authkit.Store) ([]authkit.Mail, error) {
			return s.ClaimMail(ctx, authkit.MailClaim{Now: now.Add(time.Hour), Until: now.Add(2 * time.Hour), Max: 20})
		}),
		{"SettleMail", func(ctx context.Context, s authkit.Store) error {
			return s.SettleMail(ctx, []authkit.Settled{{App: app, ID: row(14), Done: true}, {App: app, ID: row(15), Until: now.Add(time.Hour), DueAt: now}})
		}},
		of("Sweep with nothing to remove", func(ctx context.Context, s authkit.Store) (bool, error) {
			return s.Sweep(ctx, now.Add(-24*time.Hour), 1000)
		}),
	}
}
