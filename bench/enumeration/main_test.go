package main

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/memory"
)

// Each flow gets the answers that it should. A few pairs say nothing about times.
func TestFlows(t *testing.T) {
	t.Parallel()
	for _, f := range flows() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			got, err := examine(t.Context(), f, func() (*site, error) { return newSite(t.Context(), memory.New(), f) }, 4)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.known) != 4 || len(got.unknown) != 4 || got.differs != "" {
				t.Errorf("got %d and %d times, %q, want 4 each of answers that are alike", len(got.known), len(got.unknown), got.differs)
			}
		})
	}
}

// slow is a store that takes longer to return an account than to report a missing one.
type slow struct{ authkit.Store }

func (s slow) Account(ctx context.Context, app uuid.UUID, by authkit.AccountKey) (authkit.Account, error) {
	got, err := s.Store.Account(ctx, app, by)
	if err == nil {
		time.Sleep(50 * time.Millisecond)
	}
	return got, err
}

func TestALeakIsFound(t *testing.T) {
	t.Parallel()
	f := flows()[1]
	got, err := examine(t.Context(), f, func() (*site, error) { return newSite(t.Context(), slow{memory.New()}, f) }, 20)
	if err != nil {
		t.Fatal(err)
	}
	if err := got.judge(rank(got.known, got.unknown)); err == nil || !strings.Contains(err.Error(), "the times tell") {
		t.Errorf("got %v, want a refusal by the times", err)
	}
}

func TestAnswersAreCompared(t *testing.T) {
	t.Parallel()
	plain := answer{202, http.Header{"Set-Cookie": {"a=xyz; Path=/"}, "X-Request-Id": {"1234"}}, []byte(`{"success":true,"binding":"abc"}`)}
	for name, c := range map[string]struct {
		other answer
		alike bool
	}{
		"other random parts": {answer{202, http.Header{"Set-Cookie": {"a=uvw; Path=/"}, "X-Request-Id": {"5678"}}, []byte(`{"success":true,"binding":"def"}`)}, true},
		"another status":     {answer{200, plain.header, plain.body}, false},
		"another header":     {answer{202, http.Header{"Set-Cookie": {"a=xyz; Path=/"}}, plain.body}, false},
		"another cookie":     {answer{202, http.Header{"Set-Cookie": {"b=xyz; Path=/"}, "X-Request-Id": {"1234"}}, plain.body}, false},
		"another attribute":  {answer{202, http.Header{"Set-Cookie": {"a=xyz; Path=/a"}, "X-Request-Id": {"1234"}}, plain.body}, false},
		"another member":     {answer{202, plain.header, []byte(`{"success":true,"banding":"abc"}`)}, false},
		"another value":      {answer{202, plain.header, []byte(`{"success":"yo","binding":"abc"}`)}, false},
		"another length":     {answer{202, plain.header, []byte(`{"success":true,"binding":"abcd"}`)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if alike := c.other.shape() == plain.shape(); alike != c.alike {
				t.Errorf("alike: got %v, want %v\n%s%s", alike, c.alike, plain.shape(), c.other.shape())
			}
		})
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"no such store": {"-store", "redis"},
		"no such flow":  {"-flow", "sign-in,sign-out"},
		"no pairs":      {"-pairs", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := run(t.Context(), args, new(bytes.Buffer)); err == nil {
				t.Error("got nil, want an error")
			}
		})
	}
}
