package storetest

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func textSentences() []sentence {
	return []sentence{
		{"text: texts that differ only by case, normal form or a space are different emails, subjects and names", textUsers},
		{"text: texts that differ only by case, normal form or a space are different providers, kinds, slots and limits", textOthers},
		{"time: 1970 is a time like any other, and not the zero time", timeEpoch},
		{"bytes: an empty binding or proof equals that of no token", bytesEmpty},
	}
}

// lookalikes are texts that a collation or a normal form might treat as equal.
func lookalikes() []string {
	return []string{
		"", " ", "a", "A", "a ", " a", "\u00e9", "e\u0301", "\u00c9", "ß", "ss", "ẞ", "k", "\u212a", "ﬁ", "fi",
		"i", "I", "ı", "İ", "1", "１", "а", "a\u200d", "\u00a0", "%", "_", "\\", "が", "か\u3099",
	}
}

// key is the id that identifies the n-th text.
func key(n int) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(strconv.Itoa(n))) }

func textUsers(b *bed) {
	for i, text := range lookalikes() {
		u := b.aUser("x" + text)
		u.ID, u.NameKey, u.AuthMethod = key(i), "y"+text, "z"+text
		_, err := b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: u, Credentials: []authkit.Credential{
			{Kind: "oauth", Subject: text}, {Kind: "k" + text, Subject: "one"},
		}})
		b.ok(err)
		a := anApp(text)
		a.ID, a.Developer = key(i), "host:text"
		b.ok(b.s.CreateApp(b.ctx, authkit.NewApp{App: a, First: signingKey(1)}))
	}
	for i, text := range lookalikes() {
		for _, by := range []authkit.AccountKey{
			{Email: "x" + text}, {Kind: "oauth", Subject: text}, {Kind: "k" + text, Subject: "one"},
		} {
			a, err := b.s.Account(b.ctx, b.app, by)
			b.ok(err)
			equal(b, a.User.ID, key(i))
		}
		for _, q := range []authkit.UserQuery{{Email: "x" + text}, {AuthMethod: "z" + text}} {
			q.Limit = 2
			users, err := b.s.Users(b.ctx, b.app, q)
			b.ok(err)
			equal(b, len(users), 1)
			equal(b, users[0].ID, key(i))
		}
	}
}

func textOthers(b *bed) {
	for i, text := range lookalikes() {
		b.ok(b.s.PutOAuthConfig(b.ctx, authkit.OAuthConfig{App: b.app, Provider: text, RedirectURI: key(i).String()}, 0, authkit.Riders{}))
		kind, slot := b.token("same"), b.token(text)
		kind.Kind, kind.Data = authkit.TokenKind("kind "+text), []byte(text)
		slot.Slot, slot.Data = text, []byte(text)
		b.put(kind, slot)
		equal(b, b.hit(now(), authkit.Hit{Key: text, Limit: 1, Window: time.Hour}).Full, -1)
		b.ok(b.s.Put(b.ctx, authkit.Put{App: b.app, Riders: authkit.Riders{Events: []authkit.Event{{ID: key(i), Time: now(), Type: "type " + text}}}}))
	}
	for i, text := range lookalikes() {
		c, err := b.s.OAuthConfig(b.ctx, b.app, text)
		b.ok(err)
		equal(b, c.RedirectURI, key(i).String())
		for _, tk := range []authkit.Take{{Kind: authkit.TokenKind("kind " + text), Hash: hash("same")}, take(text)} {
			t, err := b.s.TakeToken(b.ctx, b.app, tk, now())
			b.ok(err)
			b.sameBytes(t.Data, []byte(text))
		}
		events, err := b.s.Events(b.ctx, b.app, authkit.EventQuery{Page: authkit.Page{Limit: 2}, Type: "type " + text})
		b.ok(err)
		equal(b, len(events), 1)
		equal(b, events[0].ID, key(i))
	}
}

func timeEpoch(b *bed) {
	epoch := time.Unix(0, 0)
	at := epoch.Add(time.Second)
	k := b.apiKey("k", now())
	k.ExpiresAt = epoch
	b.rotate(k, time.Time{})
	_, err := b.s.APIKey(b.ctx, b.app, k.Hash, at)
	b.is(err, authkit.ErrNotFound)
	riders := b.riders("x")
	riders.Mail[0].DueAt, riders.Mail[0].Expires, riders.Events[0].Time = epoch, epoch, epoch
	b.ok(b.s.Put(b.ctx, authkit.Put{App: b.app, Riders: riders}))
	equal(b, len(b.claim(at, 10)), 0)
	events, err := b.s.Events(b.ctx, b.app, authkit.EventQuery{Page: authkit.Page{Limit: 10}, Until: at})
	b.ok(err)
	equal(b, len(events), 1)
	equal(b, events[0].Time.IsZero(), false)

	// What was done at that time is done.
	b.put(b.token("t"))
	_, err = b.s.TakeToken(b.ctx, b.app, take("t"), epoch)
	b.ok(err)
	_, err = b.s.TakeToken(b.ctx, b.app, take("t"), epoch)
	b.is(err, authkit.ErrNotFound)
	u := b.newUser("a@example.com")
	s := b.signIn(u, "s")
	b.ok(b.s.EndSession(b.ctx, authkit.SessionEnd{App: b.app, User: u.ID, ID: s.ID, Now: epoch}))
	_, _, err = b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: s.ID}, epoch)
	b.is(err, authkit.ErrNotFound)
	b.ok(b.s.DeleteApp(b.ctx, b.app, epoch, authkit.Riders{}))
	_, err = b.s.App(b.ctx, b.app)
	b.is(err, authkit.ErrNotFound)
}

func bytesEmpty(b *bed) {
	bound, free := b.token("bound"), b.token("free")
	bound.Binding, bound.Proof = hash("browser"), hash("code")
	b.put(bound, free)
	for _, name := range []string{"bound", "free"} {
		tk := take(name)
		tk.Binding = []byte{}
		_, _, err := b.s.Token(b.ctx, b.app, tk, now())
		b.is(err, authkit.ErrNotFound)
		_, err = b.s.TryToken(b.ctx, b.app, authkit.Try{Take: tk, Proof: hash("code"), Max: 9}, now())
		b.is(err, authkit.ErrNotFound)
		_, err = b.s.TakeToken(b.ctx, b.app, tk, now())
		b.is(err, authkit.ErrNotFound)
		for _, proof := range [][]byte{nil, {}} {
			tried, err := b.s.TryToken(b.ctx, b.app, authkit.Try{Take: take(name), Proof: proof, Max: 9}, now())
			b.ok(err)
			equal(b, tried.Right, false)
		}
		_, _, err = b.s.Token(b.ctx, b.app, take(name), now())
		b.ok(err)
	}
}
