package network

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/authkit-dev/authkit"
)

const (
	soakSpeed    = 60 // of the child's clock: an hour passes in a minute
	residents    = 20
	soakShort    = 8 * time.Second
	soakLong     = 30 * time.Minute
	soakTokens   = 1_000_000 // that expire in half an hour
	soakBatch    = 1000      // of them are stored at a time
	tokenTTL     = 10 * time.Minute
	reallyFresh  = 5 * time.Second // of real time: no access token has expired by then
	soakMemory   = 16              // MB that the memory may grow from the second quarter to the last
	soakGrowth   = 4               // MB that the tables of what expires may grow meanwhile
	afterSoak    = 30 * 24 * time.Hour
	soakPause    = 400 * time.Millisecond // of a resident between two rounds
	sweptWithin  = 5 * time.Minute
	sampleEvery  = 200 // samples in a soak
	soakHashKiB  = 1024
	soakIdle     = 30 * time.Minute
	soakAbsolute = 2 * time.Hour
)

// soakCase runs mixed traffic against a store on disk, while sessions, links and bulk-stored
// tokens expire and are removed.
func soakCase(ctx context.Context, s Setting) (*Report, error) {
	report := &Report{}
	dir, remove, err := s.folder()
	if err != nil {
		return report, err
	}
	defer remove()
	child, err := start(ctx, plan{
		Store: filepath.Join(dir, "auth.db"), Apps: 2, Speed: soakSpeed,
		Limits:   authkit.LimitConfig{Credentials: "20/m/ip"}, // a resident signs in more often than a person does in a day
		Password: authkit.PasswordConfig{MemoryKiB: soakHashKiB, Time: 1, QueueWait: answerWithin},
		Tokens:   authkit.TokenConfig{SessionIdle: soakIdle, SessionAbsolute: soakAbsolute},
	})
	if err != nil {
		return report, err
	}
	defer child.stop() //nolint:errcheck // it is checked below
	k := &soak{server: child, long: soakShort, tokens: soakTokens / 100}
	if s.Long {
		k.long = cmp.Or(s.Soak, soakLong)
		k.tokens = int(soakTokens * min(k.long.Seconds()/soakLong.Seconds(), 1))
	}
	if err := k.run(ctx, s, report); err != nil {
		return report, err
	}
	return report, child.stop()
}

// soak is the traffic of one soak.
type soak struct {
	*server

	long   time.Duration
	tokens int
	times  times

	mu         sync.Mutex
	unexpected map[string]int
	samples    []state
}

func (k *soak) run(ctx context.Context, s Setting, report *Report) error {
	k.unexpected = map[string]int{}
	before, err := k.warmed(ctx)
	if err != nil {
		return err
	}
	var stored error
	within(ctx, k.long, k.traffic, k.sample, func(ctx context.Context) { stored = k.store(ctx) })
	if stored != nil {
		return stored
	}
	report.figure(k.times.count() > int64(residents), "answers", &k.times, fmt.Sprintf("more than %d", residents))
	for what, n := range k.unexpected {
		report.equal("unexpected: "+what, int64(n), 0)
	}
	if s.Long {
		k.flat(report)
	}
	if err := k.swept(ctx, report); err != nil {
		return err
	}
	return k.gone(ctx, report, "soak", before)
}

// store stores the tokens that expire, evenly over the soak, and no fewer if the machine is slow.
func (k *soak) store(ctx context.Context) error {
	begun := time.Now()
	for stored := 0; stored < k.tokens; stored += soakBatch {
		at := k.long.Seconds() * float64(stored) / float64(k.tokens)
		pause(ctx, time.Until(begun.Add(time.Duration(at*float64(time.Second)))))
		path := fmt.Sprintf("tokens?n=%d&ttl=%s", soakBatch, tokenTTL)
		if _, err := k.control(context.WithoutCancel(ctx), http.MethodPost, path); err != nil {
			return err
		}
	}
	return nil
}

// sample keeps the state at intervals.
func (k *soak) sample(ctx context.Context) {
	for pause(ctx, k.long/sampleEvery) {
		if now, err := k.state(ctx); err == nil {
			k.samples = append(k.samples, now)
		}
	}
}

// traffic has residents live in the apps until ctx ends.
func (k *soak) traffic(ctx context.Context) {
	each(residents, residents, func(i int) {
		r := resident{soak: k, who: login{i % 2, address("ann", i), passphrase, peer(10, i), "sign_up"}}
		for n := 0; ctx.Err() == nil; n++ {
			r.live(context.WithoutCancel(ctx), n)
			pause(ctx, soakPause)
		}
	})
}

