package e2e_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

const noKey = "ERR_JWKS_NO_MATCHING_KEY" // the error of jose

// rotation is a world whose users sign in all the time and use a resource server that verifies
// by jose, while keys and clocks change.
type rotation struct {
	*world

	resource *resource
	reads    atomic.Int64 // of the key set
	tokens   atomic.Int64 // that were verified

	turn    sync.RWMutex // held to read during a sign-in, to write while the clocks move
	laps    chan struct{}
	mu      sync.Mutex
	kids    map[string]string // algorithms of the keys that signed, by id
	refused string            // the first refusal
}

const people = 4

func newRotation(t *testing.T, with func(*authkit.Config)) *rotation {
	t.Helper()
	r := &rotation{laps: make(chan struct{}), kids: map[string]string{}}
	r.world = setup(t, counting(subpath, &r.reads), with, func(c *authkit.Config) { c.Limits.InsecureOff = true })
	r.resource = newResource(t, r.world)
	for i := range people {
		r.mint(t, r.app, person(i))
	}
	return r
}

func person(i int) string { return "person" + string(rune('a'+i)) + "@example.com" }

// mint signs in, or up, and returns the access token.
func (r *rotation) mint(t *testing.T, app authkit.App, email string) string {
	t.Helper()
	in, err := r.engine.SignInWithPassword(t.Context(), authkit.PasswordSignIn{App: app.ID, Email: email, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return in.Token
}

// load lets users sign in until it is stopped.
func (r *rotation) load(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range people {
		wg.Go(func() {
			for p := (visitor{email: person(i)}); ctx.Err() == nil; {
				r.visit(ctx, &p)
				select {
				case r.laps <- struct{}{}:
				case <-ctx.Done():
				}
			}
		})
	}
	stop = func() { cancel(); wg.Wait() }
	t.Cleanup(stop)
	return stop
}

// visitor is a user who signs in again and again, and keeps one token that gets old.
type visitor struct {
	email, old string
	since      time.Time
}

// visit shows the resource server a new token and one that is about to expire.
func (r *rotation) visit(ctx context.Context, p *visitor) {
	r.turn.RLock()
	defer r.turn.RUnlock()
	in, err := r.engine.SignInWithPassword(ctx, authkit.PasswordSignIn{App: r.app.ID, Email: p.email, Password: password, Intent: "sign_in"})
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		r.refuse("sign-in: " + err.Error())
		return
	}
	if now := r.clock.Now(); now.Sub(p.since) >= in.ExpiresIn {
		p.old, p.since = in.Token, now
	}
	for what, token := range map[string]string{"new": in.Token, "old": p.old} {
		if err := r.resource.verify(token); err != "" {
			r.refuse("the " + what + " token: " + err)
		}
		r.tokens.Add(1)
	}
	r.sign(in.Token)
}

// sign records which key signed a token.
func (r *rotation) sign(token string) {
	var head struct {
		Alg string `json:"alg"`
		Kid string `json:"kid"`
	}
	raw, err := base64.RawURLEncoding.DecodeString(token[:strings.Index(token, ".")])
	if err == nil {
		err = json.Unmarshal(raw, &head)
	}
	if err != nil {
		r.refuse("a token's head: " + err.Error())
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kids[head.Kid] = head.Alg
}

func (r *rotation) refuse(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused == "" {
		r.refused = why
	}
}

// wait moves the clocks of both servers, does the work of Engine.Run, and lets each visitor
// visit.
func (r *rotation) wait(t *testing.T, d time.Duration) {
	t.Helper()
	r.move(d)
	r.work(t)
	r.everybody(t)
}

func (r *rotation) move(d time.Duration) {
	r.turn.Lock()
	defer r.turn.Unlock()
	r.clock.Advance(d)
	r.resource.set(r.clock.Now())
}

// everybody waits until each visitor has visited. It counts two reports a visitor, since the
// first may be of a visit from before.
func (r *rotation) everybody(t *testing.T) {
	t.Helper()
	for range 2 * people {
		<-r.laps
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused != "" {
		t.Fatalf("at %s: got %s, want every token verified", r.clock.Now(), r.refused)
	}
}

func (r *rotation) rotate(t *testing.T, revokeOld bool) {
	t.Helper()
	if _, err := r.engine.RotateSigningKey(t.Context(), authkit.AppRef{Developer: r.devID, ID: r.app.ID}, authkit.SigningKeyRotation{RevokeOld: revokeOld}); err != nil {
		t.Fatal(err)
	}
}

// untilRead waits, a minute at a time, until jose has fetched the keys. That is the worst moment
// for another key, since the next fetch is ten minutes away.
func (r *rotation) untilRead(t *testing.T) {
	t.Helper()
	before := r.reads.Load()
	for range 11 {
		if r.wait(t, time.Minute); r.reads.Load() > before {
			return
		}
	}
	t.Fatal("got no reading of the keys in eleven minutes, want one in ten")
}

func TestJOSENoticesNoRotation(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, with func(*authkit.Config)) {
		r := newRotation(t, with)
		stop := r.load(t)
		r.byHand(t)
		r.byItself(t)
		stop()
		algs := map[string]int{}
		for _, alg := range r.kids {
			algs[alg]++
		}
		if algs["ES256"] != 5 || algs["EdDSA"] != 1 {
			t.Errorf("keys that signed: got %v, want the first, three made by hand, one by age and one for another algorithm", algs)
		}
		if reads, tokens := r.reads.Load(), r.tokens.Load(); reads*5 > tokens {
			t.Errorf("got %d readings of the keys for %d tokens, want jose to keep them", reads, tokens)
		}
	})
}

// byHand rotates the key once, and then twice in a row.
func (r *rotation) byHand(t *testing.T) {
	t.Helper()
	for _, times := range []int{1, 2} {
		r.untilRead(t)
		for range times {
			r.rotate(t, false)
			r.everybody(t)
			r.wait(t, time.Minute)
		}
		for range 35 { // minutes: the key waits fifteen, and tokens of the one before live fifteen
			r.wait(t, time.Minute)
		}
	}
}

// byItself lets the key get old, and then changes the algorithm of the app.
func (r *rotation) byItself(t *testing.T) {
	t.Helper()
	for range 3 {
		r.wait(t, 30*24*time.Hour)
	}
	alg := "EdDSA"
	for _, change := range []func() error{
		func() error { return nil },
		func() error {
			_, err := r.engine.ChangeApp(t.Context(), authkit.AppRef{Developer: r.devID, ID: r.app.ID}, authkit.AppPatch{SigningAlg: &alg})
			return err
		},
	} {
		r.untilRead(t)
		if err := change(); err != nil {
			t.Fatal(err)
		}
		for range 35 {
			r.wait(t, time.Minute)
		}
	}
}

func TestJOSERefusesWhatAnotherKeySigned(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, with func(*authkit.Config)) {
		r := newRotation(t, with)
		other, _, err := r.engine.CreateApp(t.Context(), r.devID, "Other")
		if err != nil {
			t.Fatal(err)
		}
		r.resource.want(t, "a token", r.mint(t, r.app, person(0)), "")
		r.resource.want(t, "a token of another app", r.mint(t, other, person(0)), noKey)
		r.move(31 * time.Second)
		r.resource.want(t, "a token of another app, once jose may read the keys again", r.mint(t, other, person(0)), noKey)

		old := r.mint(t, r.app, person(0))
		r.rotate(t, true)
		r.resource.want(t, "a revoked key's token that jose knows", old, "")
		r.resource.want(t, "the new key's token, which had no time to get known", r.mint(t, r.app, person(0)), noKey)
		r.move(31 * time.Second)
		r.resource.want(t, "the new key's token, once jose may read the keys again", r.mint(t, r.app, person(0)), "")
		r.resource.want(t, "a revoked key's token, once jose knows the new one", old, noKey)

		old = r.mint(t, r.app, person(0))
		r.rotate(t, true)
		r.resource.want(t, "a revoked key's token that jose keeps", old, "")
		r.move(10 * time.Minute)
		r.resource.want(t, "a revoked key's token, once jose's keys are stale", old, noKey)
	})
}
