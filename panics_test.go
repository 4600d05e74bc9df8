package authkit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// brittle are templates that panic until they are repaired.
type brittle struct {
	mail.Templates

	mu     sync.Mutex
	mended bool
}

func (b *brittle) Render(name string, data mail.Data) (mail.Message, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.mended {
		panic("no such template")
	}
	return b.Templates.Render(name, data)
}

// lockedLog is a log that many goroutines write.
type lockedLog struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

func (l *lockedLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.String()
}

// A panic of the host's code in Run ends neither Run nor the process. It is logged.
func TestRunSurvivesAPanicOf(t *testing.T) {
	t.Parallel()
	t.Run("the Mailer, which is a failed try", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log, tries := &lockedLog{}, 0
			p := &postman{does: func(context.Context) error {
				if tries++; tries == 1 {
					panic("no connection")
				}
				return nil
			}}
			w, stop := inBubble(t, p, logTo(log))
			defer stop()
			w.ask("ann@example.com")
			time.Sleep(10 * time.Second) // of the bubble's clock
			synctest.Wait()
			if n := len(p.letters()); n != 2 {
				t.Errorf("tries: got %d, want 2, the second one good", n)
			}
			if !strings.Contains(log.text(), "panic: no connection") {
				t.Errorf("log: got %s, want the panic in it", log.text())
			}
		})
	})
	t.Run("a template, and the mail leaves once it is mended", func(t *testing.T) {
		t.Parallel()
		log, words := &lockedLog{}, &brittle{Templates: mail.DefaultTemplates()}
		w := setup(t, logTo(log), func(c *authkit.Config) { c.MailTemplates = words })
		w.ask("ann@example.com")
		w.runOnce()
		if !strings.Contains(log.text(), "panic: no such template") {
			t.Errorf("log: got %s, want the panic in it", log.text())
		}
		words.mu.Lock()
		words.mended = true
		words.mu.Unlock()
		w.clock.Advance(5 * time.Second)
		w.runOnce()
		if _, ok := w.outbox.Last("ann@example.com"); !ok {
			t.Error("mail: got none, want it sent")
		}
	})
	t.Run("Hooks.After, which is told the next moment", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log, told := &lockedLog{}, make(chan string, 100)
			w, stop := inBubble(t, &postman{does: func(context.Context) error { return nil }}, logTo(log), func(c *authkit.Config) {
				c.Hooks.After = func(_ context.Context, m authkit.HookEvent) {
					if m.User.Email == "ann@example.com" {
						panic("no ledger")
					}
					told <- m.User.Email
				}
			})
			defer stop()
			w.signUp("ann@example.com")
			w.signUp("bob@example.com")
			for email := range told {
				if email == "bob@example.com" {
					break
				}
			}
			if !strings.Contains(log.text(), "panic: no ledger") {
				t.Errorf("log: got %s, want the panic in it", log.text())
			}
		})
	})
	t.Run("the Store, whatever it is doing, and the rest is done", func(t *testing.T) {
		t.Parallel()
		w := setup(t, func(c *authkit.Config) { c.Store = panicking{c.Store} })
		w.send("GET", w.in("/users/{app_id}"), "", bearer(w.key)).want(t, 200, "")
		w.ask("ann@example.com")
		if err := w.engine.RunOnce(t.Context()); err == nil || !strings.Contains(err.Error(), "panic: no such mail") {
			t.Errorf("RunOnce: got %v, want the panic as an error", err)
		}
		keys, err := w.engine.APIKeys(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID})
		if err != nil || keys[0].LastUsedAt.IsZero() {
			t.Errorf("LastUsedAt: got %v, %v, want the use noted", keys[0].LastUsedAt, err)
		}
	})
}

// panicking is a Store that panics in the goroutine that settles a mail.
type panicking struct{ authkit.Store }

func (panicking) SettleMail(context.Context, []authkit.Settled) error {
	panic("no such mail")
}

func logTo(l *lockedLog) func(*authkit.Config) {
	return func(c *authkit.Config) { c.Logger = slog.New(slog.NewTextHandler(l, nil)) }
}

// A mail server that refuses every mail does not flood the log.
func TestLinesOfFailedMailsAreThinned(t *testing.T) {
	t.Parallel()
	log := &lockedLog{}
	p := &postman{now: time.Now, does: func(context.Context) error { return errors.New("connection refused") }}
	w, apps := tenants(t, 1, logTo(log), func(c *authkit.Config) { c.Mailer = p })
	w.flood(apps, 300)
	w.runOnce()
	w.clock.Advance(time.Minute)
	w.runOnce()
	lines := strings.Count(log.text(), "connection refused")
	if len(p.letters()) != 600 || lines > 10 || !strings.Contains(log.text(), "left_out=295") {
		t.Errorf("got %d lines about %d tries, want ten at most, one with left_out=295", lines, len(p.letters()))
	}
}
