package storetest

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func roundTripSentences() []sentence {
	return []sentence{
		{"round trip: an app, its settings and its keys come back field by field", goRound(appRound)},
		{"round trip: a logo comes back field by field", goRound(logoRound)},
		{"round trip: a provider's configuration comes back field by field", goRound(providerRound)},
		{"round trip: a user and its credentials come back field by field", goRound(userRound)},
		{"round trip: a changed user comes back field by field", goRound(changeRound)},
		{"round trip: a session comes back field by field", goRound(sessionRound)},
		{"round trip: a token comes back field by field", goRound(tokenRound)},
		{"round trip: a mail and an event come back field by field", goRound(riderRound)},
	}
}

// goRound writes records that are filled with each of the oddities and reads them, twice. In
// between it overwrites what it gave and what it got: both are the caller's own. A round returns
// a pointer to what it gave, what has to come back for it, and how to read that.
func goRound[T any](round func(b *bed, o odd) (given *T, want T, read func() T)) func(b *bed) {
	return func(b *bed) {
		for _, o := range oddities() {
			b.app = b.newApp(uuid.NewString())
			given, want, read := round(b, o)
			settle(&want)
			scribble(given)
			for range 2 {
				got := read()
				if d := difference(got, want); d != "" {
					b.Fatalf("filled with %.40q, %s, %.40q, %v: %s", o.text, brief(o.data), o.list, o.at, d)
				}
				scribble(&got)
			}
		}
	}
}

type appRecords struct {
	App    authkit.App
	Added  authkit.SigningKey
	Key    authkit.APIKey
	Listed authkit.App
}

func appRound(b *bed, o odd) (*appRecords, appRecords, func() appRecords) {
	id, keyID, developer := uuid.New(), uuid.New(), "host:"+uuid.NewString()+o.text
	fresh := func() appRecords {
		var r appRecords
		r.App.Keys = make([]authkit.SigningKey, 1)
		fill(&r, o)
		fill(&r.App.Keys[0], o)
		r.App.ID, r.App.Developer = id, developer
		r.Added.Seq, r.Added.KID = 1<<40, o.text+"added"
		r.Key.App, r.Key.ID, r.Key.Hash = id, keyID, hash("k")
		return r
	}
	given, want := fresh(), fresh()
	b.ok(b.s.CreateApp(b.ctx, authkit.NewApp{App: given.App, First: given.App.Keys[0], Key: &given.Key}))
	b.ok(b.s.AddSigningKey(b.ctx, id, given.Added, 0, authkit.Riders{}))
	changed, err := b.s.ChangeApp(b.ctx, authkit.AppChange{
		App: id, Version: 2, Name: &given.App.Name, NameKey: &given.App.NameKey, Settings: &given.App.Settings, ForeignHashes: &given.App.ForeignHashes,
	})
	b.ok(err)
	got, err := b.s.App(b.ctx, id)
	b.ok(err)
	b.same(changed, got)
	scribble(&changed)
	want.App.Version, want.App.Logo = 3, "" // which the app gets with its picture
	want.App.Keys = append(want.App.Keys, want.Added)
	want.Listed = want.App
	want.Listed.Keys = nil
	return &given, want, func() appRecords {
		got := appRecords{Added: fresh().Added}
		settle(&got.Added)
		got.App, err = b.s.App(b.ctx, id)
		b.ok(err)
		apps, err := b.s.Apps(b.ctx, developer, authkit.Page{Limit: 2})
		b.ok(err)
		equal(b, len(apps), 1)
		keys, err := b.s.APIKeys(b.ctx, id)
		b.ok(err)
		equal(b, len(keys), 1)
		got.Listed, got.Key = apps[0], keys[0]
		return got
	}
}

