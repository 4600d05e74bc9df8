package authkit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authkit-dev/authkit/internal/password"
)

// Hashes of other systems, none of which has a known password.
const (
	bcryptHash  = "$2b$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	bcryptQuick = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	djangoHash  = "pbkdf2_sha256$1000000$seasalt12345$lc9upgiPQ2muevvuisr7qA/SNSmKyk+QjwXhw/n1uhw="
)

// costs are how long a hash of each family takes.
var costs = map[string]time.Duration{"argon2id": 20 * time.Millisecond, "bcrypt": 5 * time.Millisecond, "pbkdf2-sha256": 130 * time.Millisecond}

// pacedHasher is a hasher whose hashes take the time of costs, give or take a tenth, on the clock of
// the bubble. No password is right. runs counts the hashes of each family.
func pacedHasher() (h *hasher, runs map[string]int) {
	h, runs = testHasher(), map[string]int{}
	random := rand.New(rand.NewPCG(1, 2))
	h.pace.verify = func(hash password.Stored, _ string) bool {
		runs[hash.Family()]++
		cost := costs[hash.Family()]
		time.Sleep(cost*9/10 + time.Duration(random.Int64N(int64(cost/5))))
		return false
	}
	return h, runs
}

// refuse verifies a wrong password and waits as a refusal does.
func (h *hasher) refuse(ctx context.Context, app App, stored string) (verdict, error) {
	got, err := h.verify(ctx, app, Client{}, "any", stored)
	if err == nil {
		h.rest(ctx, app, got.took)
	}
	return got, err
}

// movedApp is an app that has users with those hashes.
func movedApp(t *testing.T, hashes ...string) App {
	t.Helper()
	app := App{ID: newID(testTime)}
	for _, text := range hashes {
		hash, err := password.Import(text)
		if err != nil {
			t.Fatal(err)
		}
		app.ForeignHashes, _ = withForeign(app.ForeignHashes, hash)
	}
	return app
}

// The accounts that a stranger may ask about, by what is stored for each.
var askedFor = map[string]string{
	"no account, or none with a password": "",
	"a slow hash of another system":       djangoHash,
	"a quick hash of another system":      bcryptHash,
	"a quicker hash of its family":        bcryptQuick,
	"a hash of this system":               password.Dummy(password.Params{MemoryKiB: 8, Time: 1, Threads: 1}),
}

func TestTheTimeOfARefusalTellsNothingOfTheAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, _ := pacedHasher()
		app := movedApp(t, djangoHash, bcryptHash)
		took := map[string][]time.Duration{}
		for i := range 200 {
			for name, stored := range askedFor {
				began := time.Now()
				if got, err := h.refuse(t.Context(), app, stored); got.ok || got.renewed != "" || err != nil {
					t.Fatalf("%s: got %v, %q, %v, want a refusal", name, got.ok, got.renewed, err)
				}
				if i >= 10 { // the first ones find out how long the hashes take
					took[name] = append(took[name], time.Since(began))
				}
			}
		}
		middle := func(all []time.Duration, part float64) time.Duration {
			sorted := slices.Sorted(slices.Values(all))
			return sorted[int(float64(len(sorted)-1)*part)]
		}
		for _, part := range []float64{0, 0.05, 0.25, 0.5, 0.75, 0.95, 1} {
			want := middle(took["a slow hash of another system"], part)
			for name := range askedFor {
				got := middle(took[name], part)
				if diff := (got - want).Abs(); diff > want/50 {
					t.Errorf("%s: got a quantile %v of %v, want that of a slow hash, %v", name, part, got, want)
				}
				if got < costs["pbkdf2-sha256"] {
					t.Errorf("%s: got a quantile %v of %v, want at least the time of the slowest hash", name, part, got)
				}
			}
		}
	})
}

