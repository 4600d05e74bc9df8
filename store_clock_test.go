package authkit_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

// beside returns another process over the store of w, whose clock is ahead of the store's.
func (w *world) beside(store authkit.Store, ahead *time.Duration) *world {
	w.t.Helper()
	engine, err := authkit.New(authkit.Config{
		Store: store, BaseURL: base, Mailer: w.outbox, Secrets: [][]byte{make([]byte, 32)}, Logger: slog.New(slog.DiscardHandler),
		Password: authkit.PasswordConfig{MemoryKiB: 8, Time: 1}, Now: func() time.Time { return w.clock.Now().Add(*ahead) },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	other := *w
	other.engine, other.server = engine, http.StripPrefix("/id", engine.Handler())
	return &other
}

// apart runs a script with two processes over each store that has a clock of its own. The
// clocks of the processes differ by the given time.
func apart(t *testing.T, script func(t *testing.T, right, ahead *world, by *time.Duration)) {
	t.Helper()
	open := map[string]func(testing.TB) (authkit.Store, func(uuid.UUID, int)){"sqlite": openSQLite}
	if os.Getenv("AUTHKIT_TEST_POSTGRES") != "" {
		open["postgres"] = openPostgres
	}
	for name, open := range open {
		for _, by := range []time.Duration{3 * time.Second, 30 * time.Second, 5 * time.Minute, -5 * time.Minute} {
			t.Run(fmt.Sprint(name, " ", by), func(t *testing.T) {
				t.Parallel()
				bare, _ := open(t)
				var store authkit.Store
				right := setup(t, func(c *authkit.Config) {
					store = authkittest.Timed(bare, c.Now)
					c.Store, c.Secrets = store, [][]byte{make([]byte, 32)}
				})
				script(t, right, right.beside(store, &by), &by)
			})
		}
	}
}

func TestProcessesCountWrongPasswordsByOneClock(t *testing.T) {
	t.Parallel()
	apart(t, func(t *testing.T, right, ahead *world, _ *time.Duration) {
		right.signUp("ann@example.com")
		passed := 0
		for i := range 15 {
			for j, w := range []*world{right, ahead} {
				peer := w.from(fmt.Sprintf("192.0.2.%d:1", 10+2*i+j))
				got := peer.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"ann@example.com","password":"a wrong passphrase","intent":"sign_in"}`)
				if got.Code != 429 {
					got.want(t, 401, "invalid_credentials")
					passed++
				}
			}
		}
		if passed > 10 {
			t.Errorf("wrong passwords: got %d of 30 judged, want at most 10", passed)
		}
	})
}

func TestProcessesRotateBySameClock(t *testing.T) {
	t.Parallel()
	apart(t, func(t *testing.T, right, ahead *world, _ *time.Duration) {
		for _, order := range [][]*world{{right, ahead}, {ahead, right}} {
			in := right.signUp(fmt.Sprintf("ann%d@example.com", time.Now().UnixNano()))
			var next [2]string
			for i, w := range order {
				got := w.send("POST", w.in("/auth/refresh/{app_id}"), `{"refresh_token":"`+in.text(t, "refresh_token")+`"}`)
				got.want(t, 200, "")
				next[i] = got.text(t, "refresh_token")
			}
			if next[0] != next[1] {
				t.Error("a refresh at two processes at once: got two successors, want one")
			}
		}
	})
}

func TestAProcessFarFromTheStoresClockIsNotReady(t *testing.T) {
	t.Parallel()
	apart(t, func(t *testing.T, right, ahead *world, by *time.Duration) {
		right.send("GET", "/readyz", "").want(t, 200, "")
		status, code := 200, ""
		if by.Abs() > 30*time.Second {
			status, code = 503, "unavailable"
		}
		ahead.send("GET", "/readyz", "").want(t, status, code)
		*by = 0 // its clock is set
		ahead.send("GET", "/readyz", "").want(t, 200, "")
	})
}

// made returns the time that a process gives to what it makes.
func (w *world) made(email string) time.Time {
	w.t.Helper()
	dev, err := w.engine.CreateDeveloper(w.t.Context(), email, password)
	if err != nil {
		w.t.Fatal(err)
	}
	return dev.CreatedAt
}

func TestRunMeasuresTheStoresClockOnceAMinute(t *testing.T) {
	t.Parallel()
	apart(t, func(t *testing.T, right, ahead *world, by *time.Duration) {
		if got, want := ahead.made("one@example.com"), right.clock.Now(); !got.Equal(want) {
			t.Errorf("made at %v, want the store's time, %v", got, want)
		}
		*by += 7 * time.Second
		right.clock.Advance(time.Minute)
		if err := ahead.engine.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, want := ahead.made("two@example.com"), right.clock.Now(); !got.Equal(want) {
			t.Errorf("made after a minute at %v, want the store's time, %v", got, want)
		}
	})
}

// This test uses real clocks.
func TestTheClockOfARealStoreIsMeasured(t *testing.T) {
	t.Parallel()
	open := map[string]func(testing.TB) (authkit.Store, func(uuid.UUID, int)){"sqlite": openSQLite, "memory": openMemory}
	if os.Getenv("AUTHKIT_TEST_POSTGRES") != "" {
		open["postgres"] = openPostgres
	}
	for name, open := range open {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, _ := open(t)
			const ahead = time.Hour
			engine, err := authkit.New(authkit.Config{
				Store: store, BaseURL: base, Mailer: mail.NewOutbox(), Secrets: [][]byte{make([]byte, 32)}, Logger: slog.New(slog.DiscardHandler),
				Password: authkit.PasswordConfig{MemoryKiB: 8, Time: 1}, Now: func() time.Time { return time.Now().Add(ahead) },
			})
			if err != nil {
				t.Fatal(err)
			}
			w := &world{t: t, engine: engine}
			off := time.Until(w.made("dev@example.com"))
			if _, volatile := store.(*memory.Store); volatile {
				off -= ahead // a store in the process has no other clock
			}
			if off.Abs() > 10*time.Minute {
				t.Errorf("made %v off the store's clock, want none", off)
			}
			if err := engine.Ready(t.Context()); (err == nil) != store.Volatile() {
				t.Errorf("Ready an hour off: got %v", err)
			}
		})
	}
}
