// Package memory keeps an [authkit.Store] in maps. It is for tests and for trying things
// out, and it shows most plainly what a Store does:
//
//	store := memory.New()
//	engine, err := authkit.New(authkit.Config{Store: store, …})
//
// # What it promises
//
// Every verb of the contract, atomically and for any number of goroutines: one mutex
// serialises the verbs, and each checks every guard before its first write, so that a
// refused verb has changed nothing. What goes in and what comes out is copied.
//
// # What it does not promise
//
// Nothing outlives the process, and [Store.Volatile] reports that. Two processes share nothing.
// Everything is held until it is swept, so run [Store.Sweep]. Only the map of limits is
// bounded: beyond 262144 keys, those that are closest to being free again make room.
package memory

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// Store is an [authkit.Store] in memory. Make one with [New].
type Store struct {
	mu     sync.Mutex
	apps   map[uuid.UUID]*tenant
	names  map[appName]uuid.UUID
	dead   map[uuid.UUID]string // developers of deleted apps whose ids are not free yet
	limits map[limitKey]time.Time

	secrets map[string]bool // the noted ones; true: retired
}

var _ authkit.Store = (*Store)(nil)

// appName is unique among live apps.
type appName struct{ developer, key string }

// tenant holds one app and all that belongs to it.
type tenant struct {
	app       authkit.App
	suspended bool // its API keys are unknown
	keys      map[uuid.UUID]authkit.APIKey
	hashes    map[string]uuid.UUID // of keys
	oauth     map[string]authkit.OAuthConfig
	logo      authkit.Logo

	users    map[uuid.UUID]*account
	emails   map[string]uuid.UUID
	external map[string]uuid.UUID // users by their ExternalID
	subjects map[subject]uuid.UUID
	byAge    []age // of users, oldest first

	tokens map[tokenID]*token
	slots  index[slot, tokenID]
	bound  index[uuid.UUID, tokenID] // by user

	sessions map[uuid.UUID]*session
	families map[string]uuid.UUID
	cookies  map[string]uuid.UUID // sessions by the hash of their cookie
	ofUser   index[uuid.UUID, uuid.UUID]

	webhooks   map[uuid.UUID]authkit.Webhook
	deliveries map[deliveryID]authkit.Delivery
	waiting    index[uuid.UUID, uuid.UUID] // the deliveries that wait, by webhook

	mail       outbox
	events     []authkit.Event         // oldest first
	eventTimes map[uuid.UUID]time.Time // of the events, by id

	unchained []uuid.UUID // events that no link holds, by id
	chain     *authkit.Chain
	links     []authkit.Link

	explained []authkit.Explanation // by request
	stats     map[statKey]int64
	active    map[authkit.ActiveUser]struct{}

	secrets map[string]bool // those of the store
}

// New returns an empty Store.
func New() *Store {
	return &Store{
		apps:   map[uuid.UUID]*tenant{},
		names:  map[appName]uuid.UUID{},
		dead:   map[uuid.UUID]string{},
		limits: map[limitKey]time.Time{},

		secrets: map[string]bool{},
	}
}

func newTenant(app authkit.App, secrets map[string]bool) *tenant {
	return &tenant{
		secrets:    secrets,
		app:        app,
		keys:       map[uuid.UUID]authkit.APIKey{},
		hashes:     map[string]uuid.UUID{},
		oauth:      map[string]authkit.OAuthConfig{},
		users:      map[uuid.UUID]*account{},
		emails:     map[string]uuid.UUID{},
		external:   map[string]uuid.UUID{},
		subjects:   map[subject]uuid.UUID{},
		tokens:     map[tokenID]*token{},
		slots:      index[slot, tokenID]{},
		bound:      index[uuid.UUID, tokenID]{},
		sessions:   map[uuid.UUID]*session{},
		families:   map[string]uuid.UUID{},
		cookies:    map[string]uuid.UUID{},
		ofUser:     index[uuid.UUID, uuid.UUID]{},
		mail:       outbox{mails: map[uuid.UUID]authkit.Mail{}},
		eventTimes: map[uuid.UUID]time.Time{},
		stats:      map[statKey]int64{},
		active:     map[authkit.ActiveUser]struct{}{},

		webhooks:   map[uuid.UUID]authkit.Webhook{},
		deliveries: map[deliveryID]authkit.Delivery{},
		waiting:    index[uuid.UUID, uuid.UUID]{},
	}
}

// Contract is the version of [authkit.Store] that this adapter was written for.
func (s *Store) Contract() int { return 6 }

// Volatile is true: nothing outlives the process.
func (s *Store) Volatile() bool { return true }

// Ping returns the time of the process, which is the store's own clock here.
func (s *Store) Ping(ctx context.Context) (time.Time, error) {
	return micro(time.Now()), ctx.Err()
}

// step runs f while no other step runs.
func (s *Store) step(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return f()
}

// in runs f on a live app, while no other step runs.
func (s *Store) in(ctx context.Context, app uuid.UUID, f func(*tenant) error) error {
	return s.guarded(ctx, app, 0, f)
}

// guarded is in for a step that its caller decided by one Version of the app; 0: by any.
func (s *Store) guarded(ctx context.Context, app uuid.UUID, version int64, f func(*tenant) error) error {
	return s.step(ctx, func() error {
		t, ok := s.apps[app]
		switch {
		case version != 0 && (!ok || t.app.Version != version):
			return authkit.ErrAppChanged
		case !ok:
			return authkit.ErrNotFound
		}
		return f(t)
	})
}