func TestARefusalWaitsOutsideTheGateAndHashesNothingMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, runs := pacedHasher() // whose gate lets one hash run and one wait
		app := movedApp(t, djangoHash)
		verify := func() {
			if _, err := h.refuse(t.Context(), app, ""); err != nil {
				t.Errorf("verify: got %v", err)
			}
		}
		verify()
		if runs["argon2id"] != 1 || runs["pbkdf2-sha256"] != 1 {
			t.Fatalf("hashes of the first refusal: got %v, want one of each kind, to learn its time", runs)
		}
		clear(runs)
		for range 6 {
			go verify()
			synctest.Wait()
			time.Sleep(25 * time.Millisecond) // longer than a hash of the dummy, shorter than the refusal
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if runs["argon2id"] != 6 || runs["pbkdf2-sha256"] != 0 {
			t.Errorf("hashes of six more: got %v, want six dummies", runs)
		}
	})
}

func TestARefusalEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, _ := pacedHasher()
		app := movedApp(t, djangoHash)
		for range 2 {
			if _, err := h.refuse(t.Context(), app, ""); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		time.AfterFunc(40*time.Millisecond, cancel)
		if got, err := h.refuse(ctx, app, ""); got.ok || err != nil {
			t.Errorf("verify: got %v, %v, want a refusal", got.ok, err)
		}
		if took := time.Since(began); took != 40*time.Millisecond {
			t.Errorf("a refusal of a request that ended: got %v, want it to end with the request", took)
		}
	})
}

func TestAnAppWithoutForeignHashesWaitsForNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, _ := pacedHasher()
		for range 3 {
			began := time.Now()
			if _, err := h.refuse(t.Context(), App{}, ""); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > costs["argon2id"]*11/10 {
				t.Errorf("a refusal: got %v, want the time of one hash", took)
			}
		}
	})
}

func TestAnObservationThatWasHeldUpMovesThePaceALittle(t *testing.T) {
	t.Parallel()
	p := newPace()
	for i, c := range []struct{ took, want time.Duration }{{80, 80}, {80, 80}, {160, 90}, {time.Hour, 123}, {0, 108}} {
		p.observe("kind", c.took)
		if got := p.slowest([]string{"other", "kind"}); got != c.want {
			t.Errorf("after observation %d, of %v: got %v, want %v", i, c.took, got, c.want)
		}
	}
}

func TestAnAppKeepsTheSlowestKindOfEachAlgorithm(t *testing.T) {
	t.Parallel()
	var kinds []string
	for i, c := range []struct {
		add     string
		n       int
		changed bool
	}{{bcryptQuick, 1, true}, {bcryptHash, 1, true}, {bcryptQuick, 1, false}, {bcryptHash, 1, false}, {djangoHash, 2, true}, {djangoHash, 2, false}} {
		hash, err := password.Import(c.add)
		if err != nil {
			t.Fatal(err)
		}
		more, changed := withForeign(kinds, hash)
		if len(more) != c.n || changed != c.changed {
			t.Errorf("step %d: got %d kinds, changed %v, want %d and %v", i, len(more), changed, c.n, c.changed)
		}
		kinds = more
	}
	if want := fmt.Sprintf("%.7s.....................................................", bcryptHash); kinds[0] != want {
		t.Errorf("the first kind: got %q, want %q", kinds[0], want)
	}
}

