package network

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authkit-dev/authkit"
)

const (
	flooders    = 200
	floodPause  = 50 * time.Millisecond // of a client that was refused
	floodMemory = 140                   // MB above idle
	fullWithin  = 50 * time.Millisecond // a refusal by a full queue
	queueWait   = 3 * time.Second       // the default of Config.Password.QueueWait

	streetApps   = 300
	streetPeers  = 32 // connections of the one peer
	honestRate   = 3  // sign-ins a second
	probeRate    = 50 // requests a second to other endpoints
	honestApps   = 10
	peerBurst    = 100 // tries at once, and a minute, of one peer in all apps: the default
	onePeer      = "203.0.113.66"
	passphrase   = "a long enough passphrase"
	wrongOne     = "another passphrase"
	floodFor     = 30 * time.Second
	floodForLess = 2 * time.Second
)

// floodCase floods sign-in in two ways: two hundred clients at one app, with no limit but the
// gate before the hashes; and one peer at three hundred apps, with the default limits.
func floodCase(ctx context.Context, s Setting) (*Report, error) {
	report, hashes := &Report{}, authkit.PasswordConfig{}
	if !s.Long { // a busy machine may take a second for a hash: turns decide who gets in, not time
		hashes = authkit.PasswordConfig{Time: 1, Queue: 32, QueueWait: answerWithin}
	}
	return report, errors.Join(
		siege{name: "200 clients", plan: plan{Store: "memory", Apps: 1 + honestApps, Password: hashes, Limits: noLimits}, attacked: 1, clients: flooders}.run(ctx, s, report),
		siege{name: "one peer over 300 apps", plan: plan{Store: "memory", Apps: streetApps + honestApps, Password: hashes}, attacked: streetApps, clients: streetPeers, peer: onePeer}.run(ctx, s, report),
	)
}

// siege is an attack by clients that try wrong passwords at the first apps of a child, while
// honest users sign in at its last ones.
type siege struct {
	plan

	name     string
	attacked int // apps
	clients  int
	peer     string // of all clients; empty: each has its own
}

// run measures idle, then attacks.
func (a siege) run(ctx context.Context, s Setting, report *Report) error {
	child, err := start(ctx, a.plan)
	if err != nil {
		return err
	}
	defer child.stop() //nolint:errcheck // it is checked below
	f := &flood{siege: a, server: child}
	if err := f.signUp(ctx); err != nil {
		return err
	}
	idle, err := child.collected(ctx)
	if err != nil {
		return err
	}
	long := either(s, floodForLess, floodFor)
	quiet := &times{}
	if s.Long {
		within(ctx, long/3, func(ctx context.Context) { f.probe(ctx, quiet) })
	}
	within(ctx, long, func(ctx context.Context) { f.most = child.peak(ctx) }, f.attack, f.honest, func(ctx context.Context) { f.probe(ctx, &f.others) })
	f.judge(report, idle, long)
	if s.Long {
		f.judgeTimes(report, quiet)
	}
	after := child.signIn(ctx, f.user(0))
	report.equal(a.name+": status of a sign-in afterwards", int64(after.status), http.StatusOK)
	if err := child.gone(ctx, report, a.name, idle); err != nil {
		return err
	}
	return child.stop()
}

// within calls all functions at once with a context that ends after a while, and waits for them.
func within(ctx context.Context, long time.Duration, all ...func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	var wait sync.WaitGroup
	for _, f := range all {
		wait.Go(func() { f(ctx) })
	}
	wait.Wait()
}

// flood is a siege with the answers that were given in it.
type flood struct {
	siege
	*server

	token                 string // of an honest user
	tries, users, others  times
	full, late, unhelpful atomic.Int64
	fullTimes             times
	most                  int64 // bytes of memory
}

// login is a try at a password.
type login struct {
	app             int
	email, password string
	peer            string
	intent          string
}

func (s *server) signIn(ctx context.Context, l login) reply {
	return s.send(ctx, ask{
		method: http.MethodPost, path: "/auth/credentials/" + s.app(l.app).String(), peer: l.peer,
		body: map[string]string{"email": l.email, "password": l.password, "intent": l.intent},
	})
}

// user is an honest user, who has an app and an address alone.
func (f *flood) user(i int) login {
	return login{f.attacked + i%honestApps, "ann@example.com", passphrase, peer(3, i%honestApps), "sign_in"}
}