func logoRound(b *bed, o odd) (*authkit.Logo, authkit.Logo, func() authkit.Logo) {
	fresh := func() authkit.Logo {
		l := fill(&authkit.Logo{}, o)
		l.Hash = "h" + l.Hash
		return l
	}
	given, want := fresh(), fresh()
	_, err := b.s.ChangeApp(b.ctx, authkit.AppChange{App: b.app, Version: 1, Logo: &given})
	b.ok(err)
	return &given, want, func() authkit.Logo {
		app, err := b.s.App(b.ctx, b.app)
		b.ok(err)
		equal(b, app.Logo, want.Hash)
		got, err := b.s.Logo(b.ctx, b.app)
		b.ok(err)
		return got
	}
}

func providerRound(b *bed, o odd) (*authkit.OAuthConfig, authkit.OAuthConfig, func() authkit.OAuthConfig) {
	fresh := func() authkit.OAuthConfig {
		c := fill(&authkit.OAuthConfig{}, o)
		c.App = b.app
		return c
	}
	given, want := fresh(), fresh()
	b.ok(b.s.PutOAuthConfig(b.ctx, given, 0, authkit.Riders{}))
	want.Version = 1
	return &given, want, func() authkit.OAuthConfig {
		got, err := b.s.OAuthConfig(b.ctx, b.app, o.text)
		b.ok(err)
		all, err := b.s.OAuthConfigs(b.ctx, b.app)
		b.ok(err)
		b.same(all, []authkit.OAuthConfig{got})
		return got
	}
}

// userRound fills two credentials: one may have an empty subject.
func userRound(b *bed, o odd) (*authkit.Account, authkit.Account, func() authkit.Account) {
	id := uuid.New()
	fresh := func() authkit.Account {
		a := authkit.Account{Credentials: make([]authkit.Credential, 2)}
		fill(&a.User, o)
		a.User.App, a.User.ID = b.app, id
		for i := range a.Credentials {
			c := fill(&a.Credentials[i], o)
			c.App, c.UserID, c.Kind = b.app, id, fmt.Sprint(i, c.Kind)
			a.Credentials[i] = c
		}
		return a
	}
	given, want := fresh(), fresh()
	created, err := b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: given.User, Credentials: given.Credentials})
	b.ok(err)
	want.User.Version, want.User.Epoch, want.User.LastLogin = 1, 1, time.Time{}
	return &given, want, func() authkit.Account {
		got, err := b.s.Account(b.ctx, b.app, authkit.AccountKey{ID: id})
		b.ok(err)
		b.same(created, got.User)
		users, err := b.s.Users(b.ctx, b.app, authkit.UserQuery{Page: authkit.Page{Limit: 2}, Email: o.text, EmailPrefix: o.text})
		b.ok(err)
		b.same(users, []authkit.User{got.User})
		return got
	}
}

func changeRound(b *bed, o odd) (*authkit.Account, authkit.Account, func() authkit.Account) {
	u := b.newUser("before@example.com")
	fresh := func() authkit.Account {
		a := authkit.Account{User: u, Credentials: make([]authkit.Credential, 1)}
		fill(&a.User, o)
		c := fill(&a.Credentials[0], o)
		c.App, c.UserID, c.Kind = u.App, u.ID, "k"+c.Kind
		a.Credentials[0] = c
		a.User.LastLogin, a.User.CreatedAt = later(), u.CreatedAt
		return a
	}
	given, want := fresh(), fresh()
	g := &given.User
	changed, err := b.s.ChangeUser(b.ctx, authkit.UserChange{
		Now: later(), App: u.App, ID: u.ID, Version: u.Version,
		Email: &g.Email, EmailTyped: &g.EmailTyped, Name: &g.Name, NameKey: &g.NameKey,
		DisabledReason: &g.DisabledReason, Verified: &g.Verified, Disabled: new(false),
		ExternalID: &g.ExternalID, Roles: &g.Roles, Factors: &g.Factors, Metadata: g.Metadata, PrivateMetadata: g.PrivateMetadata,
		DropCredentials: true, Put: given.Credentials, Session: session(u, "s"), AuthMethod: g.AuthMethod,
	})
	b.ok(err)
	want.User.Version, want.User.Disabled = 2, false
	return &given, want, func() authkit.Account {
		got, err := b.s.Account(b.ctx, b.app, authkit.AccountKey{ID: u.ID})
		b.ok(err)
		b.same(changed, got.User)
		_, who, err := b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: b.onlySession(u).ID}, now())
		b.ok(err)
		b.same(who, got.User)
		return got
	}
}

