package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// failovers is how many failovers the test runs: one among the other tests, ten to measure.
var failovers = flag.Int("failovers", 1, "how often Postgres fails over")

// healedWithin is how long the process may take to recover once the new primary takes writes.
const healedWithin = 5 * time.Second

// TestAFailoverLosesNothingThatWasAcknowledged crashes a primary while clients use a process,
// and promotes its synchronous standby. Without a restart, the process must then know all that
// it had acknowledged.
func TestAFailoverLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	path := initdb()
	if path == "" {
		return
	}
	two := newTwins(t, path)
	seed := rand.Uint64()
	t.Logf("seed: %d", seed)
	s := &storm{t: t, rnd: rand.New(rand.NewPCG(seed, 0)), flags: sharing(t, two.dsn())}
	s.p = start(t, newLines(), s.flags...)
	s.cast(seed)
	victim, _ := s.actors[0].(*turner)
	s.actors = append(s.actors, &stranger{app: victim.app, email: victim.email})
	var slowest time.Duration
	for i := range *failovers {
		if i > 0 {
			two.rejoin()
		}
		var healed time.Duration
		s.rage(func() { healed = two.failOver(s.p, victim.app) })
		slowest = max(slowest, healed)
		for _, a := range s.actors {
			a.check(t, s.p)
		}
	}
	for _, a := range s.actors {
		a.checkAll(t, s.p)
	}
	if slowest > healedWithin {
		t.Errorf("healed: took %v, want at most %v", slowest, healedWithin)
	}
	t.Logf("%d failovers, %d requests acknowledged, %d in doubt, healed within %v", *failovers, s.acknowledged.Load(), s.lost.Load(), slowest)
}

// stranger guesses the password of an active user.
type stranger struct{ app, email string }

func (a *stranger) guess() string {
	return `{"email":"` + a.email + `","password":"not that passphrase","intent":"sign_in"}`
}

func (a *stranger) act(s *storm) bool {
	_, ok := s.ask(401, "POST", "/auth/credentials/"+a.app, a.guess())
	return ok
}

func (a *stranger) check(t *testing.T, p *process) {
	t.Helper()
	p.send("POST", "/auth/credentials/"+a.app, a.guess()).want(t, 401, "invalid_credentials")
}

func (a *stranger) checkAll(t *testing.T, p *process) { t.Helper(); a.check(t, p) }

// twins are a primary and its synchronous standby.
type twins struct {
	t                *testing.T
	initdb           string
	primary, standby *cluster
	addrs            [2]string
}

func newTwins(t *testing.T, initdb string) *twins {
	t.Helper()
	p := &twins{t: t, initdb: initdb, primary: newCluster(t, initdb)}
	p.standby = emptyCluster(t, initdb)
	p.addrs = [2]string{p.primary.addr, p.standby.addr}
	p.follow()
	return p
}

// dsn names both servers.
func (p *twins) dsn() string {
	return "postgres://postgres@" + p.addrs[0] + "," + p.addrs[1] + "/postgres?sslmode=disable&pool_max_conns=" + strconv.Itoa(poolSize)
}

// follow makes the standby a copy of the primary, whose commits wait for it from then on.
func (p *twins) follow() {
	p.t.Helper()
	data := p.standby.dir + "/data"
	p.standby.run("pg_basebackup", "-d", "host=127.0.0.1 user=postgres port="+p.primary.port(), "-D", data, "-R", "-X", "stream", "-c", "fast", "--no-sync")
	conf, err := os.OpenFile(filepath.Join(data, "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = fmt.Fprintln(conf, "synchronous_standby_names = ''") // once promoted it has no standby to wait for
	}
	if err == nil {
		err = conf.Close()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.standby.start()
	p.exec(p.primary, "alter system set synchronous_standby_names = '*'", "select pg_reload_conf()")
	p.await(p.primary, "select count(*) = 1 from pg_stat_replication where sync_state = 'sync'")
}

// failOver crashes the primary, promotes the standby, and returns how long the process took
// from then on until it was ready and no connection of its pool failed a request.
func (p *twins) failOver(serving *process, app string) time.Duration {
	p.t.Helper()
	p.primary.crash()
	p.exec(p.standby, "select pg_promote(true, 60)")
	p.await(p.standby, "select not pg_is_in_recovery()")
	begun := time.Now()
	p.primary, p.standby = p.standby, p.primary
	for {
		got, err := serving.tryOnce("GET", "/readyz", "", nil)
		healed := err == nil && got.status == http.StatusOK && serving.allServed(app)
		if took := time.Since(begun); healed || took > patience {
			return took
		}
	}
}

// poolSize is the most connections of the process.
const poolSize = 12

// allServed reports whether the process answers as many requests at once as it has connections.
func (p *process) allServed(app string) bool {
	var failed atomic.Int64
	var asking sync.WaitGroup
	for range poolSize {
		asking.Go(func() {
			if got, err := p.tryOnce("GET", "/apps/"+app+"/.well-known/jwks.json", "", nil); err != nil || got.status != http.StatusOK {
				failed.Add(1)
			}
		})
	}
	asking.Wait()
	return failed.Load() == 0
}

// rejoin makes the crashed server the standby of the new primary.
func (p *twins) rejoin() {
	p.t.Helper()
	if err := os.RemoveAll(p.standby.dir + "/data"); err != nil {
		p.t.Fatal(err)
	}
	p.follow()
}

func (p *twins) exec(c *cluster, statements ...string) {
	p.t.Helper()
	conn, err := pgx.Connect(context.Background(), c.dsn())
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for _, sql := range statements {
		if _, err := conn.Exec(context.Background(), sql); err != nil {
			p.t.Fatal(err)
		}
	}
}

// await calls a function until it returns true.
func (p *twins) await(c *cluster, question string) {
	p.t.Helper()
	conn, err := pgx.Connect(context.Background(), c.dsn())
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for give := time.Now().Add(patience); ; <-time.After(10 * time.Millisecond) {
		var yes bool
		if err := conn.QueryRow(context.Background(), question).Scan(&yes); err != nil {
			p.t.Fatal(err)
		}
		if yes {
			return
		}
		if time.Now().After(give) {
			p.t.Fatalf("%s: got no yes within %v", question, patience)
		}
	}
}
