package storetest

import (
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/google/uuid"
)

func crossingSentences() []sentence {
	return []sentence{
		{"crossing: what belongs to one app is unknown in another", crossForeign},
		{"crossing: every method answers not found for a deleted app", crossDeleted},
	}
}

// calls are the methods that name something of an app, called with the given app and the
// ids of b's app.
func (b *bed) calls(app uuid.UUID, u authkit.User, s authkit.Session, key authkit.APIKey, mail uuid.UUID) map[string]error {
	got := map[string]error{}
	_, got["Account"] = b.s.Account(b.ctx, app, authkit.AccountKey{ID: u.ID})
	_, got["Account by email"] = b.s.Account(b.ctx, app, authkit.AccountKey{Email: u.Email})
	_, got["ChangeUser"] = b.s.ChangeUser(b.ctx, authkit.UserChange{Now: now(), App: app, ID: u.ID, Version: u.Version, Name: new("x")})
	got["DeleteUser"] = b.s.DeleteUser(b.ctx, app, u.ID, authkit.Also{})
	_, _, got["Session"] = b.s.Session(b.ctx, app, s.ID, now())
	got["EndSession"] = b.s.EndSession(b.ctx, app, u.ID, s.ID, now(), authkit.Also{})
	r := b.rotation("t0 s", "t1", now())
	r.App = app
	_, got["RotateSession"] = b.s.RotateSession(b.ctx, r)
	_, got["Token"] = b.s.Token(b.ctx, app, take("t"), now())
	_, got["TryToken"] = b.s.TryToken(b.ctx, app, take("t"), hash("code"), 1, now())
	_, got["TakeToken"] = b.s.TakeToken(b.ctx, app, take("t"), now())
	_, got["APIKey"] = b.s.APIKey(b.ctx, app, key.Hash, now())
	got["RevokeAPIKey"] = b.s.RevokeAPIKey(b.ctx, app, key.ID, authkit.Also{})
	_, got["OAuthConfig"] = b.s.OAuthConfig(b.ctx, app, "github")
	got["DeleteOAuthConfig"] = b.s.DeleteOAuthConfig(b.ctx, app, "github", authkit.Also{})
	_, got["ClaimMail"] = b.s.ClaimMail(b.ctx, app, mail, now(), after(time.Minute))
	return got
}

func (b *bed) furnished() func(app uuid.UUID) map[string]error {
	u := b.newUser("a@example.com")
	s := b.signIn(u, "s")
	key := b.apiKey("k", now())
	b.rotate(key, time.Time{})
	tok := b.token("t")
	tok.Proof = hash("code")
	also := b.riders("x")
	also.Tokens = []authkit.Token{tok}
	b.ok(b.s.Put(b.ctx, b.app, also))
	b.ok(b.s.PutOAuthConfig(b.ctx, authkit.OAuthConfig{App: b.app, Provider: "github", CreatedAt: now()}, authkit.Also{}))
	return func(app uuid.UUID) map[string]error { return b.calls(app, u, s, key, also.Mail[0].ID) }
}

func crossForeign(b *bed) {
	calls := b.furnished()
	for name, err := range calls(b.newApp("other")) {
		want := authkit.ErrNotFound
		if name == "ChangeUser" {
			want = authkit.ErrStale
		}
		b.Log(name)
		b.is(err, want)
	}
	// Nothing of the above touched what the ids belong to.
	_, err := b.s.TryToken(b.ctx, b.app, take("t"), hash("code"), 1, now())
	b.ok(err)
	r, err := b.s.RotateSession(b.ctx, b.rotation("t0 s", "t1", now()))
	b.ok(err)
	equal(b, r.User.Version, 1)
}

func crossDeleted(b *bed) {
	calls := b.furnished()
	b.ok(b.s.DeleteApp(b.ctx, b.app, now(), authkit.Also{}))
	got := calls(b.app)
	_, got["Users"] = b.s.Users(b.ctx, b.app, authkit.UserQuery{Page: authkit.Page{Limit: 1}})
	_, got["Events"] = b.s.Events(b.ctx, b.app, authkit.EventQuery{Page: authkit.Page{Limit: 1}})
	_, got["APIKeys"] = b.s.APIKeys(b.ctx, b.app)
	_, got["OAuthConfigs"] = b.s.OAuthConfigs(b.ctx, b.app)
	_, got["Sessions"] = b.s.Sessions(b.ctx, b.app, uuid.New(), now())
	_, got["Hit"] = b.s.Hit(b.ctx, b.app, []authkit.Hit{{Key: "k", Limit: 1, Window: time.Hour}}, now())
	_, got["CreateUser"] = b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: b.aUser("b@example.com")})
	_, got["ChangeApp"] = b.s.ChangeApp(b.ctx, authkit.AppChange{App: b.app, Version: 1, Name: new("x")})
	got["Put"] = b.s.Put(b.ctx, b.app, b.riders("y"))
	got["AddSigningKey"] = b.s.AddSigningKey(b.ctx, b.app, signingKey(2), authkit.Also{})
	got["RotateAPIKey"] = b.s.RotateAPIKey(b.ctx, b.app, b.apiKey("n", now()), time.Time{}, 2, authkit.Also{})
	got["PutOAuthConfig"] = b.s.PutOAuthConfig(b.ctx, authkit.OAuthConfig{App: b.app, Provider: "p", CreatedAt: now()}, authkit.Also{})
	for name, err := range got {
		b.Log(name)
		b.is(err, authkit.ErrNotFound)
	}
	due, err := b.s.DueMail(b.ctx, now(), 10)
	b.ok(err)
	equal(b, len(due), 0)
}
