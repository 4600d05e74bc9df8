package storetest

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// model is a Store in plain maps, without regard to speed. Each verb works on a copy of its
// app, which replaces the app if there is no reason to refuse the step.
type model map[uuid.UUID]modelApp // the live apps

type modelApp struct {
	app        authkit.App
	keys       map[uuid.UUID]authkit.APIKey
	providers  map[string]authkit.OAuthConfig
	logo       authkit.Logo
	users      map[uuid.UUID]authkit.User
	subjects   map[modelSubject]authkit.Credential
	tokens     map[modelTokenID]modelToken
	sessions   map[uuid.UUID]modelSession
	mail       map[uuid.UUID]authkit.Mail
	events     map[uuid.UUID]authkit.Event
	stats      map[modelStat]int64
	active     map[authkit.ActiveUser]bool
	pending    map[uuid.UUID]bool // the events that are unchained
	chain      *authkit.Chain
	links      []authkit.Link        // oldest first
	explained  []authkit.Explanation // newest first
	webhooks   map[uuid.UUID]authkit.Webhook
	deliveries map[uuid.UUID]authkit.Delivery
	limits     map[string]time.Time // when all that was counted has been given back
}

type (
	modelSubject struct{ kind, subject string }
	modelTokenID struct {
		kind authkit.TokenKind
		hash string
	}

	modelToken struct {
		authkit.Token
		class    int
		attempts int
		spent    bool
	}

	modelStat struct {
		day       int64
		kind, key string
	}

	modelSession struct {
		authkit.Session
		ended   bool
		rotated []modelRotated // oldest first
		seen    []string       // idempotency keys, oldest first
	}

	// modelRotated is a refresh token that was rotated. Its grace began at begun, and used is the
	// time of its latest use in the grace.
	modelRotated struct {
		hash, sealed, key []byte
		at, begun, used   time.Time
		renewals          int
	}
)

func newModelApp(a authkit.App) modelApp {
	return modelApp{
		app: a, keys: map[uuid.UUID]authkit.APIKey{}, providers: map[string]authkit.OAuthConfig{},
		users: map[uuid.UUID]authkit.User{}, subjects: map[modelSubject]authkit.Credential{},
		tokens: map[modelTokenID]modelToken{}, sessions: map[uuid.UUID]modelSession{},
		mail: map[uuid.UUID]authkit.Mail{}, events: map[uuid.UUID]authkit.Event{}, limits: map[string]time.Time{},
		stats: map[modelStat]int64{}, active: map[authkit.ActiveUser]bool{},
		pending: map[uuid.UUID]bool{}, webhooks: map[uuid.UUID]authkit.Webhook{}, deliveries: map[uuid.UUID]authkit.Delivery{},
	}
}

func (a *modelApp) copied() modelApp {
	c := *a
	c.app.Keys = slices.Clone(a.app.Keys)
	c.keys, c.providers = maps.Clone(a.keys), maps.Clone(a.providers)
	c.users, c.subjects = maps.Clone(a.users), maps.Clone(a.subjects)
	c.tokens, c.sessions = maps.Clone(a.tokens), maps.Clone(a.sessions)
	c.mail, c.events, c.limits = maps.Clone(a.mail), maps.Clone(a.events), maps.Clone(a.limits)
	c.stats, c.active = maps.Clone(a.stats), maps.Clone(a.active)
	c.pending, c.webhooks, c.deliveries = maps.Clone(a.pending), maps.Clone(a.webhooks), maps.Clone(a.deliveries)
	c.links, c.explained = slices.Clone(a.links), slices.Clone(a.explained)
	return c
}

// against holds the reasons to refuse a step. If there are several, any may be answered.
type against []error

func (g *against) when(holds bool, reason error) {
	if holds {
		*g = append(*g, reason)
	}
}

// step applies f and the riders to the app, unless there is a reason against the step.
func (m model) step(app uuid.UUID, riders authkit.Riders, f func(a *modelApp, g *against)) against {
	a, ok := m[app]
	if !ok {
		return against{authkit.ErrNotFound}
	}
	a = a.copied()
	var g against
	f(&a, &g)
	a.ride(riders, &g)
	if len(g) == 0 {
		m[app] = a
	}
	return g
}

