package sqlite

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// crowd is a store with one app whose users have a session and whose API key is in use.
type crowd struct {
	*Store
	app      uuid.UUID
	key      []byte
	sessions []authkit.Session
}

var benchNow = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func newCrowd(b *testing.B, users int) *crowd {
	b.Helper()
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "a.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	c := &crowd{Store: s, app: uuid.New(), key: digest("key")}
	app := authkit.App{ID: c.app, Developer: "host:1", Name: "A", NameKey: "a"}
	if err := s.CreateApp(b.Context(), authkit.NewApp{App: app, First: authkit.SigningKey{KID: "k"}}); err != nil {
		b.Fatal(err)
	}
	key := authkit.APIKey{App: c.app, ID: uuid.New(), Hash: c.key, Active: true, CreatedAt: benchNow}
	if err := s.RotateAPIKey(b.Context(), authkit.KeyRotation{App: c.app, Next: key, MaxLive: 1}); err != nil {
		b.Fatal(err)
	}
	for n := range users {
		x := authkit.Session{App: c.app, ID: uuid.New(), Family: digest("f" + strconv.Itoa(n)), Current: digest("t" + strconv.Itoa(n)), CreatedAt: benchNow, IdleUntil: benchNow.AddDate(9, 0, 0), Until: benchNow.AddDate(9, 0, 0), AMR: []string{"pwd"}}
		u, err := s.CreateUser(b.Context(), c.user(strconv.Itoa(n), &x))
		if err != nil {
			b.Fatal(err)
		}
		x.UserID = u.ID
		c.sessions = append(c.sessions, x)
	}
	return c
}

func digest(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

func (c *crowd) user(name string, x *authkit.Session) authkit.NewUser {
	email := name + "@example.com"
	return authkit.NewUser{
		Now: benchNow, User: authkit.User{App: c.app, ID: uuid.New(), Email: email, EmailTyped: email, AuthMethod: "credentials", CreatedAt: benchNow},
		Session: x, Riders: authkit.Riders{Events: []authkit.Event{{ID: uuid.New(), Time: benchNow, Type: "user.create"}}},
	}
}

// refresh rotates the nth session once more. Calls with the same n must not overlap.
func (c *crowd) refresh(ctx context.Context, n int) error {
	x := &c.sessions[n]
	next := digest(uuid.NewString())
	_, err := c.RotateSession(ctx, authkit.Rotation{
		App: c.app, Family: x.Family, Presented: x.Current, Next: next, Sealed: next, Now: benchNow,
		Grace: 10 * time.Second, GraceMost: time.Minute, RenewFor: time.Hour, Renewals: 3, IdleUntil: benchNow.AddDate(9, 0, 0),
	})
	x.Current = next
	return err
}

// spread runs f b.N times from n goroutines. Each is told its number.
func spread(b *testing.B, n int, f func(worker, turn int) error) {
	b.Helper()
	var turn atomic.Int64
	var wg sync.WaitGroup
	took := make([][]time.Duration, n)
	b.ResetTimer()
	for worker := range n {
		wg.Go(func() {
			for {
				t := int(turn.Add(1))
				if t > b.N {
					return
				}
				from := time.Now()
				if err := f(worker, t); err != nil {
					b.Error(err)
					return
				}
				took[worker] = append(took[worker], time.Since(from))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	all := slices.Concat(took...)
	slices.Sort(all)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-us")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-us")
}

// BenchmarkWrite measures durable verbs, with synchronous=FULL, from some goroutines at once.
func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("rotate session/%d writers", n), func(b *testing.B) {
			c := newCrowd(b, n)
			spread(b, n, func(worker, _ int) error { return c.refresh(b.Context(), worker) })
		})
		b.Run(fmt.Sprintf("create user/%d writers", n), func(b *testing.B) {
			c := newCrowd(b, 0)
			spread(b, n, func(_, turn int) error {
				_, err := c.CreateUser(b.Context(), c.user(strconv.Itoa(turn), nil))
				return err
			})
		})
		b.Run(fmt.Sprintf("hit/%d writers", n), func(b *testing.B) {
			c := newCrowd(b, 0)
			spread(b, n, func(worker, _ int) error {
				_, err := c.Hit(b.Context(), authkit.Hits{App: c.app, Each: []authkit.Hit{{Key: strconv.Itoa(worker), Limit: 1 << 30, Window: time.Hour}}}, benchNow)
				return err
			})
		})
	}
}

// BenchmarkRead measures reads alone, and beside writers that never stop.
func BenchmarkRead(b *testing.B) {
	for name, writers := range map[string]int{"alone": 0, "beside 8 writers": 8} {
		for _, n := range []int{1, 16, 64} {
			for verb, f := range map[string]func(*crowd, context.Context, int) error{
				"API key": func(c *crowd, ctx context.Context, _ int) error {
					_, err := c.APIKey(ctx, c.app, c.key, benchNow)
					return err
				},
				"session": func(c *crowd, ctx context.Context, turn int) error {
					_, _, err := c.Session(ctx, c.app, authkit.SessionKey{ID: c.sessions[turn%len(c.sessions)].ID}, benchNow)
					return err
				},
			} {
				b.Run(fmt.Sprintf("%s/%s/%d readers", verb, name, n), func(b *testing.B) {
					b.ReportAllocs()
					c := newCrowd(b, 256)
					ctx, cancel := context.WithCancel(b.Context())
					var wg sync.WaitGroup
					for w := range writers {
						wg.Go(func() {
							for ctx.Err() == nil {
								if err := c.refresh(context.WithoutCancel(ctx), w); err != nil {
									b.Error(err)
								}
							}
						})
					}
					spread(b, n, func(_, turn int) error { return f(c, ctx, turn) })
					cancel()
					wg.Wait()
				})
			}
		}
	}
}
