package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestResume(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, o options) *results {
		t.Helper()
		r, err := openResults(o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	begin := func(t *testing.T) options {
		t.Helper()
		o := small()
		o.out = t.TempDir()
		return o
	}
	keep := func(t *testing.T, r *results, c cell) {
		t.Helper()
		if err := r.add(c); err != nil {
			t.Fatal(err)
		}
	}

	t.Run("a cell that was measured is not measured again", func(t *testing.T) {
		t.Parallel()
		o := begin(t)
		before := plan(o, open(t, o))
		keep(t, open(t, o), before[0])
		after := plan(o, open(t, o))
		if len(after) != len(before)-1 {
			t.Errorf("got %d cells left of %d, want one less", len(after), len(before))
		}
	})

	t.Run("a cell that failed is measured again, and replaced", func(t *testing.T) {
		t.Parallel()
		o := begin(t)
		r := open(t, o)
		c := plan(o, r)[0]
		c.Errors = 3
		keep(t, r, c)
		if r = open(t, o); r.has(c) {
			t.Error("got a cell that failed as measured")
		}
		c.Errors, c.PerSecond = 0, 7
		keep(t, r, c)
		if got := open(t, o).cells[c.Op]; len(got) != 1 || got[0].PerSecond != 7 {
			t.Errorf("got %v, want the second one alone", got)
		}
	})

	t.Run("other settings are refused", func(t *testing.T) {
		t.Parallel()
		o := begin(t)
		r := open(t, o)
		keep(t, r, plan(o, r)[0])
		o.Seconds = 9
		if _, err := openResults(o); err == nil || !strings.Contains(err.Error(), "-fresh") {
			t.Errorf("got %v, want an error that names -fresh", err)
		}
	})

	t.Run("fresh forgets", func(t *testing.T) {
		t.Parallel()
		o := begin(t)
		r := open(t, o)
		c := plan(o, r)[0]
		keep(t, r, c)
		o.fresh, o.Seconds = true, 9
		if r = open(t, o); r.has(c) {
			t.Error("got the cell of before, want none")
		}
		if left, _ := filepath.Glob(filepath.Join(o.out, "results", "*.json")); len(left) != 0 {
			t.Errorf("got files %v, want none", left)
		}
	})

	t.Run("a damaged file is an error, not an empty run", func(t *testing.T) {
		t.Parallel()
		o := begin(t)
		r := open(t, o)
		keep(t, r, cell{Op: "me", System: "yardstick", Workers: 1, Rep: 1})
		if err := os.WriteFile(filepath.Join(o.out, "results", "me.json"), []byte("[{"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openResults(o); err == nil {
			t.Error("got no error")
		}
	})
}
