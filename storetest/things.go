package storetest

import (
	"encoding/hex"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// things is one record of each kind that an app can hold. The same things can be put into
// several apps: every id, email and hash in them is unique in its app only.
type things struct {
	user       authkit.User
	other      authkit.User // has no credentials, sessions or tokens
	credential authkit.Credential
	totp       authkit.Credential
	passkey    authkit.Credential // for "first.example"
	session    authkit.Session    // with the refresh token "t0 s" of the family "s"
	key        authkit.APIKey
	signing    authkit.SigningKey // beside the app's first
	provider   authkit.OAuthConfig
	logo       authkit.Logo
	token      authkit.Token
	mail       authkit.Mail
	event      authkit.Event
	webhook    authkit.Webhook
	delivery   authkit.Delivery
	chain      authkit.Chain // of that event
}

// theHit is a hit against a limit of one.
func theHit() authkit.Hit { return authkit.Hit{Key: "k", Limit: 1, Window: time.Hour} }

func (b *bed) newThings() things {
	u := b.aUser("a@example.com")
	t := things{
		user: u, other: b.aUser("b@example.com"), credential: password(u, "old"), session: *session(u, "s"), key: b.apiKey("k", now()),
		signing: signingKey(2), token: b.token("t"),
		provider: authkit.OAuthConfig{Provider: "github", ClientID: "id", SecretSealed: []byte("s"), CreatedAt: now()},
		logo:     logo("x"),
		mail:     authkit.Mail{ID: uuid.New(), Sealed: []byte("sealed"), DueAt: now(), Expires: after(time.Hour)},
		webhook:  webhook(uuid.Nil, "https://x.example"),
		event:    authkit.Event{ID: uuid.New(), Time: now(), Type: "seen", UserID: u.ID},
		chain:    chainOf(1, "chain"),
	}
	t.token.Proof = hash("code")
	t.user.Factors, t.session.MFAAt = authkit.FactorTOTP|authkit.FactorPasskey, now()
	t.totp, t.passkey = totp(u, "seed"), passkey(u, "first.example")
	t.delivery = delivery(t.webhook, 1, u.ID)
	return t
}

// furnished is the Version of a furnished app: its second signing key and its logo have raised it.
const furnished = 3

// logo is a logo of that name.
func logo(name string) authkit.Logo {
	return authkit.Logo{Hash: hex.EncodeToString(hash(name)), PNG: []byte("png " + name)}
}

// furnish puts the things into a fresh app.
func (b *bed) furnish(x things) uuid.UUID {
	b.Helper()
	app := b.bare(x)
	x.user.App, x.provider.App = app, app
	_, err := b.s.CreateUser(b.ctx, authkit.NewUser{
		Now: now(), User: x.user, Credentials: []authkit.Credential{x.credential, x.totp, x.passkey}, Session: &x.session,
		Riders: authkit.Riders{Tokens: []authkit.Token{x.token}, Mail: []authkit.Mail{x.mail}, Events: []authkit.Event{x.event}},
	})
	b.ok(err)
	b.ok(b.s.RotateAPIKey(b.ctx, authkit.KeyRotation{App: app, Next: x.key, MaxLive: 1}))
	b.ok(b.s.AddSigningKey(b.ctx, app, x.signing, 0, authkit.Riders{}))
	_, err = b.s.ChangeApp(b.ctx, authkit.AppChange{App: app, Version: furnished - 1, Logo: &x.logo})
	b.ok(err)
	b.ok(b.s.PutOAuthConfig(b.ctx, x.provider, 0, authkit.Riders{}))
	x.webhook.App, x.delivery.App = app, app
	b.ok(b.s.PutWebhook(b.ctx, x.webhook, 0, authkit.Riders{Deliveries: []authkit.Delivery{x.delivery}}))
	b.ok(b.s.AddExplanations(b.ctx, app, []authkit.Explanation{explained(1)}, 9))
	b.ok(b.s.AddStats(b.ctx, app, authkit.StatBatch{
		Counts: []authkit.Stat{signIns(today(), "oauth", 1)}, Active: []authkit.ActiveUser{{Day: today(), User: x.user.ID}},
	}))
	b.ok(b.s.ChangeChain(b.ctx, authkit.ChainChange{App: app, Next: x.chain, Append: linkOf(0, x.event.ID), Secret: sealing(b)}))
	return app
}

// bare makes an app that holds only the other user.
func (b *bed) bare(x things) uuid.UUID {
	b.Helper()
	app := b.newApp(uuid.NewString())
	x.other.App = app
	_, err := b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: x.other})
	b.ok(err)
	return app
}

// holding is all of an app that can be read without effect.
type holding struct {
	App       authkit.App
	Keys      []authkit.APIKey
	Providers []authkit.OAuthConfig
	Logo      authkit.Logo
	Accounts  []authkit.Account
	Sessions  []authkit.Session
	Tokens    []authkit.Token
	Due       []mailRef
	Events    []authkit.Event
	Stats     []authkit.Stat

	Webhooks   []authkit.Webhook
	Deliveries []authkit.Delivery
}

// holding reads an app, with those of its tokens that have these names.
func (b *bed) holding(app uuid.UUID, tokens ...string) holding {
	b.Helper()
	const all = 1000
	var h holding
	var err error
	h.App, err = b.s.App(b.ctx, app)
	b.ok(err)
	h.Keys, err = b.s.APIKeys(b.ctx, app)
	b.ok(err)
	h.Providers, err = b.s.OAuthConfigs(b.ctx, app)
	b.ok(err)
	h.Logo = b.logo(app)
	h.Events, err = b.s.Events(b.ctx, app, authkit.EventQuery{Page: authkit.Page{Limit: all}})
	b.ok(err)
	h.Stats = allStats(b, app)
	h.Webhooks, err = b.s.Webhooks(b.ctx, app)
	b.ok(err)
	for _, w := range h.Webhooks {
		h.Deliveries = append(h.Deliveries, b.allDeliveries(w)...)
	}
	users, err := b.s.Users(b.ctx, app, authkit.UserQuery{Page: authkit.Page{Limit: all}})
	b.ok(err)
	for _, u := range users {
		a, err := b.s.Account(b.ctx, app, authkit.AccountKey{ID: u.ID})
		b.ok(err)
		live, err := b.s.Sessions(b.ctx, app, u.ID, now())
		b.ok(err)
		h.Accounts, h.Sessions = append(h.Accounts, a), append(h.Sessions, live...)
	}
	for _, name := range tokens {
		if t, _, err := b.s.Token(b.ctx, app, take(name), now()); err == nil {
			h.Tokens = append(h.Tokens, t)
		}
	}
	for _, ref := range b.due() {
		if ref.App == app {
			h.Due = append(h.Due, ref)
		}
	}
	return h
}

// unused fails unless the token, the refresh token and the limit of a furnished app are as they
// were, which reading does not show. It uses all three.
func (b *bed) unused(app uuid.UUID) {
	b.Helper()
	tried, err := b.s.TryToken(b.ctx, app, authkit.Try{Take: take("t"), Proof: hash("code"), Max: 1}, now())
	b.ok(err)
	equal(b, tried.Right, true)
	_, err = b.s.RotateSession(b.ctx, rotation(app, hash("t0 s"), "t1", now()))
	b.ok(err)
	res, err := b.s.Hit(b.ctx, authkit.Hits{App: app, Each: []authkit.Hit{theHit()}}, now())
	b.ok(err)
	equal(b, res.Full, -1)
}
