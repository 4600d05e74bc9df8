package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// settings are what a run measures with. Cells of different settings are never mixed.
type settings struct {
	Users   int
	Seconds float64
	Reps    int
	Workers []int
}

// An operation is a row of the report.
type operation struct {
	name, title string
	once        bool // it is not about requests a second: one cell a repetition
}

// operations lists them in the order of the report. Redemption follows the request of links,
// whose mails hold what it redeems.
func operations() []operation {
	return []operation{
		{name: "start", title: "first answer, idle memory", once: true},
		{name: "sign-in", title: "password sign-in"},
		{name: "sign-up", title: "sign-up"},
		{name: "me", title: "access token + user row"},
		{name: "refresh", title: "refresh"},
		{name: "link", title: "magic-link request"},
		{name: "redeem", title: "magic-link redemption"},
		{name: "users", title: "users page of 50, first"},
		{name: "users-deep", title: "users page of 50, deep"},
		{name: "api-key", title: "API key check"},
	}
}

// systemNames lists the columns of the report.
func systemNames() []string {
	return []string{"authkit-postgres", "authkit-sqlite", "yardstick", "gotrue", "better-auth-postgres", "better-auth-sqlite", "pocketbase"}
}

// cannot lists what a system has no operation for, with the reason in README.md.
var cannot = map[string][]string{
	"gotrue":     {"api-key"},
	"pocketbase": {"api-key"},
}

// plan lists the cells that are missing, in the order in which they are measured: for each
// repetition, operation and number of connections, every system in turn in random order.
func plan(o options, kept *results) []cell {
	var todo []cell
	for rep := 1; rep <= o.Reps; rep++ {
		for _, op := range operations() {
			workers := o.Workers
			if op.once {
				workers = []int{1}
			}
			for _, w := range workers {
				turn := systemNames()
				rand.Shuffle(len(turn), func(i, j int) { turn[i], turn[j] = turn[j], turn[i] }) //nolint:gosec // no secret is made of it
				for _, system := range turn {
					c := cell{Op: op.name, System: system, Workers: w, Rep: rep}
					if o.wants(c) && !kept.has(c) {
						todo = append(todo, c)
					}
				}
			}
		}
	}
	return todo
}

// wants reports whether a cell can be measured and the flags ask for it.
func (o options) wants(c cell) bool {
	if slices.Contains(cannot[c.System], c.Op) || c.System == "gotrue" && o.gotrue == "" {
		return false
	}
	ops, systems := split(o.only)
	return (len(ops) == 0 || slices.Contains(ops, c.Op)) && (len(systems) == 0 || slices.Contains(systems, c.System))
}

// split separates the names of operations from those of systems.
func split(only []string) (ops, systems []string) {
	for _, name := range only {
		if slices.Contains(systemNames(), name) {
			systems = append(systems, name)
		} else {
			ops = append(ops, name)
		}
	}
	return ops, systems
}

// checkOnly refuses a name that is neither an operation nor a system.
func checkOnly(only []string) error {
	ops, _ := split(only)
	for _, name := range ops {
		if !slices.ContainsFunc(operations(), func(op operation) bool { return op.name == name }) {
			return fmt.Errorf("-only has %q, which is no operation and no system; there are the systems %v and the operations in README.md", name, systemNames())
		}
	}
	return nil
}
