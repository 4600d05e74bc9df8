package authkit_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// state returns everything in the store that grants access or changes what users may do.
func (s *stage) state() string {
	s.t.Helper()
	ctx, page := s.t.Context(), authkit.Page{Limit: 500}
	var out []string
	note := func(v any, err error) {
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%+v", v))
	}
	mine, err := s.inner.Apps(ctx, "console:"+s.devID, page)
	note(mine, err)
	due, err := s.inner.ClaimMail(ctx, authkit.MailClaim{Now: s.clock.Now(), Until: s.clock.Now(), Max: 500})
	note(mailIDs(due), err)
	ids := []uuid.UUID{authkit.Console}
	for _, app := range mine {
		ids = append(ids, app.ID)
	}
	for _, id := range ids {
		note(s.inner.APIKeys(ctx, id))
		note(s.inner.OAuthConfigs(ctx, id))
		note(s.inner.Events(ctx, id, authkit.EventQuery{Page: page}))
		users, err := s.inner.Users(ctx, id, authkit.UserQuery{Page: page})
		note(users, err)
		for _, u := range users {
			note(s.inner.Account(ctx, id, authkit.AccountKey{ID: u.ID}))
			note(s.inner.Sessions(ctx, id, u.ID, s.clock.Now()))
		}
	}
	return strings.Join(out, "\n")
}

// mailIDs returns the ids of mails, in their order.
func mailIDs(mails []authkit.Mail) (ids []string) {
	for _, m := range mails {
		ids = append(ids, m.ID.String())
	}
	slices.Sort(ids)
	return ids
}

// refused checks the answer to a request during which the store failed.
func (f flow) refused(t *testing.T, got answer) {
	t.Helper()
	for name, values := range got.Header() {
		if strings.Contains(strings.Join(values, "\n"), "injected") {
			t.Errorf("%s: got %q, want nothing internal", name, values)
		}
	}
	if strings.Contains(got.Body.String(), "injected") {
		t.Errorf("body: got %s, want nothing internal", got.Body)
	}
	if f.goes && got.Code == 303 {
		u, err := url.Parse(got.Header().Get("Location"))
		if err != nil || u.Query().Get("error") != "unavailable" || u.Query().Has("code") || !strings.HasPrefix(u.String(), goal+"?") {
			t.Errorf("Location: got %q, want the goal with the error", u)
		}
		return
	}
	if shownAgain(got.Body.String()) {
		got.want(t, 503, "")
	} else {
		got.want(t, 503, "unavailable")
	}
	if after := got.Header().Get("Retry-After"); after == "" || after == "0" {
		t.Errorf("Retry-After: got %q, want seconds", after)
	}
	for member := range got.body {
		if !slices.Contains([]string{"type", "title", "status", "code", "detail", "request_id"}, member) {
			t.Errorf("body: got %s, want no %q", got.Body, member)
		}
	}
}

// wellDone checks the answer to a request without faults.
func (f flow) wellDone(t *testing.T, got answer) {
	t.Helper()
	got.want(t, f.status, f.code)
	if f.goes && !strings.Contains(got.leadsTo(), "code=") {
		t.Errorf("goes on to: got %q, want a code", got.leadsTo())
	}
}

// calls counts the calls of the store that the flow's last request makes.
func (f flow) calls(t *testing.T) int {
	t.Helper()
	s := newStage(t)
	last := f.ready(s)
	before := s.faulty.Calls()
	f.wellDone(t, s.do(last()))
	return s.faulty.Calls() - before
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, f := range flows() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			calls := f.calls(t)
			if (calls == 0) != f.storeless() {
				t.Fatalf("calls of the store: got %d", calls)
			}
			for n := 1; n <= calls; n++ {
				t.Run(fmt.Sprintf("call %d of %d fails", n, calls), func(t *testing.T) { f.fault(t, n, n > calls-f.forgives) })
			}
		})
	}
}

// fault makes the n-th call of the flow's last request fail.
func (f flow) fault(t *testing.T, n int, forgiven bool) {
	t.Helper()
	s := newStage(t)
	last := f.ready(s)
	before := s.state()
	s.faulty.FailAt(n)
	got := s.do(last())
	s.faulty.FailAt(0)
	if forgiven {
		f.wellDone(t, got)
		return
	}
	f.refused(t, got)
	if after := s.state(); after != before {
		t.Errorf("the store: got\n%s\nwant it unchanged:\n%s", after, before)
	}

	s.clock.Advance(2 * time.Second)
	got = s.do(last())
	if !f.spends || got.Code != 401 {
		f.wellDone(t, got)
	} else {
		got.want(t, 401, "invalid_token") // rightly spent
	}
	s.clock.Advance(2 * time.Second)
	f.wellDone(t, s.do(f.ready(s)()))
}

func TestAStoreThatIsDown(t *testing.T) {
	t.Parallel()
	for _, f := range flows() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			last := f.ready(s)
			s.faulty.FailAlways(true)
			for range 2 {
				if got := s.do(last()); f.storeless() {
					f.wellDone(t, got)
				} else {
					f.refused(t, got)
				}
			}
			s.faulty.FailAlways(false)
			f.wellDone(t, s.do(last()))
		})
	}
	t.Run("what needs no store goes on", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		s.faulty.FailAlways(true)
		s.send("GET", "/nothing", "").want(t, 404, "not_found")
		s.send("PUT", "/apps", "").want(t, 405, "method_not_allowed")
		s.send("GET", "/apps", "").want(t, 401, "unauthenticated")
		s.send("GET", s.in("/users/{app_id}"), "", bearer("ak_nonsense")).want(t, 401, "invalid_api_key")
		s.send("POST", "/apps", `{}`, "Origin: https://evil.example").want(t, 403, "forbidden")
		s.send("GET", "/errors/nonsense", "").want(t, 404, "not_found")
	})
}