func TestTheGateIsChargedByTheCostOfAHash(t *testing.T) {
	t.Parallel()
	h := testHasher()
	h.params = password.Default()
	own, err := password.Parse(password.Dummy(h.params))
	if err != nil {
		t.Fatal(err)
	}
	h.ownWork = own.Work()
	for text, want := range map[string]password.Load{
		own.String(): {Turns: 1, Places: 1},
		password.Dummy(password.Params{MemoryKiB: 19 * 1024, Time: 10, Threads: 1}):    {Turns: 5, Places: 1},
		password.Dummy(password.Params{MemoryKiB: 5 * 19 * 1024, Time: 2, Threads: 1}): {Turns: 5, Places: 5},
		djangoHash:  {Turns: 6, Places: 1},
		bcryptHash:  {Turns: 9, Places: 1},
		bcryptQuick: {Turns: 1, Places: 1},
	} {
		hash, err := password.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.load(hash); got != want {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
}

func TestAHashThatIsTooSlowHereIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			took []int // ms, of each run
			slow bool  // allowed
			runs int
			want error
		}{
			"a hash within the limit":          {[]int{200}, false, 1, nil},
			"a hash beyond it":                 {[]int{300, 251, 260}, false, 3, CodeInvalidRequest},
			"a hash that was held up":          {[]int{900, 240}, false, 2, nil},
			"a slow hash that the host allows": {nil, true, 0, nil},
		} {
			h, runs := testHasher(), 0
			h.pace.verify = func(password.Stored, string) bool {
				time.Sleep(time.Duration(c.took[runs]) * time.Millisecond)
				runs++
				return false
			}
			for range 3 { // after the first time its time is known
				if _, err := h.foreign(t.Context(), newID(testTime), djangoHash, &allowance{c.slow, 1}); !errors.Is(err, c.want) {
					t.Errorf("%s: got %v, want %v", name, err, c.want)
				}
			}
			if runs != c.runs {
				t.Errorf("%s: got %d runs, want %d", name, runs, c.runs)
			}
		}
	})
}

// An import of many slow hashes does not measure each, and a stranger to the machine does not have it
// measure as many kinds as there are numbers.
func TestFewSlowHashesAreMeasured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, runs := testHasher(), 0
		h.pace.verify = func(password.Stored, string) bool {
			time.Sleep(300 * time.Millisecond)
			runs++
			return false
		}
		measured := func(iterations int, a *allowance) int {
			before := runs
			text := fmt.Sprintf("pbkdf2_sha256$%d$seasalt12345$lc9upgiPQ2muevvuisr7qA/SNSmKyk+QjwXhw/n1uhw=", iterations)
			if _, err := h.foreign(t.Context(), newID(testTime), text, a); !errors.Is(err, CodeInvalidRequest) {
				t.Fatalf("%d iterations: got %v, want %s", iterations, err, CodeInvalidRequest)
			}
			return runs - before
		}
		if got := measured(1_000_000, &allowance{trials: 1}); got != tries {
			t.Errorf("a slow hash: got %d runs, want %d", got, tries)
		}
		time.Sleep(triedFor)
		if got := measured(1_000_000, &allowance{trials: 1}); got != 1 {
			t.Errorf("a while later: got %d runs, want 1", got)
		}
		if got := measured(12_000_000, &allowance{trials: 1}); got != 0 {
			t.Errorf("a hash that is slow anywhere: got %d runs, want 0", got)
		}
		all, many := 0, &allowance{trials: maxTrials}
		for i := range 4 * maxTrials {
			all += measured(1_000_001+i, many)
		}
		if want := maxTrials * tries; all != want {
			t.Errorf("hashes of many kinds: got %d runs, want %d", all, want)
		}
	})
}

func TestAnAnswerOfTheOldSystemThatComesLateIsNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for took, want := range map[time.Duration]error{9 * time.Second: nil, 11 * time.Second: CodeUnavailable} {
			e := &Engine{hasher: testHasher()}
			e.cfg.LegacyPassword = func(context.Context, LegacyAsk) (LegacyAnswer, error) {
				time.Sleep(took)
				return LegacyAnswer{OK: true, Known: true}, nil
			}
			got, _, err := passwordTry{e: e}.askLegacy(t.Context(), nil)
			if !errors.Is(err, want) || got.OK != (want == nil) {
				t.Errorf("an answer after %v: got %+v, %v, want %v", took, got, err, want)
			}
		}
	})
}

func TestRefusalsTakeAsLongAsTheOldSystemDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, _ := pacedHasher()
		h.pace.observe(legacyKind, 400*time.Millisecond)
		for range 3 {
			began := time.Now()
			if _, err := h.refuse(t.Context(), App{}, ""); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took < 400*time.Millisecond+costs["argon2id"]*9/10 {
				t.Errorf("a refusal: got %v, want the time of a hash and an answer", took)
			}
		}
	})
}