// onlySession returns the one session of the user.
func (b *bed) onlySession(u authkit.User) authkit.Session {
	b.Helper()
	live, err := b.s.Sessions(b.ctx, b.app, u.ID, now())
	b.ok(err)
	equal(b, len(live), 1)
	return live[0]
}

func sessionRound(b *bed, o odd) (*authkit.Session, authkit.Session, func() authkit.Session) {
	u, id := b.newUser("a@example.com"), uuid.New()
	fresh := func() authkit.Session {
		s := fill(&authkit.Session{}, o)
		s.App, s.ID, s.UserID = b.app, id, u.ID
		s.IdleUntil, s.Until = later(), later()
		if o.data != nil {
			s.Family = hash("family")
		}
		return s
	}
	given, want := fresh(), fresh()
	_, err := b.change(u, func(c *authkit.UserChange) { c.Session = &given })
	b.ok(err)
	want.Epoch = 1
	return &given, want, func() authkit.Session {
		got, _, err := b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: id}, now())
		b.ok(err)
		b.same(b.onlySession(u), got)
		return got
	}
}

func tokenRound(b *bed, o odd) (*authkit.Token, authkit.Token, func() authkit.Token) {
	u, h := b.newUser("a@example.com"), hash("odd")
	fresh := func() authkit.Token {
		t := fill(&authkit.Token{}, o)
		t.App, t.UserID, t.Epoch, t.Hash, t.ExpiresAt = b.app, u.ID, 1, hash("odd"), later()
		return t
	}
	given, want := fresh(), fresh()
	want.Dead = false // it is not stored
	b.put(given)
	return &given, want, func() authkit.Token {
		t := authkit.Take{Kind: want.Kind, Hash: h, Binding: want.Binding}
		if len(t.Binding) == 0 {
			t.Binding = nil
		}
		got, _, err := b.s.Token(b.ctx, b.app, t, now())
		b.ok(err)
		if len(o.data) > 0 {
			tried, err := b.s.TryToken(b.ctx, b.app, authkit.Try{Take: t, Proof: o.data, Max: 9}, now())
			b.ok(err)
			b.same(tried, authkit.Tried{Token: got, Right: true, Count: tried.Count})
		}
		return got
	}
}

type riderRecords struct {
	Mail  authkit.Mail
	Event authkit.Event
}

func riderRound(b *bed, o odd) (*riderRecords, riderRecords, func() riderRecords) {
	mail, event, user := uuid.New(), uuid.New(), uuid.New()
	fresh := func() riderRecords {
		var r riderRecords
		fill(&r, o)
		r.Mail.App, r.Mail.ID, r.Mail.DueAt, r.Mail.Expires, r.Mail.Attempts = b.app, mail, now(), later(), 7
		r.Event.App, r.Event.ID, r.Event.UserID = b.app, event, user
		if o.data != nil {
			r.Event.Detail = []byte(`{"of":"` + hex.EncodeToString([]byte(o.text)) + `"}`)
		}
		return r
	}
	given, want := fresh(), fresh()
	b.ok(b.s.Put(b.ctx, authkit.Put{App: b.app, Riders: authkit.Riders{Mail: []authkit.Mail{given.Mail}, Events: []authkit.Event{given.Event}}}))
	want.Mail.DueAt = now()
	return &given, want, func() riderRecords {
		mails, err := b.s.ClaimMail(b.ctx, authkit.MailClaim{Now: now(), Until: now(), Max: 1000})
		b.ok(err)
		mails = slices.DeleteFunc(mails, func(m authkit.Mail) bool { return m.ID != mail })
		equal(b, len(mails), 1)
		events, err := b.s.Events(b.ctx, b.app, authkit.EventQuery{Page: authkit.Page{Limit: 2}})
		b.ok(err)
		equal(b, len(events), 1)
		return riderRecords{mails[0], events[0]}
	}
}
