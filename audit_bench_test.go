//go:build unix

package authkit_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// BenchmarkAudit measures what the audit log costs a sign-in: alone without Run, chained with Run beside
// it until every event is in a link, refused with Run, which writes the event. chain is the link of one
// event alone. cpu-ns/op is the time of the processors, which other work of the machine changes little.
func BenchmarkAudit(b *testing.B) {
	for _, c := range []struct {
		name, pass string
		run        bool
	}{{"alone", password, false}, {"chained", password, true}, {"refused", "another passphrase", true}} {
		b.Run(c.name, func(b *testing.B) {
			onStores(b, stubHash, func(b *bench) {
				b.people()
				stop := func() {}
				if c.run {
					stop = b.running()
				}
				b.onCPU(func() {
					b.signIns(c.pass)
					stop()
					if c.run {
						b.ok(b.engine.RunOnce(b.Context()))
					}
				})
			})
		})
	}
	b.Run("chain", func(b *testing.B) {
		onStores(b, stubHash, func(b *bench) {
			b.people()
			b.ok(b.engine.RunOnce(b.Context()))
			b.signIns(password)
			b.onCPU(func() { b.ok(b.engine.RunOnce(b.Context())) })
		})
	})
	b.Run("apps", func(b *testing.B) { // each with one event
		onStores(b, stubHash, func(b *bench) {
			b.ok(b.engine.RunOnce(b.Context()))
			now := time.Now()
			for range b.N {
				app := b.newApp(now)
				b.ok(b.store.Put(b.Context(), authkit.Put{App: app, Riders: authkit.Riders{Events: []authkit.Event{{ID: uuid.New(), App: app, Time: now, Type: authkit.EventSessionStart, Result: "ok"}}}}))
			}
			b.onCPU(func() { b.ok(b.engine.RunOnce(b.Context())) })
		})
	})
}

const people = 64

func (b *bench) people() {
	for i := range people {
		b.signUp(fmt.Sprintf("u%d@example.com", i))
	}
}

// signIns makes b.N of them, on all processors.
func (b *bench) signIns(pass string) {
	var n atomic.Int64
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			_, err := b.engine.SignInWithPassword(b.Context(), authkit.PasswordSignIn{
				App: b.app.ID, Email: fmt.Sprintf("u%d@example.com", n.Add(1)%people), Password: pass, Intent: "sign_in",
			})
			if (pass != password) != errors.Is(err, authkit.CodeInvalidCredentials) {
				b.Error(err)
			}
		}
	})
}

// onCPU measures do.
func (b *bench) onCPU(do func()) {
	b.ResetTimer()
	before := onCPU(b)
	do()
	b.ReportMetric(float64(onCPU(b)-before)/float64(b.N), "cpu-ns/op")
}

// onCPU is the time for which the process has run, on all processors.
func onCPU(b *bench) time.Duration {
	var u syscall.Rusage
	b.ok(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// running starts Run, and returns a function that ends it.
func (b *bench) running() (stop func()) {
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.engine.Run(ctx) }()
	return func() { cancel(); b.ok(<-ended) }
}
