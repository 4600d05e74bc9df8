package authkit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/storetest"
)

// requests returns how many requests of a route had a status.
func requests(m authkit.Metrics, method, route string, status int) (n uint64) {
	for _, r := range m.Requests {
		if r.Method == method && r.Route == route && r.Status == status {
			n += r.Count
		}
	}
	return n
}

func verb(m authkit.Metrics, name string) authkit.StoreMetrics {
	for _, s := range m.Store {
		if s.Verb == name {
			return s
		}
	}
	return authkit.StoreMetrics{}
}

func TestMetricsCountWhatTheEngineDoes(t *testing.T) {
	t.Parallel()
	faulty := storetest.NewFaulty(memory.New())
	w := setup(t, func(c *authkit.Config) { c.Store = faulty })
	before := w.engine.Metrics()
	in := w.signUp("ann@example.com")
	w.signIn(w.app.ID.String(), "ann@example.com")
	w.wrongPassword("ann@example.com")
	w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(in.text(t, "token"))).want(t, 200, "")
	w.send("GET", "/nothing/here", "").want(t, 404, "not_found")
	w.send("POST", w.in("/auth/sign-out/{app_id}"), `{}`, bearer(in.text(t, "token"))).want(t, 204, "")
	if _, err := w.engine.SignInWithPassword(t.Context(), authkit.PasswordSignIn{App: w.app.ID, Email: "ann@example.com", Password: "not the one"}); !errors.Is(err, authkit.CodeInvalidCredentials) {
		t.Fatalf("got %v, want %s", err, authkit.CodeInvalidCredentials)
	}
	w.flushed()
	m := w.engine.Metrics()
	for _, c := range []struct {
		what      string
		got, want uint64
	}{
		{"sign-ups over HTTP", requests(m, "POST", "/auth/credentials/{app_id}", 201), 1},
		{"refused sign-ins over HTTP", requests(m, "POST", "/auth/credentials/{app_id}", 401), 1},
		{"requests of the session", requests(m, "GET", "/auth/me/{app_id}", 200), 1},
		{"paths without a route", requests(m, "GET", "(none)", 404), 1},
		{"sign-ups", m.SignUps["credentials"] - before.SignUps["credentials"], 1},
		{"sign-ins", m.SignIns["credentials"] - before.SignIns["credentials"], 1},
		{"refused sign-ins", m.RefusedSignIns[authkit.CodeInvalidCredentials], 2},
		{"refusals of sign-ins", m.Refused[authkit.CodeInvalidCredentials], 2},
		{"refused paths", m.Refused[authkit.CodeNotFound], 1},
		{"sessions that began", m.SessionsStarted - before.SessionsStarted, 2},
		{"sessions that were ended", m.SessionEnds - before.SessionEnds, 1},
		{"mails", m.Mail.Sent - before.Mail.Sent, 1},
		{"users created in the store", verb(m, "CreateUser").Calls - verb(before, "CreateUser").Calls, 1},
		{"errors of the store", verb(m, "CreateUser").Errors, 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %d, want %d", c.what, c.got, c.want)
		}
	}
	if !m.Run.LastOK.Equal(w.clock.Now()) || m.Run.Failures != 0 {
		t.Errorf("background work: got %+v, want it done now", m.Run)
	}

	faulty.FailAlways(true)
	w.clock.Advance(time.Hour)
	w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(in.text(t, "token"))).want(t, 503, "unavailable")
	if err := w.engine.RunOnce(t.Context()); err == nil {
		t.Error("RunOnce on a silent store: got nil, want an error")
	}
	down := w.engine.Metrics()
	if down.Run.Failures == 0 || !down.Run.LastOK.Equal(m.Run.LastOK) || verb(down, "ClaimMail").Errors == 0 || down.Refused[authkit.CodeUnavailable] != 1 {
		t.Errorf("on a silent store: got %+v, %+v and %d refusals, want failures", down.Run, verb(down, "ClaimMail"), down.Refused[authkit.CodeUnavailable])
	}
}

func TestMetricsNameTheLimitThatIsExhausted(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.signUp("ann@example.com")
	for range 11 {
		w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"ann@example.com","password":"not the right one at all","intent":"sign_in"}`)
	}
	m := w.engine.Metrics()
	if m.Limited["credentials/email"] == 0 || m.Limited["credentials/email"] != m.Refused[authkit.CodeRateLimited] {
		t.Errorf("got %v of %d refusals, want all by credentials/email", m.Limited, m.Refused[authkit.CodeRateLimited])
	}
}

// saying is a Mailer that answers every mail alike.
type saying struct{ err error }

func (s *saying) Send(context.Context, mail.Message) error { return s.err }

func TestMetricsTellWhetherMailsLeave(t *testing.T) {
	t.Parallel()
	says := &saying{}
	w := setup(t, func(c *authkit.Config) { c.Mailer = says })
	w.mailsNoProof()
	before := w.engine.Metrics().Mail
	for _, c := range []struct {
		err  error
		want authkit.MailMetrics
	}{
		{errors.New("down"), authkit.MailMetrics{FailedTries: 1}},
		{mail.ErrPermanent, authkit.MailMetrics{Rejected: 1}},
		{nil, authkit.MailMetrics{Sent: 1}},
	} {
		says.err = c.err
		if _, err := w.engine.RequestMagicLink(t.Context(), authkit.MagicLinkRequest{App: w.app.ID, Email: "ann@example.com"}); err != nil {
			t.Fatal(err)
		}
		_ = w.engine.RunOnce(t.Context())
		now := w.engine.Metrics().Mail
		got := authkit.MailMetrics{Sent: now.Sent - before.Sent, FailedTries: now.FailedTries - before.FailedTries, Rejected: now.Rejected - before.Rejected, InHand: now.InHand}
		if got != c.want {
			t.Errorf("a Mailer that says %v: got %+v, want %+v", c.err, got, c.want)
		}
		before = now
	}
}