// ride writes riders.
func (a *modelApp) ride(riders authkit.Riders, g *against) {
	g.when(riders.Secret != "" && riders.Secret != theSecret(), authkit.ErrStale)
	for _, t := range riders.Tokens {
		t.App = a.app.ID
		a.putToken(t, g)
	}
	for _, x := range riders.Mail {
		_, taken := a.mail[x.ID]
		g.when(taken, authkit.ErrConflict)
		x.App = a.app.ID
		a.mail[x.ID] = x
	}
	for _, e := range riders.Events {
		_, taken := a.events[e.ID]
		g.when(taken, authkit.ErrConflict)
		e.App = a.app.ID
		a.events[e.ID], a.pending[e.ID] = e, true
	}
	for _, d := range riders.Deliveries {
		_, taken := a.deliveries[d.ID]
		g.when(taken, authkit.ErrConflict)
		d.App = a.app.ID
		a.deliveries[d.ID] = d
	}
}

func (m model) createApp(a authkit.App, first authkit.SigningKey, key *authkit.APIKey, riders authkit.Riders) against {
	var g against
	_, taken := m[a.ID]
	g.when(taken || m.named(a.Developer, a.NameKey, uuid.Nil), authkit.ErrConflict)
	a.Version, a.Keys = 1, []authkit.SigningKey{first}
	fresh := newModelApp(a)
	if key != nil {
		fresh.keys[key.ID] = *key
	}
	fresh.ride(riders, &g)
	if len(g) == 0 {
		m[a.ID] = fresh
	}
	return g
}

// named reports whether a developer has an app of that name, apart from one.
func (m model) named(developer, key string, but uuid.UUID) bool {
	for id, a := range m {
		if a.app.Developer == developer && a.app.NameKey == key && id != but {
			return true
		}
	}
	return false
}

func (m model) changeApp(c authkit.AppChange) against {
	return m.step(c.App, c.Riders, func(a *modelApp, g *against) {
		g.when(c.Version != a.app.Version, authkit.ErrStale)
		if c.NameKey != nil {
			g.when(m.named(a.app.Developer, *c.NameKey, c.App), authkit.ErrConflict)
			a.app.NameKey = *c.NameKey
		}
		if c.Name != nil {
			a.app.Name = *c.Name
		}
		if c.Settings != nil {
			a.app.Settings = *c.Settings
		}
		if c.Logo != nil {
			a.app.Logo, a.logo = c.Logo.Hash, *c.Logo
		}
		if c.ForeignHashes != nil {
			a.app.ForeignHashes = *c.ForeignHashes
		}
		a.app.Version++
	})
}

func (m model) deleteApp(app uuid.UUID, riders authkit.Riders) against {
	g := m.step(app, riders, func(*modelApp, *against) {})
	if len(g) == 0 {
		delete(m, app)
	}
	return g
}

func (m model) addSigningKey(app uuid.UUID, k authkit.SigningKey, oldest int64, riders authkit.Riders) against {
	return m.step(app, riders, func(a *modelApp, g *against) {
		for _, old := range a.app.Keys {
			g.when(old.Seq >= k.Seq || old.KID == k.KID, authkit.ErrConflict)
		}
		a.app.Version++
		a.app.Keys = append(slices.DeleteFunc(a.app.Keys, func(old authkit.SigningKey) bool { return old.Seq < oldest }), k)
	})
}

// apps returns the apps of a developer, without their signing keys.
func (m model) apps(developer string, p authkit.Page) []authkit.App {
	var list []authkit.App
	for _, a := range m {
		if a.app.Developer == developer {
			a.app.Keys = nil
			list = append(list, a.app)
		}
	}
	return page(list, p, func(a authkit.App) (time.Time, uuid.UUID) { return a.CreatedAt, a.ID })
}

// page sorts rows newest first, by time and then by id, and returns the page.
func page[T any](rows []T, p authkit.Page, of func(T) (time.Time, uuid.UUID)) []T {
	older := func(at1 time.Time, id1 uuid.UUID, at2 time.Time, id2 uuid.UUID) int {
		return cmp.Or(at1.Compare(at2), bytes.Compare(id1[:], id2[:]))
	}
	slices.SortFunc(rows, func(x, y T) int {
		at1, id1 := of(x)
		at2, id2 := of(y)
		return older(at2, id2, at1, id1)
	})
	rows = slices.DeleteFunc(rows, func(x T) bool {
		at, id := of(x)
		return !p.Time.IsZero() && older(at, id, p.Time, p.ID) >= 0
	})
	return rows[:min(p.Limit, len(rows))]
}