func (f *flood) signUp(ctx context.Context) error {
	for i := range honestApps {
		l := f.user(i)
		l.intent = "sign_up"
		got := f.signIn(ctx, l)
		if err := got.expect(http.StatusCreated); err != nil {
			return fmt.Errorf("sign up: %w", err)
		}
		f.token = got.text("token")
	}
	return nil
}

// attack tries wrong passwords without pause until ctx ends. It repeats a refused try soon,
// whatever Retry-After says.
func (f *flood) attack(ctx context.Context) {
	each(f.clients, f.clients, func(i int) {
		from := f.peer
		if from == "" {
			from = peer(4, i)
		}
		for n := i; ctx.Err() == nil; n++ {
			got := f.signIn(context.WithoutCancel(ctx), login{n % f.attacked, address("eve", n%7), wrongOne, from, "sign_in"})
			f.tries.note(got.status, got.took)
			if got.status == http.StatusServiceUnavailable || got.status == http.StatusTooManyRequests {
				f.refused(got)
				pause(ctx, floodPause)
			}
		}
	})
}

// refused tells a refusal by a full queue from one after too long a wait.
func (f *flood) refused(got reply) {
	if got.header.Get("Retry-After") == "" {
		f.unhelpful.Add(1)
	}
	switch {
	case got.status != http.StatusServiceUnavailable:
	case got.took >= queueWait:
		f.late.Add(1)
	default:
		f.full.Add(1)
		f.fullTimes.note(got.status, got.took)
	}
}

// honest signs users in at a steady rate.
func (f *flood) honest(ctx context.Context) {
	steady(ctx, honestRate, func(i int) {
		got := f.signIn(context.WithoutCancel(ctx), f.user(i))
		f.users.note(got.status, got.took)
	})
}

// probe asks what needs no hash.
func (f *flood) probe(ctx context.Context, t *times) {
	app := f.app(f.attacked + honestApps - 1).String()
	steady(ctx, probeRate, func(i int) {
		a := ask{method: http.MethodGet, path: "/auth/me/" + app, bearer: f.token, peer: peer(5, i)}
		if i%2 == 0 {
			a = ask{method: http.MethodGet, path: "/apps/" + app + "/.well-known/jwks.json", peer: peer(5, i)}
		}
		got := f.send(context.WithoutCancel(ctx), a)
		t.note(got.status, got.took)
	})
}

// judge adds answers, counts and memory.
func (f *flood) judge(report *Report, idle state, long time.Duration) {
	tried := f.tries.count()
	known := f.tries.count(http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable)
	report.figure(tried > int64(f.clients) && known == tried, f.name+": answers to the attack", &f.tries, "401, 429 and 503 only")
	report.equal(f.name+": refusals without Retry-After", f.unhelpful.Load(), 0)
	in := f.users.count(http.StatusOK)
	report.figure(in > 0 && in*100 >= f.users.count()*99, f.name+": honest sign-ins", fmt.Sprintf("%d of %d, p50 %s, p99 %s", in, f.users.count(), ms(f.users.percentile(50)), ms(f.users.percentile(99))), "≥ 99 %")
	report.hold(f.others.count() > 0 && f.others.count() == f.others.count(http.StatusOK), f.name+": answers of other endpoints", &f.others, "200 only")
	report.figure((f.most-idle.RSS)>>20 <= floodMemory, f.name+": memory", fmt.Sprintf("%s idle, %s more at most", mb(idle.RSS), mb(f.most-idle.RSS)), fmt.Sprintf("≤ idle + %d MB", floodMemory))
	if f.peer != "" {
		most := peerBurst + int64(long/time.Minute+1)*peerBurst + int64(f.clients)
		report.atMost(f.name+": tries that no limit refused", f.tries.count(http.StatusUnauthorized), most)
		return
	}
	report.hold(f.full.Load() > 0, f.name+": tries that a full queue refused", f.full.Load(), "> 0")
}

// judgeTimes adds the promises about times.
func (f *flood) judgeTimes(report *Report, quiet *times) {
	if f.full.Load() > 0 {
		p99 := f.fullTimes.percentile(99)
		report.figure(p99 < fullWithin, f.name+": p99 of a refusal by a full queue", fmt.Sprintf("%s, of %d (and %d refused after their wait)", ms(p99), f.full.Load(), f.late.Load()), "< 50 ms")
	}
	before, now := quiet.percentile(99), f.others.percentile(99)
	report.figure(ratio(now, before) <= 3, f.name+": p99 of other endpoints", fmt.Sprintf("%.1f× (%s, idle %s)", ratio(now, before), ms(now), ms(before)), "≤ 3× idle")
}
