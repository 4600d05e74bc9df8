package authkit

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/thinlog"
)

func TestAHostThatHasNoHooksIsNotAsked(t *testing.T) {
	t.Parallel()
	n := newNotifier(Hooks{}, nil, atTestTime, quietLog())
	if err := n.before(t.Context(), HookEvent{}); err != nil {
		t.Errorf("before: got %v, want it allowed", err)
	}
	n.after(HookEvent{})
	if extra, err := n.claims(t.Context(), HookEvent{}); extra != nil || err != nil {
		t.Errorf("claims: got %v and %v, want nothing added", extra, err)
	}
	if len(n.pending) != 0 {
		t.Errorf("after: got %d events queued, want 0", len(n.pending))
	}
}

func TestHooksSeeNothingOfTheAccessCheck(t *testing.T) {
	t.Parallel()
	var seen []Client
	n := newNotifier(Hooks{
		Before: func(_ context.Context, ev HookEvent) error { seen = append(seen, ev.Client); return nil },
		After:  func(_ context.Context, ev HookEvent) { seen = append(seen, ev.Client) },
		Claims: func(_ context.Context, ev HookEvent) (map[string]any, error) {
			seen = append(seen, ev.Client)
			return map[string]any{"plan": "pro"}, nil
		},
	}, nil, atTestTime, quietLog())
	ev := HookEvent{Client: Client{IP: "192.0.2.1", checked: &checked{app: App{Name: "Demo"}}}}
	if err := n.before(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
	n.after(ev)
	n.callPendingAfter(t.Context())
	if _, err := n.claims(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
	for _, got := range seen {
		if got != (Client{IP: "192.0.2.1"}) {
			t.Errorf("a hook: got the client %+v, want its address alone", got)
		}
	}
	if len(seen) != 3 {
		t.Errorf("got %d calls of hooks, want 3", len(seen))
	}
}

func TestARefusalOfAHookTellsTheClientItsOwnWordsAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		detail string
	}{
		"a refusal":         {Refusal("not from\x00 here"), "not from here"},
		"any other error":   {errors.New("db: password is hunter2"), "the application does not allow this"},
		"a wrapped refusal": {errors.Join(errors.New("inner"), Refusal("later")), "later"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNotifier(Hooks{Before: func(context.Context, HookEvent) error { return c.err }}, nil, atTestTime, quietLog())
			err := n.before(t.Context(), HookEvent{})
			refusal, ok := errors.AsType[*Error](err)
			if !ok || refusal.Code != CodeForbidden || refusal.Detail != c.detail {
				t.Errorf("got %+v, want forbidden with %q", err, c.detail)
			}
		})
	}
}

func TestAFullQueueOfHookEventsLosesTheNextAndSaysSo(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	told := 0
	n := newNotifier(Hooks{After: func(context.Context, HookEvent) { told++ }}, nil, atTestTime,
		thinlog.New(slog.New(slog.NewTextHandler(&log, nil)), atTestTime))
	for range maxHookEvents + 2 {
		n.after(HookEvent{Kind: HookToken})
	}
	if got := strings.Count(log.String(), "a hook event is lost"); got != 2 {
		t.Errorf("got %d lines of lost events, want 2\n%s", got, log.String())
	}
	n.callPendingAfter(t.Context())
	if told != maxHookEvents {
		t.Errorf("got %d events told, want %d", told, maxHookEvents)
	}
}

func TestTheObserverLearnsWhichLimitOrRuleRefused(t *testing.T) {
	t.Parallel()
	app := uuid.MustParse("0190a000-0000-7000-8000-00000000000a")
	for name, c := range map[string]struct {
		err    error
		told   int
		reason string
		detail string
	}{
		"no error":             {nil, 0, "", ""},
		"a fault of the store": {unavailable(errors.New("down")), 0, "", ""},
		"a malformed request":  {invalid("email", "required", "email is missing"), 0, "", ""},
		"an exhausted limit": {
			limited(count{limit: limitCredentialsEmail}, Hit{Limit: 10, Window: time.Minute}, time.Minute),
			1, "rate_limited", `{"limit":"credentials/email"}`,
		},
		"a rule":               {invalidToken("the session has ended"), 1, "invalid_token", `{"rule":"the session has ended"}`},
		"a code that says all": {refuse(CodeUserDisabled, "the account is disabled"), 1, "user_disabled", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []Event
			n := newNotifier(Hooks{}, func(ev Event) { got = append(got, ev) }, atTestTime, quietLog())
			n.refused(t.Context(), attempt{EventSessionStart, app, Client{IP: "192.0.2.1"}}, &c.err)
			if len(got) != c.told {
				t.Fatalf("got %d events, want %d", len(got), c.told)
			}
			if c.told == 0 {
				return
			}
			if ev := got[0]; ev.App != app || ev.Result != "refused" || ev.Reason != c.reason || string(ev.Detail) != c.detail || ev.IP != "192.0.2.1" {
				t.Errorf("got %+v with detail %s, want reason %q and detail %s", ev, ev.Detail, c.reason, c.detail)
			}
		})
	}
}
