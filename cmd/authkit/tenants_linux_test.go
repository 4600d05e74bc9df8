package main

import (
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// tenantsFor makes the attack longer, with two hundred tenants, and bounds how long they wait:
// go test -run TestHonestTenantsBesideAnAttack ./cmd/authkit -args -tenants 1m.
var tenantsFor = flag.Duration("tenants", 0, "attack beside two hundred honest tenants for so long, with the bounds of a quiet machine")

const (
	attackedApps = 300
	tenantEvery  = 10 * time.Second
	tenantsSlow  = 1500 * time.Millisecond // the 99th percentile at most
)

// TestHonestTenantsBesideAnAttack has one address try passwords at three hundred apps as fast
// as it can, while the users of other tenants, each from an address of its own, sign in every
// ten seconds. The attack must not slow or refuse them.
func TestHonestTenantsBesideAnAttack(t *testing.T) { //nolint:paralleltest // it measures
	long, tenants, attackers := tenantEvery, 50, 32
	switch {
	case *tenantsFor > 0:
		long, tenants = *tenantsFor, 200
	case raced: // with the race detector, a hash takes many times as long
		tenants, attackers = 5, 8
	}
	street := openStreet(t, attackedApps, tenants)
	p := launchWith(t, []string{"GOMAXPROCS=2"}, newLines(), "--store", street.store, "--secret-file", street.secret, "--trusted-proxies", "127.0.0.0/8")
	p.ready()

	ctx, end := context.WithTimeout(t.Context(), long)
	defer end()
	attack, honest := &visits{p: p}, &visits{p: p}
	var all, siege sync.WaitGroup
	for i := range attackers {
		siege.Go(func() {
			for n := i; ctx.Err() == nil; n++ {
				attack.signIn(street.attacked[n%attackedApps], "unknown@example.com", "203.0.113.66")
			}
		})
	}
	for i, app := range street.honest {
		all.Go(func() {
			next := time.Now().Add(time.Duration(i) * tenantEvery / time.Duration(tenants))
			for end := time.Now().Add(long); next.Before(end); next = next.Add(tenantEvery) {
				<-time.After(time.Until(next))
				honest.signIn(app, "ann@example.com", fmt.Sprintf("198.51.%d.%d", 100+i/200, i%200))
			}
		})
	}
	all.Wait()
	siege.Wait()
	honest.judge(t, attack, long)
	p.stop()
}

// judge checks that honest users got in, and that the attack was refused.
func (v *visits) judge(t *testing.T, attack *visits, long time.Duration) {
	t.Helper()
	asked, in := 0, len(v.took[http.StatusOK])
	for _, took := range v.took {
		asked += len(took)
	}
	p99 := percentile(v.took[http.StatusOK], 99)
	t.Logf("%v: %d of %d honest sign-ins, p50 %v, p99 %v, at most %v; attack: %d tried, %d refused by a limit, %d by the gate",
		long, in, asked, percentile(v.took[http.StatusOK], 50), p99, percentile(v.took[http.StatusOK], 100),
		len(attack.took[http.StatusUnauthorized]), len(attack.took[http.StatusTooManyRequests]), len(attack.took[http.StatusServiceUnavailable]))
	if asked == 0 || in*100 < asked*99 {
		t.Errorf("honest sign-ins: got %d of %d in, want 99 %%", in, asked)
	}
	if *tenantsFor > 0 && p99 > tenantsSlow {
		t.Errorf("honest sign-ins: got a 99th percentile of %v, want %v at most", p99, tenantsSlow)
	}
	// Five times the twenty of one app at once, and as many a minute; some more are on their way
	// at the end.
	most, tried := 100+int(100*long.Minutes())+20, len(attack.took[http.StatusUnauthorized])
	refused := len(attack.took[http.StatusTooManyRequests]) + len(attack.took[http.StatusServiceUnavailable])
	if tried > most || tried+refused == 0 || refused == 0 && !raced {
		t.Errorf("attack: got %d tries through and %d refused, want %d through at most, and the rest refused", tried, refused, most)
	}
}

// street is a store with the apps under attack, and the apps of honest tenants with a user each.
type street struct {
	store, secret    string
	attacked, honest []uuid.UUID
}

func openStreet(t *testing.T, attacked, honest int) street {
	t.Helper()
	dir := t.TempDir()
	s := street{store: "sqlite:" + filepath.Join(dir, "auth.db"), secret: filepath.Join(dir, "secret")}
	secret := make([]byte, secretSize)
	if err := os.WriteFile(s.secret, []byte(base64.StdEncoding.EncodeToString(secret)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "auth.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	engine, err := authkit.New(authkit.Config{
		Store: db, Secrets: [][]byte{secret}, BaseURL: "http://127.0.0.1:8080", Mailer: mail.Log(io.Discard),
		Developers: func(*http.Request) (string, time.Time, error) { return "", time.Time{}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range attacked + honest {
		app, _, err := engine.CreateApp(t.Context(), "street", fmt.Sprint("House ", i))
		if err != nil {
			t.Fatal(err)
		}
		if i < attacked {
			s.attacked = append(s.attacked, app.ID)
			continue
		}
		s.honest = append(s.honest, app.ID)
		if _, err := engine.SignInWithPassword(t.Context(), authkit.PasswordSignIn{App: app.ID, Email: "ann@example.com", Password: password}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// visits collects how long sign-ins took, by answer.
type visits struct {
	p *process

	mu   sync.Mutex
	took map[int][]time.Duration // by status; 0: no answer came
}

// signIn tries a password from an address, which the test forwards as a proxy does.
func (v *visits) signIn(app uuid.UUID, email, from string) {
	r, err := http.NewRequestWithContext(v.p.t.Context(), http.MethodPost, "http://"+v.p.addr+"/auth/credentials/"+app.String(), strings.NewReader(signIn(email, password)))
	if err != nil {
		v.p.t.Error(err)
		return
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", from)
	begun, status := time.Now(), 0
	if got, err := floods.Do(r); err == nil {
		status = got.StatusCode
		_, _ = io.Copy(io.Discard, got.Body)
		_ = got.Body.Close()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.took == nil {
		v.took = map[int][]time.Duration{}
	}
	v.took[status] = append(v.took[status], time.Since(begun))
}
