package main

import (
	"slices"
	"testing"
)

// small are settings of a run that is planned and never measured.
func small() options {
	return options{gotrue: "a tree", settings: settings{Users: 10, Seconds: 1, Reps: 2, Workers: []int{1, 16}}}
}

func empty() *results { return &results{cells: map[string][]cell{}} }

func TestPlan(t *testing.T) {
	t.Parallel()

	t.Run("every cell is measured once", func(t *testing.T) {
		t.Parallel()
		seen := map[cell]bool{}
		todo := plan(small(), empty())
		for _, c := range todo {
			if seen[c] {
				t.Errorf("got %s twice", &c)
			}
			seen[c] = true
		}
		// Seven systems: nine operations at two concurrencies and a start, but for two systems
		// that check no keys, in two repetitions.
		if want := 2 * (7*(9*2+1) - 2*2); len(todo) != want {
			t.Errorf("got %d cells, want %d", len(todo), want)
		}
	})

	t.Run("all systems do one operation before the next one begins", func(t *testing.T) {
		t.Parallel()
		type group struct {
			op           string
			workers, rep int
		}
		var order []group
		for _, c := range plan(small(), empty()) {
			g := group{c.Op, c.Workers, c.Rep}
			if len(order) > 0 && order[len(order)-1] == g {
				continue
			}
			if slices.Contains(order, g) {
				t.Fatalf("got %v again, want it in one piece", g)
			}
			order = append(order, g)
		}
	})

	t.Run("links are redeemed right after they were asked for", func(t *testing.T) {
		t.Parallel()
		ops := operations()
		link := slices.IndexFunc(ops, func(o operation) bool { return o.name == "link" })
		if got := ops[link+1].name; got != "redeem" {
			t.Errorf("got %s after link, want redeem", got)
		}
	})

	t.Run("a system without an operation has no cell of it", func(t *testing.T) {
		t.Parallel()
		for _, c := range plan(small(), empty()) {
			if c.Op == "api-key" && c.System == "pocketbase" {
				t.Fatalf("got %s, want none", &c)
			}
		}
	})

	t.Run("without a source tree GoTrue is left out", func(t *testing.T) {
		t.Parallel()
		o := small()
		o.gotrue = ""
		for _, c := range plan(o, empty()) {
			if c.System == "gotrue" {
				t.Fatalf("got %s, want none", &c)
			}
		}
	})

	t.Run("only chooses operations and systems", func(t *testing.T) {
		t.Parallel()
		o := small()
		o.only = []string{"me", "yardstick", "authkit-sqlite"}
		todo := plan(o, empty())
		for _, c := range todo {
			if c.Op != "me" || c.System != "yardstick" && c.System != "authkit-sqlite" {
				t.Errorf("got %s, want none", &c)
			}
		}
		if want := 2 * 2 * 2; len(todo) != want {
			t.Errorf("got %d cells, want %d", len(todo), want)
		}
	})

	t.Run("only refuses a name that is neither", func(t *testing.T) {
		t.Parallel()
		if err := checkOnly([]string{"me", "yardstic"}); err == nil {
			t.Error("got no error, want one for yardstic")
		}
	})
}
