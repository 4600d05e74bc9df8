package thinlog

import (
	"bytes"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestLogger(t *testing.T) {
	t.Parallel()
	setup := func() (r *Logger, now *time.Time, lines func() []string) {
		at := time.Unix(1_700_000_000, 0)
		var out bytes.Buffer
		r = New(slog.New(slog.NewTextHandler(&out, nil)), func() time.Time { return at })
		return r, &at, func() []string {
			defer out.Reset()
			return strings.FieldsFunc(out.String(), func(r rune) bool { return r == '\n' })
		}
	}
	say := func(t *testing.T, r *Logger, n int, kind string) {
		t.Helper()
		for range n {
			r.Line(t.Context(), slog.LevelWarn, kind, "the store is down", slog.String("kind", kind))
		}
	}
	t.Run("five lines of a kind are written a minute, and the next one counts the rest", func(t *testing.T) {
		t.Parallel()
		r, now, lines := setup()
		say(t, r, 1000, "a")
		if got := lines(); len(got) != 5 || strings.Contains(strings.Join(got, ""), "left_out") {
			t.Errorf("in the first minute: got %d lines, %q, want 5 that leave nothing out", len(got), got)
		}
		*now = now.Add(time.Minute)
		say(t, r, 2, "a")
		if got := lines(); len(got) != 2 || !strings.Contains(got[0], "left_out=995") || strings.Contains(got[1], "left_out") {
			t.Errorf("in the next: got %q, want the first to count 995", got)
		}
	})
	t.Run("another kind is not held back", func(t *testing.T) {
		t.Parallel()
		r, _, lines := setup()
		say(t, r, 100, "a")
		say(t, r, 1, "b")
		if got := lines(); len(got) != 6 || !strings.Contains(got[5], "kind=b") {
			t.Errorf("got %q, want the line of b", got)
		}
	})
	t.Run("a clock that is set back holds nothing back", func(t *testing.T) {
		t.Parallel()
		r, now, lines := setup()
		say(t, r, 100, "a")
		*now = now.Add(-time.Hour)
		say(t, r, 1, "a")
		if got := lines(); len(got) != 6 {
			t.Errorf("got %d lines, want 6", len(got))
		}
	})
	t.Run("a flood of kinds is bounded, and a minute later there is room again", func(t *testing.T) {
		t.Parallel()
		r, now, lines := setup()
		for i := range 10 * most {
			say(t, r, 1, strconv.Itoa(i))
		}
		if got := len(r.kinds); got > most+1 {
			t.Errorf("kinds: got %d, want at most %d", got, most+1)
		}
		if got := len(lines()); got > most+burst {
			t.Errorf("lines: got %d, want at most %d", got, most+burst)
		}
		*now = now.Add(time.Minute)
		say(t, r, 1, "new")
		if got := lines(); len(got) != 1 || len(r.kinds) > 2 {
			t.Errorf("a minute later: got %q beside %d kinds, want the line", got, len(r.kinds))
		}
	})
	t.Run("many at once are counted right", func(t *testing.T) {
		t.Parallel()
		r, now, lines := setup()
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { say(t, r, 100, "a") })
		}
		all.Wait()
		*now = now.Add(time.Minute)
		say(t, r, 1, "a")
		if got := lines(); len(got) != 6 || !strings.Contains(got[5], "left_out=795") {
			t.Errorf("got %q, want five lines, and one that counts 795", got)
		}
	})
}
