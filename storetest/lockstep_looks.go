package storetest

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func (l *lockstep) lookApp() {
	app := l.app()
	want, ok := l.m[app]
	got, err := l.s.App(l.ctx, app)
	if l.found(err, ok) {
		l.same("App", got, want.app)
	}
	p := authkit.Page{Limit: draw(l, "limit", 1, 2)}
	list, err := l.s.Apps(l.ctx, l.developer, p)
	l.answered(err, nil)
	l.same("Apps", list, l.m.apps(l.developer, p))
}

func (l *lockstep) lookKeys() {
	app := l.app()
	id := l.keyOf(app)
	want := l.model(app).keys[id]
	got, err := l.s.APIKey(l.ctx, app, id[:], l.at)
	if l.found(err, want.Active && !expired(want, l.at)) {
		l.same("APIKey", got, want)
	}
	l.compareKeys(app)
}

func (l *lockstep) compareKeys(app uuid.UUID) {
	l.Helper()
	a, live := l.m[app]
	var want []authkit.APIKey
	for _, k := range a.keys {
		want = append(want, k)
	}
	got, err := l.s.APIKeys(l.ctx, app)
	if l.found(err, live) {
		l.inOrder("APIKeys", len(got), func(i int) (time.Time, uuid.UUID) { return got[i].CreatedAt, got[i].ID })
		l.same("APIKeys", listKeys(got, l.at), listKeys(want, l.at))
	}
}

// inOrder fails unless rows are newest first.
func (l *lockstep) inOrder(what string, n int, of func(i int) (time.Time, uuid.UUID)) {
	l.Helper()
	for i := 1; i < n; i++ {
		at1, id1 := of(i - 1)
		at2, id2 := of(i)
		if cmp.Or(at1.Compare(at2), slices.Compare(id1[:], id2[:])) <= 0 {
			l.Fatalf("%s: got %v, %v before %v, %v, want the newest first", what, at1, id1, at2, id2)
		}
	}
}

func (l *lockstep) lookProviders() {
	app, provider := l.app(), l.provider()
	a, live := l.m[app]
	want, ok := a.providers[provider]
	got, err := l.s.OAuthConfig(l.ctx, app, provider)
	if l.found(err, ok) {
		l.same("OAuthConfig", got, want)
	}
	var all []authkit.OAuthConfig
	for _, name := range []string{"github", "google"} {
		if c, ok := a.providers[name]; ok {
			all = append(all, c)
		}
	}
	list, err := l.s.OAuthConfigs(l.ctx, app)
	if l.found(err, live) {
		l.same("OAuthConfigs", list, all)
	}
}

func (l *lockstep) lookAccount() {
	app := l.app()
	var by authkit.AccountKey
	switch c := l.subject(); draw(l, "by", "id", "email", "subject") {
	case "id":
		by.ID = l.userOf(app)
	case "email":
		by.Email = l.email()
	case "subject":
		by.Kind, by.Subject = c.Kind, c.Subject
	}
	want, ok := l.model(app).account(by)
	got, err := l.s.Account(l.ctx, app, by)
	if l.found(err, ok) {
		l.same("Account", got, want)
	}
}

func (l *lockstep) lookUsers() {
	app := l.app()
	q := authkit.UserQuery{Page: authkit.Page{Limit: draw(l, "limit", 1, 2, 9)}}
	if u, ok := l.model(app).users[l.userOf(app)]; ok && l.often(5, "after one") {
		q.Time, q.ID = u.CreatedAt, u.ID
	}
	q.Email = draw(l, "email", "", "", l.email())
	q.EmailPrefix, q.NamePrefix = draw(l, "email prefix", "", "a", "b", "b%"), draw(l, "name prefix", "", "", "a", "b")
	q.AuthMethod = draw(l, "method", "", "", "oauth", "credentials")
	l.compareUsers(app, q)
}

func (l *lockstep) compareUsers(app uuid.UUID, q authkit.UserQuery) {
	l.Helper()
	a, live := l.m[app]
	got, err := l.s.Users(l.ctx, app, q)
	if l.found(err, live) {
		l.same("Users", got, a.list(q))
	}
}

func (l *lockstep) lookToken() {
	app := l.app()
	tk := l.take(app)
	want, ok := l.model(app).token(tk, l.at)
	got, err := l.s.Token(l.ctx, app, tk, l.at)
	if l.found(err, ok) {
		l.same("Token", got, want.Token)
	}
}

func (l *lockstep) lookSession() {
	app := l.app()
	id := l.sessionOf(app)
	a := l.model(app)
	want := a.sessions[id]
	got, user, err := l.s.Session(l.ctx, app, id, l.at)
	if l.found(err, a.alive(want, l.at)) {
		l.same("Session", got, want.Session)
		l.same("Session", user, a.users[want.UserID])
	}
}

func (l *lockstep) lookSessions() {
	app := l.app()
	user := l.userOf(app)
	a, live := l.m[app]
	got, err := l.s.Sessions(l.ctx, app, user, l.at)
	if l.found(err, live) {
		l.same("Sessions", got, a.liveSessions(user, l.at))
	}
}

// lookMail leaves the order of mails of one app that are due at the same time open.
func (l *lockstep) lookMail() {
	after, limit := draw(l, "after", uuid.Nil, l.app()), draw(l, "limit", 1, 2, 3, 99)
	want := l.m.due(l.at, after, limit)
	got, err := l.s.DueMail(l.ctx, l.at, after, limit)
	l.answered(err, nil)
	if len(got) != len(want) {
		l.Fatalf("DueMail: got %d mails, want %d", len(got), len(want))
	}
	seen := map[authkit.MailRef]bool{}
	for i, ref := range got {
		x, ok := l.m[ref.App].mail[ref.ID]
		if !ok || seen[ref] || !isDue(x, l.at) || ref.App != want[i].App || !x.DueAt.Equal(want[i].DueAt) {
			l.Fatalf("DueMail[%d]: got %v, due at %v, want one of app %s that is due at %v", i, ref, x.DueAt, want[i].App, want[i].DueAt)
		}
		seen[ref] = true
	}
}

func (l *lockstep) lookEvents() {
	app := l.app()
	q := authkit.EventQuery{Page: authkit.Page{Limit: draw(l, "limit", 1, 2, 99)}, Type: draw(l, "type", "", "a", "b")}
	q.UserID = l.userOrNone()
	if l.often(3, "since") {
		q.Since = now().Add(draw(l, "from", 0, time.Minute, time.Hour))
	}
	if l.often(3, "until") {
		q.Until = now().Add(draw(l, "to", time.Minute, time.Hour))
	}
	l.compareEvents(app, q)
}

func (l *lockstep) compareEvents(app uuid.UUID, q authkit.EventQuery) {
	l.Helper()
	a, live := l.m[app]
	got, err := l.s.Events(l.ctx, app, q)
	if l.found(err, live) {
		l.same("Events", got, a.listEvents(q))
	}
}