// expect records an answer. Anything but one of the statuses is unexpected.
func (k *soak) expect(what string, got reply, statuses ...int) bool {
	k.times.note(got.status, got.took)
	if slices.Contains(statuses, got.status) {
		return true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.unexpected[fmt.Sprintf("%s: %d %.200s %v", what, got.status, got.body, got.err)]++
	return false
}

// resident is a user who does one thing after the other, and so knows what each answer has to be.
type resident struct {
	*soak

	who login
}

// live is one round: in, about, out.
func (r *resident) live(ctx context.Context, n int) {
	in, status := r.signIn(ctx, r.who), http.StatusOK
	if r.who.intent == "sign_up" {
		status = http.StatusCreated
	}
	if !r.expect("sign in", in, status) {
		return
	}
	r.who.intent = "sign_in"
	token, refresh := in.text("token"), in.text("refresh_token")
	for range 3 {
		r.me(ctx, token, in.took)
		next := r.post(ctx, "/auth/refresh/", "", map[string]string{"refresh_token": refresh})
		if !r.expect("refresh", next, http.StatusOK) {
			return
		}
		token, refresh = next.text("token"), next.text("refresh_token")
	}
	r.mistakes(ctx, n)
	if n%4 == 0 {
		return // this session ends by itself
	}
	if r.expect("sign out", r.post(ctx, "/auth/sign-out/", "", map[string]string{"refresh_token": refresh}), http.StatusNoContent) {
		r.expect("refresh after sign-out", r.post(ctx, "/auth/refresh/", "", map[string]string{"refresh_token": refresh}), http.StatusUnauthorized)
		r.expect("me after sign-out", r.get(ctx, token), http.StatusUnauthorized)
	}
}

// me reads the user. A token that took long to arrive may have expired.
func (r *resident) me(ctx context.Context, token string, took time.Duration) {
	got := r.get(ctx, token)
	if took+got.took > reallyFresh {
		r.expect("me, late", got, http.StatusOK, http.StatusUnauthorized)
		return
	}
	r.expect("me", got, http.StatusOK)
}

// mistakes are requests that are refused, and a link that is asked for and forgotten.
func (r *resident) mistakes(ctx context.Context, n int) {
	wrong := r.who
	wrong.password = wrongOne
	r.expect("wrong password", r.signIn(ctx, wrong), http.StatusUnauthorized)
	r.expect("no link", r.post(ctx, "/auth/verify/", "", map[string]string{"token": "x.y.z"}), http.StatusUnauthorized)
	stranger := peer(11, n*residents)
	r.expect("link", r.post(ctx, "/auth/magic-link/", stranger, map[string]string{"email": fmt.Sprintf("n%d.%s", n, r.who.email)}), http.StatusAccepted)
}

// post sends JSON to a path of the app, from another peer than the resident's if one is given.
func (r *resident) post(ctx context.Context, path, from string, body any) reply {
	if from == "" {
		from = r.who.peer
	}
	return r.send(ctx, ask{method: http.MethodPost, path: path + r.app(r.who.app).String(), peer: from, body: body})
}

func (r *resident) get(ctx context.Context, token string) reply {
	return r.send(ctx, ask{method: http.MethodGet, path: "/auth/me/" + r.app(r.who.app).String(), peer: r.who.peer, bearer: token})
}

// flat compares the second quarter of the soak with the last: the memory in the middle of its
// samples, and the least that the tables held, since tokens come in batches.
func (k *soak) flat(report *Report) {
	n := len(k.samples) / 4
	if n == 0 {
		report.hold(false, "samples", len(k.samples), "at least 4")
		return
	}
	compare := func(what string, most int64, of func([]state) int64) {
		before, after := of(k.samples[n:2*n]), of(k.samples[3*n:])
		report.figure((after-before)>>20 <= most, what, fmt.Sprintf("%s, later %s", mb(before), mb(after)), fmt.Sprintf("≤ %d MB more", most))
	}
	compare("memory", soakMemory, func(part []state) int64 {
		return sorted(part, func(s state) int64 { return s.RSS })[len(part)/2]
	})
	compare("the least in the tables of what expires", soakGrowth, func(part []state) int64 {
		return sorted(part, func(s state) int64 { return s.StoreBytes })[0]
	})
}

// sorted returns one figure of each state, in order.
func sorted(part []state, of func(state) int64) []int64 {
	var all []int64
	for _, s := range part {
		all = append(all, of(s))
	}
	slices.Sort(all)
	return all
}

// swept moves the clock until all has expired, and waits until the store holds none of it.
func (k *soak) swept(ctx context.Context, report *Report) error {
	if err := k.moveClock(ctx, afterSoak); err != nil {
		return err
	}
	var now state
	var err error
	left := func() (n int64) {
		for _, table := range expiring {
			n += now.Rows[table]
		}
		return n
	}
	for give := time.Now().Add(sweptWithin); ; pause(ctx, 200*time.Millisecond) {
		if now, err = k.state(ctx); err != nil {
			return errors.Join(err, ctx.Err())
		}
		if left() == 0 || time.Now().After(give) {
			break
		}
	}
	report.equal(fmt.Sprintf("rows of what has expired afterwards, %v", now.Rows), left(), 0)
	report.figure(now.StoreBytes > 0 && now.StoreBytes <= 1<<20, fmt.Sprintf("their tables after %d tokens expired", k.tokens), fmt.Sprintf("%d KiB", now.StoreBytes>>10), "≤ 1 MB")
	return nil
}
